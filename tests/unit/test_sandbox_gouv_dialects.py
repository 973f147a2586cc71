"""Truth and minimum of the inventory world where its portal speaks as older ones did, or is upgraded."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gateway.sandbox.inventory_mirror import BACKFILL
from gateway.sandbox.inventory_world import InventoryWorld
from gateway.sandbox.portal import Step

EPOCH = datetime(2026, 11, 22, 6, 30, tzinfo=UTC)
Row = dict[str, Any]
Rows = dict[tuple[str, str], Row]
Pass = tuple[float, str, str]


def steps(*passes: Pass) -> list[Step]:
    return [Step(EPOCH + timedelta(days=days), kind, dialect) for days, kind, dialect in passes]


def held(world: InventoryWorld, *passes: Pass) -> Rows:
    return {(row["type"], row["nativeId"]): row for row in world.truth(steps(*passes))}


def changed(before: Rows, after: Rows) -> dict[str, set[str]]:
    """Return the fields that differ in rows of both, by type."""
    found: dict[str, set[str]] = {}
    for name in before.keys() & after.keys():
        old, new = before[name]["fields"], after[name]["fields"]
        assert before[name]["presence"] == after[name]["presence"]
        if differing := {field for field in new if new[field] != old[field]}:
            found.setdefault(name[0], set()).update(differing)
    return found


def fields(rows: Rows, type_: str) -> Mapping[str, Row]:
    return {native_id: row["fields"] for (kind, native_id), row in rows.items() if kind == type_}


@pytest.fixture(scope="module")
def world() -> InventoryWorld:
    return InventoryWorld(1, 1, EPOCH)


@pytest.fixture(scope="module")
def first(world: InventoryWorld) -> dict[str, Rows]:
    """What a first load in each dialect brings."""
    return {name: held(world, (0, "RECONCILE", name)) for name in ("v17", "v16", "v9")}


def test_every_dialect_tells_of_the_same_rows(first: dict[str, Rows]) -> None:
    assert first["v17"].keys() == first["v16"].keys() == first["v9"].keys()
    counters = {"total", "succeeded", "archived", "skipped", "failed", "pending", "datasets", "dataservices"}
    legacy = {"HarvestSource": {"slug"}, "HarvestJob": counters}
    assert changed(first["v17"], first["v16"]) == legacy
    assert changed(first["v16"], first["v9"]) == {
        "HarvestRecord": {"remote_url", "kwargs"},
        "HarvestError": {"created_at", "native_severity"},
        "Dataset": {
            *("remote_url", "acronym", "description", "modified_at", "publisher", "keywords", "license")
        },
    }


def test_an_unnamed_dialect_is_the_usual_one(world: InventoryWorld, first: dict[str, Rows]) -> None:
    assert held(world, (0, "RECONCILE", "")) == first["v17"]


@pytest.mark.parametrize("name", ["v16", "v9"])
def test_embedded_items_are_counted_at_any_age(first: dict[str, Rows], name: str) -> None:
    for native_id, job in fields(first[name], "HarvestJob").items():
        assert (job["datasets"], job["dataservices"]) == (None, None)
        assert None not in {job[word] for word in ("total", "succeeded", "failed", "skipped", "archived")}
        linked = fields(first["v17"], "HarvestJob")[native_id]
        if linked["total"] and linked["datasets"]:
            assert linked["total"] == job["total"]
    linked_totals = [job["total"] for job in fields(first["v17"], "HarvestJob").values()]
    assert None in linked_totals


def test_only_the_oldest_dialect_shows_services_whole(first: dict[str, Rows]) -> None:
    whole = fields(first["v9"], "Dataset")
    for native_id, row in whole.items():
        if row["record_type"] == "DATA_SERVICE":
            assert row["description"]
            assert row["modified_at"]
            assert row["license"]
            assert isinstance(row["keywords"], list)
            assert row["remote_url"] == fields(first["v17"], "Dataset")[native_id]["remote_url"]
        else:
            assert (row["description"], row["remote_url"], row["keywords"]) == (None, None, None)
    assert any(row["publisher"] for row in whole.values())
    assert any(row["keywords"] for row in whole.values())


def test_an_upgrade_changes_what_is_read_again_alone(world: InventoryWorld, first: dict[str, Rows]) -> None:
    upgraded = held(world, (0, "RECONCILE", "v16"), (0, "POLL", "v17"))
    differing = changed(first["v16"], upgraded)
    assert differing.pop("HarvestSource") == {"slug"}
    assert differing.keys() == {"HarvestJob"}
    jobs = fields(upgraded, "HarvestJob").values()
    polled = {job["source"] for job in jobs if job["status"] in {"PENDING", "RUNNING"}}
    assert polled
    assert {job["source"] for job in jobs if job["datasets"] is not None} <= polled
    read_again = held(world, (0, "RECONCILE", "v16"), (0, "RECONCILE", "v17"))
    assert changed(first["v17"], read_again) == {}
    assert read_again.keys() == first["v17"].keys()


def test_items_that_are_not_read_again_keep_what_the_old_dialect_said(world: InventoryWorld) -> None:
    later = 20
    before = held(world, (0, "RECONCILE", "v9"))
    after = held(world, (0, "RECONCILE", "v9"), (later, "RECONCILE", "v17"))
    edge = (EPOCH + timedelta(days=later) - timedelta(milliseconds=BACKFILL)).isoformat()
    jobs = fields(after, "HarvestJob")
    records, kept = fields(before, "HarvestRecord"), 0
    for native_id, row in fields(after, "HarvestRecord").items():
        if jobs[row["job"]]["created_at"] < edge:
            assert row == records[native_id]
            kept += 1
        else:
            assert row["kwargs"] is not None
    assert kept > 100
    there = {
        name for (kind, name), row in after.items() if kind == "HarvestJob" and row["presence"] == "PRESENT"
    }
    assert all(jobs[job]["datasets"] is not None for job in there & {row["job"] for row in records.values()})


@pytest.mark.parametrize("words", ["v9,v16", "v16,v17", "v17,v16", "v9,v17"])
def test_an_upgrade_loses_nothing(world: InventoryWorld, words: str) -> None:
    old, new = words.split(",")
    passes = [(0.0, "RECONCILE", old), (1.0, "POLL", new), (2.0, "RECONCILE", new)]
    mixed = held(world, *passes)
    steady = held(world, *((days, kind, "v17") for days, kind, _ in passes))
    assert mixed.keys() == steady.keys()
    assert {name: row["presence"] for name, row in mixed.items()} == {
        name: row["presence"] for name, row in steady.items()
    }


@pytest.mark.parametrize(
    ("words", "backends", "sources"),
    [
        ("v17 R", 1, 1),
        ("v17 R, v17 P", 0, 1),
        ("v16 R", 1, 2),
        ("v16 R, v16 P", 0, 1),
        ("v16 R, v17 P", 0, 1),
        ("v16 R, v17 P, v16 P", 0, 2),
        ("v9 R", 2, 2),
        ("v9 R, v9 R", 1, 1),
        ("v9 R, v16 P", 0, 1),
        ("v9 R, v16 P, v16 R", 2, 2),
        ("v9 R, v17 P, v17 R", 2, 1),
        ("v17 R, v9 R", 2, 2),
    ],
)
def test_fewest_requests_for_what_is_asked_once(
    world: InventoryWorld, words: str, backends: int, sources: int
) -> None:
    kinds = {"R": "RECONCILE", "P": "POLL"}
    named = [part.split() for part in words.split(", ")]
    asked = world.minimum(steps(*((0, kinds[kind], dialect) for dialect, kind in named)))
    assert (asked["backends"], asked["sources"]) == (backends, sources)


def test_fewest_requests_for_embedded_jobs(world: InventoryWorld) -> None:
    linked, embedded = (world.minimum(steps((0, "RECONCILE", name))) for name in ("v17", "v16"))
    jobs = held(world, (0, "RECONCILE", "v16"))
    read = {row["job"] for row in fields(jobs, "HarvestRecord").values()}
    assert embedded["records"] == len(read)
    assert embedded["jobs"] >= linked["jobs"]
    assert world.minimum(steps((0, "RECONCILE", "v16"), (0, "POLL", "v16")))["records"] == 0
