"""A portal that is upgraded between two passes keeps every id, loses nothing, and only what changed is written."""

from __future__ import annotations

from typing import Any

import pytest
from acceptance.mirror import held, summary
from acceptance.syncing import Rehearsal, rehearsal
from acceptance.wires import OPEN, Wire

from gateway.model.enums import EntityType
from gateway.ports import Pass
from gateway.store.journal import JOURNALED
from gateway.store.tables import ROWS

POLL_FIRST, RECONCILE_FIRST = (Pass.POLL, Pass.RECONCILE), (Pass.RECONCILE, Pass.POLL)
UPGRADES = (
    (Wire("data-gouv-fr", "v16"), "v17", POLL_FIRST),
    (Wire("data-gouv-fr", "v9"), "v16", RECONCILE_FIRST),
    (Wire("data-gov", "documented", OPEN), "gateway", POLL_FIRST),
    (Wire("data-gov", "documented", OPEN), "gateway", RECONCILE_FIRST),
)
SECOND = 1 / 86400
UNSEEN = frozenset(
    {"changed_at", "last_seen_at", "document_hash", "row_hash", "state_basis", "text_record_id"}
)
"""Columns of the gateway's own notes."""

Key = tuple[str, str]


async def _rows(mirror: Rehearsal) -> dict[Key, tuple[Any, Any]]:
    """Return what readers see of every row but stubs, and when it last changed."""
    found: dict[Key, tuple[Any, Any]] = {}
    for type_, model in ROWS.items():
        rows = await mirror.connection.fetch(
            f"SELECT native_id, to_jsonb(t) - $2::text[] AS shown, changed_at FROM {model.__tablename__} t "
            "WHERE portal = $1 AND presence <> 'UNKNOWN'",
            mirror.number,
            sorted(UNSEEN),
        )
        found.update({(type_.value, row["native_id"]): (row["shown"], row["changed_at"]) for row in rows})
    return found


async def _told(mirror: Rehearsal, since: int) -> set[Key]:
    rows = await mirror.connection.fetch(
        "SELECT entity_type, native_id FROM event WHERE id > $1 AND kind IN ('CHANGED', 'RESTORED')", since
    )
    return {(row["entity_type"], row["native_id"]) for row in rows}


async def _equal(mirror: Rehearsal) -> None:
    found = await mirror.differences()
    assert not found, f"{len(found)} differences after {mirror.passes}:\n{summary(found)}"


@pytest.mark.parametrize(("wire", "then", "kinds"), UPGRADES, ids=str)
async def test_an_upgraded_portal_keeps_its_ids_and_loses_nothing(
    wire: Wire, then: str, kinds: tuple[Pass, Pass], database_url: str
) -> None:
    async with rehearsal(
        wire.adapter, database_url, seed=2, dialect=wire.dialect, settings=wire.settings
    ) as mirror:
        assert (await mirror.run(Pass.RECONCILE)).state == "DONE"
        await _equal(mirror)
        before = await _rows(mirror)
        known = set(await held(mirror.connection, mirror.portal.key))
        event = await mirror.connection.fetchval("SELECT coalesce(max(id), 0) FROM event")

        mirror.sandbox.speak(then)
        mirror.sandbox.advance(SECOND)
        for kind in kinds:
            assert (await mirror.run(kind)).state == "DONE"
            await _equal(mirror)

        after = await _rows(mirror)
        assert known <= set(await held(mirror.connection, mirror.portal.key))
        assert not [key for key in before if '"presence": "GONE"' in after[key][0]]
        changed = {key for key, (shown, _) in before.items() if after[key][0] != shown}
        stamped = {key for key, (_, at) in before.items() if after[key][1] != at}
        assert stamped == changed
        journaled = {type_.value for type_ in JOURNALED if type_ is not EntityType.DATASET}
        assert await _told(mirror, event) >= {key for key in changed if key[0] in journaled}

        for kind in (Pass.POLL, Pass.RECONCILE):
            again = await mirror.run(kind)
            assert sum(each.new + each.changed + each.gone for each in again.streams.values()) == 0
