"""What a run of the Data.gov-style world writes: rows, errors and counters, as it walks through a catalogue."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from gateway.sandbox.changes_catalogue import Catalogue, Deed, Step
from gateway.sandbox.changes_faults import Faults
from gateway.sandbox.changes_log import Action, ErrorLog, Fate, RecordLog, Special, Trouble
from gateway.sandbox.changes_runs import BROKEN_OFF, Run
from gateway.sandbox.changes_time import SECOND

_SPECIAL = {Deed.DOUBLE: Special.DOUBLE, Deed.NAMELESS: Special.NAMELESS}


@dataclass(slots=True)
class Pace:
    """When a run writes: its first row and the mean distance of two, in microseconds."""

    first: int
    step: float


class Harvester:
    """Writes what runs do to catalogues into the logs, row after row."""

    def __init__(self, log: RecordLog, errors: ErrorLog, faults: Faults) -> None:
        self.log = log
        self.errors = errors
        self.faults = faults

    def work(self, run: Run, catalogue: Catalogue, steps: list[Step], pace: Pace, chance: Random) -> int:
        """Do *steps* and return the instant at which the last row is settled; broken-off runs stop early."""
        run.first_row, run.first_error = len(self.log), len(self.errors)
        run.total = catalogue.total
        cut = len(steps)
        if run.outcome in BROKEN_OFF and steps:
            cut = max(1, int(cut * chance.uniform(0.2, 0.9)))
        now = last = pace.first
        for place, (slot, deed) in enumerate(steps[:cut]):
            now += int(pace.step * (0.5 + chance.random()))
            unfinished = run.outcome in BROKEN_OFF and 0 < place == cut - 1
            took = int(min(pace.step, SECOND) * (0.3 + 2 * chance.random())) + 1000
            self._step(run, catalogue, slot, deed, unfinished, chance, now, took)
            last = max(last, now + took)
        run.rows, run.errors = len(self.log) - run.first_row, len(self.errors) - run.first_error
        run.ignored = max(0, run.total - run.added - run.updated - run.errored) if cut == len(steps) else 0
        return last

    def validate(self, run: Run, catalogue: Catalogue, pace: Pace) -> int:
        """Do a validation: errors without rows; return when the last one was written."""
        run.first_row, run.first_error = len(self.log), len(self.errors)
        now = pace.first
        for slot in catalogue.broken:
            rev = catalogue.rev[slot]
            for nth in range(self.faults.number(catalogue.source, slot, rev)):
                now += int(pace.step)
                self.errors.add(now, run.index, -1, slot, rev, Trouble.VALIDATION, nth)
            run.errored += 1
        run.validated = len(catalogue) - run.errored
        run.errors = len(self.errors) - run.first_error
        return now

    def _step(
        self,
        run: Run,
        catalogue: Catalogue,
        slot: int,
        deed: Deed,
        unfinished: bool,
        chance: Random,
        now: int,
        took: int,
    ) -> None:
        if deed is Deed.UNREADABLE:
            run.errored += 1
            self.errors.add(now, run.index, -1, slot, 0, Trouble.UNREADABLE, 0)
            return
        if deed in _SPECIAL:
            run.errored += 1
            row = self.log.add(run.index, slot, 0, -1, Action.NONE, Fate.ERROR, _SPECIAL[deed])
            self.errors.add(now + took // 2, run.index, row, slot, 0, Trouble.FAULT, 0)
        elif deed in {Deed.DELETE, Deed.DELETE_AGAIN}:
            row = self._delete(run, catalogue, slot, deed, chance)
        else:
            row = self._publish(run, catalogue, slot, deed, unfinished, chance)
            self._trouble(run, catalogue, row, chance, now, took)
        self.log.created[row], self.log.took[row] = now, took

    def _delete(self, run: Run, catalogue: Catalogue, slot: int, deed: Deed, chance: Random) -> int:
        log, live = self.log, catalogue.live[slot]
        clear = run.kind == "clear"
        stuck = not clear and chance.random() < (0.9 if deed is Deed.DELETE_AGAIN else 0.02)
        fate = Fate.PENDING if stuck else Fate.SUCCESS
        row = log.add(run.index, slot, log.rev[live], live, Action.DELETE, fate, Special.NO)
        run.deleted += 1
        if not clear:
            catalogue.drop(slot)
        if stuck:
            catalogue.leaving[slot] = None
        else:
            log.supersede(catalogue.last[slot], row)
            catalogue.live[slot] = -1
            catalogue.leaving.pop(slot, None)
            if catalogue.listed(slot):
                catalogue.retry.pop(slot, None)
                catalogue.waiting[slot] = None
        catalogue.last[slot] = row
        return row

    def _publish(
        self, run: Run, catalogue: Catalogue, slot: int, deed: Deed, unfinished: bool, chance: Random
    ) -> int:
        log, before = self.log, catalogue.last[slot]
        create = catalogue.live[slot] < 0
        if deed in {Deed.UPDATE, Deed.MEND}:
            catalogue.rev[slot] += 1
        fate = self._fate(catalogue, slot, deed, unfinished, chance)
        action = Action.CREATE if create else Action.UPDATE
        row = log.add(run.index, slot, catalogue.rev[slot], before, action, fate, Special.NO)
        catalogue.last[slot] = row
        self._count(run, create, fate, twice=catalogue.source.iso)
        if fate is Fate.ERROR:
            catalogue.broken[slot] = None
            return row
        catalogue.broken.pop(slot, None)
        if fate is Fate.SUCCESS:
            log.supersede(before, row)
            catalogue.live[slot] = row
        state = catalogue.waiting if create else catalogue.retry
        if fate is Fate.SUCCESS:
            state.pop(slot, None)
        else:
            state[slot] = None
        return row

    def _fate(self, catalogue: Catalogue, slot: int, deed: Deed, unfinished: bool, chance: Random) -> Fate:
        if unfinished:
            return Fate.UNFINISHED if chance.random() < 0.6 else Fate.PENDING
        if deed is Deed.REPEAT:
            return Fate.ERROR
        roll = chance.random()
        fresh = deed is Deed.UPDATE or (deed is Deed.CREATE and catalogue.last[slot] < 0)
        if fresh and roll < 0.04 and not catalogue.source.tidy:
            return Fate.ERROR
        return Fate.PENDING if roll > 0.996 else Fate.SUCCESS

    def _count(self, run: Run, create: bool, fate: Fate, *, twice: bool) -> None:
        """Count a row; *twice*: one that got stuck counts as what was done and as an error."""
        if fate is Fate.UNFINISHED:
            return
        run.errored += fate is not Fate.SUCCESS
        run.validated += fate is not Fate.ERROR
        if fate is Fate.SUCCESS or (twice and fate is Fate.PENDING):
            run.added += create
            run.updated += not create

    def _trouble(self, run: Run, catalogue: Catalogue, row: int, chance: Random, now: int, took: int) -> None:
        """Write the errors or warnings of a row; a row that got stuck has none."""
        log, source = self.log, catalogue.source
        slot, rev, fate = log.slot[row], log.rev[row], log.fate(row)
        if fate == Fate.ERROR:
            number = self.faults.number(source, slot, rev)
            for nth in range(number):
                created = now + took * (nth + 1) // (number + 1)
                self.errors.add(created, run.index, row, slot, rev, Trouble.FAULT, nth)
        elif fate == Fate.SUCCESS:
            limit = 0.1 if source.three else 0.06 if source.iso else 0.01
            if chance.random() < limit:
                run.warned += 1
                for nth in range(1 + (source.three and rev % 2)):
                    created = now + took * (nth + 1) // 4
                    self.errors.add(created, run.index, row, slot, rev, Trouble.WARNING, nth)
