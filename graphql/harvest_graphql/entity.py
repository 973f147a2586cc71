"""What every thing of the schema has: an id, a portal, a presence; and how lists of things look."""

from __future__ import annotations

import types
from datetime import datetime
from functools import cache
from typing import Annotated, Any, Generic, TypeVar, get_args

import strawberry

from gateway.model.enums import EntityType, Presence
from harvest_graphql import consistency
from harvest_graphql.arguments import unread
from harvest_graphql.groups import groups_of
from harvest_graphql.marks import field
from harvest_graphql.origins import Document, Provenance
from harvest_graphql.plan import origins
from harvest_graphql.plan.computed import global_id, last_seen_at, native
from harvest_graphql.portal import Node, Portal
from harvest_graphql.scalars import JSON, URL, Cursor

T = TypeVar("T")
_AS_OF = (
    datetime | None,
    (
        "The instant of which is asked: what the gateway knew then, here and in everything below. It knows nothing of"
        " the time before its first load of a portal, nor of what was pruned: `extensions.notices` tell. What is"
        " derived is derived from what was known then; `nextRunAt` is null where it is computed from a schedule."
        " Records and errors that have changed since are UNKNOWN but for what names them. Persons and portals are told"
        " as they are now; datasets and `groups` cannot be asked for."
    ),
)


def look_up(
    type_: Any,
    description: str,
    arguments: dict[str, tuple[Any, str]],
    *,
    place: Any = None,
    answer: Any = None,
    past: bool = False,
    live: bool = False,
) -> Any:
    """Return a field that finds one thing, or things, by *arguments*: type and description by name.

    *past*: also as it was known at an instant. *live*: also as its portal shows it now.

    *place* says where they are read, from a row and the arguments; without it they are of the root. *answer* writes
    the SQL of a field of the root that is neither a list in pages nor found by a key.
    """
    marks = {"place": place} if place else {"answer": answer} if answer else {}
    taken = {**_with_past(arguments, past), **(consistency.ARGUMENTS if live else {})}
    return strawberry.field(unread(taken, type_), description=description, metadata=marks)


def _with_past(arguments: dict[str, tuple[Any, str]], past: bool) -> dict[str, tuple[Any, str]]:
    return {**arguments, "as_of": _AS_OF} if past else arguments


@strawberry.interface(description="Something that a portal has, and what the gateway knows of its life.")
class Entity(Node):
    """Fields of every entity."""

    id: strawberry.ID = field("The id that names it everywhere; the same after a rebuild.", sql=global_id)
    portal: Portal = field("The portal that it belongs to.")
    native_id: str = field("The portal's own id, or its place where the portal has none.")
    portal_url: URL | None = field("Its page for people at the portal.")
    presence: Presence = field("Whether the portal still has it, and how we know.")
    first_seen_at: datetime = field("When the gateway first saw it.")
    last_seen_at: datetime = field("When the gateway last knew it to be there.", sql=last_seen_at)
    changed_at: datetime = field("When the gateway last saw it change.")
    deleted_at: datetime | None = field("When it was deleted, as the portal says.")
    removed_at: datetime | None = field("When the gateway found that it was no longer there.")
    native: JSON | None = field(
        "What the portal says of it beyond the fields here, in the portal's own keys;"
        " personal data are left out without a key that may read them.",
        sql=native,
    )
    document: Document | None = field(
        "What the portal said when the gateway last read it. An error or dataset that came inside another thing's"
        " document has that one; a thing that was only ever named by others has none.",
        place=origins.document,
    )
    provenance = look_up(
        Provenance | None,
        "How a field came to its value; null where nothing is known of that. What is no field is an error.",
        {
            "field": (
                str,
                "The field's name, with a dot where it lies in an object: `status`, `counts.total`.",
            )
        },
        place=origins.provenance,
    )


@strawberry.type(description="Where a page lies in its list.")
class PageInfo:
    """Relay's page information."""

    has_next_page: bool = field("Whether there are rows after this page.")
    has_previous_page: bool = field("Whether there are rows before this page.")
    start_cursor: Cursor | None = field("The cursor of the page's first row; null on an empty page.")
    end_cursor: Cursor | None = field("The cursor of the page's last row; null on an empty page.")


@strawberry.type(description="A row of a list with its place.")
class Edge(Generic[T]):
    """Relay's edge."""

    cursor: Cursor = field("The row's place in the list, for `after` and `before`.")
    node: T = field("The row.")


@strawberry.type(description="A page of a list.")
class Connection(Generic[T]):
    """Relay's connection, with the nodes at hand."""

    nodes: list[T] = field("The rows of the page.")
    edges: list[Edge[T]] = field("The rows of the page, each with its cursor.")
    page_info: PageInfo = field("Where the page lies in the list.")
    total_count: int = field("How many rows the whole list has; counted only where it is selected.")


def paging(filters: Any, **further: tuple[Any, str]) -> dict[str, tuple[Any, str]]:
    """Return the arguments of a list in pages: type and description by name."""
    return {
        "filter": (filters | None, "Which rows; everything that is given must hold."),
        **further,
        "first": (
            int | None,
            "How many rows from the start: 0 to 100, 20 unless `first` or `last` is given.",
        ),
        "after": (Cursor | None, "Only rows after this cursor."),
        "last": (int | None, "How many rows from the end: 0 to 100."),
        "before": (Cursor | None, "Only rows before this cursor."),
    }


def pages(
    node: Any, filters: type, order: type, description: str, *, via: str | None = None, past: bool = False
) -> Any:
    """Return a field that is a list of *node* in pages; *via* names the column of *node* that refers to the owner.

    *past*: also as it was known at an instant.
    """
    ordered = (order | None, "In which order; every order ends in the id, and what has no value comes last.")
    arguments = paging(filters, order_by=ordered)
    resolver = unread(_with_past(arguments, past), _connection(*_home(node)))
    return strawberry.field(resolver, description=description, metadata={"via": via} if via else {})


def _home(node: Any) -> tuple[str, str]:
    """Return name and module of a type, or of one that is named before it is there."""
    if isinstance(node, type):
        return node.__name__, node.__module__
    name, lazy = get_args(node)
    return name.__forward_arg__, lazy.module


@cache
def _connection(name: str, module: str) -> Any:
    """Return the type of the lists of the type *name*, with what their rows can be counted by."""
    node = Annotated[name, strawberry.lazy(module)]  # type: ignore[valid-type]
    members = {"groups": groups_of(EntityType(name)), "__doc__": f"A page of a list of {name}."}
    made = types.new_class(f"{name}Connection", (Connection[node],), {}, lambda space: space.update(members))
    return strawberry.type(made, description="A page of a list.")
