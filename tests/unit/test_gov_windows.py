"""The choice between reading job by job and reading one window of time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from adapters.data_gov.rows import Query, Start, stamp
from adapters.data_gov.windows import ERRORS, RECORDS, Window, mark, pages, plan, since, span
from gateway.model.enums import JobStatus
from gateway.ports import KnownJob

NOW = datetime(2026, 11, 22, 12, 0, 0, 500_000, tzinfo=UTC)


def job(name: str, hours: float, added: int | None = 0, **changes: Any) -> KnownJob:
    """Return a job that was created *hours* ago and took an hour."""
    created = NOW.replace(microsecond=0) - timedelta(hours=hours)
    counts = dict.fromkeys(("added", "updated", "deleted", "failed", "warned"), 0)
    told: dict[str, Any] = {
        "status": JobStatus.SUCCEEDED,
        "created_at": created,
        "ended_at": created + timedelta(hours=1),
        "counts": {**counts, "added": added},
        **changes,
    }
    return KnownJob(native_id=name, source="s", native_status="complete", total=None, **told)


@pytest.mark.parametrize(("rows", "requests"), [(0, 1), (1, 1), (99, 1), (100, 2), (101, 2), (1000, 11)])
def test_a_list_ends_at_a_short_page(rows: int, requests: int) -> None:
    assert pages(rows) == requests


def test_jobs_without_rows_cost_nothing() -> None:
    made = plan(RECORDS, [job("a", 9), job("b", 8)], (), NOW, full=True)
    assert [one.native_id for one in made.nothing] == ["a", "b"]
    assert (made.window, made.together, made.singly) == (None, (), ())


def test_many_small_jobs_are_read_by_one_window() -> None:
    jobs = [job(f"j{hours}", hours, 20) for hours in range(2, 8)]
    made = plan(RECORDS, jobs, (), NOW, full=False)
    assert made.together == tuple(jobs)
    assert made.window is not None
    assert stamp(made.window.a) == "2026-11-22T05:00:00"
    assert stamp(made.window.b) == "2026-11-22T11:00:01"


def test_where_both_cost_the_same_a_poll_reads_jobs_and_a_reconcile_a_window() -> None:
    jobs = [job("a", 3, 20)]
    assert plan(RECORDS, jobs, (), NOW, full=False).singly == tuple(jobs)
    assert plan(RECORDS, jobs, (), NOW, full=True).together == tuple(jobs)


def test_counters_that_are_missing_are_asked_for() -> None:
    made = plan(RECORDS, [job("a", 3, None), job("b", 9)], (), NOW, full=False)
    assert [one.native_id for one in made.singly] == ["a"]
    assert RECORDS.expected(made.singly[0]) is None


def test_each_stream_has_its_counters() -> None:
    counts = {"added": 1, "updated": 2, "deleted": 4, "failed": 8, "warned": 16}
    one = job("a", 3, counts=counts)
    assert (RECORDS.expected(one), ERRORS.expected(one)) == (15, 24)


def test_a_window_ends_where_its_jobs_end() -> None:
    failed = job("failed", 5, 1, ended_at=None, status=JobStatus.FAILED)
    assert (found := span([failed], NOW)) is not None
    assert stamp(found.b) == "2026-11-22T07:00:01", "its creation and a second"
    lost = job("lost", 60, 1, ended_at=None, status=JobStatus.LOST)
    assert (found := span([failed, lost], NOW)) is not None
    assert stamp(found.b) == "2026-11-22T12:00:01", "now and a second"


def test_jobs_without_a_date_are_read_one_by_one() -> None:
    jobs = [job("a", 3, 5), job("b", 4, 5, created_at=None), job("c", 2, 5)]
    assert plan(RECORDS, jobs, (), NOW, full=True).singly == tuple(jobs)


def test_a_window_is_a_facet_and_a_cursor() -> None:
    window = Window(NOW - timedelta(days=1), NOW, NOW)
    query = window.query(RECORDS)
    facets = "date_created ge 2026-11-21T12:00:00,date_created lt 2026-11-22T12:00:00"
    assert (query.path, query.params()) == ("/harvest_records/", {"facets": facets})
    cursor = window.cursor(Start(NOW, 3, 25))
    assert cursor == {
        "a": "2026-11-21T12:00:00",
        "b": "2026-11-22T12:00:00",
        "at": "2026-11-22T12:00:00",
        "since": "2026-11-22T12:00:00",
        "page": 3,
        "size": 25,
    }
    whole = NOW.replace(microsecond=0)
    assert Window.of(cursor) == Window(whole - timedelta(days=1), whole, whole)
    assert Start.of(cursor) == Start(whole, 3, 25)


@pytest.mark.parametrize("cursor", [None, 7, {}, {"page": -1}, {"page": "1"}, {"page": 1, "size": 30}, []])
def test_cursors_that_are_none_start_over(cursor: Any) -> None:
    assert Start.of(cursor) == Start()
    assert Window.of(cursor) is None


def test_a_window_holds_the_jobs_that_had_ended_when_it_was_begun() -> None:
    window = Window(NOW - timedelta(hours=10), NOW, NOW - timedelta(minutes=30))
    assert window.holds(job("a", 9))
    assert not window.holds(job("before", 11))
    assert not window.holds(job("after", 0.5))
    assert not window.holds(job("just ended", 1.52)), "it may not have been seen as ended"


def test_a_window_to_its_present_holds_the_jobs_that_were_lost_by_then() -> None:
    lost = job("lost", 60, 5, ended_at=None, status=JobStatus.LOST)
    assert (window := span([lost], NOW)) is not None
    assert window.holds(lost)
    assert not window.holds(job("lost since", 47, ended_at=None, status=JobStatus.LOST))
    assert not window.holds(job("failed", 50, ended_at=None, status=JobStatus.FAILED))
    early = Window(NOW - timedelta(days=9), NOW - timedelta(days=1), NOW)
    assert not early.holds(lost), "it had no lost job"


def test_polls_overlap() -> None:
    assert since(mark(NOW)) == NOW - timedelta(seconds=180)
    assert since(None) is None
    assert since({"since": "rubbish"}) is None
    assert since("rubbish") is None


def test_facets_are_joined() -> None:
    query = Query("/harvest_jobs/", {"harvest_source_id": "s"}, ("status ne new",))
    assert query.params("date_created ge 2026") == {
        "harvest_source_id": "s",
        "facets": "status ne new,date_created ge 2026",
    }


def test_a_window_over_rows_that_are_stored_already_is_dearer_than_it_looks() -> None:
    jobs = [job("a", 30, 3), job("b", 3, 4)]
    assert plan(RECORDS, jobs, (), NOW, full=False).together == tuple(jobs)
    stored = job("c", 9, 500)
    assert plan(RECORDS, jobs, [stored], NOW, full=False).singly == tuple(jobs)
    before = job("d", 90, 500)
    assert plan(RECORDS, jobs, [before], NOW, full=False).together == tuple(jobs)
