"""The inventory world: pure, deterministic, of the promised size, with everything in it that real data has."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gateway.sandbox.instants import DAY, HOUR, Millis, millis
from gateway.sandbox.inventory import Inventory
from gateway.sandbox.inventory_runs import Run
from gateway.sandbox.inventory_world import InventoryWorld

EPOCH = datetime(2026, 11, 22, 6, 30, tzinfo=UTC)
START = millis(EPOCH)
SEEDS = (1, 2, 3)


def runs(world: Inventory, at: Millis) -> list[Run]:
    return [run for source in world.existing(at) for run in world.runs(source, at)]


def snapshot(world: Inventory, at: Millis) -> list[Any]:
    """Everything that the portal shows at an instant, as comparable values."""
    shown: list[Any] = [world.view(source, at) for source in world.existing(at)]
    for run in runs(world, at):
        shown.append((run.id, world.progress(run, at)))
        entries = enumerate(world.entries(run, at))
        shown.extend(world.item(run, position, entry, at) for position, entry in list(entries)[:5])
    return shown


def test_the_same_seed_epoch_and_clock_give_the_same_world() -> None:
    later = START + 3 * DAY
    wandered = Inventory(7, 1, EPOCH)
    snapshot(wandered, START + 40 * DAY)
    snapshot(wandered, START)
    assert snapshot(wandered, later) == snapshot(Inventory(7, 1, EPOCH), later)


def test_another_seed_is_another_world() -> None:
    first, second = (Inventory(seed, 1, EPOCH).existing(START) for seed in (1, 2))
    assert not {source.id for source in first} & {source.id for source in second}


@pytest.mark.parametrize("seed", SEEDS)
def test_scale_one_has_the_promised_size(seed: int) -> None:
    world = Inventory(seed, 1, EPOCH)
    found = runs(world, START)
    items = sum(world.progress(run, START).counters.total for run in found)
    assert 50 <= len(world.existing(START)) <= 60
    assert 520 <= len(found) <= 720
    assert 15_000 <= items <= 26_000


@pytest.mark.parametrize("seed", SEEDS)
def test_a_day_brings_fifteen_to_thirty_new_jobs(seed: int) -> None:
    world = Inventory(seed, 1, EPOCH)
    for day in range(1, 8):
        at = START + day * DAY
        new = [run for run in runs(world, at) if run.created > at - DAY]
        assert 15 <= len(new) <= 30


@pytest.mark.parametrize("seed", SEEDS)
def test_every_word_of_the_portal_is_used(seed: int) -> None:
    world = Inventory(seed, 1, EPOCH)
    jobs, items, shown = Counter[str](), Counter[str](), Counter[str]()
    for run in runs(world, START):
        progress = world.progress(run, START)
        jobs[progress.status] += 1
        shown[progress.shown] += 1
        items.update(entry.status for entry in world.entries(run, START))
    assert {"done", "done-errors", "failed", "initialized"} <= set(jobs)
    assert {"done", "failed", "skipped", "archived", "started", "pending", "checking"} <= set(items)
    assert shown["none"]
    views = [world.view(source, START) for source in world.existing(START)]
    assert {view.state for view in views} == {"accepted", "refused", "pending"}
    backends = {view.backend for view in views}
    assert "ods-legacy" in backends
    assert any(view.deleted for view in views)
    assert any(not view.active for view in views)
    assert any(view.owner is None and view.organization is None for view in views)
    assert {"every 2 days", "every 12 hours", None} < {view.schedule for view in views}


@pytest.mark.parametrize("seed", SEEDS)
def test_old_words_stand_in_old_data(seed: int) -> None:
    world = Inventory(seed, 1, EPOCH)
    words = {
        world.progress(run, START).status for run in runs(world, START) if run.created < START - 100 * DAY
    }
    assert {"pending", "initializing", "processing"} <= words


def test_a_job_runs_at_the_clock_and_grows_at_its_end() -> None:
    world = Inventory(1, 1, EPOCH)
    for day in range(4):
        at = START + day * DAY
        running = [
            run for run in runs(world, at) if run.fate == "ok" and world.progress(run, at).ended is None
        ]
        assert running
    run = next(run for run in running if run.source.place == 0)
    early, late = (world.entries(run, at + minutes * HOUR // 60) for minutes in (-3, 3))
    assert 0 < len(early) < len(late)
    assert [entry.number for entry in late[: len(early)]] == [entry.number for entry in early]
    assert world.progress(run, at + HOUR).status in {"done", "done-errors"}


def test_a_lost_job_stays_open() -> None:
    world = Inventory(1, 1, EPOCH)
    lost = next(run for run in runs(world, START) if run.fate == "lost")
    for day in (0, 10, 100):
        progress = world.progress(lost, START + day * DAY)
        assert (progress.status, progress.ended) == ("initialized", None)


def test_jobs_fall_out_of_retention_a_few_at_a_time() -> None:
    world = Inventory(1, 1, EPOCH)
    before = {run.id: run for run in runs(world, START)}
    old = [run for run in before.values() if run.created < START - 365 * DAY]
    after = {run.id for run in runs(world, START + 2 * DAY)}
    assert len(old) >= 2
    gone = [run for run in before.values() if run.id not in after]
    assert gone
    assert all(run.created < START + 2 * DAY - 365 * DAY for run in gone)
    assert all(list(before).count(run.id) == 1 for run in gone)


def test_a_purged_source_takes_its_jobs_along_and_is_small() -> None:
    world = Inventory(1, 1, EPOCH)
    later = START + 5 * DAY
    kept = {source.id for source in world.existing(later)}
    purged = [source for source in world.existing(START) if source.id not in kept]
    assert purged
    assert all(source.deleted is not None for source in purged)
    assert len(purged) < len(kept) / 5
    assert all(
        world.runs(source, START) == [] or world.run(world.runs(source, START)[0].id, later) is None
        for source in purged
    )


def test_a_renamed_source_keeps_its_id_and_its_old_slug() -> None:
    world = Inventory(1, 1, EPOCH)
    renamed = next(
        source for source in world.existing(START) if len(source.names) > 1 and source.names[1][0] < START
    )
    old, new = renamed.names[0][2], renamed.names[1][2]
    assert world.slugged(old, START) is renamed
    assert world.view(renamed, START).slug == new
    assert len({world.view(source, START).slug for source in world.existing(START)}) == len(
        world.existing(START)
    )


def test_some_jobs_of_a_source_are_created_at_the_same_instant() -> None:
    world = Inventory(1, 1, EPOCH)
    ties = Counter((run.source.id, run.created) for run in runs(world, START))
    assert max(ties.values()) == 2


def test_items_without_identifier_are_skipped_and_identifiers_repeat() -> None:
    world = Inventory(1, 1, EPOCH)
    run = next(run for run in runs(world, START) if run.source.place == 1 and run.fate == "ok")
    items = [world.item(run, n, entry, START) for n, entry in enumerate(world.entries(run, START))]
    assert {item.status for item in items if not item.remote_id} == {"skipped"}
    assert {None, ""} <= {item.remote_id for item in items}
    identifiers = Counter(item.remote_id for item in items if item.remote_id)
    assert max(identifiers.values()) == 2
    assert all(item.started is None and item.ended is None for item in items if item.status == "archived")
    assert any(item.reference and item.reference.service for item in items)


def test_a_purged_dataset_leaves_null_in_old_jobs() -> None:
    world = Inventory(1, 1, EPOCH)
    source = next(source for source in world.existing(START) if source.place == 1)
    run = next(
        run
        for run in reversed(world.runs(source, START))
        if run.created > START - 23 * DAY and run.fate == "ok"
    )
    place, entry = next((n, e) for n, e in enumerate(world.entries(run, START)) if e.number == 20)
    assert world.item(run, place, entry, START).reference
    assert world.item(run, place, entry, START + 2 * DAY).reference is None


def test_shared_datasets_are_labelled() -> None:
    labels = Counter(label["sameAs"] for label in InventoryWorld(1, 1, EPOCH).labels(EPOCH))
    assert len(labels) >= 4
    assert max(labels.values()) >= 2


def test_a_large_world_is_built_in_seconds_and_far_days_are_reached() -> None:
    world = Inventory(1, 50, EPOCH)
    at = START + 2 * DAY
    sources = world.existing(at)
    found = runs(world, at)
    assert len(sources) >= 2900
    assert 26_000 <= len(found) <= 38_000
    far = Inventory(1, 1, EPOCH)
    assert len(runs(far, millis(EPOCH + timedelta(days=400)))) > 5000
