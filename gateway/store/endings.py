"""What the ends of scopes mean: what is gone, what waits for somebody's word, what has been read whole.

Drawn for all scopes of a unit at once, so that many small scopes cost no more than a large one.
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from gateway.model.enums import Cause
from gateway.ports import Scope
from gateway.store import absence, membership, quarantine, recognising, scopes
from gateway.store.absence import Cap, Standing
from gateway.store.bookkeeping import Run
from gateway.store.membership import Ended, Missing
from gateway.store.parts import Part
from gateway.store.staging import Connection


@dataclass(frozen=True, slots=True)
class Conclusions:
    """What the ends of a unit's scopes, all of one stream, would change; false where they change nothing."""

    stream: str
    missing: Sequence[Missing]
    covers: Sequence[str]
    """Keys of scopes read whole for the first time."""
    cursors: Sequence[str]
    """Keys of scopes whose stored cursor has been used up."""
    ended: Sequence[int]
    """Held or rejected deletions (their ids) of other rows than those that are missing now."""
    cleared: Sequence[str]
    """Keys of scopes read whole and well that no longer show something that lies in quarantine."""
    loaded: Sequence[tuple[Scope, int]]
    """On a first load: how many elements each scope brought."""

    @property
    def settled(self) -> frozenset[str]:
        """Return the keys of scopes of which something is over: read whole at last, gone, or out of quarantine."""
        return frozenset((*self.covers, *self.cleared, *(each.scope.key for each in self.missing)))

    def __bool__(self) -> bool:
        """Whether anything would change."""
        return bool(self.missing or self.covers or self.cursors or self.ended or self.cleared or self.loaded)


async def weigh(
    connection: Connection, run: Run, parts: Sequence[Part], cap: Cap, *, same: Container[str] = ()
) -> Conclusions:
    """Return what the ends among *parts* mean, of which the scopes *same* miss nothing; nothing is written."""
    portal, stream = run.portal, parts[0].scope.stream if parts else ""
    ended = [(part, part.end) for part in parts if part.end is not None]
    keys = [part.scope.key for part, _ in ended]
    proved = [part.scope.key for part, end in ended if part.seen is not None and end.proved]
    covers = list(dict.fromkeys(key for _, end in ended for key in end.covers))
    missing = await membership.missing(
        connection,
        portal,
        [Ended(part.scope, end, part.seen) for part, end in ended if part.scope.key not in same],
    )
    standing = await absence.standing(connection, portal, stream, proved) if proved else ()
    missing, others = _judge(missing, standing, cap)
    return Conclusions(
        stream=stream,
        missing=missing,
        covers=await scopes.unread(connection, portal, stream, covers) if covers else (),
        cursors=await scopes.stopped(connection, portal, stream, keys) if keys else (),
        ended=others,
        cleared=await quarantine.unseen(connection, portal, stream, proved, run.started_at) if proved else (),
        loaded=[(part.scope, part.loaded) for part, _ in ended if part.loaded],
    )


def _judge(
    missing: Sequence[Missing], standing: Sequence[Standing], cap: Cap
) -> tuple[list[Missing], list[int]]:
    """Return what is missing and was not judged before, and the *standing* words that are of other rows.

    The very rows that wait for somebody's word go on waiting, and those that somebody kept are kept.
    """
    found = {each.scope.key: each for each in missing if each.members is not None}
    judged, ended = set(), []
    for word in standing:
        now = found.get(word.scope)
        if now is not None and word.keys == set(now.keys) and (word.rejected or now.is_held(cap)):
            judged.add(word.scope)
        else:
            ended.append(word.id)
    return [each for each in missing if each.members is None or each.scope.key not in judged], ended


async def draw(
    connection: Connection,
    run: Run,
    found: Conclusions,
    marks: Mapping[str, bytes],
    *,
    cap: Cap,
    now: datetime,
) -> int:
    """Bury what is missing or hold it above the cap, note what has been read; return how many rows are gone.

    *marks* are those of scopes read whole, by their keys.
    """
    gone = 0
    if found.ended:
        await absence.end(connection, found.ended, now)
    for missing in found.missing:
        if missing.members is not None and missing.is_held(cap):
            await absence.hold(connection, missing.scope, missing.keys, missing.members, run=run, now=now)
        else:
            gone += await absence.bury(connection, missing.scope.member, missing.keys, now)
    if found.covers:
        await scopes.cover(connection, run, found.stream, found.covers, marks, now)
    if others := {key: mark for key, mark in marks.items() if key not in found.covers}:
        await recognising.note(connection, run.portal, found.stream, others)
    if found.cleared:
        await quarantine.release_unseen(
            connection, run.portal, found.stream, found.cleared, run.started_at, now
        )
    if found.cursors:
        await scopes.drop_cursors(connection, run.portal, found.stream, found.cursors)
    if found.loaded:
        await _tell_loaded(connection, run, found.loaded, now)
    return gone


async def _tell_loaded(
    connection: Connection, run: Run, loaded: Sequence[tuple[Scope, int]], now: datetime
) -> None:
    """Tell of each scope of a first load by one event: its rows have none of their own."""
    await connection.execute(
        """
        INSERT INTO stage_event (at, portal, run_id, cause, kind, entity_type, native_id, count)
        SELECT $1, $2, $3, $4, 'LOADED', l.type, nullif(l.key, ''), l.count
        FROM unnest($5::text[], $6::text[], $7::int[]) AS l (type, key, count)
        """,
        now,
        run.portal,
        run.id,
        Cause.BASELINE.value,
        [scope.member.value for scope, _ in loaded],
        [scope.key for scope, _ in loaded],
        [count for _, count in loaded],
    )
