"""The command line as a process of its own: run to its end, or started and stopped."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

PATIENCE = 120.0
"""Seconds that anything may take on a busy machine."""


def environment(data: Path, more: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return an environment without settings of ours but the data folder and *more*."""
    foreign = {name: value for name, value in os.environ.items() if not name.startswith("GATEWAY_")}
    return {**foreign, "GATEWAY_DATA_DIR": str(data), **(more or {})}


def gateway(
    *arguments: str, data: Path, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run ``gateway`` with *arguments* to its end."""
    return subprocess.run(
        [sys.executable, "-P", "-m", "gateway", *arguments],
        check=False,
        capture_output=True,
        text=True,
        cwd=data,
        env=environment(data, env),
        timeout=PATIENCE,
    )


@dataclass
class Started:
    """A ``gateway`` that runs: what it printed so far, its children, how it ended."""

    process: subprocess.Popen[bytes]
    log: Path

    @property
    def text(self) -> str:
        """What it printed so far."""
        return self.log.read_text("utf-8")

    def wait_for(self, words: str, seconds: float = PATIENCE) -> float:
        """Wait until *words* were printed; return the seconds that took."""
        begun = time.monotonic()
        while words not in self.text:
            assert self.process.poll() is None, f"it ended with {self.process.returncode}: {self.text}"
            assert time.monotonic() - begun < seconds, f"{words!r} is not in {self.text}"
            time.sleep(0.05)
        return time.monotonic() - begun

    def line(self, word: str) -> str:
        """Return what stands after *word* at the beginning of a line."""
        self.wait_for(word)
        lines = (line for line in self.text.splitlines() if line.startswith(word))
        return next(lines).removeprefix(word).strip()

    def family(self) -> list[psutil.Process]:
        """Return the processes that it started, at any depth."""
        return psutil.Process(self.process.pid).children(recursive=True)

    def stop(self, number: int = signal.SIGTERM) -> float:
        """Send a signal and return the seconds until it had ended."""
        begun = time.monotonic()
        self.process.send_signal(number)
        self.process.wait(PATIENCE)
        return time.monotonic() - begun


@contextmanager
def started(
    arguments: Sequence[str], *, data: Path, env: Mapping[str, str] | None = None
) -> Iterator[Started]:
    """Start ``gateway`` with *arguments*; it is killed at the end if it still runs."""
    log = data / f"run-{time.monotonic_ns()}.log"
    with log.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "gateway", *arguments],
            stdout=file,
            stderr=file,
            cwd=data,
            env=environment(data, env),
        )
    running = Started(process, log)
    try:
        yield running
    finally:
        if process.poll() is None:
            running.stop()
