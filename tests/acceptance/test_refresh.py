"""What is read by itself is what the portal is, as rows and as what follows from them, on every wire."""

from __future__ import annotations

from functools import partial

import pytest
from acceptance.mirror import Key, Row, differences, held, summary
from acceptance.syncing import CONTENT, Rehearsal, rehearsal
from acceptance.wires import WIRES, Wire

from gateway import postgres
from gateway.model.enums import EntityType
from gateway.ports import Pass, Wanted
from gateway.sandbox.portal import Step
from gateway.store import refreshed
from gateway.store.absence import Cap
from gateway.sync.asking import asked
from gateway.sync.refreshing import Outcome, Refresh

FEW = 3
SOURCE, JOB = EntityType.HARVEST_SOURCE.value, EntityType.HARVEST_JOB.value


async def _refresh(mirror: Rehearsal, database_url: str, wanted: Wanted) -> Outcome:
    now = mirror.sandbox.clock()
    connect = partial(postgres.connect, database_url)
    connection = await connect()
    try:
        reading = Refresh(
            portal=mirror.portal,
            number=mirror.number,
            adapter=mirror.adapter,
            connection=connection,
            asked=partial(asked, connect, mirror.portal, mirror.number, lambda: now),
            keeper=mirror.keeper,
            now=lambda: now,
            cap=Cap(),
        )
        return await reading.run(wanted, await refreshed.clock(connection))
    finally:
        connection.terminate()


def _truth(mirror: Rehearsal) -> dict[Key, Row]:
    """Return what a poll would hold now, by type and id."""
    now = Step(mirror.sandbox.clock(), "POLL", mirror.sandbox.control.dialect)
    return {(row["type"], row["nativeId"]): row for row in mirror.sandbox.world.truth([*mirror.passes, now])}


def _of(rows: dict[Key, Row], source: str) -> dict[Key, Row]:
    """Return the rows of a source and of its runs, but for plans that are no more: a refresh says nothing of these."""
    return {
        key: row
        for key, row in rows.items()
        if key == (SOURCE, source) or (key[0] == JOB and row["fields"]["source"] == source)
    }


@pytest.mark.parametrize("wire", WIRES, ids=str)
async def test_what_is_live_is_what_the_portal_is(wire: Wire, database_url: str) -> None:
    async with rehearsal(
        wire.adapter, database_url, seed=1, dialect=wire.dialect, settings=wire.settings
    ) as mirror:
        summed = await mirror.run(Pass.RECONCILE)
        assert summed.state == "DONE"
        mirror.sandbox.advance(1)
        truth, before = _truth(mirror), await held(mirror.connection, mirror.portal.key)
        news = {row["fields"]["source"] for key, row in truth.items() if key[0] == JOB and key not in before}
        moved = sorted(source for source in news if (SOURCE, source) in before)[:FEW]
        assert moved
        for source in moved:
            outcome = await _refresh(mirror, database_url, Wanted(EntityType.HARVEST_SOURCE, source))
            assert outcome == Outcome(mirror.sandbox.clock())
        found = await held(mirror.connection, mirror.portal.key)
        for source in moved:
            wrong = list(differences(_of(found, source), _of(truth, source).values()))
            assert not wrong, summary(wrong)
        rows = await mirror.written()
        for source in moved:
            await _refresh(mirror, database_url, Wanted(EntityType.HARVEST_SOURCE, source))
        after = await mirror.written()
        assert {table: after[table] - rows[table] for table in CONTENT if after[table] != rows[table]} == {}
        assert (await mirror.run(Pass.POLL)).state == "DONE"
        wrong = await mirror.differences()
        assert not wrong, summary(wrong)
