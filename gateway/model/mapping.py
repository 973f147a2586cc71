"""Normalisers as tables: which place of a portal's element a field is read from, by which rule, how surely.

The normaliser runs the table; provenance reads it. There is no second description.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Generic, TypeVar

from gateway.model.entities import Entity

E = TypeVar("E", bound=Entity)


class Basis(StrEnum):
    """How a field came to its value."""

    DIRECT = "DIRECT"
    """The portal's own value."""
    DERIVED = "DERIVED"
    """Computed from the portal's values."""
    ASSUMED = "ASSUMED"
    """The portal does not say; the gateway's assumption."""


def same(value: Any) -> Any:
    """Return the value as it is."""
    return value


@dataclass(frozen=True, slots=True)
class Rule:
    """One field of an entity: where it is read and what is done with it."""

    field: str
    pointer: str
    """JSON pointer (RFC 6901) into the element; "" is the element itself."""
    read: Callable[[Any], Any] = same
    """Applied to the value that the pointer finds, None where it finds none."""
    basis: Basis = Basis.DIRECT
    note: str = ""
    """The rule in words, where the function's name does not say it."""

    @property
    def path(self) -> tuple[str, ...]:
        """Return the pointer's steps."""
        return tuple(step.replace("~1", "/").replace("~0", "~") for step in self.pointer.split("/")[1:])


class Table(Generic[E]):
    """The rules of one entity type.

    *consumed* are the keys of the element that typed fields read or that are left out on purpose
    (heavy or private ones); every other key goes to ``native``.
    """

    def __init__(self, entity: type[E], rules: tuple[Rule, ...], *, consumed: frozenset[str]) -> None:
        self.entity = entity
        self.rules = rules
        self.consumed = consumed | {rule.path[0] for rule in rules if rule.path}
        unknown = {rule.field for rule in rules} - set(entity.__dataclass_fields__)
        if unknown:
            raise ValueError(f"{entity.__name__} has no field {', '.join(sorted(unknown))}")
        self._steps = tuple((rule.field, rule.path, rule.read) for rule in rules)

    def read(self, element: Mapping[str, Any], **given: Any) -> E:
        """Return the entity that *element* describes; *given* are the fields that its address tells."""
        values: dict[str, Any] = given
        for field, path, read in self._steps:
            value: Any = element
            for step in path:
                value = value.get(step) if isinstance(value, dict) else None
            values[field] = read(value)
        if "native" not in values:
            rest = {key: element[key] for key in element if key not in self.consumed}
            values["native"] = rest or None
        return self.entity(**values)
