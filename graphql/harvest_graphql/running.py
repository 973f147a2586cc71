"""What a plan comes to: its statements sent one after the other, and their answers put together."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from graphql import GraphQLSchema, OperationType

from harvest_graphql.current import Current
from harvest_graphql.documents import Operation
from harvest_graphql.doing import Acts, do
from harvest_graphql.envelope import Answer, Data, Mark, failed, whole
from harvest_graphql.held import Held, TooSlow, UnknownZone, Unreachable
from harvest_graphql.introspection import introspect
from harvest_graphql.limits import Limits
from harvest_graphql.plan.draft import Call
from harvest_graphql.plan.instants import Instant
from harvest_graphql.plan.planner import Introspection, Known, Plan, Statement
from harvest_graphql.problems import Code, Problem, internal
from harvest_graphql.status import SQL as STATUS

_log = logging.getLogger(__name__)


class Running:
    """Runs plans on the connections of *held*; *acts* do what mutations ask for, *deadline* is in seconds."""

    def __init__(
        self,
        schema: GraphQLSchema,
        held: Held,
        current: Current,
        limits: Limits,
        acts: Acts,
        deadline: float,
    ) -> None:
        self._schema = schema
        self._held = held
        self._current = current
        self._limits = limits
        self._acts = acts
        self._deadline = deadline

    async def one(
        self,
        field: Statement,
        arguments: list[Any],
        found: Plan,
        cost: int,
        asked: tuple[Instant, ...],
        renewed: list[dict[str, Any]],
    ) -> Answer:
        """Return the answer that is one statement's: as ``all`` does, and shorter since nearly all are."""
        current, most = self._current, self._limits.nodes
        try:
            json_text = await self._statement(field.sql, arguments)
        except Exception as error:  # noqa: BLE001 - whatever it is, its text is for the log alone
            errors = [self._problem(field.key, error).as_error(path=[field.key])]
            return failed(errors, current.status, cost, most, found.private, told=renewed)
        json = b'{"%b":%b}' % (field.key.encode(), json_text)
        if len(json) - 2 > self._limits.answer_bytes:
            errors = [_too_large(self._limits.answer_bytes).as_error()]
            return failed(errors, current.status, cost, most, found.private, told=renewed)
        return whole(Data(json, cost, found.private, asked, None, renewed), current.status, most)

    async def all(
        self,
        operation: Operation,
        found: Plan,
        arguments: list[list[Any]],
        variables: Mapping[str, Any],
        cost: int,
        asked: tuple[Instant, ...],
        renewed: list[dict[str, Any]],
    ) -> Answer:
        """Return the answer of all fields of the plan *found*, with the *arguments* of each.

        *variables* are those that the call was given, *cost* is what it has paid; *asked* and *renewed* are told beside
        its data.
        """
        parts: list[bytes] = []
        errors: list[dict[str, Any]] = []
        mark: Mark | None = None
        does = operation.node.operation is OperationType.MUTATION
        for field, given in zip(found.fields, arguments, strict=True):
            try:
                json_text = await self._field(operation, field, given, variables)
            except Problem as problem:
                errors.append(problem.as_error(path=[field.key]))
                if not does:
                    continue
                json_text = b"null"  # the others may have been done
            if isinstance(field, Statement) and field.marked:
                told, _, json_text = json_text.partition(b"\n")
                mark = Mark.read(told)
            parts.append(b'"%b":%b' % (field.key.encode(), json_text))
        if sum(map(len, parts)) > self._limits.answer_bytes:
            errors.append(_too_large(self._limits.answer_bytes).as_error())
            does = False
        status, most = self._current.status, self._limits.nodes
        if errors:
            left = b"{%b}" % b",".join(parts) if does else b"null"
            return failed(errors, status, cost, most, found.private, left=left, told=renewed)
        data = Data(b"{%b}" % b",".join(parts), cost, found.private, asked, mark, renewed)
        return whole(data, status, most)

    async def _field(
        self,
        operation: Operation,
        field: Statement | Known | Introspection,
        arguments: list[Any],
        variables: Mapping[str, Any],
    ) -> bytes:
        """Return the JSON of one root field; Problem where there is none."""
        if isinstance(field, Known):
            return field.json
        try:
            if isinstance(field, Introspection):
                return introspect(self._schema, operation, field, variables)
            if field.doing is not None:
                return await self._change(field, *arguments)
            return await self._statement(field.sql, arguments)
        except Exception as error:  # noqa: BLE001 - whatever it is, its text is for the log alone
            raise self._problem(field.key, error) from None

    def _problem(self, key: str, error: Exception) -> Problem:
        """Return what is said of *error*, which the field of the answer's *key* ended with."""
        if isinstance(error, Problem):
            return error
        if isinstance(error, TooSlow | Unreachable):
            return self.told(error)
        if isinstance(error, UnknownZone):
            return Problem(Code.BAD_USER_INPUT, "The gateway's database does not know this time zone.")
        return internal(_log, f"the field {key}", error)

    async def _change(self, field: Statement, given: Mapping[str, Any], call: Call) -> bytes:
        """Do what a field of a mutation asks for, and return the JSON of its payload."""
        assert field.doing is not None
        done = await do(self._acts, field.doing.name, given, call.by)
        return await self._statement(field.sql, field.arguments(call._replace(done=done)))

    async def _statement(self, sql: str, arguments: list[Any]) -> bytes:
        if self._current.is_fresh:
            found: bytes = (await self._held.row(sql, arguments))[0]
            return found
        row = await self._held.row(f"{sql}, {STATUS} AS status", arguments)
        self._current.learn(row[1])
        answer: bytes = row[0]
        return answer

    def told(self, error: TooSlow | Unreachable) -> Problem:
        """Return what is said of a statement that brought nothing."""
        if isinstance(error, TooSlow):
            words = (
                f"The answer took longer than {self._deadline:g} s and was given up: ask for less at once."
            )
            return Problem(Code.TIMEOUT, words)
        _log.warning("the database cannot be reached: %s", type(error.__cause__).__name__)
        return Problem(Code.UNAVAILABLE, "The gateway's database cannot be reached now. Try again.")


def _too_large(most: int) -> Problem:
    words = f"The answer is longer than {most:,} bytes: ask for less at once, or for payloads one by one."
    return Problem(Code.ANSWER_TOO_LARGE, words)
