"""What a perfect mirror of the Data.gov-style world holds by the dialect that it was read in, and what that takes."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gateway.sandbox import changes_shown as shown
from gateway.sandbox.changes import Changes
from gateway.sandbox.changes_view import View
from gateway.sandbox.portal import Step

EPOCH = datetime(2026, 11, 22, 8, tzinfo=UTC)
SECOND = 1 / 86_400
FIRST = (0, "RECONCILE", "documented")
OPEN = {"SCHEDULED", "PENDING", "RUNNING"}
UNSAID = ("total", "warned", "unchanged", "validated", "native_kind", "catalog")
Rows = dict[tuple[str, str], dict[str, Any]]
Pass = tuple[float, str, str]


def steps(*passes: Pass) -> list[Step]:
    return [Step(EPOCH + timedelta(days=days), kind, dialect) for days, kind, dialect in passes]


def held(world: Changes, *passes: Pass) -> Rows:
    rows = list(world.truth(steps(*passes)))
    found = {(row["type"], row["nativeId"]): row for row in rows}
    assert len(found) == len(rows)
    return found


def of(rows: Rows, type_: str) -> dict[str, dict[str, Any]]:
    return {native: row["fields"] for (kind, native), row in rows.items() if kind == type_}


@pytest.fixture(scope="module")
def world() -> Changes:
    return Changes(5, 1, EPOCH)


@pytest.fixture(scope="module")
def view(world: Changes) -> View:
    return world.at(EPOCH)


@pytest.fixture(scope="module")
def documented(world: Changes) -> Rows:
    return held(world, FIRST)


@pytest.fixture(scope="module")
def real(world: Changes) -> Rows:
    return held(world, (0, "RECONCILE", "real"))


@pytest.fixture(scope="module")
def fresh(world: Changes) -> Rows:
    """What a mirror holds that reads the real wire for the first time, a second after the epoch."""
    return held(world, (SECOND, "RECONCILE", "gateway"))


def test_the_gateway_changes_nothing_about_the_real_wire(world: Changes, real: Rows) -> None:
    assert held(world, (0, "RECONCILE", "gateway")) == real
    assert world.minimum(steps((0, "RECONCILE", "gateway"))) == world.minimum(steps((0, "RECONCILE", "real")))


def test_both_dialects_show_the_same_publishers_and_jobs(documented: Rows, real: Rows) -> None:
    for type_ in ("Organization", "HarvestBackend", "HarvestSource", "HarvestJob"):
        assert of(documented, type_).keys() == of(real, type_).keys()
    assert of(documented, "Organization") == of(real, "Organization")
    known = of(real, "HarvestSource")
    for native, source in of(documented, "HarvestSource").items():
        told = known[native] | {"collection_parent_url": None}
        assert source == told | {"last_job": source["last_job"]}


def test_jobs_have_the_documented_counters_and_no_kind(documented: Rows, real: Rows) -> None:
    jobs = of(real, "HarvestJob")
    for native, job in of(documented, "HarvestJob").items():
        known = jobs[native]
        assert job == known | {"kind": "UNKNOWN"} | dict.fromkeys(UNSAID) | {"status": job["status"]}
        assert {known["status"], job["status"]} in (
            {job["status"]},
            {"FAILED", "LOST"},
            {"FAILED", "CANCELLED"},
        )


def test_errors_are_those_of_jobs_that_may_have_some(documented: Rows, real: Rows) -> None:
    jobs, errors, all_errors = (
        of(documented, "HarvestJob"),
        of(documented, "HarvestError"),
        of(real, "HarvestError"),
    )
    for native, error in errors.items():
        assert error == all_errors[native] | {"severity": "ERROR", "native_severity": None}
    unreached = all_errors.keys() - errors.keys()
    assert unreached
    for native in unreached:
        job = jobs[all_errors[native]["job"]]
        assert (job["status"], job["failed"]) == ("SUCCEEDED", 0)


def test_records_are_those_that_errors_name_and_there_are_no_datasets(
    documented: Rows, real: Rows, view: View
) -> None:
    records = of(documented, "HarvestRecord")
    named = {error["record"] for error in of(documented, "HarvestError").values()} - {None}
    assert records.keys() == named
    assert not of(documented, "Dataset")
    all_records = of(real, "HarvestRecord")
    for native, record in records.items():
        row = view.record_of(native)
        assert row is not None
        own = {
            "dataset": None,
            "record_type": "DATASET",
            "native_record_type": None,
            "catalog_name": view.catalog_name(row),
            "parent_identifier": view.facts(row)["parent_identifier"],
        }
        assert record == all_records[native] | own
    names = Counter(
        (record["catalog_id"] is None, record["catalog_name"] is None) for record in records.values()
    )
    assert names.keys() == {(True, True), (False, False)}


def test_the_first_documented_pass_finds_out_where_organizations_are(
    world: Changes, view: View, documented: Rows
) -> None:
    ended = [job for job in of(documented, "HarvestJob").values() if job["status"] not in OPEN]
    asked = [job for job in ended if job["failed"] != 0 or job["status"] in {"FAILED", "CANCELLED", "LOST"}]
    first = {
        "organizations": 2,
        "sources": 1,
        "jobs": len(view.sources),
        "records": len(of(documented, "HarvestRecord")),
        "errors": len(asked),
        "job_errors": 0,
    }
    assert world.minimum(steps(FIRST)) == first
    again = {**first, "organizations": 1, "records": 0}
    assert world.minimum(steps(FIRST, (0, "RECONCILE", "documented"))) == again
    assert world.minimum(steps(FIRST, (0, "POLL", "documented"))) == {**again, "errors": 0}


def test_a_second_documented_look_changes_nothing(world: Changes, documented: Rows) -> None:
    assert held(world, FIRST, (0, "POLL", "documented"), (0, "RECONCILE", "documented")) == documented


def test_documented_polls_see_whole_lists_of_jobs(world: Changes) -> None:
    often = held(world, FIRST, *((day, "POLL", "documented") for day in range(1, 12)))
    later = world.at(EPOCH + timedelta(days=11))
    present = {native for (type_, native), row in often.items() if type_ == "HarvestJob" and there(row)}
    assert present == {run.id for run in later.runs}
    gone = [row for row in often.values() if row["presence"] == "GONE"]
    assert {"HarvestSource", "HarvestJob", "HarvestError"} <= {row["type"] for row in gone}


def there(row: dict[str, Any]) -> bool:
    return bool(row["presence"] == "PRESENT")


def test_documented_polls_ask_for_new_errors_and_records_alone(world: Changes, documented: Rows) -> None:
    after = held(world, FIRST, (1, "POLL", "documented"))
    taken = world.minimum(steps(FIRST, (1, "POLL", "documented")))
    new = of(after, "HarvestRecord").keys() - of(documented, "HarvestRecord").keys()
    assert taken["records"] == len(new) > 0
    assert 0 < taken["errors"] < 50


def test_an_upgraded_portal_is_read_as_one_that_always_spoke_so(world: Changes, fresh: Rows) -> None:
    assert held(world, FIRST, (SECOND, "POLL", "gateway"), (SECOND, "RECONCILE", "gateway")) == fresh


def test_a_reconcile_right_after_an_upgrade_reads_errors_again(world: Changes, fresh: Rows) -> None:
    assert held(world, FIRST, (SECOND, "RECONCILE", "gateway")) == fresh


def test_errors_of_before_an_upgrade_stay_as_they_were_told_until_a_reconcile(
    world: Changes, documented: Rows, fresh: Rows
) -> None:
    after = held(world, FIRST, (SECOND, "POLL", "real"))
    assert after.keys() == fresh.keys()
    told = {name for name in fresh if after[name] != fresh[name]}
    assert told
    for name in told:
        assert after[name] == documented[name]
        assert fresh[name]["fields"]["native_severity"] is not None


def test_an_upgrade_costs_what_the_real_wire_does_and_two_requests(world: Changes) -> None:
    fresh = world.minimum(steps((SECOND, "RECONCILE", "real")))
    upgraded = world.minimum(steps(FIRST, (SECOND, "RECONCILE", "real")))
    assert upgraded == {**fresh, "jobs": fresh["jobs"] + 2}
    poll = world.minimum(steps(FIRST, (SECOND, "POLL", "real")))
    assert poll["jobs"] == upgraded["jobs"]
    assert poll["records"] == fresh["records"]
    next_poll = world.minimum(steps(FIRST, (SECOND, "POLL", "real"), (SECOND, "POLL", "real")))
    assert (next_poll["jobs"], next_poll["records"], next_poll["errors"]) == (2, 0, 0)


def test_a_portal_that_goes_back_is_asked_anew_where_its_organizations_are(
    world: Changes, real: Rows
) -> None:
    back = ((0, "RECONCILE", "real"), (0, "POLL", "documented"))
    assert world.minimum(steps(*back))["organizations"] == 2
    assert world.minimum(steps(*back))["records"] == 0
    after = held(world, *back)
    for type_ in ("HarvestRecord", "HarvestError", "Dataset"):
        assert of(after, type_) == of(real, type_)
    assert {job["kind"] for job in of(after, "HarvestJob").values()} == {"UNKNOWN"}


def test_parents_are_told_by_payloads_where_the_portal_does_not(view: View, real: Rows) -> None:
    told = 0
    for native, record in of(real, "HarvestRecord").items():
        row = view.record_of(native)
        if row is None or row % 5:
            continue
        found = view.record(row)
        parent = found["parent_identifier"] or _part_of(found["source_raw"])
        assert record["parent_identifier"] == parent
        told += found["parent_identifier"] is None and parent is not None
    assert told > 100


def _part_of(raw: str | None) -> Any:
    try:
        return json.loads(raw or "{}").get("isPartOf")
    except ValueError:
        return None


def test_parts_of_datasets_have_them_as_parents(real: Rows) -> None:
    datasets = of(real, "Dataset")
    plain = [
        row
        for row in datasets.values()
        if row["record_type"] == "DATASET" and row["parent_identifier"] is not None
    ]
    parents = [row for row in plain if row["parent"] is not None]
    assert len(parents) > 500
    for row in parents:
        parent = datasets[row["parent"]]
        assert (parent["source"], parent["remote_id"]) == (row["source"], row["parent_identifier"])


def test_what_is_not_shown_is_left_empty(view: View) -> None:
    row = view.job(view.runs[0])
    kept = shown.hidden(row, shown.JOB)
    assert kept.keys() == row.keys()
    assert {name for name, value in kept.items() if value is not None} <= set(shown.JOB)
