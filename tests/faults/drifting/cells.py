"""Cells: a document of a portal in which one field is not as it should be, and what has to be counted then."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from gateway.model.document import Document
from gateway.model.expected import Drift, DriftKind, Expected, JsonType, json_type
from gateway.testing import garbage

Path = tuple[Any, ...]
OTHER: Mapping[JsonType, Any] = {
    JsonType.STRING: "a text",
    JsonType.NUMBER: 2**40,
    JsonType.BOOLEAN: True,
    JsonType.ARRAY: [None, 1, "a", {}],
    JsonType.OBJECT: {"a": 1},
}
"""A value of each type, to stand where another is meant."""
RAW = "source_raw"
"""A member whose text is an element in itself."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One field spoiled in one way."""

    name: str
    """The field's place and the way."""
    document: Document
    drift: Drift | None
    """What has to be counted; None where anything may stand there."""
    word: str | None = None
    """A word that has to stay readable."""


@dataclass(frozen=True, slots=True)
class Spoiled:
    """An element with one field spoiled."""

    way: str
    element: Any
    drift: Drift | None = None
    word: str | None = None


Name = Callable[[Any, bool], Document]
"""Makes the document of an element, under a name of its own unless its id was spoiled."""


def cells(whole: Any, expected: Expected, name: Name) -> Iterator[Cell]:
    """Yield each field of the element *whole* spoiled in each way."""
    for path, here, parent in fields(whole, expected):
        for spoiled in ways(whole, path, here, parent):
            document = name(spoiled.element, path == ("id",) and spoiled.way != "extra")
            yield Cell(f"{pointer(path)} {spoiled.way}", document, spoiled.drift, spoiled.word)
    yield from _payloads(whole, name)


def _payloads(whole: Any, name: Name) -> Iterator[Cell]:
    """Yield the fields of a payload spoiled, where the element holds one as text."""
    try:
        payload = json.loads(whole[RAW])
    except (KeyError, TypeError, ValueError):
        return
    for path, _, _ in fields(payload, Expected()):
        for spoiled in ways(payload, path, Expected(), Expected()):
            raw = json.dumps(spoiled.element)
            yield Cell(f"{RAW}{pointer(path)} {spoiled.way}", name({**whole, RAW: raw}, False), None)


def fields(value: Any, here: Expected, before: Path = ()) -> Iterator[tuple[Path, Expected, Expected]]:
    """Yield the path of each field in *value*, with what is expected there and around it."""
    steps: Iterator[tuple[Any, Any]] | enumerate[Any]
    if isinstance(value, dict):
        steps = iter(value.items())
    else:
        steps = enumerate(value[:1]) if isinstance(value, list) else iter(())
    for step, below in steps:
        known = here.each if isinstance(step, int) else (here.members or {}).get(step)
        there = known or Expected()
        yield (*before, step), there, here
        yield from fields(below, there, (*before, step))


def pointer(path: Path) -> str:
    """Return a path as drift names it."""
    return "".join("/*" if isinstance(step, int) else f"/{step}" for step in path)


def ways(whole: Any, path: Path, here: Expected, parent: Expected) -> Iterator[Spoiled]:
    """Yield *whole* with the field at *path* spoiled in each way."""
    value, place = _at(whole, path), pointer(path)

    def put(way: str, other: Any, drift: Drift | None = None, word: str | None = None) -> Spoiled:
        return Spoiled(way, garbage.with_value(whole, path, other), drift, word)

    yield Spoiled("absent", garbage.without(whole, path))
    yield put("null", None)
    for type_, other in OTHER.items():
        if type_ not in here.types:
            yield put(f"as {type_}", other, _wrong(here, place, type_))
    if here.words is not None:
        word = f"word-of-{place.replace('/', '-')}"
        yield put("unknown word", word, Drift(place, DriftKind.UNKNOWN_WORD, word), word)
    else:
        yield put("unknown word", garbage.NEW_WORD, _wrong(here, place, JsonType.STRING))
    yield _extra(whole, path, parent)
    large = _tenfold(value)
    if here.words is not None and isinstance(large, str):
        yield put("tenfold", large, Drift(place, DriftKind.UNKNOWN_WORD, large), large)
    else:
        yield put("tenfold", large)
    yield put("nested", {"nested": value}, _nested(here, place, value))


def _wrong(here: Expected, place: str, type_: JsonType) -> Drift | None:
    return Drift(place, DriftKind.WRONG_TYPE, type_) if here.types and type_ not in here.types else None


def _nested(here: Expected, place: str, value: Any) -> Drift | None:
    if JsonType.OBJECT in here.types and here.members is not None:
        return Drift(f"{place}/nested", DriftKind.UNKNOWN_FIELD, json_type(value))
    return _wrong(here, place, JsonType.OBJECT)


def _extra(whole: Any, path: Path, parent: Expected) -> Spoiled:
    """Return *whole* with a field beside the one at *path* that nobody knows."""
    if isinstance(path[-1], int):
        return Spoiled("extra", garbage.with_value(whole, path[:-1], [*_at(whole, path[:-1]), "extra"]))
    beside = f"{path[-1]}_of_tomorrow"
    around = pointer(path[:-1])
    known = parent.members is None
    drift = None if known else Drift(f"{around}/{beside}", DriftKind.UNKNOWN_FIELD, JsonType.STRING)
    return Spoiled("extra", garbage.with_value(whole, (*path[:-1], beside), "extra"), drift)


def _tenfold(value: Any) -> Any:
    """Return what is ten times as large or as long."""
    if isinstance(value, bool) or value is None:
        return [value] * 10
    if isinstance(value, dict):
        return {key: _tenfold(below) for key, below in value.items()}
    return value * 10


def _at(whole: Any, path: Path) -> Any:
    for step in path:
        whole = whole[step]
    return whole
