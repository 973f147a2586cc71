"""Storing the rows of a unit: new records are laid down, all else is merged, and what they bear on is touched."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

from gateway.model.enums import Cause, EntityType
from gateway.store import datasets, derive, journal, laying, laying_errors, merge
from gateway.store.bookkeeping import Run
from gateway.store.laying import NOTHING, Laid
from gateway.store.mentions import NONE, Mentioned, conceive, newest
from gateway.store.parts import Tally
from gateway.store.shape import Row, shape
from gateway.store.staging import Connection, stage, touch
from gateway.store.waiting import Name

Rows: TypeAlias = Mapping[Any, Row]
"""Rows of a type as ``gateway.store.layout`` lays them out: by native id, those of datasets also by who speaks."""
_RECORD, _ERROR, _DATASET = EntityType.HARVEST_RECORD, EntityType.HARVEST_ERROR, EntityType.DATASET


@dataclass(frozen=True, slots=True)
class Storing:
    """How the rows of a unit get into the tables."""

    connection: Connection
    run: Run
    inventory: bool
    loading: bool
    """Whether this is a first load, which tells of its rows by scope."""
    seen: bool
    """Whether the portal has just shown the rows; else they come out of stored documents."""
    now: datetime
    cause: Cause

    async def store(self, rows: Mapping[EntityType, Rows], known: Collection[Name]) -> Tally:
        """Store *rows* and touch what they bear on; return how many are new, changed and gone.

        *known*: the names of those that are there, among what the unit's documents are named after.
        """
        tally, mentioned, laid = Tally(), NONE, dict[EntityType, Laid]()
        new = laying.new(rows.get(_RECORD, {}), known)
        faults = await laying_errors.new(self.connection, self.run.portal, rows.get(_ERROR, {}), new)
        apart: Mapping[EntityType, Rows] = {_RECORD: new, _ERROR: faults}
        merged = {type_: _without(rows[type_], apart.get(type_, {})) for type_ in rows}
        await self._stage(merged)
        if merged.get(_RECORD) and not (self.inventory or self.loading):
            await datasets.touch_former(self.connection, self.run.portal)
        coming = {shape(type_).table: _natives(type_, rows[type_]) for type_ in rows}
        for type_ in (each for each in merge.ORDER if each in rows):
            named = rows[type_].values()
            await merge.make_stubs(self.connection, type_, self.run.portal, self.now, named, coming)
            if type_ is _DATASET:
                natives = coming["dataset"]
                mentioned = await conceive(
                    self.connection, self.run.portal, natives, inventory=self.inventory
                )
                continue
            if type_ is _RECORD and new:
                laid[type_] = await laying.lay(
                    self.connection, self.run.portal, self.now, new.values(), mentioned.keys
                )
            if type_ is _ERROR and faults:
                laid[type_] = await laying_errors.lay(
                    self.connection, self.run.portal, self.now, faults.values(), laid[_RECORD]
                )
            await self._merge(type_, merged[type_], laid.get(type_, NOTHING), tally)
        await self._hear(rows.get(_DATASET, {}), new, mentioned, laid.get(_RECORD, NOTHING))
        if self.inventory and tally.changed:
            tally.gone += await merge.retire_lost_errors(self.connection, self.run.portal, self.now)
        await self._touch(merged)
        return tally

    async def _stage(self, rows: Mapping[EntityType, Rows]) -> None:
        """Stage what is to be merged; datasets wait until it is known whom they hear."""
        for type_ in rows.keys() - {_DATASET}:
            await stage(self.connection, shape(type_), rows[type_].values())
            if type_ in journal.JOURNALED:
                await journal.remember_staged(self.connection, type_, self.run.portal)

    async def _merge(self, type_: EntityType, rows: Rows, laid: Laid, tally: Tally) -> None:
        """Merge the staged *rows* of a type, count them with those that were *laid*, and tell of those that are new."""
        arrived = Counter(laid.arrived)
        tally.new += laid.rows
        if rows:
            done = await merge.merge(self.connection, type_, self.run.portal, self.now, seen=self.seen)
            arrived.update(dict(done.arrived))
            tally.new += done.new
            tally.changed += done.changed
        for job, count in () if self.loading else arrived.items():
            await journal.tell_arrival(
                self.connection,
                type_,
                job,
                count,
                portal=self.run.portal,
                run=self.run.id,
                now=self.now,
                cause=self.cause,
            )

    async def _hear(self, rows: Rows, new: Rows, mentioned: Mentioned, laid: Laid) -> None:
        """Stage what is told of datasets, but for what *new* records tell that speak after a newer one; touch these."""
        heard = mentioned.hearing(laid.mentions)
        await touch(self.connection, _DATASET, heard)
        deaf = mentioned.spoken.keys() - heard
        last = newest(laid.mentions) if self.inventory else {}
        told = [
            row
            for key, row in rows.items()
            if isinstance(key, str)
            or (record := new.get(key[1])) is None
            or ((dataset := mentioned.keys[key[0]]) not in deaf and laying.is_of(record, last.get(dataset)))
        ]
        if told:
            await stage(self.connection, shape(_DATASET), told)

    async def _touch(self, rows: Mapping[EntityType, Rows]) -> None:
        """Touch what the merged *rows* bear on."""
        portal = self.run.portal
        await derive.touch_stored(self.connection)
        if not self.seen:
            await derive.touch_staged(self.connection, portal, rows)
        if rows.get(_RECORD):
            await datasets.touch_stored(self.connection, inventory=self.inventory)
            if not self.seen:
                await datasets.touch_staged(self.connection, portal, inventory=self.inventory)


def _without(rows: Rows, new: Rows) -> Rows:
    """Return those of *rows* that are not *new*; *new* are all of them where they are as many."""
    if len(new) == len(rows):
        return {}
    return {native: row for native, row in rows.items() if native not in new} if new else rows


def _natives(type_: EntityType, rows: Rows) -> Collection[str]:
    """Return the native ids of *rows*, by which they are laid out; those of datasets with the record that speaks."""
    return {key if isinstance(key, str) else key[0] for key in rows} if type_ is _DATASET else rows.keys()
