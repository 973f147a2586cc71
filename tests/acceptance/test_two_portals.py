"""Two portals of one kind in one database: what one of them holds, loses or says never touches the other."""

from __future__ import annotations

from contextlib import AsyncExitStack

from acceptance.mirror import summary
from acceptance.syncing import CONTENT, Rehearsal, rehearsal

from gateway.ports import Pass
from gateway.store.tables import ROWS

ADAPTER = "data-gouv-fr"
OTHER = "other-udata"


async def _equal(*mirrors: Rehearsal) -> None:
    for mirror in mirrors:
        found = await mirror.differences()
        assert not found, f"{mirror.portal.key}:\n{summary(found)}"


async def test_two_sites_with_the_same_ids_do_not_meet(database_url: str) -> None:
    """The second site is the first's twin, so that each of its ids is one of the first's, too."""
    async with AsyncExitStack() as stack:
        first = await stack.enter_async_context(rehearsal(ADAPTER, database_url, seed=7))
        second = await stack.enter_async_context(rehearsal(ADAPTER, database_url, seed=7, key=OTHER))
        assert first.number != second.number
        await first.run(Pass.RECONCILE)
        second.sandbox.advance(3)
        await second.run(Pass.RECONCILE)
        await _equal(first, second)

        second.sandbox.advance(20)
        gone = await second.run(Pass.RECONCILE)
        assert gone.streams["jobs"].gone or gone.streams["sources"].gone
        await _equal(first, second)

        before = await first.written()
        await first.run(Pass.RECONCILE)
        after = await first.written()
        assert {
            table: after[table] - before[table] for table in CONTENT if after[table] != before[table]
        } == {}


async def test_no_row_refers_to_another_portals_row(database_url: str) -> None:
    async with AsyncExitStack() as stack:
        for key, days in ((ADAPTER, 0), (OTHER, 1)):
            mirror = await stack.enter_async_context(rehearsal(ADAPTER, database_url, seed=8, key=key))
            mirror.sandbox.advance(days)
            await mirror.run(Pass.RECONCILE)
        found = await _crossing(mirror)
        assert found == []


async def _crossing(mirror: Rehearsal) -> list[str]:
    """Return the columns in which some row names a row of another portal."""
    found = []
    for model in ROWS.values():
        table = model.__table__  # type: ignore[attr-defined]
        for column in table.columns:
            if target := column.info.get("refers"):
                crossing = await mirror.connection.fetchval(
                    f"SELECT count(*) FROM {table.name} t JOIN {target} o ON o.id = t.{column.name} "
                    "WHERE o.portal <> t.portal"
                )
                if crossing:
                    found.append(f"{table.name}.{column.name}: {crossing}")
    return found
