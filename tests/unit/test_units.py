"""When units are due, which comes first, and that a worker waits for another without a word."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from gateway.errors import DatabaseUnavailable, LeaseHeld, LeaseLost
from gateway.ports import Pass
from gateway.sync.progress import RunSummary
from gateway.sync.units import Duty, Outlook, Rhythm, Unit, Units, first, outlook

RHYTHM = Rhythm(poll=300.0, reconcile=86_400.0)
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def summary(state: str = "DONE", *, baseline: bool = False, resumes_at: datetime | None = None) -> RunSummary:
    return RunSummary("p", "POLL", state, baseline, 1, 0.1, {}, None, resumes_at)


def after(kind: Pass, ended: RunSummary, *, failures: int = 0, **given: float | None) -> Outlook:
    usual: dict[str, float | None] = {"resumes": None, "reconciled": 3600.0, **given}
    return outlook(
        kind, ended, RHYTHM, failures=failures, resumes=usual["resumes"], reconciled=usual["reconciled"]
    )


@pytest.mark.parametrize("state", ["DONE", "INCOMPLETE"])
@pytest.mark.parametrize("kind", list(Pass))
def test_a_pass_that_ended_well_moves_both_units(kind: Pass, state: str) -> None:
    assert after(kind, summary(state)) == Outlook({Pass.POLL: 300.0, Pass.RECONCILE: 82_800.0})


def test_a_reconcile_that_is_overdue_by_the_portals_clock_is_due_at_once() -> None:
    assert after(Pass.POLL, summary(), reconciled=90_000.0).seconds[Pass.RECONCILE] == 0.0


def test_there_is_no_reconcile_while_the_first_load_is_unfinished() -> None:
    assert after(Pass.POLL, summary(), reconciled=None).seconds[Pass.RECONCILE] is None


def test_a_first_load_that_was_rationed_goes_on_at_once() -> None:
    found = after(Pass.POLL, summary("INCOMPLETE", baseline=True), failures=3, reconciled=None)
    assert found == Outlook({Pass.POLL: 1.0})


@pytest.mark.parametrize("baseline", [True, False])
def test_a_pass_whose_limit_is_used_up_goes_on_when_the_portal_allows_more(*, baseline: bool) -> None:
    ended = summary("INCOMPLETE", baseline=baseline, resumes_at=NOON)
    assert after(Pass.RECONCILE, ended, resumes=1800.0) == Outlook({Pass.RECONCILE: 1800.0}, 1)


def test_a_portal_that_asks_to_be_left_alone_is_left_alone() -> None:
    assert after(Pass.POLL, summary("FAILED"), resumes=900.0).seconds == {Pass.POLL: 900.0}


def test_a_unit_that_fails_is_tried_again_after_longer_and_longer_pauses() -> None:
    waits = [after(Pass.POLL, summary("FAILED"), failures=n).seconds[Pass.POLL] for n in range(7)]
    assert waits == [10.0, 20.0, 40.0, 80.0, 160.0, 300.0, 300.0]
    assert RHYTHM.backoff(Pass.RECONCILE, 10_000) == RHYTHM.reconcile


def test_of_what_is_due_the_reconcile_comes_first_and_spares_the_poll() -> None:
    poll, reconcile = Duty(Unit("a", Pass.POLL), -50.0), Duty(Unit("a", Pass.RECONCILE), -1.0)
    other = Duty(Unit("b", Pass.POLL), 20.0)
    assert first([poll, other, reconcile]) == [reconcile, other]
    assert first([poll, Duty(Unit("a", Pass.RECONCILE), 1.0)]) == [poll]


class Fake:
    """Units whose doing goes as it was told; notes what was asked for."""

    def __init__(self, *outcomes: Exception | None, away: bool = False) -> None:
        self.outcomes = list(outcomes)
        self.away = away
        self.done: list[Unit] = []
        self.postponed: list[Unit] = []

    async def run(self, unit: Unit) -> RunSummary | None:
        self.done.append(unit)
        if outcome := self.outcomes.pop(0):
            raise outcome
        return None

    async def due(self, _: object) -> list[Duty]:
        return []

    async def postpone(self, unit: Unit) -> None:
        self.postponed.append(unit)
        if self.away:
            raise DatabaseUnavailable("Postgres is away.")

    async def do(self) -> None:
        await Units(self.run, self.due, self.postpone, heartbeat=0.01).do(UNIT)


UNIT = Unit("a", Pass.POLL)


async def test_while_another_worker_has_the_portal_the_unit_waits() -> None:
    fake = Fake(LeaseHeld("Another worker syncs this portal."), LeaseHeld("Still."), None)
    await fake.do()
    assert (len(fake.done), fake.postponed) == (3, [])


async def test_a_unit_that_another_worker_took_over_is_left_to_it() -> None:
    fake = Fake(LeaseLost("Taken."))
    await fake.do()
    assert (fake.done, fake.postponed) == ([UNIT], [])


@pytest.mark.parametrize("error", [DatabaseUnavailable("Away."), ValueError("a bug")])
@pytest.mark.parametrize("away", [False, True])
async def test_what_hinders_a_unit_is_noted_and_not_raised(error: Exception, *, away: bool) -> None:
    fake = Fake(error, away=away)
    await fake.do()
    assert fake.postponed == [UNIT]
