"""Shapes of JSON: which keys an answer has at each level and of which types its values are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

NULL = "null"


def kind(value: Any) -> str:
    """Return the JSON type of a decoded value; integers and other numbers are told apart."""
    names = {dict: "object", list: "array", str: "string", bool: "boolean", int: "integer", float: "number"}
    return NULL if value is None else names[type(value)]


@dataclass(slots=True)
class Shape:
    """What was seen at one place: types, and for objects and lists what was seen below."""

    kinds: set[str] = field(default_factory=set)
    objects: int = 0
    """How many objects, those without any key apart."""
    empty: int = 0
    keys: dict[str, Shape] = field(default_factory=dict)
    present: dict[str, int] = field(default_factory=dict)
    items: Shape | None = None

    @classmethod
    def of(cls, value: Any) -> Shape:
        """Return the shape of one value."""
        shape = cls()
        shape.see(value)
        return shape

    def see(self, value: Any) -> None:
        """Add another value of the same place."""
        self.kinds.add(kind(value))
        if isinstance(value, dict):
            self._see_object(value)
        elif isinstance(value, list):
            self.items = self.items or Shape()
            for item in value:
                self.items.see(item)

    def _see_object(self, value: Mapping[str, Any]) -> None:
        self.objects += bool(value)
        self.empty += not value
        for key, member in value.items():
            self.keys.setdefault(key, Shape()).see(member)
            self.present[key] = self.present.get(key, 0) + 1

    def always(self, *, or_none: bool) -> set[str]:
        """Return the keys that every object had; *or_none*: those without any key do not count."""
        objects = self.objects + (0 if or_none else self.empty)
        return {key for key, count in self.present.items() if count == objects}


@dataclass(frozen=True, slots=True)
class Latitude:
    """Where shapes may differ, because the facts say so; paths without the lists' ``data[].`` or ``[].``."""

    nullable: Mapping[str, str]
    """Paths that may be null, with the type that they have otherwise."""
    free: frozenset[str]
    """Paths below which the portal promises nothing: payloads, configurations."""
    empty: frozenset[str] = frozenset()
    """Paths where an object has all of its keys or none."""

    def is_free(self, path: str) -> bool:
        """Return whether nothing is promised below *path*."""
        return bare(path) in self.free

    def allows(self, path: str, ours: set[str], theirs: set[str]) -> bool:
        """Return whether *ours* may stand where the capture shows *theirs*."""
        otherwise = self.nullable.get(bare(path))
        allowed = theirs | ({NULL, *otherwise.split("|")} if otherwise else set())
        return ours <= allowed


def bare(path: str) -> str:
    """Return *path* below the envelope and its list."""
    for prefix in ("data[].", "[]."):
        path = path.removeprefix(prefix)
    return path


def differences(captured: Shape, ours: Shape, latitude: Latitude, path: str = "") -> Iterator[str]:
    """Yield how *ours* differs from what was *captured*, a sentence each."""
    if not latitude.allows(path, ours.kinds, captured.kinds):
        yield f"{path or 'body'}: {words(ours.kinds)} where the capture has {words(captured.kinds)}"
    if latitude.is_free(path):
        return
    or_none = bare(path) in latitude.empty
    if captured.objects and (ours.objects or (ours.empty and not or_none)):
        yield from _keys(captured, ours, latitude, path)
    if captured.items and ours.items and captured.items.kinds and ours.items.kinds:
        yield from differences(captured.items, ours.items, latitude, f"{path}[]")


def _keys(captured: Shape, ours: Shape, latitude: Latitude, path: str) -> Iterator[str]:
    at = f"{path}." if path else ""
    or_none = bare(path) in latitude.empty
    for key in sorted(captured.always(or_none=or_none) - ours.always(or_none=or_none)):
        yield f"{at}{key}: missing{' in some' if key in ours.keys else ''}"
    for key in sorted(ours.keys.keys() - captured.keys.keys()):
        yield f"{at}{key}: not in the capture"
    for key in sorted(captured.keys.keys() & ours.keys.keys()):
        yield from differences(captured.keys[key], ours.keys[key], latitude, f"{at}{key}")


def words(kinds: set[str]) -> str:
    """Return *kinds* as words."""
    return " or ".join(sorted(kinds)) or "nothing"
