"""Normalisers as tables: which place of a portal's element a field is read from, by which rule, how surely.

The normaliser runs the table; provenance reads it. There is no second description.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Generic, TypeVar

from gateway.model.entities import Entity
from gateway.model.unrolled import unrolled

E = TypeVar("E", bound=Entity)
Read = TypeVar("Read", bound=Callable[[Any], Any])


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


def passing(kind: type) -> Callable[[Read], Read]:
    """Mark a rule's function that returns None, and what is of just this *kind*, as it is: tables need not call it.

    Of the kind ``object`` is everything.
    """

    def mark(read: Read) -> Read:
        vars(read)["passes"] = kind
        return read

    return mark


@passing(object)
def same(value: Any) -> Any:
    """Return the value as it is."""
    return value


def public(value: Any, private: frozenset[str]) -> Any:
    """Return decoded JSON without the keys *private*, however deep they lie; itself where it has none of them."""
    if not _holds(value, private):
        return value
    if isinstance(value, dict):
        return {key: public(below, private) for key, below in value.items() if key not in private}
    return [public(below, private) for below in value]


def _holds(value: Any, keys: frozenset[str]) -> bool:
    """Whether one of *keys* lies anywhere in decoded JSON."""
    if isinstance(value, dict):
        return not keys.isdisjoint(value) or any(_holds(below, keys) for below in value.values())
    return isinstance(value, list) and any(_holds(below, keys) for below in value)


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

    @property
    def passes(self) -> type | None:
        """Return of which type values need no call, as ``passing`` says; None where all do."""
        return getattr(self.read, "passes", None)


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
        self.read: Callable[..., E] = unrolled(entity, rules, self.consumed, self._parted)
        """Returns the entity that an element (decoded JSON, an object) describes; by keyword the fields that its
        address tells, and ``native`` where that is not just the keys that are left."""

    def _parted(self, rest: Any) -> tuple[Any, Any]:
        """Return what anybody may read of *rest*, and the whole of it where that is more."""
        if not rest:
            return None, None
        shown = public(rest, self.private)
        return (rest, None) if shown is rest else (shown or None, rest)
