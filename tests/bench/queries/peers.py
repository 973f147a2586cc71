"""The servers that are measured: each one process, on the same Postgres, asked in its own words."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.parse import parse_qs, urlsplit
from urllib.request import ProxyHandler, Request, build_opener

import node
import saying
import workloads
from first_answer import free_port

ROOT = Path(__file__).parents[3]
SERVERS = Path(__file__).parent / "servers"
PATIENCE = 60.0
POSTGRAPHILE_POOL = 8
"""Connections of PostGraphile: of 4, 8 and 16, with 16 callers, 4 were slower and 16 no better."""


@dataclass(frozen=True)
class Peer:
    """A server that is running."""

    name: str
    port: int
    process: subprocess.Popen[bytes]
    say: saying.Say
    routes: bool = False
    """Whether each workload has a path of its own."""

    def path(self, name: str) -> str:
        """Return the path at which a workload is asked."""
        return f"/{name}" if self.routes else "/graphql"

    def ask(self, name: str, meant: workloads.Variables) -> bytes:
        """Return the answer's bytes."""
        return post(f"http://127.0.0.1:{self.port}{self.path(name)}", self.say(name, meant))


def post(url: str, body: Mapping[str, Any]) -> bytes:
    """Return the bytes of the answer to a JSON body."""
    request = Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})
    with build_opener(ProxyHandler({})).open(request, timeout=60) as response:
        found: bytes = response.read()
        return found


@contextmanager
def running(names: list[str], url: str, folder: Path) -> Iterator[dict[str, Peer]]:
    """Run the peers *names* on the database at *url*; one that cannot run here says so and is left out."""
    with ExitStack() as stack:
        found: dict[str, Peer] = {}
        for name in names:
            peer = stack.enter_context(STARTS[name](name, url, folder))
            if peer is not None:
                found[name] = peer
        yield found


@contextmanager
def _gateway(name: str, url: str, folder: Path) -> Iterator[Peer]:
    """Run the gateway as it is served, but that nobody is refused for how much they ask."""
    cached = {} if name == "cached" else {"GATEWAY_CACHE_BYTES": "0"}
    settings = {
        "GATEWAY_DATABASE_URL": url,
        "GATEWAY_DATA_DIR": str(folder / name),
        "GATEWAY_RATE_COST": str(10**15),
        "GATEWAY_LOG_LEVEL": "info",
        **cached,
    }
    command = [sys.executable, "-m", "gateway", "serve", "--port"]
    with _process(name, command, [], settings, folder) as (port, process):
        yield Peer(name, port, process, saying.as_gateway)


@contextmanager
def _python(name: str, url: str, folder: Path) -> Iterator[Peer]:
    """Run one of the peers that are written here in Python."""
    file, *more = {
        "dataloaders": ["dataloaders.py"],
        "handwritten": ["handwritten.py", "pool"],
        "limit": ["handwritten.py", "held"],
    }[name]
    command = [sys.executable, str(SERVERS / file)]
    with _process(name, command, more, {"DATABASE_URL": url}, folder) as (port, process):
        if name == "dataloaders":
            yield Peer(name, port, process, saying.as_gateway)
        else:
            yield Peer(name, port, process, saying.as_route, routes=True)


@contextmanager
def _postgraphile(name: str, url: str, folder: Path) -> Iterator[Peer | None]:
    """Run PostGraphile, where Node is."""
    home = node.installed(folder / "peers")
    if home is None:
        yield None
        return
    parts = urlsplit(url)
    query = parse_qs(parts.query)
    settings = {
        "NODE_ENV": "production",
        "GRAPHILE_ENV": "production",
        "PGHOST": query.get("host", [parts.hostname or "localhost"])[0],
        "PGPORT": query.get("port", [str(parts.port or 5432)])[0],
        "PGUSER": parts.username or "postgres",
        "PGPASSWORD": parts.password or "",
        "PGDATABASE": parts.path.lstrip("/"),
        "DATAPLAN_PG_PREPARED_STATEMENT_CACHE_SIZE": "1000",
    }
    command = [str(home.program), str(home.folder / "server.mjs")]
    with _process(name, command, [str(POSTGRAPHILE_POOL)], settings, folder) as (port, process):
        answer = json.loads(post(f"http://127.0.0.1:{port}/graphql", {"query": saying.CURSORS}))
        yield Peer(name, port, process, saying.as_postgraphile(answer["data"]))


@contextmanager
def _process(
    name: str, command: list[str], more: list[str], settings: Mapping[str, str], folder: Path
) -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    """Run *command* with a port, and what follows it, until the block ends; it answers when the block begins."""
    port = free_port()
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("GATEWAY_")}
    places = os.pathsep.join(map(str, (ROOT, ROOT / "graphql")))
    environment = {**inherited, "PYTHONPATH": places, **settings}
    with (folder / f"{name}.log").open("wb") as log:
        process = subprocess.Popen([*command, str(port), *more], stdout=log, stderr=log, env=environment)
    try:
        _wait(name, port, process, folder)
        yield port, process
    finally:
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(name: str, port: int, process: subprocess.Popen[bytes], folder: Path) -> None:
    """Return when something answers there, whatever it says."""
    begun = time.monotonic()
    while True:
        try:
            post(f"http://127.0.0.1:{port}/graphql", {"query": "{ __typename }"})
        except (URLError, OSError) as error:
            if getattr(error, "code", None) is not None:
                return
        else:
            return
        if process.poll() is not None or time.monotonic() - begun > PATIENCE:
            said = (folder / f"{name}.log").read_text("utf-8", errors="replace")[-2000:]
            raise RuntimeError(f"{name} does not answer: {said}")
        time.sleep(0.1)


STARTS: Mapping[str, Callable[[str, str, Path], Any]] = {
    "gateway": _gateway,
    "cached": _gateway,
    "postgraphile": _postgraphile,
    "dataloaders": _python,
    "handwritten": _python,
    "limit": _python,
}
NAMES = tuple(STARTS)
