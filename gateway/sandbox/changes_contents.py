"""The contents of the Data.gov-style world as the portal stores them: raw text, transform, and what is wrong."""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from gateway.sandbox import dice
from gateway.sandbox.changes_cast import Source
from gateway.sandbox.changes_dcat import Catalogues
from gateway.sandbox.changes_faults import Faults
from gateway.sandbox.changes_iso import Folders
from gateway.sandbox.changes_slots import Slots
from gateway.sandbox.changes_time import moment

KEPT = 4000
"""Contents that are kept once they were written."""


@dataclass(slots=True)
class Content:
    """A stored content; its text is written when it is asked for."""

    write: Callable[[], str]
    transform: dict[str, Any] | None
    payload: dict[str, Any] | None
    """What the portal can read of it as DCAT-US."""
    _raw: str | None = None

    @property
    def raw(self) -> str:
        """Return the text as the portal stores it."""
        if self._raw is None:
            self._raw = self.write()
        return self._raw


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
            return Content(lambda: _torn(payload), None, None)
        if faulty:
            self._damage(payload, source, slot, rev)
        return Content(lambda: _sorted(payload), None, payload)

    def _iso(self, source: Source, slot: int, rev: int, faulty: bool, origin: int | None) -> Content:
        del origin
        transform = None
        if not (faulty and self.faults.unreadable(source, slot, rev)):
            transform = self.folders.transform(source, slot, rev)
        if faulty and transform:
            self._damage(transform, source, slot, rev)
        return Content(lambda: self.folders.xml(source, slot, rev), transform, transform)

    def _damage(self, payload: dict[str, Any], source: Source, slot: int, rev: int) -> None:
        for fault in self.faults.of(source, slot, rev):
            fault.damage(payload)


def _sorted(payload: dict[str, Any]) -> str:
    return json.dumps(payload, sort_keys=True)


def _torn(payload: dict[str, Any]) -> str:
    """Return the first part of a JSON text, which is none."""
    text = _sorted(payload)
    return text[: len(text) * 2 // 3]
