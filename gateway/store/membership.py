"""What the ends of scopes prove: which rows each held and did not name, for all scopes of a unit at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.model.enums import EntityType
from gateway.ports import End, Scope
from gateway.store.absence import Cap, Seen
from gateway.store.staging import Connection
from gateway.store.tables import ROWS

_STREAMS_OF_ERRORS = {
    "errors": " AND t.native_severity IS NOT NULL",
    "job_errors": " AND t.native_severity IS NULL AND t.record_id IS NULL",
}
"""Where a portal lists the errors of records and of jobs apart, only the former have a severity."""

WITHIN = {EntityType.HARVEST_SOURCE: "source_id", EntityType.HARVEST_JOB: "job_id"}
"""The column of a row that names what it lies within."""

_PRESENT = "presence IN ('PRESENT', 'DELETED')"


@dataclass(frozen=True, slots=True)
class Ended:
    """A scope that has been read to its end, and what it named where that may prove absence."""

    scope: Scope
    end: End
    seen: Seen | None

    @property
    def proof(self) -> Seen | None:
        """Return what was named, where all else is absent."""
        proves = self.scope.whole and self.end.proved and not self.end.vanished
        return self.seen if proves and self.seen is not None and self.seen.newest_key else None


@dataclass(frozen=True, slots=True)
class Missing:
    """Rows that a scope proves absent."""

    scope: Scope
    keys: Sequence[int]
    members: int | None
    """How many rows the scope held; None where each was proved absent on its own, so that no cap applies."""

    def is_held(self, cap: Cap) -> bool:
        """Return whether it is too much to go without somebody's word."""
        return self.members is not None and cap.holds(len(self.keys), self.members)


def shown(stream: str) -> str:
    """Return the condition on rows that a scope of *stream* is to name, to be put behind their table's name."""
    return f"{_PRESENT}{_STREAMS_OF_ERRORS.get(stream, '')}"


async def missing(connection: Connection, portal: int, ended: Sequence[Ended]) -> list[Missing]:
    """Return the rows that the ends of scopes, all of one stream, prove absent."""
    within = await _within(connection, portal, [each for each in ended if each.proof and each.scope.within])
    found = []
    for each in ended:
        if each.end.vanished:
            found.append(Missing(each.scope, await _vanished(connection, portal, each), None))
        elif (seen := each.proof) is not None:
            held = within if each.scope.within else await _all(connection, portal, each.scope)
            members = [key for key in held.get(each.scope.key, ()) if key <= seen.newest_key]
            found.append(Missing(each.scope, seen.missing(members), len(members)))
    return [each for each in found if each.keys]


async def _vanished(connection: Connection, portal: int, ended: Ended) -> list[int]:
    """Return the keys of the rows that the portal itself says are no more."""
    rows = await connection.fetch(
        f"SELECT id FROM {ROWS[ended.scope.member].__tablename__} WHERE portal = $1 AND native_id = ANY ($2) "
        f"AND {_PRESENT}",
        portal,
        list(ended.end.vanished),
    )
    return [row["id"] for row in rows]


async def _all(connection: Connection, portal: int, scope: Scope) -> dict[str, list[int]]:
    """Return the keys of the rows of a list of the whole portal, by the scope's key."""
    rows = await connection.fetch(
        f"SELECT t.id FROM {ROWS[scope.member].__tablename__} t WHERE t.portal = $1 AND t.{shown(scope.stream)}",
        portal,
    )
    return {scope.key: [row["id"] for row in rows]}


async def _within(connection: Connection, portal: int, ended: Sequence[Ended]) -> dict[str, list[int]]:
    """Return the keys of the rows that scopes within others hold, by the scope's key."""
    found: dict[str, list[int]] = {}
    for stream, member, within in {
        (each.scope.stream, each.scope.member, each.scope.within) for each in ended
    }:
        assert within is not None, "these lie within others"
        rows = await connection.fetch(
            f"""
            SELECT p.native_id, array_agg(t.id) AS keys FROM {ROWS[within].__tablename__} p
            JOIN {ROWS[member].__tablename__} t ON t.{WITHIN[within]} = p.id
            WHERE p.portal = $1 AND p.native_id = ANY ($2) AND t.{shown(stream)}
            GROUP BY p.native_id
            """,
            portal,
            [each.scope.key for each in ended],
        )
        found.update({row["native_id"]: row["keys"] for row in rows})
    return found
