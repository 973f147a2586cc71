"""One round of the walk: filled examples on a sandbox portal, a pass into an empty database, what queries read back."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
import msgspec
from acceptance.syncing import Rehearsal, rehearsal
from acceptance.walking.masks import hidden
from acceptance.walking.payloads import ask_for_payloads
from acceptance.walking.places import Answers
from acceptance.walking.selection import Operations
from acceptance.walking.wire import Bodies, Told, Wire
from graphql import build_client_schema, get_introspection_query

from gateway.ports import Pass
from gateway.postgres import connect_pool
from harvest_graphql.engine import Engine
from harvest_graphql.limits import Limits

MAY_READ_PRIVATE = frozenset({"read-private"})
_LIMITS = Limits(fields=5000, tokens=20_000)


@dataclass(frozen=True, slots=True)
class Round:
    """What queries read back of one pass."""

    problems: tuple[str, ...]
    """How the pass did not do what it should."""
    anybody: Answers
    """What every caller reads."""
    trusted: Answers
    """What a caller with the scope for personal data reads."""
    shown: str
    """All that every caller can get, documents too, as text."""


async def walked(wire: Wire, bodies: Bodies, database_url: str) -> Round:
    """Return what queries read back of a portal that shows the filled examples *bodies*."""
    told = wire.answers(bodies)
    async with rehearsal(wire.portal, database_url, seed=1, dialect=wire.dialect) as mirror:
        await lay(mirror, told)
        summary = await mirror.run(Pass.RECONCILE)
        problems = [] if summary.state == "DONE" else [f"the pass ended {summary.state}: {summary.notice}"]
        problems += [sentence async for sentence in hidden(wire, told, mirror)]
        for record in wire.records(bodies):
            problems += [sentence async for sentence in ask_for_payloads(mirror, record)]
    async with endpoint(database_url) as engine:
        operations = await operations_of(engine)
        anybody = await read(engine, operations.everything(), frozenset())
        trusted = await read(engine, operations.everything(), MAY_READ_PRIVATE)
        documents = await read(engine, operations.documents(), frozenset())
    if not any(documents.values()):
        problems.append("no query reads documents, so nobody knows what they show")
    shown = msgspec.json.encode([anybody, documents]).decode()
    return Round(tuple(f"{wire.portal}: {one}" for one in problems), anybody, trusted, shown)


async def lay(mirror: Rehearsal, told: Sequence[Told]) -> None:
    """Have the mirror's sandbox portal give the answers *told*."""
    origin = mirror.sandbox.origin
    base = mirror.sandbox.base_url.removeprefix(origin)
    placed = [{**one, "path": base + one["path"]} for one in told]
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{origin}/_sandbox/answers", json=placed) as response,
    ):
        response.raise_for_status()


@asynccontextmanager
async def endpoint(database_url: str) -> AsyncIterator[Engine]:
    """Open what answers queries from a database."""
    pool = await connect_pool(database_url, size=2)
    engine = Engine(pool, limits=_LIMITS)
    try:
        yield engine
    finally:
        await engine.close()
        await pool.close()


async def operations_of(engine: Engine) -> Operations:
    """Return what can be asked of an endpoint, as it says itself."""
    told = msgspec.json.decode(await engine.execute(get_introspection_query(descriptions=False)))
    return Operations(build_client_schema(told["data"]))


async def read(engine: Engine, operations: Mapping[str, str], scopes: frozenset[str]) -> Answers:
    """Return the rows of each operation by type; AssertionError where one is not answered."""
    found: dict[str, list[dict[str, Any]]] = {}
    for type_, operation in operations.items():
        answer = msgspec.json.decode(await engine.execute(operation, scopes=scopes))
        if "errors" in answer:
            raise AssertionError(f"{type_}: {answer['errors']}")
        rows = answer["data"]["rows"]
        found[type_] = rows if isinstance(rows, list) else rows["nodes"]
    return found
