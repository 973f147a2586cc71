"""What a root field wishes to be no older than: read from its arguments, whose words have to fit each other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from graphql import GraphQLField, get_named_type

from gateway.model.enums import EntityType
from harvest_graphql.consistency import ARGUMENT, SECONDS, Consistency, Wish
from harvest_graphql.plan.conditions import plain_text
from harvest_graphql.plan.draft import Draft
from harvest_graphql.plan.instants import ARGUMENT as AS_OF
from harvest_graphql.plan.operands import Operand, Values
from harvest_graphql.problems import Code, Problem

MOST_SECONDS = 100 * 366 * 86_400.0


@dataclass(frozen=True, slots=True)
class Wished:
    """What a root field wishes in any call of its plan."""

    type: EntityType
    portal: Operand
    native_id: Operand | None
    slug: Operand | None
    seconds: Operand | None

    def read(self, values: Values) -> Wish:
        """Return what it wishes in the call with these variables; BAD_USER_INPUT for an age below nothing."""
        seconds = None if self.seconds is None else float(self.seconds.read(values))
        if seconds is not None and not 0 <= seconds <= MOST_SECONDS:
            raise _wrong(f"`{SECONDS}` is a number of seconds, 0 or more, not {seconds:g}.")
        native_id, slug = (
            None if each is None else plain_text(each.read(values)) for each in (self.native_id, self.slug)
        )
        return Wish(self.type, plain_text(self.portal.read(values)), native_id, slug, seconds)


def wished(draft: Draft, field: GraphQLField, arguments: Mapping[str, Operand]) -> Wished | None:
    """Return what *field* wishes, whose statement is *draft*; None where what is stored will do.

    BAD_USER_INPUT for arguments that do not fit each other. What wishes anything is never kept: it is asked again.
    """
    word = arguments[ARGUMENT].now if ARGUMENT in arguments else Consistency.CACHED
    seconds = arguments.get(SECONDS)
    if (word is Consistency.MAX_AGE) is (seconds is None):
        raise _wrong(
            f"`{SECONDS}` says how old is too old: give it with `{ARGUMENT}: MAX_AGE`, and only then."
        )
    if word is Consistency.CACHED:
        return None
    if AS_OF in arguments:
        raise _wrong(
            f"`{AS_OF}` asks what was known then, `{ARGUMENT}: {word}` what is so now: leave one out."
        )
    draft.volatile = True
    return Wished(
        EntityType(get_named_type(field.type).name),
        arguments["portal"],
        arguments.get("nativeId"),
        arguments.get("slug"),
        seconds,
    )


def _wrong(words: str) -> Problem:
    return Problem(Code.BAD_USER_INPUT, words)
