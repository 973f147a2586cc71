"""``gateway deletions`` and ``gateway quarantine`` as an operator types them, on what passes over a sandbox left."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterable
from pathlib import Path
from typing import Any

import pytest
from acceptance.forking import Run
from acceptance.operating import Operator
from acceptance.syncing import Rehearsal, rehearsal

from gateway.model.document import Document, Rejection
from gateway.model.entities import Entity
from gateway.model.enums import EntityType
from gateway.ports import Adapter, Pass
from gateway.store.absence import Cap
from gateway.sync.passes import Limits

PORTAL = "data-gov"
ORGANIZATION, RECORD = EntityType.ORGANIZATION, EntityType.HARVEST_RECORD
HELD = Limits(cap=Cap(percent=0, rows=1))
"""Nothing may vanish without somebody's word."""


@pytest.fixture
async def operator(database_url: str, tmp_path: Path, forked: Run) -> AsyncIterator[Operator]:
    async with rehearsal(PORTAL, database_url, seed=6) as mirror:
        yield Operator(mirror, database_url, tmp_path, forked)


async def days_until_held(operator: Operator) -> list[dict[str, Any]]:
    """Let days pass until something vanishes; return what waits then."""
    await operator.mirror.run(Pass.RECONCILE)
    for _ in range(12):
        operator.mirror.sandbox.advance(1)
        await operator.mirror.run(Pass.RECONCILE, limits=HELD)
        found: list[dict[str, Any]] = await operator.told("deletions", "list")
        if any(each["entity_type"] == "HarvestSource" for each in found):
            return found
    raise AssertionError("no source vanishes in this world")


async def test_what_is_approved_is_as_if_it_had_been_believed(operator: Operator) -> None:
    held = await days_until_held(operator)
    assert await operator.mirror.differences() != []
    ids = [str(each["id"]) for each in held]
    shown = await operator.told("deletions", "show", ids[0])
    assert len(shown["examples"]) == min(5, shown["rows"]) > 0
    assert {example["presence"] for example in shown["examples"]} <= {"PRESENT", "DELETED"}

    await operator.mirror.run(Pass.RECONCILE, limits=HELD)
    assert [str(each["id"]) for each in await operator.told("deletions", "list")] == ids, "they wait on"

    done = await operator.types("deletions", "approve", *ids)
    assert done.returncode == 0, done.stderr
    assert f"{PORTAL}: the deletion {ids[0]} is approved: " in done.stdout
    assert await operator.mirror.differences() == []
    assert await operator.told("deletions", "list") == []
    every = await operator.told("deletions", "list", "--all")
    assert {
        str(each["id"]): each["decided_by"] for each in every if each["decision"] == "APPROVED"
    } == dict.fromkeys(ids, "command line")
    assert {each["decided_by"] for each in every if each["decision"] == "SUPERSEDED"} <= {None}
    assert (await operator.told("deletions", "show", ids[0]))["decided_by"] == "command line"
    causes = await operator.mirror.connection.fetch(
        "SELECT DISTINCT kind FROM event WHERE cause = 'ACTION' AND entity_type = 'HarvestSource'"
    )
    assert [row["kind"] for row in causes] == ["GONE"]
    again = await operator.types("deletions", "approve", ids[0])
    assert (again.returncode, again.stdout) == (2, "")
    assert "approved already" in again.stderr


async def test_what_is_rejected_stays_and_is_not_held_again(operator: Operator) -> None:
    held = await days_until_held(operator)
    rejected = await operator.told("deletions", "reject", "--portal", PORTAL)
    assert [each["id"] for each in rejected] == [each["id"] for each in held]
    await operator.mirror.run(Pass.RECONCILE, limits=HELD)
    assert await operator.told("deletions", "list") == []
    gone = await operator.mirror.connection.fetchval(
        "SELECT count(*) FROM harvest_source WHERE presence = 'GONE'"
    )
    assert gone == 0
    every = await operator.told("deletions", "list", "--all")
    assert {each["decision"] for each in every} >= {"REJECTED"}


