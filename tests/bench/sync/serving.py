"""Serves a rendered world from disk, in a process of its own that costs next to nothing.

``python tests/bench/sync/serving.py FOLDER`` prints its port. ``POST /_bench/changed`` and ``/_bench/first`` choose
which state of the world is shown; anything else is answered from the files, or with 500 where nothing was rendered.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from http.client import HTTPConnection
from pathlib import Path
from typing import cast

import psutil
import uvloop

CLOCK = "/_sandbox/clock"
STATES = ("first", "changed")


def name_of(target: str, mask: str) -> str:
    """Return the name of the file that holds the answer to *target* (path and query) with that field mask."""
    return sha256(f"{target}\n{mask}".encode()).hexdigest()


class Shown:
    """What is shown: the answers in the folder, or what takes their place in a changed world."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._state = "first"
        about = json.loads((folder / "about.json").read_text("utf-8"))
        self._clock = json.dumps({"now": about["now"]}).encode()

    def answer(self, target: str, mask: str) -> bytes:
        """Return a whole HTTP answer."""
        if target == CLOCK:
            return _whole(200, {"Content-Type": "application/json"}, self._clock)
        if target.startswith("/_bench/"):
            self._state = target.removeprefix("/_bench/")
            return _whole(200, {}, b"")
        name = name_of(target, mask)
        for folder in (self._folder / "changed", self._folder / "pages")[self._state != "changed" :]:
            try:
                head, _, body = (folder / name).read_bytes().partition(b"\n")
            except FileNotFoundError:
                continue
            kept = json.loads(head)
            return _whole(kept["status"], kept["headers"], body)
        return _whole(500, {}, f"{target} was never rendered".encode())


def _whole(status: int, headers: dict[str, str], body: bytes) -> bytes:
    lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


class Conversation(asyncio.Protocol):
    """One connection: requests without a body, one after the other."""

    def __init__(self, shown: Shown) -> None:
        self._shown = shown
        self._held = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Answer every request that is whole."""
        self._held += data
        while (end := self._held.find(b"\r\n\r\n")) >= 0:
            head, self._held = self._held[:end].decode("latin-1"), self._held[end + 4 :]
            first, *lines = head.split("\r\n")
            masks = [line[9:].strip() for line in lines if line[:9].lower() == "x-fields:"]
            assert self._transport is not None
            self._transport.write(self._shown.answer(first.split(" ")[1], masks[0] if masks else ""))


async def serve(folder: Path) -> None:
    """Serve until the standard input ends."""
    shown = Shown(folder)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Conversation(shown), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.to_thread(sys.stdin.read)
    server.close()


@dataclass(frozen=True)
class Served:
    """A world that is being served."""

    origin: str
    process: psutil.Process

    def show(self, state: str) -> None:
        """Show the *state* ("first", "changed") from now on."""
        connection = HTTPConnection(self.origin.removeprefix("http://"))
        connection.request("POST", f"/_bench/{state}")
        connection.getresponse().read()
        connection.close()

    def cpu(self) -> float:
        """Return the seconds of CPU that serving has cost so far."""
        times = self.process.cpu_times()
        return float(times.user + times.system)


@contextmanager
def served(folder: Path) -> Iterator[Served]:
    """Serve the world in *folder* while the block lasts."""
    command = [sys.executable, __file__, str(folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        port = process.stdout.readline().strip()
        if not port:
            raise RuntimeError("The rendered world is not served.")
        try:
            yield Served(f"http://127.0.0.1:{port}", psutil.Process(process.pid))
        finally:
            process.communicate()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(Path(sys.argv[1])))
