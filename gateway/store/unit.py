"""The commit unit: documents, rows, history, events, rollups and cursors in one transaction.

A unit holds whole small scopes, or part of a large one: what it costs to commit is shared by what it brings.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import datetime
from types import MappingProxyType

from gateway.model.document import Document, Fetch, Rejection
from gateway.model.enums import Cause, EntityType
from gateway.ports import Scope
from gateway.store import (
    absence,
    bookkeeping,
    datasets,
    derive,
    drift,
    endings,
    following,
    forgotten,
    journal,
    lease,
    meeting,
    quarantine,
    recognising,
    rollups,
    waiting,
)
from gateway.store.bookkeeping import Run
from gateway.store.documents import documents_of
from gateway.store.forgotten import Forgotten
from gateway.store.growth import Growth
from gateway.store.judging import NOTHING, Judges, Kinds
from gateway.store.layout import Layout, Normalise, lay_out, read
from gateway.store.parts import Part, Tally
from gateway.store.quarantine import Refused
from gateway.store.recognising import Recognised
from gateway.store.scopes import keep_cursor
from gateway.store.staging import ENTWINED, Connection, make_stages, prepare, touched, touched_keys
from gateway.store.storing import Storing
from gateway.store.waiting import Name, Settled

Meaning = Callable[[str | None, datetime], tuple[int | None, str | None, datetime | None]]
"""What a schedule means at an instant: seconds between runs, words, next run."""


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
        expected: Kinds = NOTHING,
    ) -> None:
        self._connection = connection
        self._run = run
        self._lease = held
        self._normalise = normalise
        self._inventory = inventory
        self._cap = cap
        self._now = now
        self._judges = Judges(expected)
        self._growth = Growth()
        self._newest: dict[EntityType, int] = {}
        self._stages = set(ENTWINED)
        """The types that there are stages of."""
        self._met = False
        """Whether a record has come that was there."""
        self.turn = asyncio.Lock()
        """Held by who uses the connection while pages are read."""
        self._forgotten = Forgotten()

    async def open(self) -> None:
        """Make the connection ready for units, and let readers see what a pass has left that was killed."""
        await prepare(self._connection)
        self._forgotten = await forgotten.read(self._connection, self._run.portal)
        await following.settle(self._connection)

    async def begin(self, scope: Scope) -> absence.Seen:
        """Return an empty record of what *scope* names; to be called before anything of it is committed."""
        if scope.member not in self._newest:
            async with self.turn:
                self._newest[scope.member] = await absence.newest_key(self._connection, scope.member)
        return absence.Seen(self._newest[scope.member])

    def read_ahead(self, part: Part) -> None:
        """Normalise what is all new, on a first load, while the unit before is being stored."""
        if not self._forgotten:
            part.readings = {
                id(element): read(element, self._normalise)
                for element in part.elements
                if isinstance(element, Document)
            }

    async def commit(
        self,
        parts: Sequence[Part],
        *,
        cause: Cause = Cause.UPSTREAM,
        again: bool = False,
        fetches: Mapping[Fetch, int] = MappingProxyType({}),
        settles: Settled = waiting.NOTHING,
    ) -> Tally:
        """Store what differs and conclude what has ended; write nothing, not even a note, where nothing does.

        The parts are of one stream. *again* normalises documents that were stored before, also where their bytes are
        known; *fetches* are then the keys of the answers of those that are in no row yet, and *settles* what they let
        go where they read well.
        """
        loading = any(part.loaded is not None for part in parts)
        whole = {} if again else recognising.recognisable(parts)
        scopes = await self._recognised(whole, loading=loading)
        looked = [part for part in parts if part.scope.key not in scopes.same]
        elements = [element for part in looked for element in part.elements]
        tally = Tally(fetched=sum(len(part.elements) for part in parts))
        documents = list({(d.type, d.native_id): d for d in elements if isinstance(d, Document)}.values())
        rejections = [Refused(p.scope, e) for p in looked for e in p.elements if isinstance(e, Rejection)]
        known = await meeting.known(self._connection, self._run.portal, elements)
        self._met = self._met or any(type_ is EntityType.HARVEST_RECORD for type_, _ in known)
        for part in looked:
            meeting.see(part, known)
        fresh = documents
        if known and not again:
            fresh = [d for d in documents if known.get((d.type, d.native_id), (0, None))[1] != d.hash]
        if self._forgotten:
            fresh = [self._forgotten.blanked(document) for document in fresh]
        conclusions = await endings.weigh(self._connection, self._run, parts, self._cap, same=scopes.same)
        if not again:
            settles = await self._settled(parts, known)
        marks = scopes.marks(fresh, conclusions.settled)
        if not (fresh or rejections or conclusions or settles or (loading and elements)):
            return tally
        layout = Layout()
        async with self._transaction():
            if fresh or rejections:
                layout = await self._lay_out(looked, fresh, rejections, fetches, again=again)
                tally.quarantined += len(rejections)
                await self._store(layout, fresh, known, tally, loading, cause, seen=not again)
            if settles:
                unread = {(r.rejection.type, r.rejection.native_id or "") for r in rejections}
                await waiting.settle(self._connection, settles, unless=unread, now=self._now())
            if conclusions or marks:
                tally.gone += await endings.draw(
                    self._connection, self._run, conclusions, marks, cap=self._cap, now=self._now()
                )
            await self._note_progress(parts, tally)
            await self._settle(cause, baseline=loading)
        if loading and fresh:
            await self._growth.note(
                self._connection, parts[0].scope.stream, len(fresh), {*layout.rows, *ENTWINED}
            )
        return tally

    @asynccontextmanager
    async def unit(self, cause: Cause) -> AsyncIterator[None]:
        """Write, in a ``with`` block, what somebody decided: with what follows from it, and as lasting as his word."""
        async with self._transaction():
            await self._connection.execute("SET LOCAL synchronous_commit = on")
            yield
            await self._settle(cause, baseline=False)

    async def follow(
        self, *, sources: Sequence[str] | None = None, jobs: Sequence[str] = (), baseline: bool
    ) -> None:
        """Settle what follows from the clock, and from *jobs* (native ids) whose records have been read whole.

        The open jobs of *sources* (native ids; None: of the portal) have been seen open in this pass.
        """
        async with self._transaction():
            await derive.touch_open(self._connection, self._run.portal, sources)
            if jobs and self._inventory:
                await datasets.touch_sources(self._connection, self._run.portal, list(jobs))
            await self._settle(Cause.CLOCK, baseline=baseline)

    async def follow_records(
        self, *, jobs: Sequence[str], batch: int, baseline: bool, empty: bool = False
    ) -> None:
        """Settle what follows from a stream of records read to its end; *jobs* were read for the first time.

        *empty*: there was none before this pass; if none came twice either, none has let go of its dataset.
        """
        if self._met or not empty:
            await self._link(Cause.UPSTREAM, baseline=baseline)
        await self.follow(jobs=jobs, baseline=baseline)
        await self._relate(batch)

    async def follow_stored(self, batch: int) -> None:
        """Settle what follows from stored records that were read again: nothing follows from the clock."""
        await self._link(Cause.RENORMALISE, baseline=False)
        await self._relate(batch)

    async def _link(self, cause: Cause, *, baseline: bool) -> None:
        if self._inventory:
            async with self._transaction():
                await datasets.touch_unlinked(self._connection, self._run.portal)
                await self._settle(cause, baseline=baseline)

    async def _relate(self, batch: int) -> None:
        await self._mend_texts(batch)
        if not self._inventory:
            async with self._transaction():
                await datasets.settle_parents(self._connection, self._run.portal)
                await bookkeeping.move_version(self._connection)

    async def end_load(self) -> None:
        """Leave the tables as searches want them: a first load has come to the end of a stream."""
        await self._growth.end(self._connection)

    async def set_schedules(self, meaning: Meaning) -> None:
        """Store what the sources' schedules mean now."""
        now = self._now()
        async with self._transaction():
            settled = []
            for key, raw, runs in await derive.schedules(self._connection, self._run.portal):
                every, words, following = meaning(raw, now)
                settled.append((key, every, words, following if runs else None))
            await derive.set_schedules(self._connection, self._run.portal, settled)
            await bookkeeping.move_version(self._connection)

    def _transaction(self) -> AbstractAsyncContextManager[None]:
        """Return a transaction under the lease; LeaseLost, with nothing written, when another worker has it."""
        return lease.writing(self._connection, self._lease)

    async def _mend_texts(self, batch: int) -> None:
        """Give datasets whose speaking record has changed the text of the new one, out of its stored document."""
        part = Part(Scope("records", EntityType.HARVEST_RECORD))
        before: list[str] = []
        while natives := await datasets.voiceless(self._connection, self._run.portal, batch):
            if natives == before:
                return  # their documents do not speak of a dataset: nothing more can be done
            before = natives
            part.elements = await documents_of(
                self._connection, self._run.portal, EntityType.HARVEST_RECORD, natives
            )
            await self.commit([part], again=True)

    async def _recognised(self, parts: Mapping[str, Sequence[Part]], *, loading: bool) -> Recognised:
        """Return what is known of scopes that can be recognised; on a first load none of them is."""
        if loading or not parts:
            return Recognised(parts, unmarked=frozenset(parts))
        return await recognising.look(self._connection, self._run.portal, parts)

    async def _settled(
        self, parts: Sequence[Part], known: Mapping[Name, tuple[int, bytes | None]]
    ) -> Settled:
        """Return what the arrival of the documents of *parts* settles; the rows *known* are there."""
        names = ((e.type, e.native_id) for part in parts for e in part.elements if isinstance(e, Document))
        keys = {name: key for name, (key, _) in known.items()}
        return await waiting.look(self._connection, self._run.portal, names, keys)

    async def _lay_out(
        self,
        parts: Sequence[Part],
        fresh: Sequence[Document],
        rejections: list[Refused],
        fetches: Mapping[Fetch, int],
        *,
        again: bool,
    ) -> Layout:
        """Return the rows of *fresh*; what cannot be read joins *rejections*, and all of these go to quarantine."""
        if not again:
            fetches = await self._log(fresh, rejections)
        ahead = {key: reading for part in parts for key, reading in part.readings.items()}
        readings = (ahead.get(id(document)) or read(document, self._normalise) for document in fresh)
        layout, now = lay_out(readings, fetches), self._now()
        scopes = _scopes(parts) if layout.rejected else {}
        rejections += [Refused(scopes[d.type, d.native_id], r, _whole(d, r)) for d, r in layout.rejected]
        for each in rejections:
            fetch_id = fetches.get(each.rejection.fetch)
            body = self._forgotten.scrubbed(each.rejection.body)
            await quarantine.keep(self._connection, self._run, each, body, fetch_id, now, seen=not again)
        return layout

    async def _store(
        self,
        layout: Layout,
        documents: Sequence[Document],
        known: Mapping[Name, tuple[int, bytes | None]],
        tally: Tally,
        loading: bool,
        cause: Cause,
        *,
        seen: bool,
    ) -> None:
        """Merge what is laid out of *documents*, *seen* now or stored before; those *known* are there."""
        now = self._now()
        await make_stages(self._connection, layout.rows.keys() - self._stages)
        self._stages |= layout.rows.keys()
        if seen:
            await drift.note(self._connection, self._run, self._judges.judge(documents), now, cause)
        storing = Storing(self._connection, self._run, self._inventory, loading, seen, now, cause)
        tally.add(await storing.store(layout.rows, known))

    async def _log(self, documents: Sequence[Document], refused: Sequence[Refused]) -> dict[Fetch, int]:
        answers = {id(d.fetch): d.fetch for d in documents}  # one for many: to compare them takes longer
        fetches: dict[Fetch, None] = dict.fromkeys(answers.values())
        fetches.update(dict.fromkeys(r.rejection.fetch for r in refused))
        return await bookkeeping.log_fetches(self._connection, self._run, fetches)

    async def _note_progress(self, parts: Sequence[Part], tally: Tally) -> None:
        """On a first load note how far it is; cursors are kept where the pass may have to go on from them."""
        last = parts[-1]
        if last.end is None and last.cursor is not None and last.loaded is not None:
            await keep_cursor(self._connection, self._run, last.scope, last.cursor)
        if last.loaded is not None:
            await bookkeeping.advance(self._connection, self._run.portal, last.scope.stream, tally.fetched)

    async def _settle(self, cause: Cause, *, baseline: bool) -> None:
        """Derive what follows from the rows that were touched, and tell what changed."""
        connection, portal, now = self._connection, self._run.portal, self._now()
        touched_types = await touched(connection)
        if EntityType.HARVEST_JOB in touched_types:
            jobs = await touched_keys(connection, EntityType.HARVEST_JOB)
            await derive.jobs(connection, portal, now, jobs)
            await derive.records(connection, portal, now, jobs)
            await rollups.refresh(connection, portal)
            touched_types = await touched(connection)
        if touched_types & {EntityType.HARVEST_JOB, EntityType.HARVEST_SOURCE}:
            anew = cause is not Cause.UPSTREAM
            await derive.sources(connection, portal, planned=not self._inventory, anew=anew)
        if EntityType.DATASET in touched_types:
            await datasets.settle(connection, portal, now, inventory=self._inventory, told=not baseline)
        await journal.write(connection, portal, self._run.id, now, cause, baseline=baseline)
        await bookkeeping.move_version(connection)


def _scopes(parts: Iterable[Part]) -> dict[tuple[EntityType, str | None], Scope]:
    """Return the scope that brought each element."""
    return {(e.type, e.native_id): part.scope for part in parts for e in part.elements}


def _whole(document: Document, rejection: Rejection) -> Document | None:
    """Return *document* where it is what could not be read; None where that is something in it."""
    same = (rejection.type, rejection.native_id) == (document.type, document.native_id)
    return document if same else None
