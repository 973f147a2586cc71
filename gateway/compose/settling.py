"""The garbage collector of a process that serves or syncs: it makes objects by the million, hardly any in circles."""

from __future__ import annotations

import gc

_SERVING = (10_000, 5, 1000)
"""Young objects are looked at often, some 10 ms at a time; old ones (plans, documents) hardly ever."""
_SYNCING = (250_000, 10, 1000)
"""Young ones are those of two units, the one that is read and the one that is stored: they go by themselves. To look
through them at every ten thousandth took a tenth of a first load's CPU, and freed nothing that its memory shows."""


def settle() -> None:
    """Leave what the process is made of out of all later collections: to look through it takes 70 ms."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_SERVING)


def collect_rarely() -> None:
    """Look hardly ever at the objects of a pass, a unit's documents and rows: they are looked through in vain."""
    gc.set_threshold(*_SYNCING)
