"""The truth of the inventory world: complete rows, counts that agree, rules that hold pass after pass."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gateway.model.enums import EntityType
from gateway.sandbox.inventory_mirror import ITEMS_PAGE, pages
from gateway.sandbox.inventory_world import InventoryWorld
from gateway.sandbox.portal import Step
from gateway.store.tables import ROWS

EPOCH = datetime(2026, 11, 22, 6, 30, tzinfo=UTC)
LEFT_OUT = {
    "id",
    "portal",
    "native_id",
    "presence",
    "first_seen_at",
    "last_seen_at",
    "changed_at",
    "removed_at",
    "native",
    "native_private",
    "document_id",
    "document_hash",
    "row_hash",
    "state_basis",
    "consecutive_failures",  # follows from the runs: what compares with the truth counts it out of those
    "text_record_id",
}
Row = dict[str, Any]


def after(*passes: tuple[float, str]) -> list[Step]:
    return [Step(EPOCH + timedelta(days=days), kind) for days, kind in passes]


def table(world: InventoryWorld, *passes: tuple[float, str]) -> dict[str, dict[str, Row]]:
    rows: dict[str, dict[str, Row]] = {type_.value: {} for type_ in EntityType}
    for row in world.truth(after(*passes)):
        assert row["nativeId"] not in rows[row["type"]]
        rows[row["type"]][row["nativeId"]] = row
    return rows


@pytest.fixture(scope="module")
def world() -> InventoryWorld:
    return InventoryWorld(1, 1, EPOCH)


@pytest.fixture(scope="module")
def loaded(world: InventoryWorld) -> dict[str, dict[str, Row]]:
    return table(world, (0, "RECONCILE"))


def test_rows_have_the_columns_of_their_table(loaded: dict[str, dict[str, Row]]) -> None:
    for type_, model in ROWS.items():
        columns = {
            str(column.name).removesuffix("_id") if column.info.get("refers") else str(column.name)
            for column in model.__table__.columns  # type: ignore[attr-defined]
            if column.name not in LEFT_OUT and column.computed is None
        }
        assert loaded[type_.value]
        assert all(set(row["fields"]) == columns for row in loaded[type_.value].values()), type_


def test_counts_of_jobs_agree_with_their_records(loaded: dict[str, dict[str, Row]]) -> None:
    records = Counter(row["fields"]["job"] for row in loaded["HarvestRecord"].values())
    failed = Counter(
        row["fields"]["job"]
        for row in loaded["HarvestRecord"].values()
        if row["fields"]["wire_status"] == "FAILED"
    )
    counted = 0
    for native_id, row in loaded["HarvestJob"].items():
        if (
            row["fields"]["total"] is not None
            and row["fields"]["created_at"] > "2026-11-01"
            and records[native_id]
        ):
            counted += 1
            assert row["fields"]["total"] == records[native_id]
            assert row["fields"]["failed"] == failed[native_id]
    assert counted > 300


def test_references_name_rows(loaded: dict[str, dict[str, Row]]) -> None:
    targets = {
        "source": "HarvestSource",
        "job": "HarvestJob",
        "dataset": "Dataset",
        "record": "HarvestRecord",
    }
    targets |= {"last_job": "HarvestJob", "state_job": "HarvestJob", "latest_record": "HarvestRecord"}
    targets |= {"organization": "Organization", "owner": "Person", "validation_by": "Person"}
    for rows in loaded.values():
        for row in rows.values():
            for name, type_ in targets.items():
                named = row["fields"].get(name)
                assert named is None or named in loaded[type_]


def test_no_text_holds_nul(loaded: dict[str, dict[str, Row]]) -> None:
    messages = [str(row["fields"]["message"]) for row in loaded["HarvestError"].values()]
    assert not any("\x00" in message for message in messages)
    assert any("\ufffd" in message for message in messages)


def test_open_jobs_are_lost_after_two_days(loaded: dict[str, dict[str, Row]]) -> None:
    limit = (EPOCH - timedelta(hours=48)).strftime("%Y-%m-%dT%H:%M:%S")
    for row in loaded["HarvestJob"].values():
        fields = row["fields"]
        if fields["wire_status"] in {"PENDING", "RUNNING"}:
            assert fields["status"] == ("LOST" if fields["created_at"] <= limit else fields["wire_status"])
    assert {row["fields"]["status"] for row in loaded["HarvestRecord"].values()} >= {"LOST", "UNKNOWN"}


def test_a_poll_of_an_unchanged_portal_changes_nothing(
    world: InventoryWorld, loaded: dict[str, dict[str, Row]]
) -> None:
    assert table(world, (0, "RECONCILE"), (0, "POLL")) == loaded
    needed = world.minimum(after((0, "RECONCILE"), (0, "POLL")))
    assert (needed["backends"], needed["sources"], needed["records"]) == (0, 1, 0)
    assert needed["jobs"] <= 5


def test_the_first_load_asks_once_for_each_list(
    world: InventoryWorld, loaded: dict[str, dict[str, Row]]
) -> None:
    needed = world.minimum(after((0, "RECONCILE")))
    with_jobs = {row["fields"]["source"] for row in loaded["HarvestJob"].values()}
    assert needed["jobs"] == len(with_jobs)
    assert needed["records"] >= len({row["fields"]["job"] for row in loaded["HarvestRecord"].values()})


def test_what_vanishes_is_told_apart(world: InventoryWorld) -> None:
    rows = table(world, (0, "RECONCILE"), (4, "RECONCILE"))
    expired = [row for row in rows["HarvestJob"].values() if row["presence"] == "EXPIRED"]
    assert expired
    assert all(row["fields"]["created_at"] < "2025-11-27" for row in expired)
    gone = {native_id for native_id, row in rows["HarvestSource"].items() if row["presence"] == "GONE"}
    assert gone
    for native_id, row in rows["HarvestJob"].items():
        assert (row["presence"] == "GONE") == (row["fields"]["source"] in gone), native_id
    assert all(rows["HarvestSource"][native_id]["fields"]["last_job"] is None for native_id in gone)


def test_a_source_whose_only_run_was_dropped_has_none_left() -> None:
    """The list of sources says so: a reconcile knows it without a question, a poll does not look."""
    world = InventoryWorld(16, 1, EPOCH - timedelta(days=2, minutes=30))
    lone = "691c0b603b90689487c72db0"
    later = (0, "RECONCILE")
    before = table(world, (-2, "RECONCILE"))["HarvestJob"]
    assert [
        native
        for native, row in before.items()
        if row["fields"]["source"] == before[lone]["fields"]["source"]
    ] == [lone]
    assert table(world, (-2, "RECONCILE"), later)["HarvestJob"][lone]["presence"] == "EXPIRED"
    assert table(world, (-2, "RECONCILE"), (0, "POLL"))["HarvestJob"][lone]["presence"] == "PRESENT"
    assert lone not in table(world, later)["HarvestJob"]


def test_a_dataset_without_records_is_gone_with_the_state_it_had(world: InventoryWorld) -> None:
    rows = table(world, (0, "RECONCILE"), (2, "POLL"), (3, "RECONCILE"))
    gone = [row for row in rows["Dataset"].values() if row["presence"] == "GONE"]
    assert gone
    named = {row["fields"]["dataset"] for row in rows["HarvestRecord"].values() if row["presence"] != "GONE"}
    assert not {row["nativeId"] for row in gone} & named


def test_a_poll_does_not_see_what_only_a_reconcile_can_see(world: InventoryWorld) -> None:
    polled = table(world, (0, "RECONCILE"), (3, "POLL"))
    read_again = table(world, (0, "RECONCILE"), (3, "RECONCILE"))
    changed = [
        native_id
        for native_id, row in read_again["HarvestRecord"].items()
        if row["fields"]["dataset"] is None and polled["HarvestRecord"][native_id]["fields"]["dataset"]
    ]
    assert changed
    assert any(row["presence"] == "EXPIRED" for row in read_again["HarvestJob"].values())
    assert not any(row["presence"] == "EXPIRED" for row in polled["HarvestJob"].values())


def test_states_of_datasets(loaded: dict[str, dict[str, Row]]) -> None:
    states = Counter(row["fields"]["state"] for row in loaded["Dataset"].values())
    assert set(states) == {"LIVE", "ARCHIVED", "NOT_LISTED"}
    for row in loaded["Dataset"].values():
        newest = loaded["HarvestRecord"][row["fields"]["latest_record"]]["fields"]
        assert newest["dataset"] == row["nativeId"]
        if row["fields"]["state"] == "ARCHIVED":
            assert newest["action"] == "ARCHIVE"


def test_schedules_are_read(loaded: dict[str, dict[str, Row]]) -> None:
    fields = [row["fields"] for row in loaded["HarvestSource"].values()]
    daily = next(each for each in fields if (each["schedule_raw"] or "").endswith(" * * *"))
    assert daily["schedule_every_seconds"] == 86_400
    assert daily["next_run_at"] > "2026-11-22T06:30"
    interval = next(each for each in fields if each["schedule_raw"] == "every 2 days")
    assert (interval["schedule_words"], interval["next_run_at"]) == ("every 2 days", None)


def test_pages_of_large_lists() -> None:
    assert [pages(rows, ITEMS_PAGE) for rows in (0, 1, 10_000, 10_001)] == [1, 1, 1, 2]
