"""What waits for operators, as lists and things: held deletions, and what lies in quarantine."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from graphql import FieldNode, GraphQLField, GraphQLInputObjectType, GraphQLObjectType, get_named_type
from sqlalchemy import Table

from gateway.errors import UsageError
from gateway.model.enums import EntityType
from gateway.model.identity import parse_global_id
from gateway.store import ledger
from harvest_graphql.plan.changing import KEYS
from harvest_graphql.plan.conditions import of_portals, plain_text
from harvest_graphql.plan.cursors import base64url
from harvest_graphql.plan.draft import Below, Draft, Row
from harvest_graphql.plan.leaves import NULL, constant, list_text
from harvest_graphql.plan.listing import Listing
from harvest_graphql.plan.objects import Objects
from harvest_graphql.plan.octets import utf8_text
from harvest_graphql.plan.operands import Operand
from harvest_graphql.plan.pages import Order, Page, Window
from harvest_graphql.plan.relations import BACKREF, object_type, table_of
from harvest_graphql.problems import Code, Problem

HELD: Table = ledger.HeldDeletion.__table__  # type: ignore[attr-defined]
ENTRY: Table = ledger.Quarantine.__table__  # type: ignore[attr-defined]
TABLES = {"HeldDeletion": HELD, "QuarantineEntry": ENTRY}
_ORDERS = {
    "HeldDeletion": Order("HELD_AT", HELD.c.held_at, descending=True),
    "QuarantineEntry": Order("LAST_SEEN_AT", ENTRY.c.last_seen_at, descending=True),
}
EXAMPLES = 5
"""How many rows of a deletion are shown."""
MOST_BYTES = 1_000_000
"""How many bytes of an entry are shown: a page may have more than an answer holds."""
_STATE = "coalesce({0}.decision, 'WAITING')"


def answer(
    objects: Objects, field: GraphQLField, nodes: list[FieldNode], given: Mapping[str, Operand]
) -> str:
    """Return the SQL of the list that *nodes* select: of held deletions, or of what lies in quarantine."""
    draft, connection = objects.draft, object_type(field)
    draft.volatile = True  # neither table moves the data version
    name = connection.name.removesuffix("Connection")
    table, inner = TABLES[name], draft.alias()
    filters = get_named_type(field.args["filter"].type)
    assert isinstance(filters, GraphQLInputObjectType)
    where = _conditions(draft, inner, filters, given.get("filter"))
    page = Page(draft, table, table.name, _ORDERS[name], Window.of(given), tuple(where), inner)
    row = Row(draft, name, draft.alias(), table)
    listing = Listing(objects.selections, page, row, connection, EntityType.HARVEST_SOURCE)
    return listing.text(nodes, objects.of)


def _conditions(
    draft: Draft, alias: str, filters: GraphQLInputObjectType, given: Operand | None
) -> list[str]:
    """Return what is *given*, and the default of what is not."""
    members = given.members() if given else {}
    found = [
        str(filters.fields[name].extensions[BACKREF].metadata["condition"](draft, alias, value))
        for name, value in members.items()
    ]
    if "state" in filters.fields and "state" not in members:
        found.append(f"{alias}.decided_at IS NULL")
    if "released" in filters.fields and "released" not in members:
        found.append(f"{alias}.released_at IS NULL")
    return found


def portals(draft: Draft, alias: str, value: Operand) -> str:
    """Return that a row is of one of some portals."""
    return of_portals(draft, alias, value)


def words(column: str) -> Callable[[Draft, str, Operand], str]:
    """Return the condition that *column* is one of some words."""
    return lambda draft, alias, value: f"{alias}.{column} = ANY ({_texts(draft, value)})"


def states(draft: Draft, alias: str, value: Operand) -> str:
    """Return that a deletion is in one of some states."""
    return f"{_STATE.format(alias)} = ANY ({_texts(draft, value)})"


def released(_: Draft, alias: str, value: Operand) -> str:
    """Return that an entry was released, or that it was not."""
    return f"{alias}.released_at IS {'NOT ' if value.now else ''}NULL"


def reason_contains(draft: Draft, alias: str, value: Operand) -> str:
    """Return that an entry's reason contains a text."""
    wanted = draft.bind(lambda call: plain_text(value.read(call.values)), "text")
    return f"strpos(lower({alias}.reason), lower({wanted})) > 0"


def _texts(draft: Draft, value: Operand) -> str:
    return draft.bind(lambda call: [plain_text(each) for each in value.read(call.values)], "text[]")


