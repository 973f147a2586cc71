"""The contents of the Data.gov-style world as the portal stores them: raw text, transform, and what is wrong."""

from __future__ import annotations

import json
from collections import OrderedDict
from datetime import date, timedelta
from typing import Any, NamedTuple

from gateway.sandbox import dice
from gateway.sandbox.changes_cast import Source
from gateway.sandbox.changes_dcat import Catalogues
from gateway.sandbox.changes_faults import Faults
from gateway.sandbox.changes_iso import Folders
from gateway.sandbox.changes_slots import Slots
from gateway.sandbox.changes_time import moment

KEPT = 4000
"""Contents that are kept once they were written."""


class Content(NamedTuple):
    """A stored content."""

    raw: str
    transform: dict[str, Any] | None
    payload: dict[str, Any] | None
    """What the portal can read of it as DCAT-US."""


class Contents:
    """Writes contents on demand: each is a function of (source, slot, revision) and of being faulty."""

    def __init__(self, seed: int, epoch: int) -> None:
        self.seed = seed
        self.slots = Slots(seed)
        self.faults = Faults(seed)
        first_day: date = (moment(epoch) - timedelta(days=1300)).date()
        self.catalogues = Catalogues(seed, self.slots, first_day)
        self.folders = Folders(seed, self.slots, first_day)
        self._kept: OrderedDict[tuple[int, int, int, bool], Content] = OrderedDict()

    def of(self, source: Source, slot: int, rev: int, *, faulty: bool, origin: int | None = None) -> Content:
        """Return the content of a slot at a revision."""
        key = (source.index, slot, rev, faulty)
        kept = self._kept.get(key)
        if kept is None:
            write = self._iso if source.iso else self._dcat
            kept = self._kept[key] = write(source, slot, rev, faulty, origin)
            if len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return kept

    def hash(self, source: int, slot: int, rev: int) -> str:
        """Return the fingerprint that the portal stores beside a content."""
        return dice.hexadecimal(64, self.seed, "hash", source, slot, rev)

    def _dcat(self, source: Source, slot: int, rev: int, faulty: bool, origin: int | None) -> Content:
        payload = self.catalogues.content(source, slot, rev, origin)
        if faulty and self.faults.unreadable(source, slot, rev):
            raw = json.dumps(payload, sort_keys=True)
            return Content(raw[: len(raw) * 2 // 3], None, None)
        if faulty:
            self._damage(payload, source, slot, rev)
        return Content(json.dumps(payload, sort_keys=True), None, payload)

    def _iso(self, source: Source, slot: int, rev: int, faulty: bool, origin: int | None) -> Content:
        del origin
        raw = self.folders.xml(source, slot, rev)
        if faulty and self.faults.unreadable(source, slot, rev):
            return Content(raw, None, None)
        transform = self.folders.transform(source, slot, rev)
        if faulty:
            self._damage(transform, source, slot, rev)
        return Content(raw, transform, transform)

    def _damage(self, payload: dict[str, Any], source: Source, slot: int, rev: int) -> None:
        for fault in self.faults.of(source, slot, rev):
            fault.damage(payload)
