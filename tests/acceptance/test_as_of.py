"""What was known then: questions that were asked after each pass are asked again at the end, as of these passes."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from acceptance.hindsight import FROZEN, LISTS, NAMING, diary
from acceptance.syncing import rehearsal
from acceptance.wires import WIRES, Wire

from gateway.ports import Pass

PASSES = (
    (0, Pass.RECONCILE),
    (1, Pass.POLL),
    (3, Pass.RECONCILE),
    (400, Pass.RECONCILE),
)
"""Days that go by before each pass, and how much it reads; in the end the portals have purged what was."""
ALL = os.environ.get("GATEWAY_TRUTH") == "all"


@pytest.mark.parametrize("wire", WIRES if ALL else (WIRES[0], WIRES[3]), ids=str)
async def test_what_was_answered_then_is_answered_again(wire: Wire, database_url: str) -> None:
    async with (
        rehearsal(wire.adapter, database_url, seed=4, dialect=wire.dialect, settings=wire.settings) as mirror,
        diary(mirror, database_url) as written,
    ):
        began = mirror.sandbox.clock()
        for days, kind in PASSES:
            await written.write(days, kind)
        last = written.then[-1][1]
        for at, then in written.then:
            again = await written.read(at)
            for list_ in LISTS:
                assert again[list_].keys() == then[list_].keys(), (list_, at)
                assert _differences(then[list_], again[list_]) == {}, (list_, at)
            for list_ in FROZEN:
                assert list(again[list_]) == list(then[list_]), (list_, at)
                differ = {key: settled(row, again[list_][key]) for key, row in then[list_].items()}
                assert not any(differ.values()), (list_, at)
        for list_ in LISTS:
            moved = sum(then[list_] != last[list_] for _, then in written.then)
            assert moved or list_ == "harvestBackends", f"{list_} did not move, so nothing was tried"
        assert not any((await written.read(began - timedelta(seconds=1))).values())


def settled(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    """Return where a frozen row differs from what it was: one that has changed since tells no more than its name."""
    unknown = other.get("status", other.get("severity")) == "UNKNOWN"
    told = NAMING if unknown else one.keys()
    return {name: (one[name], other[name]) for name in told if name in one and one[name] != other[name]}


def _differences(then: Mapping[str, Any], again: Mapping[str, Any]) -> dict[str, Any]:
    return {
        key: {name: (row[name], again[key][name]) for name in row if row[name] != again[key][name]}
        for key, row in then.items()
        if row != again[key]
    }
