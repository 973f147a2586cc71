"""`changes`: events page by page, by cursor and filter, with what each caller may read of them."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from api.happenings import arrive, happen
from api.world import FR, NOW, World, gid

from gateway.resources import operations
from gateway.store.following import forget_events, settle
from harvest_graphql.engine import Engine
from harvest_graphql.visibility import NOBODY, READ_PRIVATE

PAGE = """query ($since: Cursor, $first: Int, $filter: HarvestEventFilter) {
  changes(since: $since, first: $first, filter: $filter) {
    nodes { id cursor at kind cause entityType nativeId count portal { key } entity { __typename id } before after }
    endCursor hasMore newest gap { reason until untilAt } } }"""


async def answer(engine: Engine, *, private: bool = False, **variables: Any) -> Any:
    scopes = frozenset({READ_PRIVATE}) if private else NOBODY
    return json.loads(await engine.execute(PAGE, variables, scopes=scopes))


async def page(engine: Engine, **variables: Any) -> Any:
    found = await answer(engine, **variables)
    assert "errors" not in found, found["errors"]
    return found["data"]["changes"]


def kinds(found: Any) -> list[str]:
    return [node["kind"] for node in found["nodes"]]


async def test_an_event_tells_what_changed(own_engine: Engine, own_world: World) -> None:
    epa, city = own_world.keys["organization", "epa"], own_world.keys["organization", "city"]
    await happen(
        own_world,
        before={"name": "Old air", "schedule_raw": None, "organization_id": city, "portal": 2, "row_hash": "x"},
        after={"name": "Air quality", "schedule_raw": "daily", "organization_id": epa, "portal": 2, "row_hash": "y"},
    )  # fmt: skip
    found = await page(own_engine)
    (node,) = found["nodes"]
    assert node["id"].count(".") == 1
    assert {**node, "id": "", "cursor": ""} == {
        "id": "",
        "cursor": "",
        "at": "2026-11-20T12:00:00.000000Z",
        "kind": "CHANGED",
        "cause": "UPSTREAM",
        "entityType": "HARVEST_SOURCE",
        "nativeId": "air",
        "count": None,
        "portal": {"key": "data-gov"},
        "entity": {"__typename": "HarvestSource", "id": gid("HarvestSource", "air")},
        "before": {"name": "Old air", "scheduleRaw": None, "organization": gid("Organization", "city")},
        "after": {"name": "Air quality", "scheduleRaw": "daily", "organization": gid("Organization", "epa")},
    }
    assert found["endCursor"] == found["newest"] == node["cursor"]
    assert (found["hasMore"], found["gap"]) == (False, None)


async def test_pages_follow_each_other_and_what_comes_later(own_engine: Engine, own_world: World) -> None:
    keys = [await happen(own_world) for _ in range(7)]
    seen: list[str] = []
    since = None
    for more in (True, True, False):
        found = await page(own_engine, since=since, first=3)
        seen += [node["id"].split(".")[1] for node in found["nodes"]]
        assert found["hasMore"] is more
        since = found["endCursor"]
    assert seen == [str(key) for key in keys]
    assert await page(own_engine, since=since) == {
        "nodes": [], "endCursor": since, "hasMore": False, "newest": since, "gap": None,
    }  # fmt: skip
    await happen(own_world, kind="GONE")
    assert kinds(await page(own_engine, since=since)) == ["GONE"]


async def test_what_is_not_on_disk_is_not_told(own_engine: Engine, own_world: World) -> None:
    await happen(own_world, shown=False)
    assert (await page(own_engine))["nodes"] == []
    await settle(own_world.connection)
    assert kinds(await page(own_engine)) == ["CHANGED"]


async def test_nothing_of_a_page_is_a_page(own_engine: Engine, own_world: World) -> None:
    first = await page(own_engine, first=0)
    assert (first["nodes"], first["hasMore"]) == ([], False)
    await happen(own_world)
    found = await page(own_engine, since=first["newest"], first=0)
    assert (found["nodes"], found["hasMore"], found["endCursor"]) == ([], True, first["newest"])


async def test_what_is_left_out_is_passed_over(own_engine: Engine, own_world: World) -> None:
    await happen(own_world, kind="GONE")
    for _ in range(3):
        await happen(own_world)
    found = await page(own_engine, filter={"kind": ["GONE"]})
    assert (kinds(found), found["hasMore"]) == (["GONE"], False)
    assert found["endCursor"] == found["newest"] != found["nodes"][0]["cursor"]


@pytest.fixture
async def mixed(own_world: World) -> World:
    """Seven events, each of which some filter finds."""
    await happen(own_world, kind="CREATED")
    await happen(own_world, "geo", portal=FR, cause="CLOCK")
    await happen(own_world, "air-00", entity_type="HarvestJob", kind="EXPIRED")
    await arrive(own_world)
    await happen(
        own_world, "air", kind="LOADED", cause="BASELINE", entity_id=None, count=9, portal=FR,
        entity_type="HarvestJob",
    )  # fmt: skip
    await happen(
        own_world, "r0", kind="DRIFTED", entity_id=None, entity_type="HarvestRecord", count=1,
        after={"pointer": "/new", "kind": "UNKNOWN_FIELD", "word": "string"},
    )  # fmt: skip
    await happen(own_world, "lost-set", entity_type="Dataset", kind="RESTORED", at=NOW + timedelta(days=1))
    return own_world


@pytest.mark.parametrize(
    ("filter_", "expected"),
    [
        ({}, "CREATED CHANGED EXPIRED ARRIVED LOADED DRIFTED RESTORED"),
        ({"portal": ["data-gouv-fr"]}, "CHANGED LOADED"),
        ({"portal": ["data-gouv-fr", "data-gov"], "kind": ["LOADED", "CREATED"]}, "CREATED LOADED"),
        ({"entityType": ["HARVEST_JOB"]}, "EXPIRED LOADED"),
        ({"entityType": ["HARVEST_JOB", "HARVEST_RECORD", "DATASET", "PERSON"], "kind": ["ARRIVED"]}, "ARRIVED"),
        ({"kind": []}, ""),
        ({"cause": ["CLOCK"]}, "CHANGED"),
        ({"nativeId": ["air"]}, "CREATED"),
        ({"entity": [gid("HarvestSource", "air")]}, "CREATED"),
        ({"entity": [gid("HarvestJob", "air-00")]}, "EXPIRED ARRIVED"),
        ({"entity": [gid("HarvestJob", "air-00"), gid("HarvestSource", "geo", FR)]}, "CHANGED EXPIRED ARRIVED"),
        ({"source": [gid("HarvestSource", "air")]}, "CREATED EXPIRED ARRIVED RESTORED"),
        ({"source": [gid("HarvestSource", "air")], "entityType": ["DATASET"]}, "RESTORED"),
        ({"at": {"since": "2026-11-21T00:00:00Z"}}, "RESTORED"),
        ({"at": {"until": "2026-11-21T00:00:00Z"}, "kind": ["RESTORED"]}, ""),
        ({"at": {}}, "CREATED CHANGED EXPIRED ARRIVED LOADED DRIFTED RESTORED"),
    ],
)  # fmt: skip
async def test_filters(own_engine: Engine, mixed: World, filter_: dict[str, Any], expected: str) -> None:
    assert mixed.keys
    assert kinds(await page(own_engine, filter=filter_)) == expected.split()


async def test_what_a_first_load_has_read_is_found_by_its_source(own_engine: Engine, mixed: World) -> None:
    loaded = {"kind": "LOADED", "cause": "BASELINE", "entity_id": None}
    for name, type_, count in (
        ("air", "HarvestJob", 1), ("air-00", "HarvestRecord", 2), ("air-01", "HarvestError", 3),
        ("water", "HarvestJob", 4), (None, "HarvestSource", 5), (None, "HarvestJob", 6), ("geo-1", "HarvestRecord", 7),
    ):  # fmt: skip
        await happen(mixed, name, entity_type=type_, count=count, **loaded)
    found = await page(own_engine, filter={"source": [gid("HarvestSource", "air")], "kind": ["LOADED"]})
    assert [node["count"] for node in found["nodes"]] == [1, 2, 3]
    found = await page(
        own_engine, filter={"source": [gid("HarvestSource", "water"), gid("HarvestSource", "geo", FR)]}
    )
    assert [node["count"] for node in found["nodes"] if node["kind"] == "LOADED"] == [4]


async def test_what_stands_for_many(own_engine: Engine, mixed: World) -> None:
    assert mixed.keys
    nodes = {node["kind"]: node for node in (await page(own_engine))["nodes"]}
    arrived, loaded, drifted = nodes["ARRIVED"], nodes["LOADED"], nodes["DRIFTED"]
    assert arrived["entity"] == {"__typename": "HarvestJob", "id": gid("HarvestJob", "air-00")}
    assert (arrived["count"], arrived["entityType"], arrived["after"]) == (3, "HARVEST_RECORD", None)
    assert (loaded["count"], loaded["entity"], loaded["nativeId"]) == (9, None, None)
    assert drifted["after"] == {"pointer": "/new", "kind": "UNKNOWN_FIELD", "word": "string"}
    assert (drifted["entity"], drifted["nativeId"]) == (None, "r0")


async def test_personal_data_are_for_those_who_may_read_them(own_engine: Engine, own_world: World) -> None:
    await happen(
        own_world,
        before={"notification_emails": ["old@example.org"], "native": {"a": 1}, "native_private": {"a": 1, "m": "x"}},
        after={"notification_emails": ["new@example.org"], "native": {"a": 2}, "native_private": None, "name": "New"},
    )  # fmt: skip
    (node,) = (await page(own_engine))["nodes"]
    assert node["before"] == {"native": {"a": 1}}
    assert node["after"] == {"native": {"a": 2}, "name": "New"}
    (node,) = (await page(own_engine, private=True))["nodes"]
    assert node["before"] == {"native": {"a": 1, "m": "x"}, "notificationEmails": ["old@example.org"]}
    assert node["after"] == {"native": {"a": 2}, "name": "New", "notificationEmails": ["new@example.org"]}


async def test_they_are_of_no_thing_either(own_engine: Engine, own_world: World) -> None:
    """Whatever an event lacks, its fields are let through one by one."""
    await happen(own_world, entity_id=None, after={"notification_emails": ["new@example.org"], "name": "New"})
    (node,) = (await page(own_engine))["nodes"]
    assert node["after"] == {"name": "New"}


async def test_no_column_is_shown_that_nobody_knows(own_engine: Engine, own_world: World) -> None:
    row = await own_world.connection.fetchval(
        "SELECT to_jsonb(t)::text FROM harvest_source t WHERE native_id = 'air'"
    )
    await happen(own_world, kind="CREATED", after={**json.loads(str(row)), "secret_column": 1})
    (node,) = (await page(own_engine))["nodes"]
    hidden = {
        "id",
        "secretColumn",
        "secret_column",
        "notificationEmails",
        "nativePrivate",
        "rowHash",
        "documentHash",
    }
    assert not hidden & node["after"].keys()
    assert node["after"]["organization"] == gid("Organization", "epa")
    assert "secret@example.org" not in json.dumps(node)


async def test_a_thing_that_is_gone_from_the_tables_is_null(own_engine: Engine, own_world: World) -> None:
    await happen(own_world, entity_id=10**9, after={"organization_id": 10**9})
    (node,) = (await page(own_engine))["nodes"]
    assert (node["entity"], node["after"]) == (None, {"organization": None})


async def test_what_retention_has_removed_is_told(own_engine: Engine, own_world: World) -> None:
    for hours in range(4):
        await happen(own_world, at=NOW + timedelta(hours=hours))
    begin = await page(own_engine, first=0)
    first = await page(own_engine, first=1)
    second = await page(own_engine, first=2)
    assert await forget_events(own_world.connection, NOW + timedelta(hours=2), 100) == 2
    found = await page(own_engine, since=first["endCursor"])
    assert found["gap"] == {
        "reason": "RETENTION", "until": second["endCursor"], "untilAt": "2026-11-20T13:00:00.000000Z",
    }  # fmt: skip
    assert len(found["nodes"]) == 2
    for since in (None, second["endCursor"], found["endCursor"]):
        assert (await page(own_engine, since=since))["gap"] is None
    assert (await page(own_engine, since=begin["endCursor"]))["gap"]["reason"] == "RETENTION"


async def test_a_cursor_of_another_database_is_told(own_engine: Engine, own_world: World) -> None:
    await happen(own_world)
    there = (await page(own_engine))["endCursor"]
    await own_world.connection.execute("UPDATE event_bounds SET series = 'another'")
    found = await page(own_engine, since=there)
    assert found["gap"] == {"reason": "UNKNOWN_CURSOR", "until": found["gap"]["until"], "untilAt": None}
    assert len(found["nodes"]) == 1


async def test_a_cursor_ahead_of_a_restored_copy_is_told(own_engine: Engine, own_world: World) -> None:
    await happen(own_world)
    await happen(own_world)
    ahead = (await page(own_engine))["endCursor"]
    await own_world.connection.execute("DELETE FROM event WHERE id = (SELECT max(id) FROM event)")
    await own_world.connection.execute("UPDATE event_bounds SET settled = settled - 1")
    found = await page(own_engine, since=ahead)
    assert (found["gap"]["reason"], len(found["nodes"])) == ("UNKNOWN_CURSOR", 1)


@pytest.mark.parametrize(
    ("variables", "code"),
    [
        ({"since": "WyJDUkVBVEVEX0FUIiwiQVNDIixudWxsLDFd"}, "BAD_CURSOR"),
        ({"since": "WyJFVkVOVCIsIlx1MDAwMCIsbnVsbCwxXQ"}, "BAD_CURSOR"),
        ({"since": "x"}, "BAD_CURSOR"),
        ({"first": 101}, "BAD_USER_INPUT"),
        ({"first": -1}, "BAD_USER_INPUT"),
        ({"filter": {"portal": ["nowhere"]}}, "BAD_USER_INPUT"),
        ({"filter": {"entity": ["x"]}}, "BAD_ID"),
        ({"filter": {"source": [gid("HarvestJob", "air-00")]}}, "BAD_ID"),
        ({"filter": {"nativeId": ["\0"]}}, "BAD_USER_INPUT"),
    ],
)
async def test_what_cannot_be_used(own_engine: Engine, own_world: World, variables: Any, code: str) -> None:
    assert own_world.keys
    found = await answer(own_engine, **variables)
    assert found["errors"][0]["extensions"]["code"] == code


async def test_it_is_one_statement_and_weighed_by_its_page(own_engine: Engine, mixed: World) -> None:
    assert mixed.keys
    await own_engine.status()
    before = own_engine.sent
    found = await answer(own_engine, first=50)
    assert own_engine.sent - before == 1
    assert found["extensions"]["cost"]["nodes"] == 50 * 3 + 1


async def test_every_named_question_of_changes(own_engine: Engine, mixed: World) -> None:
    assert mixed.keys
    text = operations()["what-changed"]
    found = json.loads(await own_engine.execute(text, {"source": [gid("HarvestSource", "air")]}))["data"][
        "changes"
    ]
    assert kinds(found) == ["CREATED", "EXPIRED", "ARRIVED", "RESTORED"]
