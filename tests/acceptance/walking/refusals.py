"""The portal's words on what went wrong, which readers find in the notice of the pass that failed."""

from __future__ import annotations

from acceptance.syncing import rehearsal
from acceptance.walking.homes import Finding
from acceptance.walking.leaves import Address, leaves
from acceptance.walking.places import Place, Row
from acceptance.walking.round import endpoint, lay, operations_of, read
from acceptance.walking.wire import Bodies, Wire

from gateway.ports import Pass


async def refused(wire: Wire, bodies: Bodies, name: str, database_url: str) -> dict[Address, Finding]:
    """Return which leaves of the error *name* are read back where a portal answers it to a pass."""
    path, status = wire.refusals[name]
    answer = {"path": path, "body": bodies[name], "status": status}
    async with rehearsal(wire.portal, database_url, seed=1, dialect=wire.dialect) as mirror:
        mirror.backoff_seconds = 0.0
        await lay(mirror, [*wire.answers(bodies), answer])
        await mirror.run(Pass.RECONCILE)
    async with endpoint(database_url) as engine:
        ask = (await operations_of(engine)).everything()["Portal"]
        said = (await read(engine, {"Portal": ask}, frozenset()))["Portal"][0]
    home = Place(Row("Portal", said["key"]), ("notice",))
    return {
        leaf.address: Finding((home,) if leaf.published in (said["notice"] or "") else ())
        for leaf in leaves(name, bodies[name])
    }
