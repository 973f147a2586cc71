"""A changed rule, run again over all that is stored, changes exactly the rows that it concerns, without a request."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest
from acceptance.mirror import Key, Row, held
from acceptance.syncing import CONTENT, Rehearsal, rehearsal

from gateway.model.document import Document, Rejection
from gateway.model.entities import Dataset, Entity, HarvestError, HarvestSource
from gateway.ports import Adapter, Pass
from gateway.store.renormalise import renormalise

PORTALS = ("data-gouv-fr", "data-gov")


class Reworded:
    """An adapter whose rules for three fields have changed; everything else is the other's."""

    def __init__(self, adapter: Adapter) -> None:
        self._adapter = adapter

    def __getattr__(self, name: str) -> Any:
        return getattr(self._adapter, name)

    def normalise(self, document: Document) -> Iterable[Entity | Rejection]:
        for entity in self._adapter.normalise(document):
            yield entity if isinstance(entity, Rejection) else _reworded(entity)


def _reworded(entity: Entity) -> Entity:
    if isinstance(entity, HarvestSource):
        return replace(entity, name=_shouted(entity.name))
    if isinstance(entity, HarvestError):
        return replace(entity, message=_shouted(entity.message))
    return replace(entity, title=_shouted(entity.title)) if isinstance(entity, Dataset) else entity


FIELDS = {"HarvestSource": "name", "HarvestError": "message", "Dataset": "title"}


def _shouted(text: str | None) -> str | None:
    """Return a text with a u in capitals, any other as it is."""
    return text.upper() if text and "u" in text else text


def _expected(rows: dict[Key, Row]) -> dict[Key, Row]:
    """Return the rows as the changed rules should leave them."""
    found = dict(rows)
    for key, row in rows.items():
        if field := FIELDS.get(key[0]):
            found[key] = {**row, "fields": {**row["fields"], field: _shouted(row["fields"][field])}}
    return found


async def _again(mirror: Rehearsal, adapter: Adapter) -> dict[str, Any]:
    async with mirror.keeper.holding(mirror.connection, mirror.number) as held:
        return await renormalise(
            mirror.connection,
            number=mirror.number,
            adapter=adapter,
            held=held,
            batch=3000,
            now=mirror.sandbox.clock,
        )


@pytest.mark.parametrize("portal", PORTALS)
async def test_a_changed_rule_changes_the_rows_that_it_concerns(portal: str, database_url: str) -> None:
    async with rehearsal(portal, database_url, seed=6) as mirror:
        await mirror.run(Pass.RECONCILE)
        mirror.sandbox.advance(1)
        await mirror.run(Pass.POLL)
        before = await held(mirror.connection, portal)
        expected = _expected(before)
        concerned = {key for key in before if before[key] != expected[key]}
        assert {key[0] for key in concerned} == set(FIELDS)
        last = await mirror.connection.fetchval("SELECT max(id) FROM event")
        mirror.sandbox.requests.clear()

        told = await _again(mirror, Reworded(mirror.adapter))  # type: ignore[arg-type]

        assert not mirror.sandbox.requests
        after = await held(mirror.connection, portal)
        assert {key for key in before if before[key] != after[key]} == concerned
        assert after == expected
        assert sum(tally["new"] + tally["gone"] for tally in told.values()) == 0
        causes = await mirror.connection.fetch("SELECT DISTINCT cause FROM event WHERE id > $1", last)
        assert [row["cause"] for row in causes] == ["RENORMALISE"]


@pytest.mark.parametrize("portal", PORTALS)
async def test_the_same_rules_change_nothing(portal: str, database_url: str) -> None:
    async with rehearsal(portal, database_url, seed=6) as mirror:
        await mirror.run(Pass.RECONCILE)
        await mirror.written()
        before = await mirror.written()
        await _again(mirror, mirror.adapter)
        after = await mirror.written()
        assert {
            table: after[table] - before[table] for table in CONTENT if after[table] != before[table]
        } == {}
