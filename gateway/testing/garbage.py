"""What no portal should send and every portal will: documents that a normaliser must take without raising."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from typing import Any

from gateway.model.document import Document, Fetch
from gateway.model.entities import Entity
from gateway.model.enums import EntityType

NEW_WORD = "a-word-of-tomorrow"
"""A word that no vocabulary has."""
FETCH = Fetch("/garbage", None, datetime(2026, 11, 21, tzinfo=UTC), b"0" * 16)
BODIES = (
    b"",
    b"null",
    b"true",
    b"0",
    b'""',
    b'"\\u0000"',
    b"[]",
    b"[{}]",
    b"{}",
    b'{"id": null}',
    b'{"id": ""}',
    b'{"id": 5}',
    b'{"id": {}}',
    b'{"id": "\\u0000"}',
    b'{"id": "\\ud800"}',
    b'{"id": NaN}',
    b'{"id": 1e999}',
    b'{"id": "x", "id": "y"}',
    b"<!doctype html><title>Maintenance</title>",
    b"\xff\xfe",
    b"\xef\xbb\xbf{}",
    b"{" * 200_000,
    b"[" * 5000 + b"]" * 5000,
    b'{"id": ' * 300 + b"1" + b"}" * 300,
    b'{"id": "x", "name": ' + b"[" * 90 + b"]" * 90 + b"}",
)
"""Elements that are none."""
VALUES: tuple[Any, ...] = (
    None,
    True,
    0,
    -1,
    2**31,
    10**30,
    1.5,
    "",
    "\0",
    "\0a\ufffe",
    "9999-12-31T23:59:59-14:00",
    "0001-01-01T00:00:00+14:00",
    "Mon, 99 Nov 2026 25:61:61 GMT",
    NEW_WORD,
    [],
    [None, 1, "\0", [], {}],
    {},
    {"\0": "\0", "id": 1},
    {"id": {"id": []}},
)
"""Values that turn up where another was meant."""
LARGEST = 2**31 - 1


def document(kind: EntityType, body: bytes, *, native_id: str = "x") -> Document:
    """Return a document of *body* that comes from nowhere."""
    return Document.of(kind, native_id, body, FETCH, parent="p", position=0)


def changed(original: Document, element: Any) -> Document:
    """Return *original* with another element in it."""
    body = json.dumps(element).encode()
    return Document.of(
        original.type,
        original.native_id,
        body,
        original.fetch,
        parent=original.parent,
        position=original.position,
    )


def spoiled(original: Document) -> Iterator[Document]:
    """Yield *original* with each of its values in turn left out and replaced by each of VALUES."""
    element = json.loads(original.body)
    for path in paths(element):
        yield changed(original, without(element, path))
        for value in VALUES:
            yield changed(original, with_value(element, path, value))


def paths(element: Any, before: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the path of every value in *element* but its own."""
    steps = (
        element.items()
        if isinstance(element, dict)
        else enumerate(element)
        if isinstance(element, list)
        else ()
    )
    for step, value in steps:
        yield (*before, step)
        yield from paths(value, (*before, step))


def with_value(element: Any, path: tuple[Any, ...], value: Any) -> Any:
    """Return a copy of *element* with *value* at *path*."""
    copy = deepcopy(element)
    place = copy
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return copy


def without(element: Any, path: tuple[Any, ...]) -> Any:
    """Return a copy of *element* without what is at *path*."""
    copy = deepcopy(element)
    place = copy
    for step in path[:-1]:
        place = place[step]
    del place[path[-1]]
    return copy


def faults(entity: Entity) -> list[str]:
    """Return what of *entity* could not be stored."""
    found = [] if entity.native_id else ["native_id is empty"]
    for field in fields(entity):
        value = getattr(entity, field.name)
        found += [f"{field.name}: {fault}" for fault in _faults(value)]
        if "int" in str(field.type) and value is not None and not -LARGEST <= value <= LARGEST:
            found.append(f"{field.name}: {value} is no 32-bit integer")
    return found


def _faults(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield from _text_faults(value)
    elif isinstance(value, datetime) and value.utcoffset() != timedelta(0):
        yield f"{value!r} is not in UTC"
    elif isinstance(value, Mapping):
        for part in (*value, *value.values()):
            yield from _faults(part)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _faults(part)


def _text_faults(value: str) -> Iterator[str]:
    if "\0" in value:
        yield "NUL in text"
    if any("\ud800" <= letter <= "\udfff" for letter in value):
        yield "a lone surrogate in text"
