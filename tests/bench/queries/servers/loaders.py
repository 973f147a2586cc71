"""The SQL of the peer with dataloaders, and the loaders that gather what many resolvers ask for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import asyncpg
from strawberry.dataloader import DataLoader

SEARCH = (Path(__file__).parent / "sql" / "found.sql").read_text("utf-8")
SOURCE = "id, native_id, name, url, active, next_run_at, organization_id, last_job_id"
JOB = "id, source_id, native_id, status, created_at, ended_at, total, failed"
JOBS = f"""
    SELECT j.* FROM unnest($1::bigint[]) WITH ORDINALITY AS s (id, n) CROSS JOIN LATERAL (
        SELECT {JOB} FROM harvest_job WHERE source_id = s.id AND presence = ANY ($2) AND status <> 'SCHEDULED'
        ORDER BY created_at DESC, id DESC LIMIT $3) j
    ORDER BY s.n, j.created_at DESC, j.id DESC
"""
ERRORS = """
    SELECT e.* FROM unnest($1::bigint[]) WITH ORDINALITY AS j (id, n) CROSS JOIN LATERAL (
        SELECT id, job_id, native_id, severity, message, created_at FROM harvest_error
        WHERE job_id = j.id AND presence = ANY ($2) AND created_at IS NOT NULL
        ORDER BY created_at DESC, id DESC LIMIT $3) e
    ORDER BY j.n, e.created_at DESC, e.id DESC
"""
RECORDS = """
    SELECT id, native_id, remote_id, remote_url, status, action, created_at FROM harvest_record
    WHERE source_id = (SELECT s.id FROM harvest_source s JOIN portal p ON p.number = s.portal
        WHERE p.key = $1 AND s.native_id = $2) AND status = ANY ($3) AND presence = ANY ($4)
      AND ($5::timestamptz IS NULL OR (created_at, id) < ($5, $6)) AND created_at IS NOT NULL
    ORDER BY created_at DESC, id DESC LIMIT $7
"""
COUNTS = """
    SELECT p.key, r.status, count(*) AS count FROM harvest_record r JOIN portal p ON p.number = r.portal
    WHERE r.presence = ANY ('{PRESENT,EXPIRED}') AND p.key = ANY ($1) AND r.status = ANY ($2)
    GROUP BY p.key, r.status ORDER BY count(*) DESC, p.key COLLATE "C", r.status COLLATE "C"
"""


class Loaders:
    """The loaders of one request."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self.pool = pool
        self.organizations = DataLoader(load_fn=self._organizations)
        self.jobs = DataLoader(load_fn=self._jobs)
        self._lists: dict[tuple[str, tuple[str, ...], int], DataLoader[int, list[asyncpg.Record]]] = {}

    def of(
        self, sql: str, owner: str, presence: Sequence[str], first: int
    ) -> DataLoader[int, list[asyncpg.Record]]:
        """Return the loader of the lists that *sql* reads for many owners at once."""
        key = (sql, tuple(presence), first)
        if key not in self._lists:

            async def load(owners: Sequence[int]) -> list[list[asyncpg.Record]]:
                found: dict[int, list[asyncpg.Record]] = defaultdict(list)
                for row in await self.pool.fetch(sql, owners, list(presence), first):
                    found[row[owner]].append(row)
                return [found[each] for each in owners]

            self._lists[key] = DataLoader(load_fn=load)
        return self._lists[key]

    async def _organizations(self, keys: list[int]) -> list[asyncpg.Record | None]:
        rows = await self.pool.fetch("SELECT id, native_id, name FROM organization WHERE id = ANY ($1)", keys)
        found = {row["id"]: row for row in rows}
        return [found.get(key) for key in keys]

    async def _jobs(self, keys: list[int]) -> list[asyncpg.Record | None]:
        rows = await self.pool.fetch(f"SELECT {JOB} FROM harvest_job WHERE id = ANY ($1)", keys)
        found = {row["id"]: row for row in rows}
        return [found.get(key) for key in keys]
