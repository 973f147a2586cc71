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


class Clock(StrEnum):
    """Whose clock an instant is of, and how sure its zone is."""

    ZONED = "ZONED"
    """The portal's; its words say the zone."""
    UTC_ASSUMED = "UTC_ASSUMED"
    """The portal's; its clocks run without a zone and are taken for UTC."""
    GATEWAY = "GATEWAY"
    """The gateway's own."""


def same(value: Any) -> Any:
    """Return the value as it is."""
    return value


def public(value: Any, private: frozenset[str]) -> Any:
    """Return *value* without the keys *private*, however deep they lie."""
    if isinstance(value, Mapping):
        return {key: public(below, private) for key, below in value.items() if key not in private}
    if isinstance(value, list):
        return [public(below, private) for below in value]
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
    clock: Clock | None = None
    """Of an instant: whose clock it is."""
    told: str | None = None
    """Where the value lies in the document, where the rule reads something that was made of the document before."""

    @property
    def path(self) -> tuple[str, ...]:
        """Return the pointer's steps."""
        return tuple(step.replace("~1", "/").replace("~0", "~") for step in self.pointer.split("/")[1:])


class Table(Generic[E]):
    """The rules of one entity type.

    *consumed* are the keys of the element that typed fields read or that are left out on purpose
    (heavy ones); every other key goes to ``native``. *private* are the keys that hold personal data, at any
    depth: ``native`` leaves them out, ``native_private`` has them.
    """

    def __init__(
        self,
        entity: type[E],
        rules: tuple[Rule, ...],
        *,
        consumed: frozenset[str],
        private: frozenset[str] = frozenset(),
    ) -> None:
        self.entity = entity
        self.rules = rules
        self.private = private
        self.consumed = consumed | {rule.path[0] for rule in rules if rule.path}
        unknown = {rule.field for rule in rules} - set(entity.__dataclass_fields__)
        if unknown:
            raise ValueError(f"{entity.__name__} has no field {', '.join(sorted(unknown))}")
        self._whole = tuple((rule.field, rule.read) for rule in rules if not rule.path)
        members = [rule for rule in rules if len(rule.path) == 1]
        self._copied = tuple((rule.field, rule.path[0]) for rule in members if rule.read is same)
        self._members = tuple(
            (rule.field, rule.path[0], rule.read) for rule in members if rule.read is not same
        )
        self._deep = tuple((rule.field, rule.path, rule.read) for rule in rules if len(rule.path) > 1)

    def read(self, element: Mapping[str, Any], **given: Any) -> E:
        """Return the entity that *element* describes; *given* are the fields that its address tells."""
        values: dict[str, Any] = given
        get = element.get
        for field, key in self._copied:
            values[field] = get(key)
        for field, key, read in self._members:
            values[field] = read(get(key))
        for field, read in self._whole:
            values[field] = read(element)
        for field, path, read in self._deep:
            value: Any = element
            for step in path:
                value = value.get(step) if isinstance(value, dict) else None
            values[field] = read(value)
        rest = values.pop("native", element)
        if rest is element:
            rest = {key: element[key] for key in element if key not in self.consumed}
        values["native"], values["native_private"] = self._parted(rest or None)
        return self.entity(**values)

    def _parted(self, rest: Any) -> tuple[Any, Any]:
        """Return what anybody may read of *rest*, and the whole of it where that is more."""
        if rest is None or not self.private:
            return rest, None
        shown = public(rest, self.private)
        return (rest, None) if shown == rest else (shown or None, rest)
