"""Judging documents: which drifts those of a unit show, at next to no cost for what is as expected.

What is expected becomes a type that msgspec decodes to without building a dictionary: a document that fits it shows
no drift. Only one that does not is looked at member by member.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import msgspec

from gateway.fetch import decode
from gateway.model.document import Document
from gateway.model.enums import EntityType
from gateway.model.expected import Drift, Expected, JsonType, drifts

Kinds = Mapping[EntityType, Expected]
"""What is expected of the documents of each type."""
NOTHING: Kinds = {}
"""Nothing is known of any type, so nothing is unexpected."""


class _Object(msgspec.Struct, gc=False):
    """An object whose members are skipped."""


@dataclass(slots=True)
class Sighting:
    """In how many documents of a unit something was seen, and one of them."""

    count: int
    native_id: str


class Judges:
    """Judges the documents of one portal by what is *expected* of their types."""

    def __init__(self, expected: Kinds) -> None:
        self._expected = expected
        self._decodes: dict[EntityType, Callable[[bytes], object]] = {}

    def judge(self, documents: Iterable[Document]) -> dict[tuple[EntityType, Drift], Sighting]:
        """Return what *documents* show that is not as expected, the first document of each thing as an example."""
        found: dict[tuple[EntityType, Drift], Sighting] = {}
        for document in documents:
            for drift in self.of(document):
                sighting = found.setdefault((document.type, drift), Sighting(0, document.native_id))
                sighting.count += 1
        return found

    def of(self, document: Document) -> Sequence[Drift]:
        """Return in what *document* is not as expected, each thing once; what is no JSON is nobody's drift."""
        decode = self._decodes.get(document.type) or self._decode(document.type)
        try:
            decode(document.body)
        except msgspec.ValidationError:
            return _looked_at(document.body, self._expected[document.type])
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return ()
        return ()

    def _decode(self, type_: EntityType) -> Callable[[bytes], object]:
        """Return what decodes the documents of a type that are as expected; where nothing is, anything goes."""
        expected = self._expected.get(type_)
        decode = bytes if expected is None else msgspec.json.Decoder(_fitting(expected)).decode
        self._decodes[type_] = decode
        return decode


def _looked_at(body: bytes, expected: Expected) -> Sequence[Drift]:
    try:
        element = decode.storable(body)
    except decode.DecodeError:
        return ()
    return tuple(dict.fromkeys(drifts(element, expected)))


def _fitting(expected: Expected) -> Any:
    """Return the type to which only what is as *expected* can be decoded."""
    if not expected.types:
        return msgspec.Raw
    found: Any = None
    for type_ in sorted(expected.types):
        found |= _of_type(type_, expected)
    return found


def _of_type(type_: JsonType, expected: Expected) -> Any:
    match type_:
        case JsonType.STRING:
            return str if expected.words is None else Literal[tuple(sorted(expected.words))]
        case JsonType.NUMBER:
            return int | float
        case JsonType.BOOLEAN:
            return bool
        case JsonType.ARRAY:
            return list[msgspec.Raw if expected.each is None else _fitting(expected.each)]  # type: ignore[misc]
        case JsonType.OBJECT:
            return _Object if expected.members is None else _struct(expected.members)
        case JsonType.NULL:
            return None


def _struct(members: Mapping[str, Expected]) -> type[msgspec.Struct]:
    fields = [(f"m{place}", _fitting(each), None) for place, each in enumerate(members.values())]
    names = {f"m{place}": name for place, name in enumerate(members)}
    return msgspec.defstruct("Fitting", fields, rename=names, forbid_unknown_fields=True, gc=False)
