"""What a portal sends that nobody expects: a query, newest first."""

from __future__ import annotations

import json
from typing import Any

import pytest
from api.conftest import Serving
from api.world import FR, GOV, Ask, World, hours_ago

from gateway.store.drift import DriftRow
from harvest_graphql.engine import Engine

DRIFT = """
    query($since: DateTime) { portals { key drift(since: $since) {
        entityType pointer kind word count firstSeenAt lastSeenAt nativeId
    } } }
"""


@pytest.fixture
def own(own_engine: Engine) -> Ask:
    """Return the data of an answer from a database of the test's own."""

    async def ask(document: str, **variables: Any) -> Any:
        found = json.loads(await own_engine.execute(document, variables))
        assert "errors" not in found, found["errors"]
        return found["data"]

    return ask


@pytest.fixture
async def _drifting(own_world: World) -> None:
    for portal, type_, pointer, kind, word, hours in (
        (GOV, "HarvestJob", "/status", "UNKNOWN_WORD", "paused", 30),
        (GOV, "HarvestRecord", "/hash", "UNKNOWN_FIELD", "string", 2),
        (FR, "HarvestSource", "/active", "WRONG_TYPE", "number", 1),
    ):
        await own_world.add(
            DriftRow, portal=portal, entity_type=type_, pointer=pointer, kind=kind, word=word, count=3,
            first_seen_at=hours_ago(hours), last_seen_at=hours_ago(1), native_id="x",
        )  # fmt: skip


@pytest.mark.usefixtures("_drifting")
async def test_a_portal_tells_what_it_sends_that_nobody_expects(own: Ask) -> None:
    french, american = (await own(DRIFT))["portals"]
    assert [one["pointer"] for one in french["drift"]] == ["/active"]
    assert [one["pointer"] for one in american["drift"]] == ["/hash", "/status"]
    assert american["drift"][1] == {
        "entityType": "HarvestJob",
        "pointer": "/status",
        "kind": "UNKNOWN_WORD",
        "word": "paused",
        "count": 3,
        "firstSeenAt": "2026-11-19T06:00:00.000000Z",
        "lastSeenAt": "2026-11-20T11:00:00.000000Z",
        "nativeId": "x",
    }


@pytest.mark.usefixtures("_drifting")
async def test_whether_an_interface_changed_today_is_a_question(own: Ask) -> None:
    found: dict[str, Any] = await own(DRIFT, since="2026-11-20T00:00:00Z")
    told = {portal["key"]: [one["pointer"] for one in portal["drift"]] for portal in found["portals"]}
    assert told == {"data-gouv-fr": ["/active"], "data-gov": ["/hash"]}


@pytest.mark.usefixtures("_drifting")
async def test_how_much_there_is_and_how_new_is_told_to_prometheus(serving: Serving) -> None:
    _, session = await serving()
    async with session.get("/metrics") as answer:
        lines = (await answer.text()).splitlines()
    assert 'harvest_gateway_portal_drift{portal="data-gov"} 2.0' in lines
    newest = hours_ago(2).timestamp()
    name = "harvest_gateway_portal_drift_newest_timestamp_seconds"
    told = {line.split()[0]: float(line.split()[1]) for line in lines if line.startswith(f"{name}{{")}
    assert told[f'{name}{{portal="data-gov"}}'] == newest


@pytest.mark.usefixtures("_drifting")
async def test_operators_list_it_on_the_command_line(serving: Serving) -> None:
    gateway, _ = await serving()
    assert [one["pointer"] for one in await gateway.drift(None)] == ["/active", "/hash", "/status"]
    assert [one["pointer"] for one in await gateway.drift(["data-gov"], hours_ago(12))] == ["/hash"]
