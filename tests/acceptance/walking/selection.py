"""Operations that ask for every field of a type, made from what the endpoint says of its own schema."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from graphql import (
    GraphQLField,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    is_required_argument,
)

LEFT_OUT = frozenset({"document", "provenance"})
"""Fields that hold every leaf by nature: the portal's own bytes, and where they were read."""
_MOST = 100
"""Rows that a list gives at most."""


class Operations:
    """What can be asked of *schema*, a root list or look-up at a time."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self._schema = schema
        query = schema.query_type
        assert query is not None, "the endpoint answers no queries"
        self._roots = query.fields

    def everything(self) -> Mapping[str, str]:
        """Return by type the operation that asks for every field of every row; its rows are at ``rows``."""
        return {**dict(self._lists()), **dict(self._plain())}

    def documents(self) -> Mapping[str, str]:
        """Return by type the operation that asks for the documents of every row, where there is such a field."""
        found = {}
        for name, field, rows in self._connections():
            document = rows.fields.get("document")
            if document is not None and not _required(document):
                body = self._below(document, depth=0)
                found[rows.name] = (
                    f"{{ rows: {name}{self._all(field)} {{ nodes {{ nativeId document {body} }} }} }}"
                )
        return found

    def _connections(self) -> Iterator[tuple[str, GraphQLField, GraphQLObjectType]]:
        """Yield the root's lists of things of the portals: name, field, type of a row."""
        for name, field in self._roots.items():
            kind = get_named_type(field.type)
            if _is_connection(kind) and not _required(field):
                rows = get_named_type(kind.fields["nodes"].type)
                if isinstance(rows, GraphQLObjectType) and "presence" in rows.fields:
                    yield name, field, rows

    def _lists(self) -> Iterator[tuple[str, str]]:
        for name, field, rows in self._connections():
            body = self._fields(rows, depth=0)
            yield rows.name, f"{{ rows: {name}{self._all(field)} {{ nodes {body} }} }}"

    def _plain(self) -> Iterator[tuple[str, str]]:
        """Yield the root's lists without pages and arguments: portals."""
        for name, field in self._roots.items():
            kind = get_named_type(field.type)
            if isinstance(kind, GraphQLObjectType) and not field.args and "[" in str(field.type):
                yield kind.name, f"{{ rows: {name} {self._fields(kind, depth=0)} }}"

    def _all(self, field: GraphQLField) -> str:
        """Return the arguments by which a list holds every row, whatever became of it."""
        filters = get_named_type(field.args["filter"].type)
        presence = get_named_type(filters.fields["presence"].type)
        return f"(first: {_MOST}, filter: {{presence: [{', '.join(presence.values)}]}})"

    def _fields(self, kind: GraphQLObjectType, *, depth: int) -> str:
        """Return the selection of every field; entities below the row are told with their own fields alone."""
        chosen = [
            f"{name} {self._below(field, depth=depth)}".strip()
            for name, field in kind.fields.items()
            if self._wanted(name, field, depth)
        ]
        return f"{{ {' '.join(chosen)} }}"

    def _wanted(self, name: str, field: GraphQLField, depth: int) -> bool:
        kind = get_named_type(field.type)
        if name in LEFT_OUT or _required(field) or _is_connection(kind):
            return False
        return depth == 0 or not self._is_node(kind)

    def _below(self, field: GraphQLField, *, depth: int) -> str:
        kind = get_named_type(field.type)
        if not isinstance(kind, GraphQLObjectType):
            return ""
        return self._fields(kind, depth=depth + self._is_node(kind))

    def _is_node(self, kind: object) -> bool:
        return isinstance(kind, GraphQLObjectType) and any(one.name == "Node" for one in kind.interfaces)


def _is_connection(kind: object) -> bool:
    return isinstance(kind, GraphQLObjectType) and {"nodes", "pageInfo"} <= kind.fields.keys()


def _required(field: GraphQLField) -> bool:
    return any(is_required_argument(argument) for argument in field.args.values())
