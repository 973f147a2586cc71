"""A warm parent: it has imported all of the gateway, and forks a process for each command line that it reads.

Each line of its input is a JSON list of words for ``gateway``. It answers with a line ``born <pid>``, lets the child
run at the next line (``go``), and tells ``died <status>`` when it has ended: minus the signal, else the exit code.
"""

from __future__ import annotations

import ctypes
import gc
import importlib
import json
import os
import sys
from contextlib import suppress

_PR_SET_PTRACER = 0x59616D61
_ANYBODY = ctypes.c_ulong(-1)
MODULES = (
    "gateway.cli.app",
    "gateway.cli.calling",
    "gateway.cli.opening",
    "gateway.cli.progress",
    "gateway.cli.sandboxes",
    "gateway.compose",
    "gateway.registry",
    "harvest_graphql.schema",
)


def tell(words: str) -> None:
    """Say a line to the campaign."""
    sys.stdout.write(words + "\n")
    sys.stdout.flush()


def child(words: list[str], start: int) -> None:
    """Be the gateway, once something was written to *start*."""
    ctypes.CDLL(None).prctl(_PR_SET_PTRACER, _ANYBODY, 0, 0, 0)
    quiet = os.open(os.devnull, os.O_RDWR)
    os.read(start, 1)
    os.dup2(quiet, 0)
    os.dup2(quiet, 1)
    from gateway.cli.app import run

    os._exit(run(words))


def main() -> None:
    """Fork as told until the input ends."""
    for module in MODULES:
        importlib.import_module(module)
    from gateway import registry

    registry.adapters()
    gc.freeze()
    tell("warm")
    for line in sys.stdin:
        reading, writing = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(writing)
            child(json.loads(line), reading)
        os.close(reading)
        tell(f"born {pid}")
        sys.stdin.readline()
        with suppress(BrokenPipeError):  # killed while it waited for that
            os.write(writing, b"g")
        os.close(writing)
        tell(f"died {os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])}")


if __name__ == "__main__":
    main()
