"""The garbage collector of a process that serves or syncs: it makes objects by the million, hardly any in circles."""

from __future__ import annotations

import gc

_THRESHOLDS = (10_000, 5, 1000)
"""Young objects are looked at often, some 10 ms at a time; old ones (plans, documents) hardly ever."""


def settle() -> None:
    """Leave what the process is made of out of all later collections: to look through it takes 70 ms."""
    gc.collect()
    gc.freeze()
    collect_rarely()


def collect_rarely() -> None:
    """Look at old objects hardly ever: those of a pass, a unit's documents and rows, are looked through in vain."""
    gc.set_threshold(*_THRESHOLDS)
