"""What broken passes must not have done: call rows gone that the portal has, leave anything but the truth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from acceptance.mirror import Key, Row, differences, held
from acceptance.syncing import Rehearsal

from gateway.sandbox.portal import Step
from gateway.store.tables import ROWS

HERE = "PRESENT"


async def buried(mirror: Rehearsal, at: datetime) -> set[Key]:
    """Return the rows that the pass at *at* has called gone or expired."""
    found: set[Key] = set()
    for type_, model in ROWS.items():
        rows = await mirror.connection.fetch(
            f"SELECT native_id FROM {model.__tablename__} "
            "WHERE portal = $1 AND presence IN ('GONE', 'EXPIRED') AND removed_at = $2",
            mirror.number,
            at,
        )
        found.update((type_.value, row["native_id"]) for row in rows)
    return found


async def falsely_deleted(mirror: Rehearsal, at: datetime) -> list[Key]:
    """Return the rows that the pass at *at* has called gone and that the portal has."""
    gone = await buried(mirror, at)
    if not gone:
        return []
    shown = mirror.sandbox.world.truth([Step(at, "RECONCILE", mirror.sandbox.control.dialect)])
    here = {(row["type"], row["nativeId"]) for row in shown if row["presence"] == HERE}
    return sorted(gone & here)


@dataclass(slots=True)
class Judge:
    """Holds a mirror against the truth, pass after broken pass.

    What only a broken pass has seen is known to no mirror that was never broken. Such a row is excused where the portal
    did have it then and has it no more, or still has it, as it was, and no pass asks for it any more; so is the dataset
    of such a record. A dataset that no record names any more keeps the state that was last concluded: one that a broken
    pass concluded, which had read a new run and not yet that older ones name it no longer, is excused.
    """

    mirror: Rehearsal
    broken: list[Step] = field(default_factory=list)
    """Broken passes since the last one that was not."""
    shown: dict[Key, Row] = field(default_factory=dict)
    """What the portal had when passes were broken, of that which no truth tells."""
    past: list[tuple[int, Step]] = field(default_factory=list)
    """All broken passes, each with the number of whole ones before it."""

    def pass_broke(self) -> None:
        """Note that a pass at this time was broken."""
        mirror = self.mirror
        step = Step(mirror.sandbox.clock(), "RECONCILE", mirror.sandbox.control.dialect)
        self.broken.append(step)
        self.past.append((len(mirror.passes), step))

    async def differences(self) -> list[str]:
        """Return where the database differs from the truth, a sentence each."""
        world = self.mirror.sandbox.world
        found = await held(self.mirror.connection, self.mirror.portal.key)
        truth = {(row["type"], row["nativeId"]): row for row in world.truth(self.mirror.passes)}
        strange = {key for key, row in found.items() if row != truth.get(key) and _gone(truth.get(key))}
        if strange - self.shown.keys():
            for step in self.broken:
                rows = ((row["type"], row["nativeId"], row) for row in world.truth([step]))
                self.shown.update(
                    {(type_, name): row for type_, name, row in rows if (type_, name) in strange}
                )
        self.broken.clear()
        excused = {
            key for key in strange & self.shown.keys() if _gone(found[key]) or found[key] == self.shown[key]
        }
        excused |= {
            ("Dataset", found[key]["fields"]["dataset"]) for key in excused if key[0] == "HarvestRecord"
        }
        excused |= {key for key in strange if key in truth and _rests_on_another(found[key], truth[key])}
        wrong = {key for key in found.keys() & truth.keys() - excused if found[key] != truth[key]}
        excused |= self._read_once_more({key: found[key] for key in wrong})
        kept = {key: row for key, row in found.items() if key not in excused}
        return list(differences(kept, (row for key, row in truth.items() if key not in excused)))

    def _read_once_more(self, rows: Mapping[Key, Row]) -> set[Key]:
        """Return which of *rows* a mirror would hold so to which one of the broken passes, or all, were whole."""
        excused: set[Key] = set()
        for broken in [*([one] for one in self.past), self.past] if rows else ():
            passes = list(self.mirror.passes)
            for place, step in reversed(broken):
                passes.insert(place, step)
            for row in self.mirror.sandbox.world.truth(passes):
                key = row["type"], row["nativeId"]
                if rows.get(key) == row:
                    excused.add(key)
        return excused


def _rests_on_another(found: Row, shown: Row) -> bool:
    """Whether a dataset is gone, and differs in the state that was last concluded of it alone."""
    if found["type"] != "Dataset" or not _gone(found):
        return False
    concluded = ("state", "state_job")
    fields = [{**row["fields"], **dict.fromkeys(concluded)} for row in (found, shown)]
    return fields[0] == fields[1] and found["presence"] == shown["presence"]


def _gone(row: Row | None) -> bool:
    return row is None or row["presence"] in {"GONE", "EXPIRED"}
