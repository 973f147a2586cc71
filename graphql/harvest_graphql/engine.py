"""The engine: a document and its variables go in, the bytes of the answer come out."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from types import MappingProxyType
from typing import Any

import asyncpg
from graphql import OperationType
from strawberry import Schema

from harvest_graphql.answers import Answers, Kept, Versions
from harvest_graphql.consistency import Refreshes, granted, stored
from harvest_graphql.current import Current
from harvest_graphql.documents import MOST_ERRORS, Documents, Operation, Refused, Remembered
from harvest_graphql.doing import Acts
from harvest_graphql.envelope import Answer, Data, failed, refusal, whole
from harvest_graphql.held import Held, TooSlow, Unreachable
from harvest_graphql.introspection import introspect
from harvest_graphql.limits import Limits
from harvest_graphql.literals import ensure_small
from harvest_graphql.plan.changing import ensure_permitted
from harvest_graphql.plan.cursors import Position
from harvest_graphql.plan.draft import Call
from harvest_graphql.plan.instants import instants
from harvest_graphql.plan.operands import Values, shape
from harvest_graphql.plan.planner import Introspection, Known, Plan, Statement, plan
from harvest_graphql.problems import Code, NotYet, Problem, UnknownPortal, internal
from harvest_graphql.running import Running
from harvest_graphql.schema import core
from harvest_graphql.schema import schema as default_schema
from harvest_graphql.status import Status
from harvest_graphql.visibility import ALL, NOBODY, Scopes

__all__ = ["Answer", "Engine", "Explained", "Spend"]

_log = logging.getLogger(__name__)
Spend = Callable[[int], Awaitable[None] | None]
"""Pays what an operation costs before it runs; Problem where its caller cannot afford it. None: it is paid already."""


@dataclass(frozen=True, slots=True)
class Explained:
    """One statement of an operation: its root field's key, its SQL and its parameters."""

    key: str
    sql: str
    arguments: list[Any]


