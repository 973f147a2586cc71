"""Who waits for a portal is told once whom for, goes on as soon as it is free, and not for ever."""

from __future__ import annotations

import pytest

from gateway.errors import DatabaseUnavailable, LeaseHeld
from gateway.sync.patience import once_free


class Portal:
    """A portal that another process is at work on for so many looks."""

    def __init__(self, looks: float, error: type[Exception] = LeaseHeld) -> None:
        self.looks = looks
        self.error = error
        self.tried = 0
        self.told: list[str] = []

    async def attempt(self) -> str:
        self.tried += 1
        if self.tried <= self.looks:
            raise self.error("Another worker syncs this portal: there:1.")
        return "done"

    async def once_free(self, patience: float) -> str:
        return await once_free(
            self.attempt, patience=patience, told=lambda held: self.told.append(held.message), pause=0.001
        )


async def test_a_free_portal_is_nothing_to_tell() -> None:
    portal = Portal(0)
    assert (await portal.once_free(60.0), portal.tried, portal.told) == ("done", 1, [])


async def test_who_waits_is_told_once_and_goes_on() -> None:
    portal = Portal(3)
    assert await portal.once_free(60.0) == "done"
    assert (portal.tried, portal.told) == (4, ["Another worker syncs this portal: there:1."])


@pytest.mark.parametrize(("patience", "told"), [(0.0, 0), (0.01, 1)])
async def test_nobody_waits_for_ever(patience: float, told: int) -> None:
    portal = Portal(float("inf"))
    with pytest.raises(LeaseHeld, match="there:1"):
        await portal.once_free(patience)
    assert len(portal.told) == told


async def test_nothing_else_is_waited_for() -> None:
    portal = Portal(1, DatabaseUnavailable)
    with pytest.raises(DatabaseUnavailable):
        await portal.once_free(60.0)
    assert portal.tried == 1
