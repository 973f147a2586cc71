"""Processes of the gateway that are killed: at a system call, at a time, or not at all."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

ZYGOTE = Path(__file__).with_name("zygote.py")


@dataclass(frozen=True, slots=True)
class Stroke:
    """When a process is killed."""

    call: str = ""
    """At a system call of this name; "": at a time."""
    number: int = 0
    """Which of them."""
    seconds: float = 0.0

    def __str__(self) -> str:
        """Return it in words."""
        return f"at {self.call} number {self.number}" if self.call else f"after {self.seconds:.3f} s"


def strace() -> str | None:
    """Return the program that kills at system calls, None where it is missing."""
    return shutil.which("strace")


class Workers:
    """Runs ``gateway`` in forks of a warm parent, one at a time."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def run(self, words: list[str], stroke: Stroke | None, patience: float) -> int | None:
        """Run ``gateway`` with *words*; return how it ended (minus a signal), None: not within *patience* seconds."""
        await self._say(json.dumps(words))
        pid = int((await self._heard("born")).split()[1])
        tracer = await _traced(pid, stroke) if stroke is not None and stroke.call else None
        await self._say("go")
        timed = stroke if stroke is not None and not stroke.call else None
        killer = asyncio.ensure_future(_kill_after(pid, timed.seconds)) if timed else None
        try:
            async with asyncio.timeout(patience):
                return int((await self._heard("died")).split()[1])
        except TimeoutError:
            os.kill(pid, signal.SIGKILL)
            await self._heard("died")
            return None
        finally:
            if killer is not None:
                killer.cancel()
            if tracer is not None:
                await tracer.wait()

    async def _say(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{line}\n".encode())
        await self._process.stdin.drain()

    async def _heard(self, word: str) -> str:
        assert self._process.stdout is not None
        line = (await self._process.stdout.readline()).decode()
        assert line.startswith(word), f"the zygote says {line!r}"
        return line


async def _kill_after(pid: int, seconds: float) -> None:
    await asyncio.sleep(seconds)
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


async def _traced(pid: int, stroke: Stroke) -> asyncio.subprocess.Process:
    """Let strace kill *pid*; return it once it watches."""
    program = strace()
    assert program is not None
    inject = f"inject={stroke.call}:signal=SIGKILL:when={stroke.number}"
    words = ("-f", "-p", str(pid), "-e", f"trace={stroke.call}", "-e", inject, "-o", os.devnull)
    tracer = await asyncio.create_subprocess_exec(program, *words, stderr=asyncio.subprocess.PIPE)
    assert tracer.stderr is not None
    line = (await tracer.stderr.readline()).decode()
    assert "attached" in line, line
    return tracer


@asynccontextmanager
async def warm(environment: Mapping[str, str], log: Path) -> AsyncIterator[Workers]:
    """Start the warm parent of processes with that *environment*; what they complain of goes to *log*."""
    with log.open("ab") as complaints:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", str(ZYGOTE)),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=complaints,
            env=dict(environment),
        )
        workers = Workers(process)
        try:
            await workers._heard("warm")
            yield workers
        finally:
            assert process.stdin is not None
            process.stdin.close()
            with suppress(ProcessLookupError):
                process.terminate()
            await process.wait()
