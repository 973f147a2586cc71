"""The job table of the Data.gov-style world at an instant: what a job's row says while it waits, runs, has ended."""

from __future__ import annotations

from typing import Any

from gateway.sandbox.changes_log import Action, Fate, RecordLog
from gateway.sandbox.changes_runs import COUNTERS, Run
from gateway.sandbox.changes_timeline import Timeline

Counts = dict[str, int | None]
"""A job's counters, in words without their ``records_``."""

_DONE = {Action.CREATE: "added", Action.UPDATE: "updated", Action.DELETE: "deleted"}


def row(timeline: Timeline, run: Run, at: int) -> dict[str, Any]:
    """Return a job's row; instants are microseconds since 1970."""
    counts = counters(timeline.log, run, at)
    return {
        "id": run.id,
        "harvest_source_id": timeline.publishers.sources[run.source].id,
        "status": run.status(at),
        "job_type": run.kind,
        "date_created": run.created(at),
        "date_finished": run.ended(at),
        "dcatus_catalog": _catalog(timeline, run, at),
        **{f"records_{word}": counts[word] for word in COUNTERS},
    }


def counters(log: RecordLog, run: Run, at: int) -> Counts:
    """Return a job's counters as far as it has come."""
    status = run.status(at)
    if status == "new":
        return dict.fromkeys(COUNTERS, 0)
    if status == "in_progress" and run.rows:
        return _so_far(log, run, at)
    return _final(run)


def _final(run: Run) -> Counts:
    return {word: None if word in run.blind else getattr(run, word) for word in COUNTERS}


def _so_far(log: RecordLog, run: Run, at: int) -> Counts:
    """Return what a running job has counted; all it ever will where it hangs at its last row."""
    rows = range(run.first_row, run.first_row + run.rows)
    done = [number for number in rows if log.settled(number) <= at and log.fate(number) != Fate.UNFINISHED]
    if len(done) >= run.rows - (log.fate(rows[-1]) == Fate.UNFINISHED):
        return _final(run)
    counts = dict.fromkeys(COUNTERS, 0)
    for number in done:
        _count(counts, Action(log.action(number)), Fate(log.fate(number)))
    counts["total"] = run.total
    counts["ignored"] = run.ignored * len(done) // run.rows
    return dict(counts)


def _count(counts: dict[str, int], action: Action, fate: Fate) -> None:
    if action is not Action.DELETE:
        counts["errored"] += fate is not Fate.SUCCESS
        counts["validated"] += fate is Fate.SUCCESS
    if action is Action.DELETE or fate is Fate.SUCCESS:
        counts[_DONE[action]] += 1


def _catalog(timeline: Timeline, run: Run, at: int) -> dict[str, Any] | None:
    """Return the catalogue's own metadata, which only DCAT-US 3.0 has."""
    source = timeline.publishers.sources[run.source]
    if not source.three or not run.rows or run.status(at) == "new":
        return None
    return {
        "@id": source.url,
        "@type": "Catalog",
        "conformsTo": {"@type": "Standard", "title": "DCAT-US 3.0"},
        "title": source.names[0][1],
    }
