"""``gateway prune`` as an operator types it."""

from __future__ import annotations

import json
from pathlib import Path
from subprocess import CompletedProcess

from acceptance.commanding import gateway

from gateway.postgres import connect

_OLD = """
    INSERT INTO quarantine (portal, stream, scope, entity_type, reason, hash, body, first_seen_at, last_seen_at,
        released_at)
    SELECT 1, 'jobs', n::text, 'HarvestJob', 'unreadable', '\\x00', '\\x00', now(), now(), now() - n * interval '1 day'
    FROM generate_series(0, 100) n
"""


async def test_it_counts_first_and_then_removes(database_url: str, tmp_path: Path) -> None:
    def run(*arguments: str, **settings: str) -> CompletedProcess[str]:
        variables = {f"GATEWAY_RETENTION__{name}": days for name, days in settings.items()}
        return gateway(
            "prune", *arguments, data=tmp_path, env={"GATEWAY_DATABASE_URL": database_url, **variables}
        )

    async def left() -> int:
        connection = await connect(database_url)
        try:
            found: int = await connection.fetchval("SELECT count(*) FROM quarantine")
            return found
        finally:
            await connection.close()

    def removed(done: CompletedProcess[str]) -> dict[str, int]:
        assert done.returncode == 0, done.stderr
        return {each["what"]: each["rows"] for each in json.loads(done.stdout)["removed"] if each["rows"]}

    connection = await connect(database_url)
    await connection.execute(_OLD)
    await connection.close()
    assert removed(run("--dry-run", "--json")) == {"quarantine": 11}
    assert await left() == 101
    assert removed(run("--json", QUARANTINE_DAYS="0")) == {}
    assert await left() == 101
    assert removed(run("--json")) == {"quarantine": 11}
    assert await left() == 90
    shown = run(QUARANTINE_DAYS="50")
    assert shown.returncode == 0, shown.stderr
    assert "for ever" in shown.stdout
    assert await left() == 50


def test_a_retention_that_there_is_not_is_told(tmp_path: Path) -> None:
    done = gateway("prune", data=tmp_path, env={"GATEWAY_RETENTION__JOBS_DAYS": "3"})
    assert done.returncode != 0
    assert "GATEWAY_RETENTION__JOBS_DAYS" in done.stderr
