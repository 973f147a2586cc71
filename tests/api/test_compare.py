"""The comparison over rows that a test wrote: every figure is checked against what was put in."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest

from gateway.compare.measure import Comparison, Figure, compare
from gateway.compare.metrics import METRICS, Comparability
from gateway.report.compare import as_html, as_json, as_text

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
GOUV, GOV = 1, 2


async def insert(connection: asyncpg.Connection, table: str, *rows: dict[str, Any]) -> None:
    """Insert *rows*; columns that are not named take their default or null."""
    for row in rows:
        columns = ", ".join(row)
        places = ", ".join(f"${number}" for number in range(1, len(row) + 1))
        await connection.execute(f"INSERT INTO {table} ({columns}) VALUES ({places})", *row.values())


def portal(number: int, key: str, *, sandbox: bool = False) -> dict[str, Any]:
    return {
        "number": number,
        "key": key,
        "adapter": key,
        "title": key.title(),
        "base_url": f"https://{key}.example.org",
        "sandbox": sandbox,
        "capabilities": {},
        "inventory": number == GOUV,
        "caveats": ["It is invented."],
        "breaker_state": "CLOSED",
    }


def source(portal_: int, name: str, *, presence: str = "PRESENT", **more: Any) -> dict[str, Any]:
    row = {
        "portal": portal_,
        "native_id": name,
        "presence": presence,
        "first_seen_at": NOW,
        "changed_at": NOW,
    }
    words = {"protocol": "DCAT", "metadata_standard": "DCAT", "standard_family": "DCAT"}
    return {**row, **words, **more}


COUNTERS = (
    *("records", "records_pending", "records_lost", "records_succeeded", "records_skipped", "records_failed"),
    *("records_archived", "records_unpublished", "records_unknown", "created", "updated", "deleted"),
    *("errors", "warnings"),
)


def run(job: int, portal_: int, status: str, *, days: int = 0, **more: Any) -> dict[str, Any]:
    row = {"job_id": job, "portal": portal_, "presence": "PRESENT", "status": status, "kind": "HARVEST"}
    return {**row, "created_at": NOW - timedelta(days=days), **dict.fromkeys(COUNTERS, 0), **more}


def error(number: int, portal_: int, job: int, severity: str) -> dict[str, Any]:
    row = {"portal": portal_, "native_id": f"e{number}", "presence": "PRESENT", "first_seen_at": NOW}
    return {**row, "changed_at": NOW, "job_id": job, "severity": severity}


async def fill(connection: asyncpg.Connection) -> None:
    """Write two small portals."""
    await connection.set_type_codec("jsonb", encoder=json.dumps, decoder=json.loads, schema="pg_catalog")
    await insert(connection, "portal", portal(GOUV, "data-gouv-fr", sandbox=True), portal(GOV, "data-gov"))
    await insert(
        connection,
        "harvest_source",
        source(GOUV, "a", active=True),
        source(GOUV, "b", active=False),
        source(GOUV, "c", presence="DELETED", active=True),
        source(GOV, "d", standard_family="ISO"),
        source(GOV, "e", presence="GONE"),
        source(GOV, "f", presence="UNKNOWN"),
    )
    await insert(
        connection,
        "job_rollup",
        run(1, GOUV, "SUCCEEDED", records=5, records_succeeded=4, records_archived=1),
        run(2, GOUV, "PARTIAL", days=1, records=2, records_failed=1, records_skipped=1, errors=2),
        run(3, GOUV, "LOST", days=40),
        run(4, GOUV, "SUCCEEDED", presence="GONE"),
        run(5, GOV, "SUCCEEDED", presence="EXPIRED", records=2, records_succeeded=2, created=1, deleted=1),
        run(6, GOV, "SUCCEEDED", kind="CLEAR", records=3, records_succeeded=3, deleted=3),
        run(7, GOV, "FAILED", kind="FORCE_HARVEST", records=2, records_failed=2, updated=2, errors=1),
        run(8, GOV, "CANCELLED"),
        run(9, GOV, "SCHEDULED", days=-1),
        run(10, GOV, "RUNNING"),
    )
    await insert(
        connection,
        "harvest_error",
        error(1, GOUV, 2, "ERROR"),
        error(2, GOUV, 2, "ERROR"),
        error(3, GOV, 7, "ERROR"),
        error(4, GOV, 7, "WARNING"),
        error(5, GOUV, 4, "ERROR"),
    )


def figure(comparison: Comparison, key: str, portal_: str) -> Figure:
    [finding] = [finding for finding in comparison.findings if finding.key == key]
    [found] = [found for found in finding.figures if found.portal == portal_]
    return found


def used(found: Figure) -> dict[str, int]:
    """Return the counts that are not zero."""
    return {word: count for word, count in found.counts.items() if count}


@pytest.fixture
async def comparison(pool: asyncpg.Pool) -> Comparison:
    async with pool.acquire() as connection:
        await fill(connection)
        return await compare(connection)


EXPECTED: dict[tuple[str, str], dict[str, int]] = {
    ("sources_by_presence", "data-gouv-fr"): {"PRESENT": 2, "DELETED": 1},
    ("sources_by_presence", "data-gov"): {"PRESENT": 1, "GONE": 1, "UNKNOWN": 1},
    ("sources_by_activity", "data-gouv-fr"): {"ACTIVE": 1, "INACTIVE": 1},
    ("sources_by_activity", "data-gov"): {"NOT_SAID": 1},
    ("sources_by_standard_family", "data-gouv-fr"): {"DCAT": 2},
    ("sources_by_standard_family", "data-gov"): {"ISO": 1},
    ("runs_by_status", "data-gouv-fr"): {"SUCCEEDED": 1, "PARTIAL": 1, "LOST": 1},
    ("runs_by_status", "data-gov"): {"SUCCEEDED": 2, "FAILED": 1, "CANCELLED": 1, "RUNNING": 1},
    ("runs_by_kind", "data-gov"): {"HARVEST": 3, "CLEAR": 1, "FORCE_HARVEST": 1},
    ("success_rate", "data-gouv-fr"): {"SUCCEEDED": 1, "PARTIAL": 1, "LOST": 1},
    ("success_rate", "data-gov"): {"SUCCEEDED": 1, "FAILED": 1},
    ("records_by_status", "data-gouv-fr"): {"SUCCEEDED": 4, "ARCHIVED": 1, "FAILED": 1, "SKIPPED": 1},
    ("records_by_status", "data-gov"): {"SUCCEEDED": 5, "FAILED": 2},
    ("records_by_action", "data-gouv-fr"): {"ARCHIVE": 1, "NOT_SAID": 6},
    ("records_by_action", "data-gov"): {"CREATE": 1, "DELETE": 1, "DELETE_BY_CLEAR": 3, "UPDATE_FORCED": 2},
    ("errors_by_severity", "data-gouv-fr"): {"ERROR": 2},
    ("errors_by_severity", "data-gov"): {"ERROR": 1, "WARNING": 1},
    ("datasets_by_state", "data-gov"): {},
}


@pytest.mark.parametrize(("key", "portal_"), EXPECTED)
def test_counts(comparison: Comparison, key: str, portal_: str) -> None:
    assert used(figure(comparison, key, portal_)) == EXPECTED[key, portal_]


def test_n_is_the_sum_of_the_words(comparison: Comparison) -> None:
    for finding in comparison.findings:
        for found in finding.figures:
            assert found.n == sum(found.counts.values())


def test_rates_leave_out_cancelled_and_clearing_runs_and_plans(comparison: Comparison) -> None:
    assert figure(comparison, "success_rate", "data-gov").value == 0.5
    assert figure(comparison, "success_rate", "data-gouv-fr").value == pytest.approx(1 / 3)
    assert figure(comparison, "completion_rate", "data-gouv-fr").value == pytest.approx(2 / 3)


def test_every_metric_answers_for_every_portal_with_its_definition(comparison: Comparison) -> None:
    assert [finding.key for finding in comparison.findings] == [metric.key for metric in METRICS]
    for finding in comparison.findings:
        assert [found.portal for found in finding.figures] == ["data-gouv-fr", "data-gov"]
        assert finding.definition
        assert finding.comparability in Comparability


async def test_the_period_holds_its_start_and_not_its_end(pool: asyncpg.Pool) -> None:
    async with pool.acquire() as connection:
        await fill(connection)
        day = await compare(connection, since=NOW - timedelta(days=1), until=NOW)
        older = await compare(connection, until=NOW - timedelta(days=30))
    assert used(figure(day, "runs_by_status", "data-gouv-fr")) == {"PARTIAL": 1}
    assert used(figure(day, "errors_by_severity", "data-gouv-fr")) == {"ERROR": 2}
    assert figure(day, "records_by_status", "data-gov").n == 0
    assert figure(day, "success_rate", "data-gov").value is None
    assert used(figure(older, "runs_by_status", "data-gouv-fr")) == {"LOST": 1}
    assert figure(older, "sources_by_presence", "data-gouv-fr").n == 3


async def test_a_portal_is_loading_until_every_stream_was_reconciled(pool: asyncpg.Pool) -> None:
    def stream(portal_: int, name: str, reconciled_at: datetime | None) -> dict[str, Any]:
        row = {"portal": portal_, "stream": name, "polled_at": NOW, "reconciled_at": reconciled_at}
        return {**row, "complete": reconciled_at is not None, "done": 0}

    async with pool.acquire() as connection:
        await fill(connection)
        await insert(
            connection,
            "sync_stream",
            stream(GOUV, "sources", NOW),
            stream(GOUV, "jobs", NOW - timedelta(hours=2)),
            stream(GOV, "sources", NOW),
            stream(GOV, "jobs", None),
        )
        gouv, gov = (await compare(connection)).portals
    assert (gouv.loading, gouv.as_of) == (False, NOW)
    assert (gov.loading, gov.as_of) == (True, None)
    assert (gouv.sandbox, gov.sandbox) == (True, False)
    assert (gouv.inventory, gov.inventory) == (True, False)


async def test_an_empty_database_compares_nothing(pool: asyncpg.Pool) -> None:
    async with pool.acquire() as connection:
        empty = await compare(connection)
    assert empty.portals == ()
    assert all(finding.figures == () for finding in empty.findings)
    assert "No portal" in as_html(empty)


def test_every_report_shows_it(comparison: Comparison) -> None:
    assert b'"DELETE_BY_CLEAR": 3' in as_json(comparison)
    for text in (as_html(comparison), as_text(comparison)):
        assert "SANDBOX" in text
        assert "50.0%" in text
        assert "delete by clear" in text