class Engine:
    """Answers operations on *schema* from the database of *pool*.

    *connections* are held from the pool (as many as it has, but one for others, unless said);
    what the answers say about the portals is at most *status_seconds* old. Answers of *cache_bytes* together are
    kept while *listener* hears. *now* is the clock that tells what has not come yet; *acts* do what mutations ask for,
    *refreshes* reads anew what a look-up wants newer than what is stored.
    """

    def __init__(
        self,
        pool: asyncpg.Pool,
        schema: Schema = default_schema,
        *,
        connections: int | None = None,
        limits: Limits | None = None,
        deadline_seconds: float = 10.0,
        status_seconds: float = 1.0,
        plan_bytes: int = 16_000_000,
        cache_bytes: int = 64_000_000,
        listener: Versions | None = None,
        now: Callable[[], datetime] | None = None,
        acts: Acts = MappingProxyType({}),
        refreshes: Refreshes = stored,
    ) -> None:
        self._refreshes = refreshes
        self._now = now or partial(datetime.now, UTC)
        self._schema = core(schema)
        self._limits = limits or Limits()
        self._documents = Documents(self._schema, self._limits)
        self._plans: Remembered[Plan] = Remembered(plan_bytes, Plan.size)
        size = connections or max(1, pool.get_max_size() - 1)
        self._held = Held(pool, size=size, deadline_seconds=deadline_seconds)
        self._current = Current(self._held, status_seconds)
        self._running = Running(self._schema, self._held, self._current, self._limits, acts, deadline_seconds)
        self.answers = Answers(cache_bytes, listener)
        """The answers that are kept."""

    @property
    def sent(self) -> int:
        """How many SQL statements have been sent."""
        return self._held.sent

    @property
    def known(self) -> Status:
        """What was known of the portals last."""
        return self._current.status

    @property
    def plans(self) -> int:
        """How many plans are remembered."""
        return len(self._plans)

    @property
    def connections(self) -> tuple[int, int]:
        """How many connections may answer at once, and how many of them are doing so."""
        return self._held.size, self._held.busy

    def does(self, document: str, operation_name: str | None = None) -> OperationType:
        """Return what an operation is: a query, a mutation, a subscription; a query where that cannot be told."""
        return self._documents.does(document, operation_name)

    def follows(self, document: str, operation_name: str | None = None) -> bool:
        """Return whether an operation follows events; False where that cannot be told."""
        return self._documents.follows(document, operation_name)

    async def newest(self) -> tuple[str, int]:
        """Return where the newest event is that can be read: its series and its id; TooSlow, Unreachable."""
        row = await self._held.row("SELECT series, settled FROM event_bounds", ())
        return str(row[0]), int(row[1])

    async def close(self) -> None:
        """Give the held connections back to the pool."""
        await self._current.close()
        await self._held.close()

    async def execute(
        self,
        document: str,
        variables: Mapping[str, Any] | None = None,
        operation_name: str | None = None,
        *,
        scopes: Scopes = NOBODY,
    ) -> bytes:
        """Return the JSON of the answer in UTF-8; whatever goes wrong is in its ``errors``."""
        return (await self.answer(document, variables, operation_name, scopes=scopes)).body

    async def status(self) -> Status:
        """Return what is known of the portals."""
        if not self._current.is_fresh:
            await self._current.read()
        return self._current.status

    def explain(
        self,
        document: str,
        variables: Mapping[str, Any] | None = None,
        operation_name: str | None = None,
        *,
        scopes: Scopes = NOBODY,
    ) -> list[Explained]:
        """Return the statements that an operation takes; Problem or Refused where it cannot be used."""
        operation, values = self._prepare(document, variables or {}, operation_name)
        found = self._plan(document, operation_name, operation, values, scopes)
        call = self._call(values)
        return [
            Explained(each.key, each.sql, [] if each.doing else each.arguments(call))
            for each in found.fields
            if isinstance(each, Statement)
        ]

    async def answer(
        self,
        document: str,
        variables: Mapping[str, Any] | None = None,
        operation_name: str | None = None,
        *,
        scopes: Scopes = NOBODY,
        spend: Spend | None = None,
        min_version: int = 0,
        at: Position | None = None,
        most: int | None = None,
        by: str | None = None,
        sent: bytes | None = None,
    ) -> Answer:
        """Return the answer to a caller with *scopes*, who pays by *spend*, and whether the request was refused.

        What is done for them is noted as done *by* the key of that name.
        It is of the data version *min_version* or a later one. *at* is where a reader of events is by now, None where
        its operation says so itself; of *most* events at most. *sent* are the bytes of the request, by which it is
        ``kept`` where it came without a key.
        """
        said = (
            (variables or {})
            if at is None
            else self._without_cursor(document, operation_name, variables or {})
        )
        question = self.answers.question(document, operation_name, said, scopes, min_version, at, most)
        cost = 0
        try:
            if question is not None and (kept := self.answers.find(question, sent)) is not None:
                return await self._again(kept, spend)
            operation, values = self._prepare(document, variables or {}, operation_name)
            cost = self._afforded(operation, values)
            if spend is not None and (paying := spend(cost)) is not None:
                await paying
            found = self._plan(document, operation_name, operation, values, scopes, most)
            ensure_permitted(found.needs, scopes)
            try:
                arguments = _read(found, self._call(values, at, by))
            except (UnknownPortal, NotYet):
                await self._current.read()  # it may be newer than what is known here
                arguments = _read(found, self._call(values, at, by))
            wishes = {key: wished.read(values) for key, wished in found.wished} if found.wished else {}
        except Problem as problem:
            return refusal([problem.as_error()])
        except Refused as refused:
            return refusal(refused.as_errors())
        except (TooSlow, Unreachable) as error:
            return failed(
                [self._running.told(error).as_error()], self._current.status, cost, self._limits.nodes
            )
        except Exception as error:  # noqa: BLE001 - whatever it is, its text is for the log alone
            return refusal([internal(_log, "planning", error).as_error()])
        asked = instants(found.asked, values)
        renewed = await granted(wishes, self._refreshes, scopes) if wishes else []
        if found.single is not None:
            run = partial(self._running.one, found.single, arguments[0], found, cost, asked, renewed)
        else:
            given = variables or {}
            run = partial(self._running.all, operation, found, arguments, given, cost, asked, renewed)
        return await (
            run() if question is None or found.volatile else self.answers.share(question, run, sent)
        )

    def kept(self, sent: bytes) -> Kept | None:
        """Return what is kept for the bytes of a request without a key; None while its freshness has to be read."""
        found = self.answers.recall(sent)
        return found if found is not None and self._current.is_fresh else None

    def again(self, kept: Kept) -> Answer:
        """Return the answer with what is *kept* and the freshness of now."""
        return whole(kept.data, self._current.status, self._limits.nodes)

    async def _again(self, kept: Data, spend: Spend | None) -> Answer:
        """Return the answer with data that are kept: paid for as if they were read, and with the freshness of now."""
        if spend is not None and (paying := spend(kept.cost)) is not None:
            await paying
        return whole(kept, await self._current.soon(), self._limits.nodes)

    def _afforded(self, operation: Operation, values: Values) -> int:
        """Return what a call costs; Problem where that is too much."""
        cost, most = operation.weight.of(values), self._limits.nodes
        if cost > most:
            words = f"The operation costs {cost:,}, and {most:,} is the most: ask for smaller pages or fewer lists."
            raise Problem(Code.TOO_EXPENSIVE, words)
        return cost

    def _prepare(self, text: str, variables: Mapping[str, Any], name: str | None) -> tuple[Operation, Values]:
        operation = self._documents.read(text).operation(name)
        if not operation.variables:
            return operation, {}
        ensure_small(variables, values=self._limits.values, text=self._limits.text)
        values = operation.variables.coerced(variables, MOST_ERRORS)
        if isinstance(values, list):
            raise Refused(Code.BAD_USER_INPUT, values)
        return operation, values

    def _plan(
        self,
        text: str,
        name: str | None,
        operation: Operation,
        values: Values,
        scopes: Scopes,
        most: int | None = None,
    ) -> Plan:
        key = (text, name, scopes & ALL, shape(values, operation.ids), most)
        return self._plans.get(key, lambda: self._compile(operation, values, scopes, most))

    def _compile(self, operation: Operation, values: Values, scopes: Scopes, most: int | None) -> Plan:
        """Return the plan; what is asked of the schema without variables is answered once and for all."""
        found = plan(self._schema, operation.node, operation.fragments, values, scopes, most)
        if found.size() > self._limits.statement:
            words = "The operation becomes too long a statement: ask for fewer fields of things of any type."
            raise Problem(Code.DOCUMENT_TOO_LARGE, words)
        if operation.variables:
            return found
        fields = tuple(
            Known(each.key, introspect(self._schema, operation, each, {}))
            if isinstance(each, Introspection)
            else each
            for each in found.fields
        )
        return Plan(fields, found.private, found.volatile)

    def _call(self, values: Values, at: Position | None = None, by: str | None = None) -> Call:
        return Call(values, self._current.status.portals, self._latest, at, by=by)

    def _without_cursor(self, text: str, name: str | None, variables: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return *variables* without the one that said where a reader of events began: by now that means nothing."""
        found = self._documents.read(text).operation(name).followed
        dropped = None if found is None else found.variable
        return {key: value for key, value in variables.items() if key != dropped}

    def _latest(self) -> datetime:
        """Return the latest instant that can be asked about: a sandbox portal's clock may be ahead of ours."""
        now, heard = self._now(), self._current.status.heard
        return now if heard is None else max(now, heard)


def _read(found: Plan, call: Call) -> list[list[Any]]:
    return [_given(each, call) if isinstance(each, Statement) else [] for each in found.fields]


def _given(field: Statement, call: Call) -> list[Any]:
    """Return a statement's parameters; what is done before it is sent has its arguments and the call."""
    return field.arguments(call) if field.doing is None else [field.doing.given(call), call]
