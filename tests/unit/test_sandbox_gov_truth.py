"""The truth about the Data.gov-style world: what must hold of a perfect mirror, whatever the world does."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from gateway.model.identity import dataset_id
from gateway.sandbox.changes import Changes
from gateway.sandbox.changes_text import instant, of_dcat
from gateway.sandbox.changes_time import micros, text
from gateway.sandbox.portal import Step
from gateway.store.tables import ROWS

EPOCH = datetime(2026, 11, 22, 8, tzinfo=UTC)
LEFT_OUT = {
    *("id", "portal", "native_id", "presence", "first_seen_at", "last_seen_at", "changed_at", "removed_at"),
    *(
        "native",
        "native_private",
        "document_id",
        "document_hash",
        "row_hash",
        "state_basis",
        "text_record_id",
        "consecutive_failures",  # follows from the runs: what compares with the truth counts it out of those
    ),
}
GMD, GCO = "{http://www.isotc211.org/2005/gmd}", "{http://www.isotc211.org/2005/gco}"
Rows = dict[tuple[str, str], dict[str, Any]]
MONTH = [(0, "RECONCILE"), *((day, "POLL") for day in range(1, 18)), (18, "RECONCILE")]


def passes(*steps: tuple[float, str]) -> list[Step]:
    return [Step(EPOCH + timedelta(days=days), kind) for days, kind in steps]


def held(world: Changes, *steps: tuple[float, str]) -> Rows:
    rows = list(world.truth(passes(*steps)))
    found = {(row["type"], row["nativeId"]): row for row in rows}
    assert len(found) == len(rows)
    return found


@pytest.fixture(scope="module")
def world() -> Changes:
    return Changes(5, 1, EPOCH)


@pytest.fixture(scope="module")
def first(world: Changes) -> Rows:
    return held(world, (0, "RECONCILE"))


@pytest.fixture(scope="module")
def month(world: Changes) -> Rows:
    return held(world, *MONTH)


def of(rows: Rows, type_: str) -> dict[str, dict[str, Any]]:
    return {native: row for (kind, native), row in rows.items() if kind == type_}


def test_every_column_of_the_tables_is_told_and_no_other(month: Rows) -> None:
    for type_, model in ROWS.items():
        columns = {
            column.name.removesuffix("_id") if column.info.get("refers") else column.name
            for column in model.__table__.columns  # type: ignore[attr-defined]
            if column.name not in LEFT_OUT and column.computed is None
        }
        for row in list(of(month, type_.value).values())[::50]:
            assert row["fields"].keys() == columns


def test_references_name_rows_that_are_held(month: Rows) -> None:
    targets = {
        "source": "HarvestSource",
        "organization": "Organization",
        "backend": "HarvestBackend",
        "job": "HarvestJob",
        "record": "HarvestRecord",
        "dataset": "Dataset",
        "last_job": "HarvestJob",
        "state_job": "HarvestJob",
        "latest_record": "HarvestRecord",
        "parent": "Dataset",
    }
    missing: Counter[tuple[str, str]] = Counter()
    for (type_, _), row in month.items():
        for name, target in targets.items():
            value = row["fields"].get(name)
            if value is not None and (target, value) not in month:
                missing[type_, name] += 1
    assert not missing


def test_a_first_pass_holds_what_the_portal_shows(world: Changes, first: Rows) -> None:
    view = world.at(EPOCH)
    assert len(of(first, "HarvestJob")) == len(view.runs)
    assert len(of(first, "HarvestSource")) == len(view.sources)
    open_ = {run.id for run in view.runs if run.status(view.at) in {"new", "in_progress"}}
    lost = {native for native, row in of(first, "HarvestJob").items() if row["fields"]["status"] == "LOST"}
    ended = [row for row in view.records if view.facts(row)["harvest_job_id"] not in open_ - lost]
    assert len(of(first, "HarvestRecord")) == len(ended)
    assert {row["presence"] for row in first.values()} == {"PRESENT", "DELETED"}


def test_datasets_are_the_newest_success_of_their_triple(world: Changes, first: Rows) -> None:
    """Replay the log by hand, as the portal's facts tell it."""
    view = world.at(EPOCH)
    replayed: dict[str, str] = {}
    for row in view.records:
        facts = view.facts(row)
        if ("HarvestRecord", facts["id"]) not in first or facts["action"] is None:
            continue
        native = dataset_id(facts["harvest_source_id"], facts["record_type"], facts["identifier"])
        if facts["status"] == "success":
            replayed[native] = "DELETED" if facts["action"] == "delete" else "LIVE"
        replayed.setdefault(native, "UNPUBLISHED")
    assert replayed == {native: row["fields"]["state"] for native, row in of(first, "Dataset").items()}


def _read(record: dict[str, Any]) -> dict[str, Any]:
    """Read a payload as a client would, from what the portal serves."""
    if record["source_transform"] is not None:
        return of_dcat(record["source_transform"])
    try:
        return of_dcat(json.loads(record["source_raw"] or "null"))
    except ValueError:
        pass
    try:
        root = ET.fromstring(record["source_raw"])
    except ET.ParseError:
        return of_dcat(None)
    words = {
        name: root.find(f".//{GMD}{name}/{GCO}CharacterString")
        for name in ("title", "abstract", "organisationName")
    }
    told = {name: found.text for name, found in words.items() if found is not None}
    date = root.find(f".//{GCO}Date")
    assert date is not None
    return of_dcat(None) | {
        "title": told["title"],
        "description": told["abstract"],
        "publisher": told["organisationName"],
        "modified_at": instant(date.text),
    }


