"""The commit unit: documents, rows, history, events, rollups and cursor of one scope in one transaction."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from gateway.model.document import Document, Fetch, Rejection
from gateway.model.entities import JSON
from gateway.model.enums import Cause, EntityType
from gateway.ports import End, Scope
from gateway.store import absence, bookkeeping, datasets, derive, journal, lease, merge, rollups
from gateway.store.bookkeeping import Run
from gateway.store.documents import documents_of
from gateway.store.layout import Layout, Normalise, lay_out
from gateway.store.shape import shape
from gateway.store.staging import Connection, prepare, stage, touch
from gateway.store.tables import ROWS

HEARTBEAT_SECONDS = 20.0
"""How often the lease is extended while pages arrive."""


@dataclass(slots=True)
class Tally:
    """What a unit or a scope brought: elements fetched, rows new, changed and gone, elements quarantined."""

    fetched: int = 0
    new: int = 0
    changed: int = 0
    gone: int = 0
    quarantined: int = 0

    def add(self, other: Tally) -> None:
        """Add what *other* counted."""
        self.fetched += other.fetched
        self.new += other.new
        self.changed += other.changed
        self.gone += other.gone
        self.quarantined += other.quarantined


class Writer:
    """Writes one portal's units over one connection, under one lease."""

    def __init__(
        self,
        connection: Connection,
        *,
        run: Run,
        held: lease.Lease,
        normalise: Normalise,
        inventory: bool,
        cap: absence.Cap,
        now: Callable[[], datetime],
    ) -> None:
        self._connection = connection
        self._run = run
        self._lease = held
        self._normalise = normalise
        self._inventory = inventory
        self._cap = cap
        self._now = now
        self._beat = time.monotonic()

    async def open(self) -> None:
        """Make the connection ready for units."""
        await prepare(self._connection)

    async def heartbeat(self) -> None:
        """Make the lease last, now and then; LeaseLost when another worker has it."""
        if time.monotonic() - self._beat >= HEARTBEAT_SECONDS:
            self._beat = time.monotonic()
            await lease.extend(self._connection, self._lease)

    async def begin(self, scope: Scope) -> absence.Seen:
        """Return an empty record of what *scope* names."""
        return await absence.begin(self._connection, scope)

    async def commit(
        self,
        scope: Scope,
        elements: Sequence[Document | Rejection],
        *,
        seen: absence.Seen | None,
        cursor: JSON = None,
        baseline: bool = False,
        cause: Cause = Cause.UPSTREAM,
        again: bool = False,
    ) -> Tally:
        """Store what differs among *elements*; write nothing, not even a note, where nothing does.

        *again* normalises documents whose bytes are known, too.
        """
        tally = Tally(fetched=len(elements))
        documents = list({(d.type, d.native_id): d for d in elements if isinstance(d, Document)}.values())
        rejections = [element for element in elements if isinstance(element, Rejection)]
        known = await self._known(documents)
        if seen is not None:
            seen.add([key for (type_, _), (key, _) in known.items() if type_ is scope.member])
        fresh = [d for d in documents if again or known.get((d.type, d.native_id), (0, None))[1] != d.hash]
        if not fresh and not rejections and not (baseline and cursor is not None):
            return tally
        async with self._connection.transaction():
            await lease.hold(self._connection, self._lease)
            await self._store(scope, fresh, rejections, tally, baseline=baseline, cause=cause, log=not again)
            await self._note_progress(scope, cursor, tally, baseline=baseline)
        return tally

    async def end_scope(
        self, scope: Scope, end: End, *, seen: absence.Seen | None, loaded: int, baseline: bool
    ) -> Tally:
        """Draw the conclusions of a scope read to its end: what is gone, what has been read, what follows."""
        missing, size = await self._missing(scope, end, seen)
        tally = Tally()
        now = self._now()
        read = await self._connection.fetchval(
            "SELECT count(*) FROM unnest($3::text[]) k WHERE NOT EXISTS (SELECT FROM scope s WHERE s.portal = $1 "
            "AND s.stream = $2 AND s.key = k AND s.read_at IS NOT NULL)",
            self._run.portal,
            scope.stream,
            list(end.covers),
        )
        waits = await self._connection.fetchval(
            "SELECT EXISTS (SELECT FROM scope WHERE portal = $1 AND stream = $2 AND key = $3 AND cursor IS NOT NULL)",
            self._run.portal,
            scope.stream,
            scope.key,
        )
        if not (missing or read or waits or (baseline and loaded)):
            return tally
        async with self._connection.transaction():
            await lease.hold(self._connection, self._lease)
            if size is not None and self._cap.holds(len(missing), size):
                await absence.hold(
                    self._connection, self._run.portal, scope, missing, size, run=self._run.id, now=now
                )
            elif missing:
                tally.gone = await absence.bury(self._connection, scope.member, missing, now)
                await absence.release(self._connection, self._run.portal, scope, now)
            await bookkeeping.cover(self._connection, self._run, scope.stream, end.covers, now)
            await bookkeeping.keep_cursor(self._connection, self._run, scope, None)
            await self._derive(now)
            if baseline and loaded:
                await self._tell(
                    "LOADED", scope.member, count=loaded, native_id=scope.key or None, cause=Cause.BASELINE
                )
            await journal.write(
                self._connection, self._run.portal, self._run.id, now, Cause.UPSTREAM, baseline=baseline
            )
            await bookkeeping.move_version(self._connection)
        return tally

    async def follow(self, *, source: str | None = None, jobs: Sequence[str] = (), baseline: bool) -> None:
        """Settle what follows from the clock and from what has just been read.

        The open jobs of *source* (native id; None: of the portal) have been seen open now, and the records of
        *jobs* (native ids) have been read whole.
        """
        now = self._now()
        async with self._connection.transaction():
            await lease.hold(self._connection, self._lease)
            await derive.touch_open(self._connection, self._run.portal, source)
            if jobs and self._inventory:
                await datasets.touch_sources(self._connection, self._run.portal, list(jobs))
            await self._derive(now)
            await journal.write(
                self._connection, self._run.portal, self._run.id, now, Cause.CLOCK, baseline=baseline
            )
            await bookkeeping.move_version(self._connection)

    async def set_schedules(
        self, meaning: Callable[[str | None, datetime], tuple[int | None, str | None, datetime | None]]
    ) -> None:
        """Store what the sources' schedules mean: *meaning* gives (every seconds, words, next run) at an instant."""
        now = self._now()
        async with self._connection.transaction():
            await lease.hold(self._connection, self._lease)
            rows = await derive.schedules(self._connection, self._run.portal)
            settled = []
            for key, raw, _, runs in rows:
                every, words, following = meaning(raw, now)
                settled.append((key, every, words, following if runs else None))
            await derive.set_schedules(self._connection, self._run.portal, settled)
            await bookkeeping.move_version(self._connection)

    async def mend_texts(self, scope: Scope, batch: int) -> None:
        """Give datasets whose speaking record has changed the text of the new one, out of its stored document."""
        while natives := await datasets.voiceless(self._connection, self._run.portal, batch):
            stored = await documents_of(
                self._connection, self._run.portal, EntityType.HARVEST_RECORD, natives
            )
            await self.commit(scope, stored, seen=None, again=True)
            if await datasets.voiceless(self._connection, self._run.portal, batch) == natives:
                return

    async def _known(
        self, documents: Sequence[Document]
    ) -> dict[tuple[EntityType, str], tuple[int, bytes | None]]:
        """Return (key, fingerprint) of the rows that *documents* describe; no fingerprint where a row is absent."""
        ids: dict[EntityType, list[str]] = defaultdict(list)
        for document in documents:
            ids[document.type].append(document.native_id)
        known: dict[tuple[EntityType, str], tuple[int, bytes | None]] = {}
        for type_, natives in ids.items():
            rows = await self._connection.fetch(
                "SELECT native_id, id, CASE WHEN presence IN ('PRESENT', 'DELETED') THEN document_hash END "
                f"FROM {ROWS[type_].__tablename__} WHERE portal = $1 AND native_id = ANY ($2)",
                self._run.portal,
                natives,
            )
            known.update({(type_, row[0]): (row[1], row[2]) for row in rows})
        return known

    async def _store(
        self,
        scope: Scope,
        documents: Sequence[Document],
        rejections: Sequence[Rejection],
        tally: Tally,
        *,
        baseline: bool,
        cause: Cause,
        log: bool,
    ) -> None:
        now = self._now()
        fetches = await self._log(documents, rejections) if log else {}
        layout = lay_out(documents, self._normalise, fetches)
        for rejection in (*rejections, *layout.rejected):
            fetch_id = fetches.get(rejection.fetch)
            await bookkeeping.quarantine(self._connection, self._run, scope, rejection, fetch_id, now)
            tally.quarantined += 1
        for type_, rows in layout.rows.items():
            await stage(self._connection, shape(type_), list(rows.values()))
            if type_ in journal.JOURNALED and type_ is not EntityType.DATASET:
                await self._remember(type_)
        await self._merge(layout, tally, now, baseline=baseline, cause=cause)
        await self._derive(now)
        await journal.write(self._connection, self._run.portal, self._run.id, now, cause, baseline=baseline)
        await bookkeeping.move_version(self._connection)

    async def _log(self, documents: Sequence[Document], rejections: Sequence[Rejection]) -> dict[Fetch, int]:
        fetches: dict[Fetch, None] = dict.fromkeys(d.fetch for d in documents)
        fetches.update(dict.fromkeys(r.fetch for r in rejections))
        return {fetch: await bookkeeping.log_fetch(self._connection, self._run, fetch) for fetch in fetches}

    async def _remember(self, type_: EntityType) -> None:
        await journal.remember(
            self._connection,
            type_,
            f"t.portal = $1 AND EXISTS (SELECT FROM {shape(type_).stage} s WHERE s.native_id = t.native_id "
            "AND (s.row_hash IS DISTINCT FROM t.row_hash OR t.presence NOT IN ('PRESENT', 'DELETED')))",
            self._run.portal,
        )

    async def _merge(
        self, layout: Layout, tally: Tally, now: datetime, *, baseline: bool, cause: Cause
    ) -> None:
        records = EntityType.HARVEST_RECORD in layout.rows
        if records:
            await datasets.touch_former(self._connection, self._run.portal)
        changed = 0
        for type_ in merge.ORDER:
            if type_ not in layout.rows:
                continue
            merged = await merge.merge(self._connection, type_, self._run.portal, now)
            tally.new += merged.new
            tally.changed += merged.changed
            changed += merged.changed
            await touch(self._connection, EntityType.HARVEST_JOB, [job for job, _ in merged.arrived])
            if not baseline:
                for job, count in merged.arrived:
                    await self._tell(
                        "ARRIVED", type_, owner=(EntityType.HARVEST_JOB, job), count=count, cause=cause
                    )
        if self._inventory and changed:
            tally.gone += await merge.retire_lost_errors(self._connection, self._run.portal, now)
        await self._touch_staged(layout)
        if records:
            await datasets.touch_merged(self._connection, self._run.portal, inventory=self._inventory)

    async def _touch_staged(self, layout: Layout) -> None:
        """Touch the jobs that staged jobs, records and errors speak of."""
        for type_, column in (
            (EntityType.HARVEST_JOB, "id"),
            (EntityType.HARVEST_RECORD, "job_id"),
            (EntityType.HARVEST_ERROR, "job_id"),
        ):
            if type_ in layout.rows:
                shape_ = shape(type_)
                await self._connection.execute(
                    f"INSERT INTO stage_touched SELECT DISTINCT '{EntityType.HARVEST_JOB}', t.{column} "
                    f"FROM {shape_.stage} s JOIN {shape_.table} t ON t.portal = $1 AND t.native_id = s.native_id "
                    f"WHERE t.{column} IS NOT NULL ON CONFLICT DO NOTHING",
                    self._run.portal,
                )

    async def _derive(self, now: datetime) -> None:
        connection, portal = self._connection, self._run.portal
        await derive.jobs(connection, portal, now)
        await derive.records(connection, portal, now)
        await derive.sources(connection, portal)
        await datasets.settle(connection, portal, now, inventory=self._inventory)
        await rollups.refresh(connection, portal)

    async def _note_progress(self, scope: Scope, cursor: JSON, tally: Tally, *, baseline: bool) -> None:
        if cursor is not None:
            await bookkeeping.keep_cursor(self._connection, self._run, scope, cursor)
        if baseline:
            await bookkeeping.advance(self._connection, self._run.portal, scope.stream, tally.fetched)

    async def _missing(
        self, scope: Scope, end: End, seen: absence.Seen | None
    ) -> tuple[list[int], int | None]:
        """Return the keys of rows that the scope proves absent, and how many members it had.

        No number of members: the rows were proved absent one by one, so no cap applies.
        """
        if end.vanished:
            rows = await self._connection.fetch(
                f"SELECT id FROM {ROWS[scope.member].__tablename__} WHERE portal = $1 AND native_id = ANY ($2) "
                "AND presence IN ('PRESENT', 'DELETED')",
                self._run.portal,
                list(end.vanished),
            )
            return [row["id"] for row in rows], None
        if not (scope.whole and end.proved and seen is not None):
            return [], 0
        members = await absence.members(self._connection, self._run.portal, scope, seen.newest_key)
        return seen.missing(members), len(members)

    async def _tell(
        self,
        kind: str,
        type_: EntityType,
        *,
        cause: Cause,
        count: int,
        owner: tuple[EntityType, int] | None = None,
        native_id: str | None = None,
    ) -> None:
        await journal.note(
            self._connection,
            kind,
            type_,
            portal=self._run.portal,
            run=self._run.id,
            now=self._now(),
            cause=cause,
            owner=owner,
            count=count,
            native_id=native_id,
        )
