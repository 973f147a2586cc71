"""Asking the engine for an HTTP request: whoever sent it pays, and is told where that is too much."""

from __future__ import annotations

from harvest_graphql.engine import Answer, Engine
from harvest_graphql.problems import Code
from harvest_graphql.serving.callers import STRANGER, Admitted
from harvest_graphql.serving.persisted import Documents
from harvest_graphql.serving.rates import Caller
from harvest_graphql.serving.reading import Request


async def ask(
    engine: Engine,
    documents: Documents,
    asked: Request,
    text: str,
    caller: Caller,
    known: Admitted | None,
    sent: bytes | None = None,
) -> Answer:
    """Return the answer to what was *asked*, the document *text*; *known* is whose key came with it.

    *sent* are the bytes that it came as, if the answer may be found by them. Unusable (429) where *caller* cannot
    afford it; who sent what is refused pays more.
    """
    asker = known or STRANGER
    answer = await engine.answer(
        text,
        asked.variables,
        asked.operation_name,
        scopes=asker.scopes,
        by=asker.name,
        spend=caller.spending(persisted=documents.has(text)),
        min_version=asked.min_version,
        sent=sent,
    )
    if answer.code == Code.RATE_LIMITED:
        raise caller.limited()
    if answer.refused:
        caller.refused()
    return answer
