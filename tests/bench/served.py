"""A sandbox portal whose answers are rendered to disk: what is timed is the gateway, not the world's invention.

``python tests/bench/served.py PORTAL SEED SCALE FOLDER`` serves it on a free port of loopback and prints its base URL.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from subprocess import PIPE, Popen

import aiohttp
import msgspec
from aiohttp import web

EPOCH = datetime(2026, 11, 21, 23, 46, tzinfo=UTC)
CONTROL = "/_sandbox/"
LARGEST = 1 << 30


class Rendered(msgspec.Struct):
    """One answer as it lies on disk, before its body."""

    status: int
    headers: dict[str, str]


class Front:
    """Answers from disk what was asked before, and asks the sandbox for the rest."""

    def __init__(self, origin: str, folder: Path, session: aiohttp.ClientSession) -> None:
        self._origin = origin
        self._folder = folder
        self._session = session
        folder.mkdir(parents=True, exist_ok=True)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Return the sandbox's answer; clock and control are never kept."""
        if request.path.startswith(CONTROL):
            found, body = await self._ask(request)
            return web.Response(status=found.status, headers=found.headers, body=body)
        mask = request.headers.get("X-Fields", "")
        file = self._folder / sha256(f"{request.path_qs}\n{mask}".encode()).hexdigest()
        if not file.exists():
            found, body = await self._ask(request)
            file.write_bytes(msgspec.json.encode(found) + b"\n" + body)
        head, _, body = file.read_bytes().partition(b"\n")
        found = msgspec.json.decode(head, type=Rendered)
        return web.Response(status=found.status, headers=found.headers, body=body)

    async def _ask(self, request: web.Request) -> tuple[Rendered, bytes]:
        names = ("Accept", "X-Fields", "X-Api-Key")
        headers = {name: request.headers[name] for name in names if name in request.headers}
        url = f"{self._origin}{request.path_qs}"
        async with self._session.request(
            request.method, url, headers=headers, data=await request.read(), allow_redirects=False
        ) as response:
            kept = {
                name: response.headers[name] for name in ("Content-Type", "Date") if name in response.headers
            }
            return Rendered(response.status, kept), await response.read()


async def serve(name: str, seed: int, scale: int, folder: Path) -> None:
    """Serve the portal *name* until the standard input ends."""
    from gateway.registry import sandboxes
    from gateway.sandbox.control import running

    portal = sandboxes()[name]
    async with (
        running(portal, seed=seed, scale=scale, epoch=EPOCH) as sandbox,
        aiohttp.ClientSession() as session,
    ):
        front = Front(sandbox.origin, folder, session)
        async with listening(front) as origin:
            print(origin + portal.dialects[portal.usual], flush=True)
            await asyncio.to_thread(sys.stdin.read)


@asynccontextmanager
async def listening(front: Front) -> AsyncIterator[str]:
    """Serve *front* on a free port and yield its origin."""
    app = web.Application(client_max_size=LARGEST)
    app.router.add_route("*", "/{path:.*}", front.handle)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@contextmanager
def portals(names: list[str], *, seed: int, scale: int, folder: Path) -> Iterator[dict[str, str]]:
    """Serve the portals *names*, each in a process of its own, and yield their base URLs by name."""
    started: dict[str, Popen[str]] = {}
    try:
        for name in names:
            command = [sys.executable, __file__, name, str(seed), str(scale), str(folder / name)]
            started[name] = Popen(command, stdin=PIPE, stdout=PIPE, text=True)
        yield {name: _address(process) for name, process in started.items()}
    finally:
        for process in started.values():
            process.communicate()


def _address(process: Popen[str]) -> str:
    assert process.stdout is not None
    line = process.stdout.readline().strip()
    if not line:
        raise RuntimeError(f"A sandbox portal did not start: {process.args!r}")
    return line


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4])))
