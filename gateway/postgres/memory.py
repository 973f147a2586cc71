"""How much memory the embedded Postgres holds pages in: a share of what this machine, or its container, has."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

_LIMITS = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))
"""Where Linux tells what a container may use: of the second and of the first generation of control groups."""
_SHARE = 8
_LEAST_MB, _MOST_MB = 256, 1024


def shared_buffers(memory: int) -> str:
    """Return the setting for *memory* bytes: an eighth of it, from 256 MB to 1 GB. What is not used is not taken.

    A first load looks into all rows and indexes that it fills. One of 200,000 records, 0.4 GB, took Postgres 11.7
    seconds of CPU with 64 MB and 8.0 with 256 MB; one of a million is five times as large.
    """
    megabytes = memory // _SHARE // 2**20
    return f"{min(max(megabytes, _LEAST_MB), _MOST_MB)}MB"


def available(limits: Iterable[Path] = _LIMITS) -> int:
    """Return how many bytes of memory there are for this process; the files *limits* tell that there are fewer."""
    machine = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return min([machine, *(limit for file in limits if (limit := _limit(file)) is not None)])


def _limit(file: Path) -> int | None:
    """Return the number in *file*; None where there is no such file, or where it says that there is no limit."""
    try:
        return int(file.read_text("ascii"))
    except (OSError, ValueError):
        return None
