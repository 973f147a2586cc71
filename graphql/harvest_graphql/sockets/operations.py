"""The operations of one socket: each runs beside the others, and says next, error and complete for itself."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any, Protocol

import msgspec
from graphql import OperationType

from harvest_graphql.engine import Engine
from harvest_graphql.envelope import Answer, refusal
from harvest_graphql.events import Events, Tell
from harvest_graphql.feed import Feed, Read
from harvest_graphql.plan.cursors import Position
from harvest_graphql.problems import Code, Problem, internal
from harvest_graphql.serving.callers import Admitted
from harvest_graphql.serving.persisted import Documents
from harvest_graphql.serving.rates import Caller
from harvest_graphql.serving.reading import Request
from harvest_graphql.serving.refusals import Unusable
from harvest_graphql.sockets import messages
from harvest_graphql.sockets.closing import Closing, taken

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Service:
    """What answers operations."""

    engine: Engine
    documents: Documents
    events: Events
    observe: Callable[[str, float], None]
    """Hears of each single result: its outcome and its seconds."""
    feed: Feed = field(default_factory=Feed)

    @property
    def watchers(self) -> int:
        """How many subscriptions are running."""
        return self.events.watchers + self.feed.followers

    async def watch(
        self, text: str, name: str | None, look: Read, tell: Tell, begin: Position | None = None
    ) -> Answer:
        """Tell what the subscription *name* of a document brings, by *look*; return what ends it, else never.

        *begin* is where a follower of events is, None where its operation says that.
        """
        if self.engine.follows(text, name):
            return await self.feed.follow(look, tell, begin)
        return await self.events.follow(lambda: look(None, None), tell)


class Client(Protocol):
    """Whose operations they are."""

    @property
    def caller(self) -> Caller:
        """Who pays."""
        ...

    async def entered(self) -> Admitted:
        """Return what may be read; asked before each answer, as a key may be revoked meanwhile.

        Closing where it was; Unusable where nobody knows, or nothing is left to be spent.
        """
        ...

    async def send(self, message: bytes) -> None:
        """Send a message."""
        ...

    def end(self, ending: Closing) -> None:
        """Close the socket."""
        ...


class Operations:
    """The operations that *client* has begun, at most *most* at once."""

    def __init__(self, service: Service, client: Client, most: int) -> None:
        self._service = service
        self._client = client
        self._most = most
        self._ids: dict[str, asyncio.Task[None]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._answers: set[asyncio.Task[Answer]] = set()
        """Answers under way, also those that nobody waits for any more."""

    async def begin(self, id_: str, request: Request) -> None:
        """Begin an operation; Closing (4409) where one of this id is under way."""
        if id_ in self._ids:
            raise taken(id_)
        if max(len(self._tasks), len(self._answers)) >= self._most:
            self._client.caller.refused()
            words = f"A socket may have {self._most} operations at once: complete one."
            await self._refuse(id_, [Problem(Code.TOO_MANY_AT_ONCE, words).as_error()])
            return
        task = asyncio.create_task(self._run(id_, request))
        self._ids[id_] = task
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def stop(self, id_: str) -> None:
        """Say no more about an operation; one that is not under way has ended meanwhile."""
        if task := self._ids.pop(id_, None):
            task.cancel()

    def stop_all(self) -> list[str]:
        """Say no more about any operation; return the ids of those that were under way."""
        ids = list(self._ids)
        self._ids.clear()
        for task in self._tasks:
            task.cancel()
        return ids

    async def ended(self) -> None:
        """Wait until nothing is under way: answers that nobody wants any more are read to their end all the same."""
        while left := self._tasks | self._answers:
            await asyncio.wait(left)

    async def _run(self, id_: str, request: Request) -> None:
        try:
            refused = await self._answer(id_, request)
        except Closing as closing:
            self._client.end(closing)
            return
        except Unusable as unusable:
            self._client.caller.refused()
            refused = [unusable.problem.as_error()]
        except Exception as error:  # noqa: BLE001 - whatever it is, its text is for the log alone
            refused = [internal(_log, "an operation on a socket", error).as_error()]
        del self._ids[id_]  # before the last message: whoever reads that may use the id again
        if refused:
            await self._refuse(id_, refused)
        else:
            await self._client.send(messages.complete(id_))

    async def _answer(self, id_: str, request: Request) -> list[dict[str, Any]]:
        """Send what an operation brings until it ends; return the errors of one that could not be begun."""
        service = self._service
        text = service.documents.text(request.query, request.document_id)

        async def look(at: Position | None = None, most: int | None = None) -> Answer:
            return await self._asked(text, request, at, most)

        async def tell(answer: Answer) -> None:
            await self._client.send(messages.next_(id_, answer.body))

        if service.engine.does(text, request.operation_name) is OperationType.SUBSCRIPTION:
            return _errors(await service.watch(text, request.operation_name, look, tell))
        begun = perf_counter()
        answer = await look()
        service.observe(answer.code or "OK", perf_counter() - begun)
        if answer.refused:
            return _errors(answer)
        await tell(answer)
        return []

    async def _asked(self, text: str, request: Request, at: Position | None, most: int | None) -> Answer:
        """Return the answer of now, or to who follows events the page after *at*, of *most* at most.

        It is read to its end even if the operation is stopped meanwhile: to break a statement off takes a
        connection more, and nobody may have that for the price of two messages.
        """
        try:
            asker = await self._client.entered()
        except Unusable as unusable:
            return refusal([unusable.problem.as_error()])
        caller = self._client.caller
        spend = caller.spending(persisted=self._service.documents.has(text))
        answering = asyncio.ensure_future(
            self._service.engine.answer(
                text,
                request.variables,
                request.operation_name,
                scopes=asker.scopes,
                by=asker.name,
                spend=spend,
                min_version=request.min_version,
                at=at,
                most=most,
            )
        )
        self._answers.add(answering)
        answering.add_done_callback(self._answers.discard)
        answer = await asyncio.shield(answering)
        if answer.refused and answer.code != Code.RATE_LIMITED:
            caller.refused()
        return answer

    async def _refuse(self, id_: str, errors: list[dict[str, Any]]) -> None:
        await self._client.send(messages.error(id_, errors))


def _errors(answer: Answer) -> list[dict[str, Any]]:
    errors: list[dict[str, Any]] = msgspec.json.decode(answer.body)["errors"]
    return errors
