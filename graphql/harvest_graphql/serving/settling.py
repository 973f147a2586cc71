"""The garbage collector of a process that serves: its pauses fall into somebody's request."""

from __future__ import annotations

import gc

_THRESHOLDS = (10_000, 5, 1000)
"""Young objects are looked at often, some 10 ms at a time; old ones (plans, documents) hardly ever."""


def settle() -> None:
    """Leave what the process is made of out of all later collections: to look through it takes 70 ms."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_THRESHOLDS)
