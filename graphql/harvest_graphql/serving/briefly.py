"""The short way of a POST to the endpoint: from its bytes to those of its answer.

What has been answered before and is kept is found by the bytes of the body, before anything is read of them.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from time import perf_counter
from typing import NamedTuple

from multidict import CIMultiDict

from harvest_graphql.engine import Engine
from harvest_graphql.problems import Code, internal
from harvest_graphql.serving.asking import ask
from harvest_graphql.serving.callers import Admit, Admitted, admitted
from harvest_graphql.serving.compressing import squeezed, taken
from harvest_graphql.serving.flat import flat, flattened
from harvest_graphql.serving.heads import Head
from harvest_graphql.serving.media import GRAPHQL
from harvest_graphql.serving.methods import POST, ensure_allowed
from harvest_graphql.serving.persisted import Documents
from harvest_graphql.serving.rates import UNLIMITED, Caller, Callers
from harvest_graphql.serving.reading import decoded, request_of
from harvest_graphql.serving.refusals import Unusable, refusal

_log = logging.getLogger(__name__)
Observe = Callable[[str, float], None]
"""Hears of each request: its outcome (OK, PAGE or an error's code) and its seconds."""


class Arrived(NamedTuple):
    """A request that has come whole."""

    head: Head
    body: bytes
    remote: str
    """The address of the other end of its connection."""

    @property
    def headers(self) -> CIMultiDict[str]:
        """Its headers."""
        return self.head.headers


class Briefly:
    """Answers what was posted; what it is made of is said at ``view.routes``."""

    def __init__(
        self, engine: Engine, admit: Admit, documents: Documents, observe: Observe, callers: Callers
    ) -> None:
        self._engine = engine
        self._admit = admit
        self._documents = documents
        self._observe = observe
        self._callers = callers

    def now(self, arrived: Arrived) -> bytes | None:
        """Return the answer that is kept for it; None where there is none, or it takes a wait to give it.

        Nothing has been paid or counted then. Only what came without a key is found, as only that is noted.
        """
        begun = perf_counter()
        head, engine = arrived.head, self._engine
        found = None if head.keyed else engine.kept(arrived.body)
        if found is None:
            return None
        answer, persisted = engine.again(found), self._documents.has(found.key.document)
        body, coding = answer.body, taken(head.headers, answer.body)
        if coding is not None:
            if coding not in answer.squeezed:
                return None
            body = answer.squeezed[coding]
        caller = self._callers(arrived)
        if not caller.pays(found.data.cost, persisted=persisted):
            return None
        engine.answers.count(found)
        assert head.media_type is not None, "others go another way"
        piece = flat(body, head.media_type, coding, caller.lines(), private=False)
        self._observe("OK", perf_counter() - begun)
        return piece

    async def later(self, arrived: Arrived) -> bytes:
        """Return the answer to it, whatever it is."""
        begun = perf_counter()
        caller, known = self._callers(arrived), None
        try:
            if arrived.head.keyed:
                known = await admitted(arrived.head.headers, self._admit)
                caller = UNLIMITED  # whom a key stands for is known, and can be spoken to
            piece, outcome = await self._answer(arrived, caller, known)
        except Unusable as unusable:
            piece, outcome = flattened(refusal(unusable)), unusable.problem.code
            if unusable.status < 500 and outcome is not Code.RATE_LIMITED:
                caller.refused()
        except Exception as error:  # noqa: BLE001 - whatever it is, its text is for the log alone
            piece, outcome = flattened(refusal(ours(error))), Code.INTERNAL
        self._observe(outcome, perf_counter() - begun)
        return piece

    async def _answer(self, arrived: Arrived, caller: Caller, known: Admitted | None) -> tuple[bytes, str]:
        head = arrived.head
        if (paying := caller.enter()) is not None:
            await paying
        asked = request_of(decoded(arrived.body))
        text = self._documents.text(asked.query, asked.document_id)
        ensure_allowed(POST[0], self._engine.does(text, asked.operation_name))
        sent = None if head.keyed else arrived.body
        answer = await ask(self._engine, self._documents, asked, text, caller, known, sent)
        body, coding = answer.body, taken(head.headers, answer.body)
        if coding is not None:
            body = await squeezed(body, coding, answer.squeezed)
        assert head.media_type is not None, "others go another way"
        status = 400 if answer.refused and head.media_type == GRAPHQL else 200
        private = known is not None
        piece = flat(body, head.media_type, coding, caller.lines(), private=private, status=status)
        return piece, answer.code or "OK"


def ours(error: Exception) -> Unusable:
    """Return what is said of a mistake of ours, once it is logged."""
    return Unusable(500, internal(_log, "the endpoint", error).message, code=Code.INTERNAL)