def id_of(row: Row) -> str:
    """Return the id by which mutations know a row, as JSON text."""
    return f"""'"' || {base64url(f"'{row.type_name}:' || {row.portal_key()} || ':' || {row.column('id')}")} || '"'"""


def entity_word(row: Row) -> str:
    """Return the word for the type of the things that a row is about, as JSON text."""
    cases = " ".join(f"""WHEN '{type_}' THEN '"{type_.name}"'""" for type_ in EntityType)
    return f"CASE {row.column('entity_type')} {cases} END"


def state(row: Row) -> str:
    """Return how a deletion stands, as JSON text."""
    return f"""'"' || coalesce({row.column("decision")}, 'WAITING') || '"'"""


def scope(row: Row) -> str:
    """Return the key of the list, null where the portal has but one such list."""
    return f"coalesce(to_json(nullif({row.column('scope')}, ''))::text, {NULL})"


def rows(row: Row) -> str:
    """Return how many rows a deletion is of."""
    return f"cardinality({row.column('entity_ids')})::text"


def run(row: Row) -> Below:
    """Return where the pass is read that held a deletion."""
    alias = row.draft.alias()
    return Below(
        f"sync_run {alias} WHERE {alias}.id = {row.column('run_id')}", Row(row.draft, "SyncRun", alias, None)
    )


def examples(objects: Objects, nodes: list[FieldNode], row: Row) -> str:
    """Return the SQL of the first rows of a deletion, as *nodes* select them."""
    objects.draft.mixed = True
    cases = " ".join(f"WHEN '{type_}' THEN {_things(objects, nodes, type_, row)}" for type_ in EntityType)
    return f"CASE {row.column('entity_type')} {cases} ELSE {constant('[]')} END"


def _things(objects: Objects, nodes: list[FieldNode], type_: EntityType, row: Row) -> str:
    table, named = table_of(type_), objects.selections.schema.type_map[type_.value]
    assert isinstance(named, GraphQLObjectType)
    own = Row(objects.draft, type_.value, objects.draft.alias(), table)
    items = f"string_agg({objects.of(named, nodes, own)}, ',' ORDER BY {own.alias}.id)"
    ids = f"({row.column('entity_ids')})[1:{EXAMPLES}]"
    return f"(SELECT {list_text(items)} FROM {table.name} {own.alias} WHERE {own.alias}.id = ANY ({ids}))"


def size(row: Row) -> str:
    """Return how many bytes an entry holds."""
    return f"length({row.column('body')})::text"


def fingerprint(row: Row) -> str:
    """Return the fingerprint of an entry's bytes, as JSON text."""
    return f"""'"' || encode({row.column("hash")}, 'hex') || '"'"""


def text(row: Row) -> str:
    """Return an entry's bytes as text, as JSON text; null where they are no UTF-8, or too many."""
    return f"coalesce(to_json({utf8_text(_shown(row))})::text, {NULL})"


def octets(row: Row) -> str:
    """Return an entry's bytes in base64, as JSON text; null where they are too many."""
    encoded = f"replace(encode({_shown(row)}, 'base64'), E'\\n', '')"
    return f"coalesce(to_json({encoded})::text, {NULL})"


def _shown(row: Row) -> str:
    body = row.column("body")
    return f"(CASE WHEN length({body}) <= {MOST_BYTES} THEN {body} END)"


def endpoint(row: Row) -> str:
    """Return what was asked for an entry, as JSON text."""
    found = f"(SELECT to_json(w.endpoint)::text FROM fetch_log w WHERE w.id = {row.column('fetch_id')})"
    return f"coalesce({found}, {NULL})"


def concerned(name: str, row: Row) -> Below:
    """Return where the things of type *name* are read that a mutation concerned."""
    alias = row.draft.alias()
    source = f"{TABLES[name].name} {alias} WHERE {alias}.id = ANY ({row.column(KEYS)})"
    return Below(source, Row(row.draft, name, alias, TABLES[name]), f"{alias}.id")


deletions = partial(concerned, "HeldDeletion")
entries = partial(concerned, "QuarantineEntry")


def key_of(text_: Any, name: str) -> int:
    """Return the key in the id *text_* of a *name*; BAD_ID where it is none."""
    try:
        type_, _, native = parse_global_id(str(text_))
    except UsageError:
        type_, native = "", ""
    if type_ != name or not (native.isascii() and native.isdecimal() and len(native) < 19):
        raise Problem(
            Code.BAD_ID, f"{str(text_)[:100]!r} is not the id of a {name}. Take it from a list of them."
        )
    return int(native)
