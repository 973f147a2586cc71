"""What the walk has to know of one portal: which answers show the examples, which leaves have one value."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from acceptance.walking.leaves import Address
from acceptance.walking.published import Example

Bodies = Mapping[str, Any]
"""Filled examples by name."""
Told = dict[str, Any]
"""An answer as ``POST /_sandbox/answers`` takes it, its path below the portal's base URL."""


@dataclass(frozen=True, slots=True)
class Wire:
    """One portal as its documentation describes it."""

    portal: str
    dialect: str
    """What its sandbox speaks then."""
    answers: Callable[[Bodies], list[Told]]
    same: tuple[tuple[Address, Address], ...]
    """What lies at or below the first address has the value of what lies at or below the second."""
    named: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Members that the documentation names and describes but leaves out of the example of that name."""
    described: Mapping[str, Any] = field(default_factory=dict)
    """Answers that the documentation describes without an example, by name, as examples of them."""
    records: Callable[[Bodies], list[str]] = lambda _: []
    """The native ids of the records whose payloads are asked for by themselves."""
    refusals: Mapping[str, tuple[str, int]] = field(default_factory=dict)
    """By the name of an example of an error: the path that answers it, with which status."""
    heavy: str = r"(?!)"
    """Pointers into the answers that a field mask may leave out, since they are read elsewhere."""

    def bodies(self, examples: list[Example]) -> Bodies:
        """Return the examples with what the documentation only names, and what it only describes."""
        found = {one.name: one.body for one in examples}
        for name, members in self.named.items():
            found[name] = {**found[name], **members}
        return {**found, **self.described}

    def home(self, address: Address) -> Address:
        """Return the address of the leaf whose value a leaf has: its own where it is nobody else's."""
        for said, meant in self.same:
            below = address.pointer.removeprefix(said.pointer)
            inside = address.pointer.startswith(said.pointer) and below[:1] in {"", "/"}
            if address.example == said.example and inside:
                return self.home(Address(meant.example, meant.pointer + below))
        return address

    def spares(self, pointer: str) -> bool:
        """Whether a field mask may leave out what is at *pointer* in an answer."""
        return re.fullmatch(self.heavy, pointer) is not None
