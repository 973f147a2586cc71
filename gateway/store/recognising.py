"""Which scopes bring what they brought before: told by fingerprints, without a look at what they bring.

A scope's mark is made of the fingerprints of its answers and of the rows that they led to. Where both are as they were,
each of its elements is stored as it is, and nothing of it is missing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field

from gateway.model.document import Document, digest
from gateway.store.membership import WITHIN, shown
from gateway.store.parts import Part
from gateway.store.staging import Connection
from gateway.store.tables import ROWS
from gateway.store.waiting import Name


@dataclass(frozen=True, slots=True)
class Recognised:
    """What is known of the scopes of a unit that can be recognised, by their keys."""

    parts: Mapping[str, Sequence[Part]] = field(default_factory=dict)
    """The parts of each scope."""
    same: frozenset[str] = frozenset()
    """Those that bring what they brought."""
    unmarked: frozenset[str] = frozenset()
    """Those that were never marked."""

    def marks(self, fresh: Sequence[Document], settled: frozenset[str]) -> dict[str, bytes]:
        """Return the marks to note: of scopes with *fresh* documents, of *settled* ones, with them of unmarked ones.

        Where no document differs nothing is noted: not what else differs in an answer, nor that a mark is missing.
        """
        if not (fresh or settled):
            return {}
        marked = self.parts.keys() - self.unmarked
        names = {(document.type, document.native_id) for document in fresh} if marked else frozenset()
        return {
            key: _mark(parts, _rows(parts))
            for key, parts in self.parts.items()
            if key not in self.same and (key in self.unmarked or key in settled or _any_of(parts, names))
        }


def recognisable(parts: Sequence[Part]) -> dict[str, list[Part]]:
    """Return the parts of those scopes that begin and end among *parts*, well, and whose answers have fingerprints."""
    scopes: dict[str, list[Part]] = defaultdict(list)
    for part in parts:
        scopes[part.scope.key].append(part)
    return {key: found for key, found in scopes.items() if _is_recognisable(found)}


async def look(connection: Connection, portal: int, parts: Mapping[str, Sequence[Part]]) -> Recognised:
    """Return which scopes of one stream, with all their *parts*, bring what they brought.

    None does while a deletion waits for somebody's word: what arrives may be among its rows.
    """
    scope = next(iter(parts.values()))[0].scope
    assert scope.within is not None, "such scopes alone are recognised"
    rows = await connection.fetch(
        f"""
        SELECT s.key, s.mark, s.cursor IS NULL AND NOT h.waits AS stands,
            string_agg(t.document_hash, '' ORDER BY t.native_id COLLATE "C") AS held
        FROM scope s
        CROSS JOIN (SELECT EXISTS (SELECT FROM held_deletion WHERE portal = $1 AND decided_at IS NULL) AS waits) h
        JOIN {ROWS[scope.within].__tablename__} p ON p.portal = s.portal AND p.native_id = s.key
        LEFT JOIN {ROWS[scope.member].__tablename__} t ON t.{WITHIN[scope.within]} = p.id AND t.{shown(scope.stream)}
        WHERE s.portal = $1 AND s.stream = $2 AND s.key = ANY ($3)
        GROUP BY s.key, s.mark, s.cursor, h.waits
        """,
        portal,
        scope.stream,
        list(parts),
    )
    return Recognised(
        parts,
        frozenset(k for k, mark, stands, held in rows if stands and mark == _mark(parts[k], held or b"")),
        frozenset(key for key, mark, _, _ in rows if mark is None),
    )


async def note(connection: Connection, portal: int, stream: str, marks: Mapping[str, bytes]) -> None:
    """Mark scopes that have been read whole."""
    await connection.execute(
        "UPDATE scope s SET mark = m.mark FROM unnest($3::text[], $4::bytea[]) AS m (key, mark) "
        "WHERE s.portal = $1 AND s.stream = $2 AND s.key = m.key AND s.mark IS DISTINCT FROM m.mark",
        portal,
        stream,
        list(marks),
        list(marks.values()),
    )


def _is_recognisable(parts: Sequence[Part]) -> bool:
    scope, last = parts[0].scope, parts[-1]
    if scope.within is None or not scope.whole or last.end is None or not last.end.proved:
        return False
    return (
        last.seen is not None
        and not last.seen.begun
        and all(part.mark is not None for part in parts if part is not last)
    )


def _mark(parts: Sequence[Part], rows: bytes) -> bytes:
    """Return the mark of a scope with these *parts* and the fingerprints of its *rows*, in their ids' order."""
    return digest(b"".join(part.mark or b"" for part in parts) + rows)


def _any_of(parts: Sequence[Part], names: Container[Name]) -> bool:
    """Whether *parts* bring one of the elements *names*."""
    return any((one.type, one.native_id or "") in names for part in parts for one in part.elements)


def _rows(parts: Sequence[Part]) -> bytes:
    """Return the fingerprints of what *parts* bring, in their ids' order; of one that is no document b""."""
    scope = parts[0].scope
    hashes = {
        element.native_id: element.hash
        for part in parts
        for element in part.elements
        if isinstance(element, Document) and element.type is scope.member
    }
    return b"".join(hashes[native] for native in sorted(hashes))
