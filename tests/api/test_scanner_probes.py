"""What the usual GraphQL security scanners send, each judged as they judge it: nothing is found in the locked profile.

In the public one introspection and GET are found, on purpose; its page is for who asks for HTML.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import ClientSession

from gateway.compose import Gateway

Serving = Callable[..., Awaitable[tuple[Gateway, ClientSession]]]
Probe = Callable[[ClientSession], Awaitable[bool]]
"""Sends what a scanner sends and returns whether it would report a finding."""
IDES = ("graphiql.min.css", "GraphQL Playground", "GraphiQL", "graphql-playground")
SUGGESTS = "did you mean"
CIRCLE = "query cop { __schema { ...A } } fragment A on __Schema { __typename ...B } fragment B on __Schema { ...A }"
DEEP = "{ types { fields { type { fields { type { fields { type { fields { type { name } } } } } } } } } }"


async def posted(session: ClientSession, body: Any) -> tuple[int, Any]:
    async with session.post("/graphql", json=body) as answer:
        return answer.status, json.loads(await answer.read())


async def asked(session: ClientSession, query: str) -> dict[str, Any]:
    """Return the answer to *query*, sent by its name as scanners do."""
    status, told = await posted(session, {"query": query, "operationName": "cop"})
    assert status < 500
    assert isinstance(told, dict)
    return told


def has(told: Any, *path: str) -> bool:
    """Return whether there is something at *path*."""
    for key in path:
        told = told.get(key) if isinstance(told, dict) else None
    return bool(told)


async def alias_overloading(session: ClientSession) -> bool:
    aliases = " ".join(f"alias{number}: __typename" for number in range(101))
    return has(await asked(session, f"query cop {{ {aliases} }}"), "data", "alias100")


async def array_batching(session: ClientSession) -> bool:
    _, told = await posted(session, [{"query": "query cop { __typename }", "operationName": "cop"}] * 10)
    return isinstance(told, list)


async def directive_overloading(session: ClientSession) -> bool:
    told = await asked(session, "query cop { __typename " + "@aa" * 10 + " }")
    return len(told["errors"]) == 10


async def many_directives(session: ClientSession) -> bool:
    told = await asked(session, "query cop { __typename " + "@include(if: true) " * 50 + "}")
    return has(told, "data") or len(told["errors"]) > 10


async def circular_fragments(session: ClientSession) -> bool:
    return "errors" not in await asked(session, CIRCLE)


async def circular_introspection(session: ClientSession) -> bool:
    return has(await asked(session, f"query cop {{ __schema {DEEP} }}"), "data", "__schema", "types")


async def field_duplication(session: ClientSession) -> bool:
    return has(await asked(session, "query cop { " + "__typename " * 500 + "}"), "data", "__typename")


async def mutation_by_get(session: ClientSession) -> bool:
    async with session.get("/graphql", params={"query": "mutation cop {__typename}"}) as answer:
        return has(await answer.json(content_type=None), "data", "__typename")


async def query_by_get(session: ClientSession) -> bool:
    async with session.get("/graphql", params={"query": "query cop {__typename}"}) as answer:
        return has(await answer.json(content_type=None), "data", "__typename")


async def form_by_post(session: ClientSession) -> bool:
    found = False
    for options in (
        {"data": {"query": "query cop {__typename}"}},
        {"params": {"query": "query cop {__typename}"}},
        {"data": '{"query": "{__typename}"}', "headers": {"Content-Type": "text/plain"}},
    ):
        async with session.post("/graphql", **options) as answer:  # type: ignore[arg-type]
            found |= has(await answer.json(content_type=None), "data", "__typename")
    return found


async def tracing(session: ClientSession) -> bool:
    texts = []
    for query in (
        "query cop { __typename }",
        "qwerty cop { abc }",
        "query cop { harvestJobs(first: -1) { id } }",
    ):
        told = await asked(session, query)
        texts.append(json.dumps(told).lower())
        if has(told, "extensions", "tracing"):
            return True
    return any(word in text for text in texts for word in ("stacktrace", "traceback", '"exception"'))


async def ide_exposure(session: ClientSession) -> bool:
    """Scanners do not say that they take HTML: who does is a browser, and may be shown a page."""
    pages = []
    for path in ("/graphiql", "/playground", "/console", "/graphql"):
        async with session.get(path, headers={"Accept": "*/*"}) as answer:
            pages.append(await answer.text())
    return any(word in page for page in pages for word in IDES)


async def field_suggestions(session: ClientSession) -> bool:
    found = False
    for query in (
        "query cop { __schema { directive } }",
        "query cop { portls { key } }",
        "query cop { harvestSource }",
        "query cop { harvestJobs(filter: {statu: FAILED}) { totalCount } }",
        "query cop { harvestJobs(filter: {status: FAILD}) { totalCount } }",
    ):
        found |= SUGGESTS in json.dumps(await asked(session, query)).lower()
    return found


async def introspection(session: ClientSession) -> bool:
    told = await asked(session, "query cop { __schema { types { name fields { name } } } }")
    return has(told, "data", "__schema", "types")


PROBES: dict[str, Probe] = {
    probe.__name__: probe
    for probe in (
        alias_overloading,
        array_batching,
        directive_overloading,
        many_directives,
        circular_fragments,
        circular_introspection,
        field_duplication,
        mutation_by_get,
        query_by_get,
        form_by_post,
        tracing,
        ide_exposure,
        field_suggestions,
        introspection,
    )
}
ON_PURPOSE = {"introspection", "query_by_get"}


async def findings(session: ClientSession) -> set[str]:
    return {name for name, probe in PROBES.items() if await probe(session)}


async def test_nothing_is_found_in_the_locked_profile(serving: Serving) -> None:
    _, session = await serving(profile="locked")
    assert await findings(session) == set()


async def test_in_the_public_profile_only_what_is_there_on_purpose(serving: Serving) -> None:
    _, session = await serving()
    assert await findings(session) == ON_PURPOSE


async def test_a_page_is_shown_to_browsers_alone(serving: Serving) -> None:
    """Scanners ask without saying that they take HTML: they get JSON, and report no explorer."""
    _, session = await serving()
    async with session.get("/graphql", headers={"Accept": "*/*"}) as answer:
        assert (answer.status, answer.content_type) == (400, "application/json")
    for path in ("/graphiql", "/playground", "/console"):
        async with session.get(path) as answer:
            assert answer.status == 404


async def test_a_variable_that_cannot_be_used_suggests_nothing(serving: Serving) -> None:
    _, session = await serving()
    query = "query ($a: HarvestJobFilter, $s: [JobStatus!]) { harvestJobs(filter: $a) { totalCount } }"
    for variables in ({"a": {"statu": ["FAILED"]}}, {"a": {"status": ["FAILD"]}}, {"s": ["FAILD"]}):
        _, told = await posted(session, {"query": query, "variables": variables})
        assert told["errors"]
        assert SUGGESTS not in json.dumps(told).lower()
