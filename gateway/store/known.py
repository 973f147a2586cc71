"""What the store knows of one portal, as a crawl asks it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType

import asyncpg
import msgspec

from gateway.model.entities import JSON
from gateway.model.enums import EntityType, JobStatus
from gateway.ports import KnownJob
from gateway.store import portals
from gateway.store.derive import OPEN
from gateway.store.staging import Connection
from gateway.store.tables import ROWS

_COUNTS = ("added", "updated", "deleted", "failed", "warned", "succeeded", "skipped")
_SAID = f"""
    j.native_id, s.native_id AS source, j.status, j.native_status, j.created_at, j.ended_at, j.total,
    {", ".join(f"j.{name}" for name in _COUNTS)}
"""
_FROM = "FROM harvest_job j LEFT JOIN harvest_source s ON s.id = j.source_id"
_JOB = f"SELECT {_SAID} {_FROM}"
_ROWS_AT_ONCE = 500
_NEWEST_FIRST = 'ORDER BY j.created_at DESC NULLS LAST, j.native_id COLLATE "C" DESC'
_SOURCE_BY_SOURCE = f"ORDER BY j.source_id, {_NEWEST_FIRST.removeprefix('ORDER BY ')}"


class _Jobs:
    """Makes jobs of rows; what many of them say is kept once, for there are tens of thousands."""

    def __init__(self) -> None:
        self._words: dict[str | None, str | None] = {}
        self._counts: dict[tuple[int | None, ...], Mapping[str, int | None]] = {}

    def of(self, row: asyncpg.Record) -> KnownJob:
        """Return the job of a row of ``_JOB``."""
        counts = tuple(row[name] for name in _COUNTS)
        if counts not in self._counts:
            self._counts[counts] = MappingProxyType(dict(zip(_COUNTS, counts, strict=True)))
        return KnownJob(
            native_id=row["native_id"],
            source=self._words.setdefault(row["source"], row["source"]),
            status=JobStatus(row["status"]),
            native_status=self._words.setdefault(row["native_status"], row["native_status"]),
            created_at=row["created_at"],
            ended_at=row["ended_at"],
            total=row["total"],
            counts=self._counts[counts],
        )


class StoredKnowledge:
    """``gateway.ports.Known`` over one connection and portal.

    *settled* is awaited before each answer: what has been read by then is committed.
    """

    def __init__(self, connection: Connection, portal: int, settled: Callable[[], Awaitable[None]]) -> None:
        self._connection = connection
        self._portal = portal
        self._settled = settled

    async def noted(self) -> Mapping[str, JSON]:
        """Return what earlier passes noted of the portal's wire."""
        return await portals.noted(self._connection, self._portal)

    async def stubs(self, type_: EntityType) -> Sequence[str]:
        """Return the native ids of the entities of a type that were named and never read, in their order."""
        await self._settled()
        rows = await self._connection.fetch(
            f"SELECT native_id FROM {ROWS[type_].__tablename__} WHERE portal = $1 AND presence = 'UNKNOWN' "
            'ORDER BY native_id COLLATE "C"',
            self._portal,
        )
        return [row["native_id"] for row in rows]

    async def watermark(self, stream: str) -> JSON:
        """Return what the stream's last pass left, or None."""
        await self._settled()
        text = await self._connection.fetchval(
            "SELECT watermark FROM sync_stream WHERE portal = $1 AND stream = $2", self._portal, stream
        )
        return None if text is None else msgspec.json.decode(text)

    async def scopes_read(self, stream: str) -> frozenset[str]:
        """Return the keys of the scopes of *stream* that have been read whole."""
        await self._settled()
        rows = await self._connection.fetch(
            "SELECT key FROM scope WHERE portal = $1 AND stream = $2 AND read_at IS NOT NULL",
            self._portal,
            stream,
        )
        return frozenset(row["key"] for row in rows)

    async def newest_jobs(self) -> Mapping[str, KnownJob]:
        """Return each source's newest job that is not SCHEDULED, by the source's native id."""
        await self._settled()
        rows = await self._connection.fetch(
            f"{_JOB} WHERE j.portal = $1 AND s.last_job_id = j.id AND j.presence = 'PRESENT'", self._portal
        )
        jobs = _Jobs()
        return {row["source"]: jobs.of(row) for row in rows}

    async def jobs_of(self, source: str) -> Mapping[str, KnownJob]:
        """Return the present jobs of a source by native id."""
        await self._settled()
        rows = await self._connection.fetch(
            f"{_JOB} WHERE s.portal = $1 AND s.native_id = $2 AND j.presence = 'PRESENT'",
            self._portal,
            source,
        )
        jobs = _Jobs()
        return {row["native_id"]: jobs.of(row) for row in rows}

    async def open_jobs(self) -> Sequence[KnownJob]:
        """Return the present jobs whose status is SCHEDULED, PENDING or RUNNING."""
        await self._settled()
        rows = await self._connection.fetch(
            f"{_JOB} WHERE j.portal = $1 AND j.presence = 'PRESENT' AND j.status IN {OPEN} {_NEWEST_FIRST}",
            self._portal,
        )
        jobs = _Jobs()
        return [jobs.of(row) for row in rows]

    async def ended_jobs(
        self, *, unread: str | None = None, since: datetime | None = None
    ) -> Sequence[KnownJob]:
        """Return the present jobs that have ended or are LOST, newest first; see ``gateway.ports.Known``."""
        jobs = _Jobs()
        return [
            jobs.of(row)
            async for row in self._ended(unread or "", _NEWEST_FIRST, unread=unread is not None, since=since)
        ]

    async def each_ended_job(
        self, stream: str, *, unread: bool = False, since: datetime | None = None
    ) -> AsyncIterator[tuple[KnownJob, bool]]:
        """Yield what ``ended_jobs`` returns, each with whether its scope of *stream* has been read whole."""
        async for row in self._ended(stream, _SOURCE_BY_SOURCE, unread=unread, since=since):
            # Nothing is kept of it: not what it shares with others, either.
            yield _Jobs().of(row), row["read"]

    async def _ended(
        self, stream: str, order: str, *, unread: bool, since: datetime | None
    ) -> AsyncIterator[asyncpg.Record]:
        await self._settled()
        query = f"""
            SELECT {_SAID}, c.read_at IS NOT NULL AS read {_FROM}
            LEFT JOIN scope c ON c.portal = $1 AND c.stream = $2 AND c.key = j.native_id
            WHERE j.portal = $1 AND j.presence = 'PRESENT' AND j.status NOT IN {OPEN}
              AND ($4::timestamptz IS NULL OR j.created_at >= $4)
              AND NOT ($3 AND c.read_at IS NOT NULL)
            {order}
            """
        async with self._connection.transaction(readonly=True):
            rows = self._connection.cursor(query, self._portal, stream, unread, since, prefetch=_ROWS_AT_ONCE)
            async for row in rows:
                yield row
