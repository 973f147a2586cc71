"""One burst of load on one peer, by wrk, and what it cost the peer and Postgres in CPU."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import psutil
import workloads
from peers import Peer

CONNECTIONS = 16
SLOW = {"q4": 8}
"""Workloads that take a peer seconds, and the least seconds of a burst of them."""
_QUIET = 0.1
"""Seconds in which servers must have done next to nothing to be at rest."""
_SCRIPT = Path(__file__).parent / "requests.lua"


@dataclass(frozen=True)
class Burst:
    """What was measured: requests a second; milliseconds; CPU of server and Postgres, milliseconds a request."""

    rate: float
    p50: float
    p99: float
    server: float
    postgres: float


def ensure_wrk() -> None:
    """End where wrk is missing."""
    if shutil.which("wrk") is None:
        raise SystemExit("wrk is missing: apt-get install wrk (Debian, Ubuntu), brew install wrk (macOS).")


def written(peer: Peer, name: str, chosen: workloads.Chosen, folder: Path) -> Path:
    """Return the file of a peer's requests of one workload, one a line."""
    file = folder / f"{peer.name}-{name}.jsonl"
    lines = [json.dumps(peer.say(name, meant)) + "\n" for meant in chosen[name]]
    file.write_text("".join(lines), "utf-8")
    return file


def burst(
    peer: Peer,
    name: str,
    file: Path,
    postgres: int,
    *,
    seconds: int,
    length: float | None = None,
    connections: int = CONNECTIONS,
) -> Burst:
    """Return what one burst of *seconds* measures. *postgres*: its process; *length*: the mean bytes of an answer."""
    before = _cpu(peer.process.pid), _cpu(postgres)
    said = _wrk(peer, name, file, max(seconds, SLOW.get(name, 0)), connections)
    _settle(peer.process.pid, postgres)
    after = _cpu(peer.process.pid), _cpu(postgres)
    requests = said["requests"]
    if said["errors"] or said["refused"] or not requests:
        raise SystemExit(f"{peer.name} did not answer everything of {name}: {said}")
    if length and said["bytes"] / requests < 0.8 * length:
        raise SystemExit(
            f"{peer.name} answers less of {name} under load: {said['bytes'] / requests:.0f} bytes"
        )
    server, database = (1000 * (after[each] - before[each]) / requests for each in (0, 1))
    rate = 1e6 * requests / said["microseconds"]
    return Burst(rate, said["p50"] / 1000, said["p99"] / 1000, server, database)


def _wrk(peer: Peer, name: str, file: Path, seconds: int, connections: int) -> Mapping[str, int]:
    url = f"http://127.0.0.1:{peer.port}{peer.path(name)}"
    words = [
        "wrk",
        "-t1",
        f"-c{connections}",
        f"-d{seconds}s",
        "--timeout",
        "20s",
        "-s",
        str(_SCRIPT),
        url,
        "--",
    ]
    done = subprocess.run([*words, str(file)], check=False, capture_output=True, text=True)
    for line in done.stdout.splitlines():
        if line.startswith("RESULT "):
            said: dict[str, int] = json.loads(line.removeprefix("RESULT "))
            return said
    raise SystemExit(f"wrk failed: {done.stdout}{done.stderr}")


def _settle(*pids: int) -> None:
    """Return when what wrk has left unanswered is done with: it would be in the way of the next."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        before = sum(map(_cpu, pids))
        time.sleep(_QUIET)
        if sum(map(_cpu, pids)) - before < _QUIET / 4:
            return


def _cpu(pid: int) -> float:
    """Return the CPU seconds of a process and all that it started, of those that are gone too."""
    process = psutil.Process(pid)
    total = 0.0
    for each in [process, *process.children(recursive=True)]:
        try:
            times = each.cpu_times()
        except psutil.NoSuchProcess:
            continue
        total += times.user + times.system
    return total
