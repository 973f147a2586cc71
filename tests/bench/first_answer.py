"""Seconds from `make up` in a fresh clone to the endpoint's first answer, and again at the second start."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from urllib.error import URLError
from urllib.request import ProxyHandler, Request, build_opener

ROOT = Path(__file__).parents[2]
QUESTION = json.dumps({"query": "{ portals { key } }"}).encode()
PATIENCE = 900.0


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def answers(url: str) -> bool:
    """Return whether the endpoint answers the question with data."""
    request = Request(url, QUESTION, {"Content-Type": "application/json"})
    try:
        with build_opener(ProxyHandler({})).open(request, timeout=2) as response:
            return bool(json.load(response)["data"]["portals"])
    except (URLError, OSError, ValueError, LookupError, TypeError):
        return False


def started(clone: Path) -> float:
    """Return the seconds that `make up` takes to the first answer in *clone*; it is stopped then."""
    port = free_port()
    began = time.perf_counter()
    with (clone / "make-up.log").open("ab") as log:
        command = ["make", "up", f"ARGS=--sandbox --port {port} --data {clone / 'data'}"]
        process = subprocess.Popen(command, cwd=clone, stdout=log, stderr=log, start_new_session=True)
    try:
        while not answers(f"http://127.0.0.1:{port}/graphql"):
            if process.poll() is not None or time.perf_counter() - began > PATIENCE:
                raise RuntimeError((clone / "make-up.log").read_text("utf-8")[-2000:])
            time.sleep(0.1)
        return round(time.perf_counter() - began, 1)
    finally:
        os.killpg(process.pid, signal.SIGINT)
        process.wait(60)


def measure() -> float:
    """Return the seconds to the first answer of a fresh clone; print those of a second start too."""
    with tempfile.TemporaryDirectory(prefix="gateway-clone-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # Postgres may run as another user, who passes through
        clone = folder / "clone"
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
        first = started(clone)
        print(f"make up in a fresh clone   {first:>14,} s to the first answer")
        print(f"make up once more          {started(clone):>14,} s to the first answer")
        return first


if __name__ == "__main__":
    print(json.dumps({"first_answer_seconds": measure()}))
