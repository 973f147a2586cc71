"""Retention on a synced database: what is answered now stays, and the next pass finds nothing to do."""

from __future__ import annotations

import json

import pytest
from acceptance.hindsight import diary
from acceptance.mirror import summary
from acceptance.syncing import CONTENT, rehearsal

from gateway.ports import Pass
from gateway.store.pruning import SETTINGS, prune

SOURCES = "query ($at: DateTime) { harvestSources(asOf: $at) { totalCount } }"


@pytest.mark.parametrize("portal", ["data-gouv-fr", "data-gov"])
async def test_what_is_answered_now_does_not_need_what_goes(portal: str, database_url: str) -> None:
    async with rehearsal(portal, database_url, seed=5) as mirror, diary(mirror, database_url) as written:
        for days, kind in ((0, Pass.RECONCILE), (1, Pass.POLL), (3, Pass.RECONCILE)):
            mirror.sandbox.advance(days)
            assert (await mirror.run(kind)).state == "DONE"
        before = await written.read(None)
        rows = await mirror.written()
        cuts = dict.fromkeys(SETTINGS, mirror.sandbox.clock().replace(year=2100))
        gone = [(name, number) async for name, number in prune(mirror.connection, cuts, 1000)]
        assert {"events", "history", "documents"} <= {name for name, _ in gone}
        assert max(number for _, number in gone) <= 1000
        touched = {
            table: n - rows[table] for table, n in (await mirror.written()).items() if n != rows[table]
        }
        assert not touched.keys() & {table for table in CONTENT if not table.endswith("_history")} - {
            "document",
            "event",
        }
        assert await written.read(None) == before
        found = await mirror.differences()
        assert not found, summary(found)
        answer = json.loads(
            await written.asking.engine.execute(SOURCES, {"at": mirror.sandbox.clock().isoformat()})
        )
        assert answer["data"]["harvestSources"]["totalCount"] == 0
        assert "PRUNED" in {notice["code"] for notice in answer["extensions"]["notices"]}
        rows = await mirror.written()
        assert (await mirror.run(Pass.RECONCILE)).state == "DONE"
        after = await mirror.written()
        assert {table: after[table] - rows[table] for table in CONTENT if after[table] != rows[table]} == {}
