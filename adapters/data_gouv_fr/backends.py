"""Reads the list of backends, which comes whole, at that of its two addresses which the portal has."""

from __future__ import annotations

from adapters.data_gouv_fr import wire
from adapters.data_gouv_fr.lists import rejected
from adapters.data_gouv_fr.noted import Noted
from adapters.data_gouv_fr.paging import ABSENT, FAILED, Garbled, Missing, Read, named
from gateway.fetch.client import Answer, Client
from gateway.fetch.decode import DecodeError, elements
from gateway.model.document import Document
from gateway.ports import End, Page, Scope

ELSEWHERE = frozenset({308, ABSENT})
"""What a path answers that wants a slash at its end, or none."""


async def backends(client: Client, scope: Scope, noted: Noted) -> Read:
    """Yield the backends in one page, then the End."""
    answer, slash = await _found(client, slash=noted.slash is not False)
    if answer.status in {ABSENT, FAILED}:
        raise Missing(answer.status, answer.body, answer.fetch).error(client.portal)
    try:
        rows = elements(answer.body)
    except DecodeError as error:
        garbled = Garbled(str(error), answer)
        yield Page([garbled.rejection(scope)])
        raise garbled.error(client.portal) from error
    noted.saw_slash(slash=slash)
    read = [(row, named(row)) for row in rows]
    page = [
        rejected(scope, found, row, answer.fetch, index)
        if isinstance(found, str)
        else Document.of(scope.member, found["id"], row, answer.fetch)
        for index, (row, found) in enumerate(read)
    ]
    failed = sum(isinstance(found, str) for _, found in read)
    yield Page(page, total=len(rows))
    reason = f"{failed} rows cannot be read" if failed else ""
    yield End(proved=not failed, reason=reason, covers=(scope.key,))


async def _found(client: Client, *, slash: bool) -> tuple[Answer, bool]:
    """Return the list and whether its path ends in a slash; *slash* says where to look first."""
    first = await client.get(wire.backends_path(slash=slash))
    if first.status not in ELSEWHERE:
        return first, slash
    second = await client.get(wire.backends_path(slash=not slash))
    return (first, slash) if second.status in ELSEWHERE else (second, not slash)
