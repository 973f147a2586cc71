"""The Data.gov-style world: an append-only log of what runs did, as a function of (seed, scale, epoch, clock)."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from gateway.sandbox.changes_history import History
from gateway.sandbox.changes_time import micros
from gateway.sandbox.changes_timeline import Timeline
from gateway.sandbox.changes_view import View
from gateway.sandbox.portal import Passes

KEPT = 4
"""Views of instants that are kept."""


class Changes:
    """The world of a seed, a scale (60 sources each) and an epoch (aware; the first day of the clock)."""

    def __init__(self, seed: int, scale: int, epoch: datetime) -> None:
        self.history = History(Timeline(seed, scale, micros(epoch)))
        self._views: OrderedDict[int, View] = OrderedDict()

    def at(self, now: datetime) -> View:
        """Return the portal's database at an instant (not before the epoch)."""
        instant = micros(now)
        view = self._views.get(instant)
        if view is None:
            self.history.extend(instant)
            view = self._views[instant] = View(self.history, instant)
            if len(self._views) > KEPT:
                self._views.popitem(last=False)
        return view