def test_the_text_of_a_dataset_is_that_of_its_latest_record_as_it_is_served(
    world: Changes, first: Rows
) -> None:
    view = world.at(EPOCH)
    for row in of(first, "Dataset").values():
        number = view.record_of(row["fields"]["latest_record"])
        assert number is not None
        told = _read(view.record(number))
        assert {name: row["fields"][name] for name in told} == told


def test_a_second_look_changes_nothing(world: Changes, first: Rows) -> None:
    assert held(world, (0, "RECONCILE"), (0, "POLL"), (0, "RECONCILE")) == first


def test_a_reconcile_makes_up_for_missed_polls_where_nothing_vanished(world: Changes, month: Rows) -> None:
    """But for what a late first look never saw, a mirror that looked seldom holds what one that looked often does."""
    often, seldom = month, held(world, (0, "RECONCILE"), (18, "RECONCILE"))
    assert seldom.keys() <= often.keys()
    for key, row in seldom.items():
        if row["presence"] == "PRESENT" and key[0] in {
            "Organization",
            "HarvestSource",
            "HarvestJob",
            "HarvestRecord",
        }:
            assert often[key] == row


def test_states_of_presence_follow_from_what_happened(month: Rows) -> None:
    sources = of(month, "HarvestSource")
    gone = {native for native, row in sources.items() if row["presence"] == "GONE"}
    assert gone
    for type_ in ("HarvestJob", "HarvestRecord", "Dataset"):
        rows = [row for row in of(month, type_).values() if row["fields"]["source"] in gone]
        assert rows
        assert {row["presence"] for row in rows} == {"GONE"}
    expired = [row for row in month.values() if row["presence"] == "EXPIRED"]
    assert expired
    assert {row["type"] for row in expired} <= {"HarvestRecord", "HarvestJob", "HarvestError"}


def test_plans_that_vanish_are_dropped(world: Changes, month: Rows, first: Rows) -> None:
    planned = {n for n, row in of(first, "HarvestJob").items() if row["fields"]["status"] == "SCHEDULED"}
    dropped = planned - of(month, "HarvestJob").keys()
    assert dropped
    end = world.at(EPOCH + timedelta(days=18))
    assert all(end.run_of(native) is None for native in dropped)


def test_jobs_are_lost_cancelled_and_planned(month: Rows) -> None:
    jobs = of(month, "HarvestJob")
    statuses = Counter(row["fields"]["status"] for row in jobs.values())
    assert statuses.keys() == {
        "SCHEDULED",
        "PENDING",
        "RUNNING",
        "SUCCEEDED",
        "PARTIAL",
        "FAILED",
        "CANCELLED",
        "LOST",
    }
    now = text(micros(EPOCH + timedelta(days=18)))
    for row in jobs.values():
        if row["fields"]["status"] == "SCHEDULED":
            assert row["fields"]["created_at"] > now
            assert row["fields"]["started_at"] is None


def test_the_last_job_is_the_newest_that_has_begun(month: Rows) -> None:
    jobs = of(month, "HarvestJob")
    for native, source in of(month, "HarvestSource").items():
        begun = [
            (row["fields"]["created_at"], job)
            for job, row in jobs.items()
            if row["fields"]["source"] == native
            and row["fields"]["status"] != "SCHEDULED"
            and row["presence"] != "GONE"
        ]
        assert source["fields"]["last_job"] == (max(begun)[1] if begun else None)


def test_records_of_ended_jobs_are_settled(month: Rows) -> None:
    statuses = Counter(row["fields"]["status"] for row in of(month, "HarvestRecord").values())
    assert statuses.keys() == {"SUCCEEDED", "FAILED", "UNPUBLISHED", "LOST"}


def test_instants_are_whole_seconds_with_microseconds(first: Rows) -> None:
    for row in of(first, "HarvestRecord").values():
        assert row["fields"]["created_at"].endswith(".000000Z")
    modified = [row["fields"]["modified_at"] for row in of(first, "Dataset").values()]
    assert any(at and not at.endswith(".000000Z") for at in modified)
    assert None in modified


def test_a_poll_needs_few_requests_and_a_reconcile_reads_all(world: Changes) -> None:
    whole = world.minimum(passes((0, "RECONCILE")))
    poll = world.minimum(passes((0, "RECONCILE"), (1, "POLL")))
    idle = world.minimum(passes((0, "RECONCILE"), (0, "POLL")))
    assert (
        whole.keys() == poll.keys() == {"organizations", "sources", "jobs", "records", "errors", "job_errors"}
    )
    assert sum(whole.values()) > 150
    assert sum(poll.values()) < 25
    assert idle == {"organizations": 1, "sources": 1, "jobs": 2, "records": 0, "errors": 0, "job_errors": 1}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2024-02-29", "2024-02-29T00:00:00.000000Z"),
        ("2022-10-24T12:14:40-04:00", "2022-10-24T16:14:40.000000Z"),
        ("2022-10-24T12:14:05.250+00:00", "2022-10-24T12:14:05.250000Z"),
        ("2022-10-24T12:14:40Z", "2022-10-24T12:14:40.000000Z"),
        ("2022-10-24T12:14:40", "2022-10-24T12:14:40.000000Z"),
        ("2022-13-24", None),
        ("R/P1Y", None),
        ("", None),
        (None, None),
        (["2024-01-01"], None),
    ],
)
def test_dates_of_payloads(value: object, expected: str | None) -> None:
    assert instant(value) == expected


def test_wrong_types_say_nothing() -> None:
    told = of_dcat(
        {"title": ["a"], "keyword": "maps", "publisher": "Office", "license": {"@id": "x"}, "modified": 7}
    )
    assert set(told.values()) == {None}
    assert of_dcat({"keyword": ["a", None, 7, "b"]})["keywords"] == ["a", "b"]
    assert of_dcat(None) == of_dcat({})
