"""What stands in each leaf in each round: legal, the leaf's own where its kind allows, else told apart by the rounds.

Ids are the same in every round, so that an entity is known again; everything else is another value each time. A
flag or a word cannot be one leaf's own: each has a sequence over the rounds that no other of its vocabulary has.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from hashlib import blake2b
from itertools import permutations, product
from typing import Any
from uuid import UUID

from acceptance.walking.leaves import Address, Kind, Leaf
from acceptance.walking.words import Vocabulary, vocabulary

ROUNDS = 3

_RANKS = (
    ("created", "issued", "date_created"),
    ("started", "start", "on"),
    ("modified", "last_modified", "last_update", "frequency_date", "metadata_modified_at"),
    ("ended", "end", "date_finished"),
    ("archived", "deleted"),
)
_APART = timedelta(seconds=20)
_PER_ROUND = timedelta(seconds=7)
_BEFORE = timedelta(hours=20)
"""How long before the passes the first instant lies: recent, so that no open run is given up as lost."""


@dataclass(frozen=True, slots=True)
class Slot:
    """What all leaves share that must be equal: one leaf, its kind and, where it has one, its vocabulary."""

    leaf: Leaf
    kind: Kind
    vocabulary: Vocabulary | None
    number: int

    @property
    def address(self) -> Address:
        """Return the address of the leaf that is asked for the value."""
        return self.leaf.address

    @property
    def unique(self) -> bool:
        """Whether its value is nobody else's."""
        return self.kind.unique


class Values:
    """The values of one portal's leaves; *same* gives the address whose value a leaf has."""

    def __init__(
        self, portal: str, leaves: Sequence[Leaf], same: Callable[[Address], Address], epoch: datetime
    ) -> None:
        self._same = same
        self._epoch = epoch
        own = [leaf for leaf in leaves if same(leaf.address) == leaf.address]
        self._slots = {leaf.address: _slot(portal, leaf, number) for number, leaf in enumerate(own)}

    def slot(self, address: Address) -> Slot:
        """Return what the leaf at *address* shares; KeyError where its value is no leaf's."""
        return self._slots[self._same(address)]

    def at(self, address: Address, turn: int) -> Any:
        """Return the value of a leaf in the round *turn*."""
        slot = self.slot(address)
        if slot.kind is Kind.INSTANT:
            moment = self._instants[slot.address] + turn * _PER_ROUND
            return _iso(moment, like=slot.leaf.published, turn=turn)
        if slot.address in self._sequences:
            return self._sequences[slot.address][turn]
        if slot.kind is Kind.COORDINATES:
            beside = Address(slot.address.example, slot.address.pointer.rpartition("/")[0] + "/type")
            return _coordinates(self.at(beside, turn), slot.number, turn)
        return _VALUES[slot.kind](slot.leaf.key, slot.number, turn)

    @cached_property
    def _sequences(self) -> Mapping[Address, tuple[Any, ...]]:
        """The values over the rounds of what is a flag or a word."""
        counts: Counter[str] = Counter()
        sequences = {}
        for slot in self._slots.values():
            if not slot.unique:
                name = slot.vocabulary.name if slot.vocabulary else "flag"
                words = slot.vocabulary.words if slot.vocabulary else (False, True)
                possible = list(_codes(len(words)))
                sequences[slot.address] = tuple(words[n] for n in possible[counts[name] % len(possible)])
                counts[name] += 1
        return sequences

    @cached_property
    def _instants(self) -> Mapping[Address, datetime]:
        """The first round's instants.

        Beside each other they are in the order in which such things happen; a later example is older, so that a
        source's newest run is the one that its example shows.
        """
        examples: dict[str, dict[str, list[Slot]]] = {}
        for slot in self._slots.values():
            if slot.kind is Kind.INSTANT:
                objects = examples.setdefault(slot.address.example, defaultdict(list))
                objects[slot.address.pointer.rpartition("/")[0]].append(slot)
        ordered = [
            slot.address
            for objects in reversed(examples.values())
            for beside in objects.values()
            for slot in sorted(beside, key=_rank)
        ]
        first = self._epoch - _BEFORE
        return {address: first + place * _APART for place, address in enumerate(ordered)}


def _slot(portal: str, leaf: Leaf, number: int) -> Slot:
    words = vocabulary(portal, leaf)
    return Slot(leaf, Kind.WORD if words else leaf.kind, words, number)


def _rank(slot: Slot) -> int:
    key = slot.leaf.key.removesuffix("_internal").removesuffix("_at")
    return next((rank for rank, keys in enumerate(_RANKS) if key in keys), len(_RANKS))


def _codes(words: int) -> Iterator[tuple[int, ...]]:
    """Yield the sequences of places among *words* words, one place a round, as different as they can be."""
    if words >= ROUNDS:
        yield from permutations(range(words), ROUNDS)
    else:
        yield from (code for code in product(range(words), repeat=ROUNDS) if len(set(code)) == words)


def _iso(moment: datetime, *, like: str, turn: int) -> str:
    """Return the moment in the form that the documentation has: with milliseconds, zero or not."""
    fraction = "000" if like.endswith(".000Z") else f"{101 + turn}"
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{fraction}Z"


def _hexadecimal(number: int, digits: int) -> str:
    return blake2b(number.to_bytes(4, "big"), digest_size=digits // 2).hexdigest()


def _coordinates(geometry: str, number: int, turn: int) -> Any:
    place = [round(number / 1000 + turn, 3), round(40 + number / 1000 + turn, 3)]
    return {"Point": place, "MultiPoint": [place], "LineString": [place, [place[0] + 0.5, place[1]]]}[
        geometry
    ]


_VALUES: Mapping[Kind, Callable[[str, int, int], Any]] = {
    Kind.TEXT: lambda key, number, turn: f"{key or 'word'}-{number}-{turn}",
    Kind.ADDRESS: lambda key, number, turn: f"https://walk.example/{key}/{number}/{turn}",
    Kind.EMAIL: lambda _, number, turn: f"walker-{number}-{turn}@walk.example",
    Kind.OBJECT_ID: lambda _, number, __: _hexadecimal(number, 24),
    Kind.UUID: lambda _, number, __: str(UUID(_hexadecimal(number, 32), version=4)),
    Kind.DIGEST: lambda _, number, turn: _hexadecimal(1000 * (turn + 1) + number, 64),
    Kind.DECIMAL: lambda _, number, turn: f"9{turn}.{number:03d}",
    Kind.CRON: lambda _, number, turn: f"{(number + 7 * turn) % 60} {number % 24} * * *",
    Kind.INTEGER: lambda _, number, turn: 1_000_000 + 10 * number + turn,
}