MISTAKES = (
    (("deletions", "approve"), "Say which deletions"),
    (("deletions", "approve", "1", "--portal", PORTAL), "Say which deletions"),
    (("deletions", "reject", "99"), "There is no held deletion 99"),
    (("deletions", "list", "--portal", "nowhere"), "There is no portal 'nowhere'"),
    (("quarantine", "retry"), "Say what is to be read again"),
    (("quarantine", "retry", "99"), "There is no entry 99 in quarantine"),
    (("quarantine", "show", "99"), "There is no entry 99 in quarantine"),
)


async def test_what_cannot_be_meant_is_said(operator: Operator) -> None:
    for words, said in MISTAKES:
        done = await operator.types(*words)
        assert (done.returncode, done.stdout) == (2, ""), words
        assert said in done.stderr


class Picky:
    """An adapter that cannot read organizations, nor a sixteenth of the records."""

    def __init__(self, adapter: Adapter) -> None:
        self._adapter = adapter

    def __getattr__(self, name: str) -> Any:
        return getattr(self._adapter, name)

    def normalise(self, document: Document) -> Iterable[Entity | Rejection]:
        if document.type is ORGANIZATION or (document.type is RECORD and document.native_id[0] == "0"):
            yield Rejection(
                document.type, "a rule is wrong\x1b[2J", document.body, document.fetch, document.native_id
            )
        else:
            yield from self._adapter.normalise(document)


async def picky_pass(mirror: Rehearsal) -> int:
    """Read everything with rules that are wrong; return how much lies in quarantine."""
    adapter, mirror.adapter = mirror.adapter, Picky(mirror.adapter)  # type: ignore[assignment]
    await mirror.run(Pass.RECONCILE)
    mirror.adapter = adapter
    assert await mirror.differences() != []
    waits = "SELECT count(*) FROM quarantine WHERE released_at IS NULL"
    return int(await mirror.connection.fetchval(waits) or 0)


async def test_what_could_not_be_read_is_shown_and_read_again(operator: Operator, tmp_path: Path) -> None:
    count = await picky_pass(operator.mirror)
    assert count > 100
    listed = await operator.told("quarantine", "list", "--stream", "records", "--limit", "3")
    assert [(each["reason"], each["sightings"], each["retriable"]) for each in listed] == [
        ("a rule is wrong\x1b[2J", 1, True)
    ] * 3
    table = await operator.types("quarantine", "list")
    assert (table.returncode, "\x1b" in table.stdout, "\\x1b[2J" in table.stdout) == (0, False, True)
    id_ = str(listed[0]["id"])
    shown = await operator.types("quarantine", "show", id_)
    assert listed[0]["native_id"] in shown.stdout
    assert "\x1b" not in shown.stdout
    saved = tmp_path / "element"
    await operator.types("quarantine", "show", id_, "--raw", str(saved))
    assert json.loads(saved.read_bytes())["id"] == listed[0]["native_id"]

    one = await operator.told("quarantine", "retry", id_)
    assert one == {"read": [int(id_)], "refused": [], "unreadable": []}
    [retried] = [
        each for each in await operator.told("quarantine", "list", "--all") if str(each["id"]) == id_
    ]
    assert retried["retried_by"] == "command line"
    done = await operator.types("quarantine", "retry", "--all")
    assert (done.returncode, f"Read and stored: {count - 1:,} (" in done.stdout) == (0, True), done.stderr
    assert await operator.told("quarantine", "list") == []
    assert await operator.mirror.differences() == []


async def test_a_fixed_normaliser_releases_them(operator: Operator) -> None:
    count = await picky_pass(operator.mirror)
    told = await operator.told("renormalise", "--portal", PORTAL)
    assert told[PORTAL]["Quarantine"]["new"] == count
    assert await operator.told("quarantine", "list") == []
    assert await operator.mirror.differences() == []
