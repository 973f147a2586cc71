"""The search for a leaf's homes: the places that show its value in every round.

A value that is a leaf's own is found wherever it is. A value that others have too must stand where the leaf's
neighbours stand, and a flag or a word under the leaf's name besides; what the common model makes of a word must
stand there as well.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from acceptance.walking.leaves import Address, Leaf, Steps
from acceptance.walking.places import Place, Places, Row, comparable
from acceptance.walking.values import Slot, Values
from acceptance.walking.words import Vocabulary


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found of a leaf: its homes, or what is wrong with what was found."""

    homes: tuple[Place, ...]
    problem: str = ""

    @property
    def reached(self) -> bool:
        """Whether the leaf can be read back."""
        return bool(self.homes) and not self.problem


class Search:
    """The homes of one portal's leaves in the places of all rounds."""

    def __init__(self, leaves: Sequence[Leaf], values: Values, rounds: Sequence[Places]) -> None:
        self._leaves = leaves
        self._values = values
        self._rounds = rounds
        self._found: dict[Address, set[Place]] = {}
        """By leaf, all places of its value."""

    def find(self, leaf: Leaf) -> Finding:
        """Return where *leaf* is read back."""
        slot = self._values.slot(leaf.address)
        if slot.unique and slot.address == leaf.address:
            return Finding(_nearest(self._everywhere(leaf)))
        near = list(self._near(leaf))
        found = {place for row, way in near for place in self._beside(leaf, slot, row, way)}
        homes = _nearest(found)
        return Finding(homes, self._unshown(leaf, slot.vocabulary, near) if homes else "")

    def _expected(self, leaf: Leaf) -> list[Hashable]:
        return [comparable(self._values.at(leaf.address, turn)) for turn in range(len(self._rounds))]

    def _everywhere(self, leaf: Leaf) -> set[Place]:
        if leaf.address not in self._found:
            expected = zip(self._rounds, self._expected(leaf), strict=True)
            found = (places.at.get(value, set()) for places, value in expected)
            self._found[leaf.address] = set.intersection(*found)
        return self._found[leaf.address]

    def _near(self, leaf: Leaf) -> Iterator[tuple[Row, Steps]]:
        """Yield the objects of the answers in which the leaf's nearest neighbours stand."""
        for length in range(len(leaf.steps) - 1, -1, -1):
            found = {
                (place.row, place.path[: -(len(one.steps) - length)])
                for one in self._neighbours(leaf, leaf.steps[:length])
                for place in self._everywhere(one)
                if len(place.path) >= len(one.steps) - length
            }
            if found:
                yield from found
                return

    def _neighbours(self, leaf: Leaf, within: Steps) -> Iterator[Leaf]:
        """Yield the leaves of the same object, and if need be of what it holds, whose values are unique."""
        for one in self._leaves:
            same = one.address.example == leaf.address.example and one.steps[: len(within)] == within
            if same and self._values.slot(one.address).unique and not self._refers(one.address):
                yield one

    def _refers(self, address: Address) -> bool:
        """Whether a leaf says a value that is another one's in the same example or names another element."""
        own = self._values.slot(address).address
        return own != address and own.pointer.rpartition("/")[2] != address.pointer.rpartition("/")[2]

    def _beside(self, leaf: Leaf, slot: Slot, row: Row, way: Steps) -> Iterator[Place]:
        """Yield the places of the leaf's value below one object."""
        expected = self._expected(leaf)
        for place in self._rounds[0].at.get(expected[0], ()):
            if place.row != row or place.path[: len(way)] != way:
                continue
            if not slot.unique and not _named(place, leaf, slot.vocabulary):
                continue
            if self._holds(place, expected):
                yield place

    def _holds(self, place: Place, expected: Iterable[Hashable]) -> bool:
        pairs = zip(self._rounds, expected, strict=True)
        return all(places.values.get(place) == value for places, value in pairs)

    def _unshown(self, leaf: Leaf, vocabulary: Vocabulary | None, near: Sequence[tuple[Row, Steps]]) -> str:
        """Return which of a word's meanings no answer shows, "" where all are shown."""
        for path, meanings in (vocabulary.shown if vocabulary else {}).items():
            if not any(
                self._shows(leaf, meanings, Place(row, (*way, *path.split(".")))) for row, way in near
            ):
                return f"the portal's word is shown, but not what it means, at {path}"
        return ""

    def _shows(self, leaf: Leaf, meanings: Mapping[str, str | int], place: Place) -> bool:
        words = (self._values.at(leaf.address, turn) for turn in range(len(self._rounds)))
        return self._holds(place, [comparable(meanings[word]) for word in words])


def _nearest(places: Iterable[Place]) -> tuple[Place, ...]:
    """Return the places, those first that are told with the fewest steps."""
    return tuple(sorted(places, key=lambda place: (len(place.path), str(place))))


def _named(place: Place, leaf: Leaf, vocabulary: Vocabulary | None) -> bool:
    """Whether a place bears the leaf's name, or one that its vocabulary is known by."""
    names = place.names
    last = _plain(names.rpartition(".")[2])
    if last in {_plain(leaf.key), "native" + _plain(leaf.key)}:
        return True
    return any(f".{names}".endswith(f".{end}") for end in (vocabulary.native if vocabulary else ()))


def _plain(name: str) -> str:
    return name.replace("_", "").lower()
