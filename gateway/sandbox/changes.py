"""The Data.gov-style world: an append-only log of what runs did, as a function of (seed, scale, epoch, clock)."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from gateway.model.identity import dataset_id
from gateway.sandbox.changes_documented import DocumentedPass
from gateway.sandbox.changes_history import History
from gateway.sandbox.changes_mirror import Mirror
from gateway.sandbox.changes_real import RealPass
from gateway.sandbox.changes_shown import DOCUMENTED
from gateway.sandbox.changes_time import micros
from gateway.sandbox.changes_timeline import Timeline
from gateway.sandbox.changes_truth import Truth
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

    def truth(self, passes: Passes) -> Iterator[dict[str, Any]]:
        """Yield what a perfect mirror holds after the last of *passes*."""
        mirror, views = self._mirrored(passes)
        return Truth(mirror, views.__getitem__).rows()

    def minimum(self, passes: Passes) -> dict[str, int]:
        """Return how many requests the last of *passes* needs, by stream."""
        return self._mirrored(passes)[0].requests

    def labels(self, at: datetime) -> Iterator[dict[str, Any]]:
        """Yield the datasets that several catalogues offer, on any portal."""
        view = self.at(at)
        slots = self.history.contents.slots
        for run in view.runs:
            source = self.history.timeline.publishers.sources[run.source]
            for slot, item in enumerate(source.shared if run.code == 1 and run.rows else ()):
                native = dataset_id(source.id, slots.record_type(source, slot), item.identifier)
                yield {"type": "Dataset", "nativeId": native, "sameAs": item.identifier}

    def _mirrored(self, passes: Passes) -> tuple[Mirror, dict[int, View]]:
        mirror = Mirror(self.history, max((micros(at) for at, *_ in passes), default=0))
        views: dict[int, View] = {}
        for at, kind, dialect in passes:
            view = views[micros(at)] = self.at(at)
            made = DocumentedPass if dialect == DOCUMENTED else RealPass
            mirror.requests = made(mirror, view, whole=kind == "RECONCILE").read()
        return mirror, views
