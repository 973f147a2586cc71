"""The Data.gov-style world: pure, of the size and with the quirks that the portal has."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from gateway.sandbox.changes import Changes
from gateway.sandbox.changes_ids import Ids
from gateway.sandbox.changes_runs import Outcome
from gateway.sandbox.changes_time import DAY, HOUR, NEVER, micros
from gateway.sandbox.changes_view import View
from gateway.sandbox.portal import Step

EPOCH = datetime(2026, 11, 22, 8, tzinfo=UTC)


def later(days: float) -> datetime:
    return EPOCH + timedelta(days=days)


@pytest.fixture(scope="module")
def world() -> Changes:
    return Changes(7, 1, EPOCH)


@pytest.fixture(scope="module")
def view(world: Changes) -> View:
    return world.at(EPOCH)


@pytest.fixture(scope="module")
def aged() -> Changes:
    """A world that is asked for its later days only."""
    return Changes(3, 1, EPOCH)


def _everything(view: View) -> list[object]:
    return [
        [view.organization(organization) for organization in view.organizations],
        [source.row(view.at) for source in view.sources],
        [view.job(run) for run in view.runs],
        [view.record(row) for row in view.records[::7]],
        [view.record_error(number) for number in view.record_errors[::3]],
        [view.job_error(number) for number in view.job_errors],
    ]


def test_a_state_depends_on_seed_scale_epoch_and_instant_alone() -> None:
    straight, winding = Changes(11, 1, EPOCH), Changes(11, 1, EPOCH)
    for days in (9, 0.3, 2, 5):
        winding.at(later(days))
    for days in (0, 2, 5.25):
        assert _everything(straight.at(later(days))) == _everything(winding.at(later(days)))


def test_another_seed_is_another_world(view: View) -> None:
    other = Changes(8, 1, EPOCH).at(EPOCH)
    assert {source.id for source in other.sources}.isdisjoint(source.id for source in view.sources)


def test_the_world_of_scale_one_has_the_size_that_was_promised(view: View) -> None:
    started = [run for run in view.runs if run.status(view.at) != "new"]
    assert len(view.sources) == 60
    assert 500 <= len(started) <= 700
    assert 17_000 <= len(view.records) <= 23_000


def test_scale_multiplies() -> None:
    large = Changes(7, 4, EPOCH).at(EPOCH)
    assert len(large.sources) == 240
    assert 68_000 <= len(large.records) <= 92_000
    names = [source.names[0][1] for source in large.sources]
    assert len(set(names)) == len({source.url for source in large.sources}) == 240


def test_every_word_of_the_portal_occurs(view: View) -> None:
    sources = [source.row(view.at) for source in view.sources]
    jobs = [view.job(run) for run in view.runs]
    records = [view.facts(row) for row in view.records]
    assert {s["source_type"] for s in sources} == {"document", "waf", "waf-collection"}
    assert len({s["schema_type"] for s in sources}) == 5
    assert len({s["frequency"] for s in sources}) == 5
    assert len({s["notification_frequency"] for s in sources}) == 3
    assert {j["status"] for j in jobs} == {"new", "in_progress", "complete", "error"}
    assert {j["job_type"] for j in jobs} == {"harvest", "force_harvest", "clear", "validate", None}
    assert {r["status"] for r in records} == {"success", "error", "dataset_pending", None}
    assert {r["action"] for r in records} == {"create", "update", "delete", None}
    assert {r["record_type"] for r in records} == {"dataset", "data_service", "data_series", "catalog_record"}
    organizations = [view.organization(organization) for organization in view.organizations]
    assert {None, "Federal Government", "Tribal", "Non-Profit"} <= {
        o["organization_type"] for o in organizations
    }
    aliases = [o["aliases"] for o in organizations]
    assert all(odd in aliases for odd in (None, [], [""]))


def test_errors_of_every_kind_are_told(view: View) -> None:
    errors = [view.record_error(number) for number in view.record_errors]
    types = {error["type"] for error in errors}
    assert {"ValidationError", "JSONDecodeError", "TransformationException", "ExternalRecordToClass"} <= types
    assert {
        "DuplicateIdentifierException",
        "NoIdentifierException",
        "SpatialTransformationException",
    } <= types
    assert {
        "SynchronizeException",
        "CKANRejectionException",
        "ValidationException",
        "invalid_tel",
        None,
    } <= types
    assert {error["severity"] for error in errors} == {"error", "warning"}
    assert any(error["harvest_record_id"] is None for error in errors)
    assert any(error["message"] is None for error in errors)


def test_job_errors_name_what_ended_a_job_and_some_jobs_have_none(view: View) -> None:
    errors = [view.job_error(number) for number in view.job_errors]
    types = Counter(error["type"] for error in errors)
    assert {
        "ExtractExternalException",
        "ExtractInternalException",
        "CancelledJob",
        "FailedJobCleanup",
    } <= types.keys()
    told = {error["harvest_job_id"] for error in errors}
    failed = {run.id for run in view.runs if run.status(view.at) == "error"}
    assert failed - told, "an error job without a job error"
    assert told - failed, "a job that went well but could not be announced"
    both = Counter(
        error["harvest_job_id"] for error in errors if error["type"] in {"CancelledJob", "FailedJobCleanup"}
    )
    assert max(both.values()) == 2


def test_rows_and_errors_lie_within_their_job(world: Changes, view: View) -> None:
    timeline = world.history.timeline
    for run in view.runs:
        start, end = run.started, min(run.finished, NEVER)
        for row in range(run.first_row, run.first_row + run.rows):
            assert start <= timeline.log.created[row] <= timeline.log.settled(row) <= end
        for number in range(run.first_error, run.first_error + run.errors):
            assert start <= timeline.errors.created[number] <= end


def test_a_job_with_rows_counts_some(view: View) -> None:
    for run in view.runs:
        counters = view.counters(run)
        done = [counters[word] for word in ("added", "updated", "deleted", "errored")]
        settled = [row for row in view.records_of(run) if view.status(row) is not None]
        assert None in done or bool(settled) <= bool(sum(filter(None, done)))


def test_rows_are_as_many_as_counted_where_nothing_got_stuck_or_lost(view: View) -> None:
    agree = 0
    for run in (run for run in view.runs if run.status(view.at) == "complete"):
        counters = view.counters(run)
        sums = sum(counters[word] or 0 for word in ("added", "updated", "deleted", "errored"))
        agree += sums == len(view.records_of(run))
        assert sums >= len(view.records_of(run))
    assert agree > 400


def test_deletes_come_first_and_carry_the_end_of_what_they_supersede(view: View) -> None:
    found = 0
    for run in view.runs:
        rows = [view.record(row) for row in view.records_of(run)]
        deletes = [row for row in rows if row["action"] == "delete"]
        places = [place for place, row in enumerate(rows) if row["action"] == "delete"]
        assert places == list(range(len(places)))
        for row in deletes:
            assert (row["source_raw"], row["source_transform"], row["parent_identifier"]) == (
                None,
                None,
                None,
            )
            assert row["date_finished"] < row["date_created"]
            assert row["source_hash"]
        found += len(deletes)
    assert found > 100


def test_pending_deletes_are_repeated_by_later_jobs(world: Changes) -> None:
    view = world.at(later(12))
    pending = Counter(
        (facts["harvest_source_id"], facts["identifier"])
        for facts in (view.facts(row) for row in view.records)
        if facts["action"] == "delete" and facts["status"] == "dataset_pending"
    )
    assert max(pending.values()) > 2


def test_a_faulty_record_is_an_error_at_every_harvest_with_the_same_hash(view: View) -> None:
    rows = [view.facts(row) for row in view.records if view.status(row) == "error" and view.action(row)]
    repeated = Counter((row["harvest_source_id"], row["identifier"], row["source_hash"]) for row in rows)
    assert max(repeated.values()) > 3
    assert all(row["date_finished"] is None for row in rows)


def test_forced_jobs_update_without_a_change(view: View) -> None:
    compared = 0
    for forced in (run for run in view.runs if run.kind == "force_harvest"):
        newest: dict[str, str] = {}
        for run in sorted((r for r in view.runs if r.source == forced.source), key=lambda run: run.started):
            for facts in map(view.facts, view.records_of(run)):
                if run is forced and facts["action"] == "update" and facts["identifier"] in newest:
                    assert facts["source_hash"] == newest[facts["identifier"]]
                    compared += 1
                if facts["status"] == "success":
                    newest[facts["identifier"]] = facts["source_hash"]
    assert compared > 50


def test_a_clear_is_followed_by_a_re_create(view: View) -> None:
    clear = next(run for run in view.runs if run.kind == "clear" and run.deleted > 3)
    following = next(
        r for r in view.runs if r.source == clear.source and r.started > clear.finished and r.rows
    )
    assert following.started - clear.finished < 2 * HOUR
    assert following.added > clear.deleted // 2


def test_an_announced_job_keeps_its_id_when_it_starts(world: Changes, view: View) -> None:
    planned = {run.id: run.created(view.at) for run in view.runs if run.created(view.at) > view.at}
    assert len(planned) > 40
    assert len({run.source for run in view.runs if run.created(view.at) > view.at}) == len(planned)
    afterwards = world.at(later(1.5))
    started = [afterwards.run_of(native) for native in planned]
    running = [run for run in started if run is not None and run.status(afterwards.at) != "new"]
    assert len(running) > 10
    assert all(run.created(afterwards.at) > planned[run.id] for run in running)


def test_a_rescheduled_job_vanishes(world: Changes, view: View) -> None:
    planned = [run.id for run in view.runs if run.created(view.at) > view.at]
    world.at(later(2))
    gone = [native for native in planned if world.at(later(2)).run_of(native) is None]
    assert gone


def test_some_jobs_hang_and_one_never_starts(view: View) -> None:
    old = [run for run in view.runs if run.created(view.at) < view.at - 2 * DAY]
    assert any(run.status(view.at) == "in_progress" for run in old)
    assert any(run.status(view.at) == "new" for run in old)
    assert any(run.outcome is Outcome.STUCK for run in old)


@pytest.mark.parametrize("days", [0, 1, 2, 7, 30])
def test_jobs_run_while_a_day_of_the_world_ends(world: Changes, days: int) -> None:
    view = world.at(later(days))
    fresh = [run for run in view.runs if view.at - DAY < run.created(view.at) <= view.at]
    running = [run for run in fresh if run.status(view.at) == "in_progress"]
    assert 2 <= len(running) <= 10
    assert any(run.status(view.at) == "new" for run in fresh)


def test_each_day_brings_its_jobs_and_records(aged: Changes) -> None:
    views = [aged.at(later(days)) for days in range(12)]
    for before, after in pairwise(views):
        started = [run for run in after.runs if before.at < run.started <= after.at]
        assert 13 <= len(started) <= 30
        assert after.records[-1] != before.records[-1]


def test_rows_of_two_jobs_interleave(view: View, world: Changes) -> None:
    jobs = [world.history.timeline.log.job[row] for row in view.records]
    assert sum(left != right for left, right in pairwise(jobs)) > 1.3 * len(set(jobs))


def test_publishers_come_change_and_go(aged: Changes) -> None:
    before, after = aged.at(EPOCH), aged.at(later(16))
    old, new = {s.id: s for s in before.sources}, {s.id: s for s in after.sources}
    assert new.keys() - old.keys()
    assert old.keys() - new.keys()
    kept = old.keys() & new.keys()
    assert any(old[key].row(before.at)["name"] != new[key].row(after.at)["name"] for key in kept)
    names = {o.id: before.organization(o)["name"] for o in before.organizations}
    later_names = {o.id: after.organization(o)["name"] for o in after.organizations}
    assert later_names.keys() - names.keys()
    assert names.keys() - later_names.keys()
    assert any(later_names[key] != names[key] for key in names.keys() & later_names.keys())


def test_a_deleted_source_takes_everything_along(aged: Changes) -> None:
    before, after = aged.at(EPOCH), aged.at(later(16))
    gone = {s.id for s in before.sources} - {s.id for s in after.sources}
    for run in after.runs:
        assert after.job(run)["harvest_source_id"] not in gone
    assert all(after.source_id(row) not in gone for row in after.records)


@pytest.mark.parametrize("days", [1, 10, 30])
def test_little_vanishes_at_once(aged: Changes, days: int) -> None:
    before, after = aged.at(later(20)), aged.at(later(20 + days))
    for old, new in (
        ([s.id for s in before.sources], {s.id for s in after.sources}),
        ([r.id for r in before.runs], {r.id for r in after.runs}),
        (list(before.records), set(after.records)),
        (list(before.record_errors), set(after.record_errors)),
    ):
        assert sum(key not in new for key in old) < len(old) * 0.2


def test_old_superseded_records_are_purged_and_their_errors_lose_them(world: Changes) -> None:
    start, end = world.at(EPOCH), world.at(later(40))
    history = world.history
    limit = micros(EPOCH)
    assert any(history.timeline.log.created[row] < limit - 365 * DAY for row in start.records)
    purged = set(start.records) - set(end.records)
    standing = {run.index for run in end.runs}
    purged = {row for row in purged if history.timeline.log.job[row] in standing}
    assert purged
    for row in purged:
        assert history.timeline.log.created[row] < end.at - 365 * DAY
        assert history.timeline.log.over[row] >= 0
        assert end.record_of(history.record_ids.of(row)) is None
    orphans = [n for n in end.record_errors if history.timeline.errors.row[n] in purged]
    assert all(end.record_error(number)["harvest_record_id"] is None for number in orphans)


def test_identifiers_are_what_publishers_invent(view: View) -> None:
    facts = [view.facts(row) for row in view.records]
    identifiers = {row["identifier"] for row in facts}
    assert any(len(identifier) > 500 for identifier in identifiers)
    for odd in (" ", ",", "%", "é"):
        assert any(odd in identifier for identifier in identifiers)
    sources: dict[str, set[str]] = {}
    types: dict[tuple[str, str], set[str]] = {}
    for row in facts:
        sources.setdefault(row["identifier"], set()).add(row["harvest_source_id"])
        if row["action"]:
            types.setdefault((row["harvest_source_id"], row["identifier"]), set()).add(row["record_type"])
    assert max(map(len, sources.values())) > 2
    assert max(map(len, types.values())) == 2


def test_a_triple_names_one_slot(view: View, world: Changes) -> None:
    log = world.history.timeline.log
    slots: dict[tuple[str, str, str], int] = {}
    for row in view.records:
        facts = view.facts(row)
        if facts["action"]:
            triple = (facts["harvest_source_id"], facts["record_type"], facts["identifier"])
            assert slots.setdefault(triple, log.slot[row]) == log.slot[row]


def test_a_dataset_that_moves_is_deleted_and_created_in_one_job(world: Changes) -> None:
    view = world.at(later(30))
    moved: dict[tuple[str, str], set[tuple[str, str]]] = {}
    for row in view.records:
        facts = view.facts(row)
        if facts["action"] in {"create", "delete"}:
            key = (facts["harvest_job_id"], facts["identifier"])
            moved.setdefault(key, set()).add((facts["action"], facts["record_type"]))
    assert {("delete", "dataset"), ("create", "data_service")} in moved.values()


def test_the_parent_of_a_collection_is_its_own_parent(view: View) -> None:
    source = next(s for s in view.sources if s.collection_parent_url)
    rows = [view.facts(row) for row in view.records if view.source_id(row) == source.id]
    upserts = [row for row in rows if row["action"] in {"create", "update"}]
    assert {row["parent_identifier"] for row in upserts} == {source.collection_parent_url}
    assert any(row["identifier"] == source.collection_parent_url for row in upserts)


def test_iso_records_have_both_forms_unless_the_transform_failed(view: View) -> None:
    iso = {source.id for source in view.sources if source.iso}
    rows = [
        view.record(row)
        for row in view.records
        if view.source_id(row) in iso and view.action(row) != "delete"
    ]
    rows = [row for row in rows if row["action"]]
    assert all(row["source_raw"].startswith("<?xml") for row in rows)
    without = [row for row in rows if row["source_transform"] is None]
    assert without
    assert {row["status"] for row in without} <= {"error", None}


def test_shared_datasets_are_labelled(world: Changes) -> None:
    labels = list(world.labels(EPOCH))
    assert len(labels) > len({label["sameAs"] for label in labels}) >= 20
    held = {row["nativeId"] for row in world.truth([Step(EPOCH, "RECONCILE")]) if row["type"] == "Dataset"}
    assert {label["nativeId"] for label in labels} <= held


def test_ids_are_read_back() -> None:
    ids = Ids(7, "record")
    texts = [ids.of(number) for number in (0, 1, 77, 2**40)]
    assert [ids.index(text) for text in texts] == [0, 1, 77, 2**40]
    assert all(text[14] == "4" and text[19] in "89ab" and len(text) == 36 for text in texts)
    assert ids.index(texts[0].upper()) is None or texts[0] == texts[0].upper()
    assert Ids(7, "job").index(texts[1]) is None
    assert ids.index("no id") is None
