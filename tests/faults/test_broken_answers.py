"""Whatever a portal answers, nothing is lost, nothing comes twice and nothing is called gone that is not."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from acceptance.mirror import summary
from acceptance.syncing import Rehearsal, rehearsal

from gateway.ports import Pass
from gateway.sync.progress import Silent

PORTALS = ("data-gouv-fr", "data-gov")
LISTS = {
    "data-gouv-fr": r"/(sources|jobs|items)/",
    "data-gov": r"/harvest_(sources|jobs|records|record_errors)/",
}
ORDERS: dict[str, list[dict[str, Any]]] = {
    "a 500 that passes": [{"kind": "status-500", "times": 2}],
    "a 502 that stays": [{"kind": "status-502", "times": None}],
    "429 that passes": [{"kind": "429", "times": 2, "seconds": 0}],
    "429 for an hour": [{"kind": "429", "times": None, "seconds": 3600}],
    "html for json": [{"kind": "html-200", "times": None}],
    "garbage": [{"kind": "garbage", "times": None}],
    "a total that lies": [{"kind": "lying-total", "times": None}],
    "rows inserted while paging": [{"kind": "shifted-page", "times": 3}],
    "rows deleted while paging": [{"kind": "removed-row", "times": 3}],
    "rows deleted while short pages are paged": [
        {"kind": "small-pages", "times": None},
        {"kind": "removed-row", "times": 3},
    ],
    "a poison element": [{"kind": "poison", "times": 1}],
    "connections that drop": [{"kind": "drop", "times": 2}],
    "half a body": [{"kind": "truncate", "times": 2}],
}


def _order(mirror: Rehearsal, orders: list[dict[str, Any]]) -> None:
    path = LISTS[mirror.portal.key]
    mirror.sandbox.faults.add(msgspec.json.encode([{**order, "path": path} for order in orders]))


async def _gone(mirror: Rehearsal) -> int:
    count: int | None = await mirror.connection.fetchval(
        "SELECT (SELECT count(*) FROM harvest_source WHERE presence IN ('GONE', 'EXPIRED'))"
        " + (SELECT count(*) FROM harvest_job WHERE presence IN ('GONE', 'EXPIRED'))"
        " + (SELECT count(*) FROM harvest_record WHERE presence IN ('GONE', 'EXPIRED'))"
    )
    return count or 0


@pytest.mark.parametrize("kind", [Pass.RECONCILE, Pass.POLL])
@pytest.mark.parametrize("portal", PORTALS)
async def test_a_broken_pass_harms_nothing_and_the_next_one_mends_it(
    portal: str, kind: Pass, database_url: str
) -> None:
    async with rehearsal(portal, database_url, seed=6) as mirror:
        mirror.backoff_seconds = 0.0
        await mirror.run(Pass.RECONCILE)
        gone = await _gone(mirror)
        for fault, orders in ORDERS.items():
            _order(mirror, orders)
            broken = await mirror.run(kind)
            mirror.sandbox.faults.clear()
            assert broken.state in {"DONE", "INCOMPLETE", "FAILED"}, fault
            assert (broken.state == "DONE") == (broken.notice is None), fault
            assert await _gone(mirror) == gone, f"{fault}: a row was called gone that the portal still has"
        assert (await mirror.run(Pass.RECONCILE)).state == "DONE"
        found = await mirror.differences()
        assert not found, summary(found)


@pytest.mark.parametrize("fault", ["a 502 that stays", "a poison element", "half a body"])
@pytest.mark.parametrize("portal", PORTALS)
async def test_a_broken_first_load_is_gone_on_with(portal: str, fault: str, database_url: str) -> None:
    async with rehearsal(portal, database_url, seed=6) as mirror:
        mirror.backoff_seconds = 0.0
        _order(mirror, ORDERS[fault])
        await mirror.run(Pass.POLL)
        mirror.sandbox.faults.clear()
        mirror.passes.clear()
        await mirror.run(Pass.POLL)
        assert (await mirror.run(Pass.RECONCILE)).state == "DONE"
        found = await mirror.differences()
        assert not found, summary(found)


async def test_what_follows_from_runs_is_concluded_though_the_pass_that_read_them_broke(
    database_url: str,
) -> None:
    async with rehearsal("data-gouv-fr", database_url, seed=6) as mirror:
        mirror.backoff_seconds = 0.0
        await mirror.run(Pass.RECONCILE)
        for _ in range(3):
            mirror.sandbox.advance(1)
            mirror.sandbox.faults.add(b'{"kind": "html-200", "path": "/items/", "after": 9}')
            assert (await mirror.run(Pass.POLL)).state == "FAILED"
            assert (await mirror.run(Pass.POLL)).state == "DONE"
            found = await mirror.differences()
            assert not found, summary(found)


@pytest.mark.parametrize("dialect", ["v17", "v16"])
async def test_a_list_that_is_refused_is_told_with_its_pass_and_costs_no_other(
    dialect: str, database_url: str
) -> None:
    async with rehearsal("data-gouv-fr", database_url, seed=6, dialect=dialect) as mirror:
        mirror.backoff_seconds = 0.0
        await mirror.run(Pass.RECONCILE)
        mirror.sandbox.advance(1)
        mirror.sandbox.faults.add(b'{"kind": "status-403", "path": "/jobs", "after": 2}')
        refused = await mirror.run(Pass.RECONCILE)
        assert refused.state == "INCOMPLETE"
        assert (refused.notice or "").startswith("Not proved complete: jobs of ")
        assert "403" in (refused.notice or "")
        told = await mirror.connection.fetchrow(
            "SELECT r.notice, p.notice AS failing FROM sync_run r JOIN portal p ON p.number = r.portal"
            " ORDER BY r.id DESC LIMIT 1"
        )
        assert tuple(told) == (refused.notice, None)
        await mirror.run(Pass.POLL)
        assert (await mirror.run(Pass.RECONCILE)).notice is None
        found = await mirror.differences()
        assert not found, summary(found)


class _Fatal(Silent):
    """Ends the pass right after records were committed."""

    def advanced(self, portal: str, stream: str, done: int, expected: int | None) -> None:
        if stream == "records":
            raise RuntimeError(portal, done, expected)


async def test_what_follows_from_runs_is_concluded_though_nothing_is_left_to_read(database_url: str) -> None:
    async with rehearsal("data-gouv-fr", database_url, seed=6) as mirror:
        await mirror.run(Pass.RECONCILE)
        for _ in range(3):
            mirror.sandbox.advance(1)
            with pytest.raises(RuntimeError):
                await mirror.run(Pass.POLL, progress=_Fatal())
            assert (await mirror.run(Pass.POLL)).state == "DONE"
            found = await mirror.differences()
            assert not found, summary(found)
