"""Time in the Data.gov-style world: which runs start when, what is founded, renamed, rescheduled and deleted."""

from __future__ import annotations

import heapq
from random import Random

from gateway.sandbox import dice
from gateway.sandbox.changes_cast import Source, valid
from gateway.sandbox.changes_catalogue import Catalogue, Step
from gateway.sandbox.changes_faults import Faults
from gateway.sandbox.changes_fortunes import BARREN, Desk, Fortunes, complaints
from gateway.sandbox.changes_happenings import HAPPENINGS, history, surprises
from gateway.sandbox.changes_harvest import Harvester, Pace
from gateway.sandbox.changes_ids import Ids
from gateway.sandbox.changes_log import ErrorLog, RecordLog
from gateway.sandbox.changes_publishers import BLOCK, INTERVALS, Publishers
from gateway.sandbox.changes_runs import ENDLESS, JobFault, Outcome, Run
from gateway.sandbox.changes_time import DAY, HOUR, MINUTE, NEVER, SECOND

_FEW = 60
"""Runs with fewer rows than that take their time over each: remote catalogues are slow to answer."""
_CODES = 20
"""Bits of a run's number among those of its source."""


class Timeline:
    """Lets the world happen in the order of time, once, as far as it is asked for."""

    def __init__(self, seed: int, scale: int, epoch: int) -> None:
        self.seed = seed
        self.scale = scale
        self.epoch = epoch
        self.publishers = Publishers(seed, scale, epoch)
        self.log = RecordLog()
        self.errors = ErrorLog()
        self.job_errors: list[JobFault] = []
        self.runs: list[Run] = []
        self.desks: list[Desk] = []
        self.run_ids = Ids(seed, "job")
        self.reached = epoch
        self._numbers: dict[int, int] = {}
        self._queue: list[tuple[int, int, str, int]] = []
        self._ticket = 0
        self._fortunes = Fortunes(seed, epoch, self.publishers.sources)
        self._harvester = Harvester(self.log, self.errors, Faults(seed))
        self._remember()
        self._until(epoch)

    def extend(self, until: int) -> None:
        """Let everything before *until* (and some more) happen."""
        while self.reached <= until:
            day = (self.reached - self.epoch) // DAY
            for block in range(self.scale):
                for offset, word in surprises(self.seed, day, block):
                    self._push(self.reached + offset, word, block)
            self._until(self.reached + DAY)

    def run_of(self, native: str) -> Run | None:
        """Return the run of an id."""
        number = self.run_ids.index(native)
        place = None if number is None else self._numbers.get(number)
        return None if place is None else self.runs[place]

    # The past

    def _remember(self) -> None:
        for source in self.publishers.sources:
            self._open(source, history(self.seed, source, self.epoch))

    def _open(self, source: Source, due: list[tuple[int, str]]) -> Desk:
        desk = Desk(source, Catalogue(source), due[::-1])
        self.desks.append(desk)
        self._book(desk, due[0][0] - HOUR)
        return desk

    def _until(self, end: int) -> None:
        self.reached = end
        while self._queue and self._queue[0][0] < end:
            at, _, word, number = heapq.heappop(self._queue)
            if word == "run":
                self._start(self.runs[number])
            else:
                HAPPENINGS[word](self, at, number)

    def _push(self, at: int, word: str, number: int) -> None:
        self._ticket += 1
        heapq.heappush(self._queue, (at, self._ticket, word, number))

    # What happenings use

    def idle(self, block: int, at: int) -> list[Desk]:
        """Return the desks of a block where nothing runs around an instant, in an order of that instant."""
        first = dice.number(self.seed, "idle", block, at) % BLOCK
        last = self.desks[BLOCK * self.scale + block :: self.scale]
        desks = self.desks[block * BLOCK : (block + 1) * BLOCK]
        return [d for d in [*desks[first:], *desks[:first], *last] if self._quiet(d, at)]

    def _quiet(self, desk: Desk, at: int) -> bool:
        if desk.source.gone <= at or desk.source.slow or desk.source.late or desk.idle > at - HOUR:
            return False
        return desk.upcoming is None or desk.upcoming.scheduled > at + 3 * HOUR

    def trigger(self, desk: Desk, at: int, kind: str) -> None:
        """Let somebody start a run by hand."""
        self._queued(self._add(desk, kind, at, at))

    def reschedule(self, desk: Desk, at: int) -> None:
        """Withdraw the upcoming run and schedule another."""
        if desk.upcoming is not None:
            desk.upcoming.gone = at
            desk.upcoming = None
            desk.grid = at - (at - self.epoch) % DAY + desk.source.offset
            self._book(desk, at)

    def close(self, desk: Desk, at: int) -> None:
        """Delete a source with everything that hangs on it."""
        desk.source.gone = at
        desk.upcoming = None

    def open(self, source: Source, at: int) -> None:
        """Take a new source in and schedule its first run."""
        self._open(source, [(at + HOUR, "harvest")])

    # Runs

    def _book(self, desk: Desk, at: int) -> None:
        """Schedule the next run of a source, announced at an instant."""
        kind = "harvest"
        interval = INTERVALS[valid(desk.source.frequencies, at)]
        if desk.due:
            due, kind = desk.due.pop()
        elif interval == NEVER:
            return
        else:
            due = desk.grid + interval
            due += max(0, (at - due) // interval + 1) * interval
        desk.grid = due
        run = self._add(desk, kind, due, at)
        if kind == "harvest":
            desk.upcoming = run
        self._queued(run)

    def _add(self, desk: Desk, kind: str, scheduled: int, announced: int) -> Run:
        desk.codes += 1
        number = desk.source.index << _CODES | desk.codes
        run = Run(
            index=len(self.runs),
            source=desk.source.index,
            code=desk.codes,
            id=self.run_ids.of(number),
            kind=kind,
            announced=announced,
            scheduled=scheduled,
        )
        self._numbers[number] = run.index
        self.runs.append(run)
        desk.runs.append(run.index)
        return run

    def _queued(self, run: Run) -> None:
        self._push(run.scheduled, "run", run.index)

    def _start(self, run: Run) -> None:
        desk = self.desks[run.source]
        if run.gone <= run.scheduled or desk.source.gone <= run.scheduled:
            return
        if run is desk.upcoming:
            desk.upcoming = None
        run.outcome = self._fortunes.outcome(desk, run)
        if run.outcome is Outcome.ABANDONED:
            return
        delay = dice.between(5, 150, self.seed, "delay", run.source, run.code)
        run.started = run.scheduled + (4 * MINUTE if desk.source.late else delay * SECOND)
        run.started += dice.number(self.seed, "fraction", run.source, run.code) % SECOND
        regular = run.kind == "harvest" or bool(desk.due)
        self._perform(desk, run)
        self._fortunes.age(run)
        desk.idle = max(desk.idle, run.started + HOUR if run.outcome in ENDLESS else run.finished)
        if regular and desk.upcoming is None:
            self._book(desk, run.started + MINUTE if run.outcome in ENDLESS else run.finished)

    def _perform(self, desk: Desk, run: Run) -> None:
        chance = dice.stream(self.seed, "run", run.source, run.code)
        extract = int(SECOND * chance.uniform(6, 45))
        last = run.started + extract
        if run.outcome is Outcome.COMPARE:
            run.total = desk.catalogue.total
        if run.outcome not in BARREN:
            last = self._write(desk, run, last, chance)
        run.finished = last + int(SECOND * chance.uniform(0.5, 5))
        if run.outcome is Outcome.STUCK:
            run.finished = NEVER
        if run.outcome is Outcome.CLEANED:
            run.finished = run.started + int(DAY * chance.uniform(2.5, 8))
        if run.outcome in ENDLESS:
            desk.hung = run.finished
        self.job_errors += complaints(run, chance)

    def _write(self, desk: Desk, run: Run, first: int, chance: Random) -> int:
        catalogue = desk.catalogue
        step = SECOND * chance.uniform(0.3, 0.8)
        if run.kind == "validate":
            return self._harvester.validate(run, catalogue, Pace(first, step))
        steps = self._steps(run, catalogue, chance)
        if len(steps) < _FEW:
            step *= 8
        if desk.source.slow:
            end = run.scheduled + DAY - desk.source.offset + int(MINUTE * chance.uniform(15, 45))
            step = (end - first) / (len(steps) + 2)
            return max(end, self._harvester.work(run, catalogue, steps, Pace(first, step), chance))
        return self._harvester.work(run, catalogue, steps, Pace(first, step), chance)

    def _steps(self, run: Run, catalogue: Catalogue, chance: Random) -> list[Step]:
        if run.kind == "clear":
            return catalogue.clear(chance)
        if run.kind == "force_harvest" and catalogue.begun:
            return catalogue.force()
        return catalogue.harvest(chance)
