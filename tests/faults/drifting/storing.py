"""Storing cells among good neighbours in one database, and asking what came of each."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import asyncpg

from gateway import registry
from gateway.model.document import Document, digest
from gateway.model.enums import EntityType
from gateway.ports import Adapter, Portal, Scope
from gateway.store import bookkeeping, lease, portals
from gateway.store.absence import Cap
from gateway.store.parts import Part
from gateway.store.tables import ROWS
from gateway.store.unit import Writer

START = datetime(2026, 11, 21, 12, tzinfo=UTC)


class Mirror:
    """One portal in a database, and what was stored of it."""

    def __init__(self, connection: asyncpg.Connection, writer: Writer, number: int) -> None:
        self._connection = connection
        self._writer = writer
        self._number = number
        self.crashes: list[tuple[Document, str]] = []
        """Documents with which a unit cannot be committed, and why."""

    @classmethod
    async def open(cls, connection: asyncpg.Connection, adapter: Adapter, key: str) -> Mirror:
        """Register the portal *key* and take its lease."""
        settings = adapter.settings.model_validate(
            {"adapter": adapter.name, "base_url": "http://localhost/cells"}
        )
        numbers = await portals.register(connection, {key: Portal(key, settings)}, registry.adapters())
        number = numbers[key]
        held = await lease.take(connection, number, "portal", "drift campaign")
        run = await bookkeeping.start_run(connection, number, "POLL", START, baseline=False)
        writer = Writer(
            connection,
            run=run,
            held=held,
            normalise=adapter.normalise,
            inventory=adapter.inventory,
            cap=Cap(),
            now=lambda: START + timedelta(minutes=1),
            expected=adapter.expected,
        )
        await writer.open()
        return cls(connection, writer, number)

    async def store(self, documents: Sequence[Document]) -> None:
        """Commit *documents* in one unit; one that breaks it is found by halves, the others are committed."""
        try:
            await self._writer.commit([Part(Scope("cells", EntityType.HARVEST_RECORD), documents)])
        except Exception as error:  # noqa: BLE001 - whatever it is, it is what the campaign looks for
            if len(documents) == 1:
                self.crashes.append((documents[0], f"{type(error).__name__}: {error}"))
                return
            half = len(documents) // 2
            await self.store(documents[:half])
            await self.store(documents[half:])

    async def kept(self) -> tuple[dict[tuple[str, bytes], str], set[bytes]]:
        """Return rows as text by (native id, hash of their document), and the fingerprints in quarantine."""
        rows: dict[tuple[str, bytes], str] = {}
        for table in {str(row.__tablename__) for row in ROWS.values()} - {"dataset"}:
            found = await self._connection.fetch(
                f"SELECT native_id, document_hash, to_jsonb(t)::text FROM {table} t "
                "WHERE portal = $1 AND document_hash IS NOT NULL",
                self._number,
            )
            rows.update({(row[0], row[1]): row[2] for row in found})
        aside = await self._connection.fetch(
            "SELECT hash FROM quarantine WHERE portal = $1 AND released_at IS NULL", self._number
        )
        return rows, {row[0] for row in aside}

    async def others(self) -> dict[str, str]:
        """Return the rows of what documents tell beside their own, errors and backends, as text by native id."""
        rows = await self._connection.fetch(
            "SELECT native_id, to_jsonb(t)::text FROM harvest_error t WHERE portal = $1 "
            "UNION SELECT native_id, native_id FROM harvest_backend WHERE portal = $1",
            self._number,
        )
        return {row[0]: row[1] for row in rows}

    async def drifts(self) -> set[tuple[str, str, str, str]]:
        """Return what was counted: type, pointer, kind, word."""
        rows = await self._connection.fetch(
            "SELECT entity_type, pointer, kind, word FROM drift WHERE portal = $1", self._number
        )
        return {(row[0], row[1], row[2], row[3]) for row in rows}


def stored(document: Document, rows: dict[tuple[str, bytes], str], aside: set[bytes]) -> bool:
    """Whether a document is either a row's or in quarantine."""
    kept = (document.native_id, document.hash) in rows
    return kept or not aside.isdisjoint({document.hash, digest(document.body)})
