"""``gateway forget`` as an operator types it: what is said of somebody is nowhere any more, and does not come back."""

from __future__ import annotations

from pathlib import Path

import pytest
from acceptance.forking import Run
from acceptance.operating import Operator
from acceptance.personal import CHANGED, CHOICES, fingerprints, spoken
from acceptance.syncing import rehearsal

from gateway.ports import Pass


@pytest.mark.parametrize("portal", sorted(CHOICES))
async def test_who_is_forgotten_is_nowhere_and_does_not_come_back(
    portal: str, database_url: str, tmp_path: Path, forked: Run
) -> None:
    async with rehearsal(portal, database_url, seed=6) as mirror:
        operator, connection = Operator(mirror, database_url, tmp_path, forked), mirror.connection
        await mirror.run(Pass.RECONCILE)
        chosen = await connection.fetchrow(CHOICES[portal])
        assert chosen is not None
        word, who, source = chosen
        for change in CHANGED:
            await connection.execute(change, source)
        mirror.sandbox.advance(1)
        await mirror.run(Pass.RECONCILE)  # with a change, history and an event of it
        before, hashes = await spoken(connection, word), await fingerprints(connection)
        assert {"document", "event", "harvest_source_history" if portal == "data-gov" else "person"} <= set(
            before
        )

        shown = await operator.told("forget", who)
        assert (shown["done"], shown["forgotten"]) == (False, {})
        assert shown["portals"][portal]["documents"] == before["document"]
        assert await spoken(connection, word) == before, "nothing was changed"

        done = await operator.types("forget", who, "--yes")
        assert done.returncode == 0, done.stderr
        assert "Blanked" in done.stdout
        assert await spoken(connection, word) == {}
        assert await fingerprints(connection) == hashes

        again = await operator.told("forget", who, "--yes")
        assert sum(again["portals"][portal].values()) == 0
        assert again["forgotten"][portal]["by"] == "command line"
        unchanged = await mirror.run(Pass.RECONCILE)
        assert sum(tally.changed + tally.new for tally in unchanged.streams.values()) == 0
        await connection.execute(
            "UPDATE harvest_source SET document_hash = 'old' WHERE native_id = $1", source
        )
        mirror.sandbox.advance(3)
        await mirror.run(Pass.RECONCILE)
        assert await spoken(connection, word) == {}, "it arrived again, and was blanked"

        unknown = await operator.types("forget", f"{portal}/nobody")
        assert (unknown.returncode, unknown.stdout) == (2, "")
        assert "has no person 'nobody'" in unknown.stderr
