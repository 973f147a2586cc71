"""A side of the comparison: a process that is told on its standard input what to do, and answers a line of JSON."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

HERE = Path(__file__).parent
ROOT = HERE.parents[2]


class Child:
    """A process that lasts as long as the block, and rests between what it is told to do."""

    def __init__(self, command: list[str], settings: Mapping[str, str]) -> None:
        inherited = {k: v for k, v in os.environ.items() if not k.startswith(("GATEWAY_", "PYTHONPATH"))}
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**inherited, **settings},
        )

    @classmethod
    def gateway(cls, database: str, portal: str, url: str, connections: int) -> Self:
        """Return the gateway's side: it syncs *portal* at *url*, with so many requests at once, into *database*."""
        places = os.pathsep.join(map(str, (ROOT, ROOT / "graphql")))
        words = [str(HERE / "ours.py"), database, portal, url, str(connections)]
        return cls([sys.executable, *words], {"PYTHONPATH": places})

    def __enter__(self) -> Self:
        """Return itself; the process is running."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the process."""
        self._process.communicate()

    def do(self, what: str) -> dict[str, Any]:
        """Return what came of *what*."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{what}\n")
        self._process.stdin.flush()
        for line in self._process.stdout:
            if line.startswith("{"):
                found: dict[str, Any] = json.loads(line)
                return found
        raise RuntimeError(f"{self._process.args!r} ended at {what!r}.")


def orders() -> Iterator[str]:
    """Yield what this process is told to do."""
    for line in sys.stdin:
        yield line.strip()


def answer(found: Mapping[str, Any]) -> None:
    """Say what came of the last order."""
    print(json.dumps(found), flush=True)
