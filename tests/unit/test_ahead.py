"""Scopes that are asked for before their turn: read in their order, and left alone when a pass ends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from gateway.errors import PortalUnavailable
from gateway.model.enums import EntityType
from gateway.ports import End, Page, Scope
from gateway.sync.ahead import LARGE, Ahead, Begun


class Portal:
    """A portal whose pages wait until they are let go; it notes what is asked for and what is closed."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.closed: list[str] = []
        self.open = asyncio.Event()

    async def pages(self, key: str, *, fails: bool = False) -> AsyncIterator[Page | End]:
        """Yield one page of the scope *key*, and its end."""
        try:
            self.asked.append(key)
            await self.open.wait()
            if fails:
                raise PortalUnavailable("It is away.", portal="toy", endpoint=key)
            yield Page([], total=len(key))
            yield End(proved=True, reason=key)
        finally:
            self.closed.append(key)

    def begun(self, key: str, *, at_once: bool = True, fails: bool = False) -> Begun:
        """Return the reading of a scope that has begun."""
        scope = Scope("records", EntityType.HARVEST_RECORD, key)
        return Begun(scope, None, self.pages(key, fails=fails), at_once=at_once)


async def _read(begun: Begun) -> list[Page | End]:
    return [item async for item in begun.items()]


async def test_what_is_asked_for_at_once_is_read_in_its_turn() -> None:
    portal, ahead = Portal(), Ahead(2)
    for key in ("a", "b", "c"):
        ahead.add(portal.begun(key))
    await asyncio.sleep(0)
    assert portal.asked == ["a", "b", "c"]
    portal.open.set()
    due = list(ahead.due(ahead.most))
    assert [begun.scope.key for begun in due] == ["a"]
    assert await _read(due[0]) == [Page([], total=1), End(proved=True, reason="a")]
    assert [begun.scope.key for begun in ahead.due(0)] == ["b", "c"]


async def test_what_is_not_asked_for_at_once_is_asked_for_in_its_turn() -> None:
    portal = Portal()
    portal.open.set()
    begun = portal.begun("a", at_once=False)
    await asyncio.sleep(0)
    assert portal.asked == []
    assert len(await _read(begun)) == 2


async def test_what_fails_before_its_turn_is_told_in_its_turn() -> None:
    portal, ahead = Portal(), Ahead(1)
    portal.open.set()
    ahead.add(portal.begun("a"))
    ahead.add(portal.begun("b", fails=True))
    first, second = ahead.due(0)
    assert len(await _read(first)) == 2
    with pytest.raises(PortalUnavailable, match="It is away"):
        await _read(second)


async def test_a_scope_without_anything_brings_nothing() -> None:
    async def nothing() -> AsyncIterator[Page | End]:
        for item in ():
            yield item

    begun = Begun(Scope("records", EntityType.HARVEST_RECORD), None, nothing(), at_once=True)
    assert await _read(begun) == []


async def test_what_is_given_up_is_closed_whether_it_waits_or_has_come() -> None:
    portal, ahead = Portal(), Ahead(3)
    ahead.add(portal.begun("waits"))
    await asyncio.sleep(0)
    portal.open.set()
    ahead.add(portal.begun("fails", fails=True))
    ahead.add(portal.begun("is there"))
    await asyncio.sleep(0)
    portal.open.clear()
    ahead.add(portal.begun("waits still"))
    await asyncio.sleep(0)
    await ahead.give_up()
    assert sorted(portal.closed) == ["fails", "is there", "waits", "waits still"]
    assert list(ahead.due(0)) == []


def test_what_depends_on_others_or_is_large_is_read_with_nothing_beside_it() -> None:
    scope = Scope("records", EntityType.HARVEST_RECORD, "a", apart=True)
    ahead = Ahead(2)
    assert [ahead.beside(replace(scope, total=total)) for total in (None, 0, LARGE, LARGE + 1)] == [
        2,
        2,
        2,
        0,
    ]
    assert ahead.beside(replace(scope, apart=False)) == 0
    assert Ahead(0).beside(scope) == 0
