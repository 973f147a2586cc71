"""Grouped counts as the schema has them: for each list what it can be counted by, and what a group looks like."""

from __future__ import annotations

import types
from datetime import date
from functools import cache
from typing import Annotated, Any

import strawberry
from strawberry.utils.str_converters import to_camel_case

from gateway.model.enums import EntityType
from harvest_graphql.arguments import unread
from harvest_graphql.marks import field
from harvest_graphql.plan.grouping import DEFAULT_ZONE, FIRST, MOST_GROUPS, MOST_KEYS
from harvest_graphql.plan.keys import Key, keys_of, main_instant
from harvest_graphql.plan.operands import Choice
from harvest_graphql.plan.relations import rollup_of
from harvest_graphql.words import register

_HOMES = {
    "Portal": "harvest_graphql.portal",
    "Organization": "harvest_graphql.publishers",
    "HarvestBackend": "harvest_graphql.sources",
    "HarvestSource": "harvest_graphql.sources",
}
"""Modules of the things that rows can be counted by."""
_BEGINS = {
    "day": "the day",
    "week": "the Monday of the week",
    "month": "the first day of the month",
    "year": "the first day of the year",
}
_LIVE = "Counted from the rows themselves, now."
_ROLLED = (
    "Counted from the rollup that each run writes as it is stored, where no filter but those of portal, source,"
    " organization, status, kind and `createdAt` is given; else from the rows themselves. Both say the same."
)
_SUMMED = (
    "Counted from the rollups that runs write as they are stored, where the keys and filters are none but portal and"
    " status, or a run's own list is counted; else from the rows themselves. Both say the same."
)
_NULL = "null where the rows have none, or are not counted by it."


@cache
def groups_of(type_: EntityType) -> Any:
    """Return the field of a connection of *type_* that counts the list's rows in groups."""
    many: Any = list
    said = _ROLLED if rollup_of(type_) is not None else _LIVE
    said = _SUMMED if type_ is EntityType.HARVEST_RECORD else said
    return strawberry.field(
        unread(
            {
                "by": (many[_words(type_)], f"What to count by: 1 to {MOST_KEYS} keys, each once."),
                "time_zone": (
                    str | None,
                    "The IANA time zone in which days, weeks, months and years begin, as in `Europe/Paris`.",
                ),
                "first": (int | None, f"How many groups at most: 0 to {MOST_GROUPS}, the largest first."),
            },
            many[_group(type_)],
            {"time_zone": DEFAULT_ZONE, "first": FIRST},
        ),
        description="How many rows the whole list has by group, whatever the page: the largest group first, groups of"
        f" one size by their keys, null last. {said}",
    )


def _words(type_: EntityType) -> Any:
    """Return the enum of what rows of *type_* can be counted by; a word's value is the key's name."""
    keys: dict[str, Key] = keys_of(type_)
    functional: Any = Choice
    words = functional(f"{type_}GroupKey", {name.upper(): name for name in keys}, module=__name__)
    words.__doc__ = f"What a list of {type_} can be counted by."
    register(words, {name.upper(): f"By {_said(type_, key)}." for name, key in keys.items()})
    return words


def _group(type_: EntityType) -> Any:
    keys = _object(
        f"{type_}GroupKeys",
        "What the rows of a group have in common.",
        {
            name: (_type(key), f"{_sentence(_said(type_, key))}; {_NULL}")
            for name, key in keys_of(type_).items()
        },
    )
    return _object(
        f"{type_}Group",
        "Rows of a list that have something in common, counted.",
        {"keys": (keys, "What they have in common."), "count": (int, "How many they are.")},
    )


def _object(name: str, description: str, fields: dict[str, tuple[Any, str]]) -> Any:
    """Return an object type of *fields*: type and description by name."""
    members: dict[str, Any] = {each: field(text) for each, (_, text) in fields.items()}
    members["__annotations__"] = {each: kind for each, (kind, _) in fields.items()}
    made = types.new_class(name, (), {}, lambda space: space.update(members))
    return strawberry.type(made, description=description)


def _type(key: Key) -> Any:
    if key.words is not None:
        return key.words | None
    if key.is_bucket:
        return date | None
    name = "Portal" if key.target is None else key.target.value
    named_later: Any = Annotated[name, strawberry.lazy(_HOMES[name])]
    return named_later | None


def _said(type_: EntityType, key: Key) -> str:
    """Return what *key* is, in words."""
    if key.is_bucket:
        return f"{_BEGINS[key.name]} of their `{to_camel_case(main_instant(type_))}`"
    if not key.path:
        return f"their `{to_camel_case(key.name)}`"
    whose = f"their {key.path[0]}s"
    for relation in key.path[1:]:
        whose = f"the {relation}s of {whose}"
    return f"the `{to_camel_case(key.name)}` of {whose}"


def _sentence(text: str) -> str:
    return text[0].upper() + text[1:]
