"""The command line in forks of a process that has imported all of it: what an import costs is paid for once.

Run as a program it reads a line of JSON for each command (words, folder, environment, where its output goes) and
answers with a line, the exit code.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any, Protocol

MODULES = (
    "gateway.cli.app",
    "gateway.cli.calling",
    "gateway.cli.opening",
    "gateway.cli.output",
    "gateway.compose",
    "gateway.registry",
    "harvest_graphql.schema",
    "uvloop",
)


class Run(Protocol):
    """Runs ``gateway`` with *arguments* to its end."""

    def __call__(
        self, *arguments: str, data: Path, env: Mapping[str, str] | None = None
    ) -> CompletedProcess[str]:
        """Return how it ended, and what it printed."""
        ...


@contextmanager
def forks() -> Iterator[Run]:
    """Start the process; one command runs at a time."""
    from acceptance.commanding import environment

    command = [sys.executable, "-P", __file__]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    turn = threading.Lock()

    def run(*arguments: str, data: Path, env: Mapping[str, str] | None = None) -> CompletedProcess[str]:
        assert process.stdin is not None
        assert process.stdout is not None
        with tempfile.TemporaryDirectory() as folder, turn:
            out, err = Path(folder, "out"), Path(folder, "err")
            asked = [arguments, str(data), environment(data, env), str(out), str(err)]
            process.stdin.write(json.dumps(asked) + "\n")
            process.stdin.flush()
            code = int(process.stdout.readline())
            return CompletedProcess(arguments, code, out.read_text("utf-8"), err.read_text("utf-8"))

    try:
        yield run
    finally:
        with process:  # closes its input, at which it ends, and waits for it
            pass


def _be(words: list[str], folder: str, variables: dict[str, str], out: str, err: str) -> None:
    """Be the gateway."""
    quiet = os.open(os.devnull, os.O_RDONLY)
    places = (quiet, *(os.open(name, os.O_WRONLY | os.O_CREAT, 0o600) for name in (out, err)))
    for number, place in enumerate(places):
        os.dup2(place, number)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(variables)
    from gateway.cli.app import run

    code = run(words)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def main() -> None:
    """Fork as told until the input ends."""
    for module in MODULES:
        importlib.import_module(module)
    from gateway import registry

    registry.adapters()
    gc.freeze()
    for line in sys.stdin:
        asked: Any = json.loads(line)
        pid = os.fork()
        if pid == 0:
            _be(*asked)
        print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)


if __name__ == "__main__":
    main()
