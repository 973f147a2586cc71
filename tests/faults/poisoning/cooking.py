"""Which poison a round is made of: items that a page can be split at, items that it cannot, pages as a whole."""

from __future__ import annotations

from random import Random
from typing import Any

from faults.poisoning.fronts import RUN, TYPES, Front, encoded
from faults.poisoning.mutations import Poisoner
from faults.poisoning.rounds import Item

from gateway.fetch import decode

GOOD = 0.15
"""Share of a round's items that are good."""
FEW = 12
"""Items of a round in which some cannot be told from their neighbours."""
TRIES = 50


class Cook:
    """Makes the items of rounds over one front; no two with the same bytes or the same id."""

    def __init__(self, front: Front, poisoner: Poisoner, dice: Random) -> None:
        self._front = front
        self._poisoner = poisoner
        self._dice = dice
        self._bodies: set[bytes] = set()
        self._names: set[tuple[str, Any]] = set()

    def many(self, most: int) -> list[Item]:
        """Return items of every list, at most *most*, each of which can be told from its neighbours."""
        items: list[Item] = []
        for listed, count in self._front.lists.items():
            items += [self._item(listed, splits=True) for _ in range(count)]
        self._dice.shuffle(items)
        return items[: max(most, 1)]

    def unsplittable(self) -> list[Item]:
        """Return items of the longest list, half of which make any page broken that they stand on."""
        listed = next(iter(self._front.lists))
        good = [self._good(listed) for _ in range(FEW // 2)]
        items = [*good, *(self._item(listed, splits=False) for _ in range(FEW // 2))]
        self._dice.shuffle(items)
        return items

    def page(self) -> list[Item]:
        """Return a page of some list that cannot be taken apart."""
        listed = self._dice.choice(list(self._front.lists))
        self._front.rows[listed] = [self._good(listed).body for _ in range(5)]
        good = self._front.page(listed)
        while True:
            body = self._poisoner.page(good)
            if body and not self._front.splits(listed, body) and body not in self._bodies:
                self._bodies.add(body)
                return [Item(listed, body, page=True, content_type=self._dice.choice(TYPES))]

    def _item(self, listed: str, *, splits: bool) -> Item:
        if splits and self._dice.random() < GOOD:
            return self._good(listed)
        for _ in range(TRIES):
            element = self._front.element(listed)
            body = self._poisoner.poison(element)
            if (
                not body.strip()  # alone on its page it is an empty list: the portal's word that the list ends
                or body in self._bodies
                or self._splits(listed, body) is not splits
                or not self._own(listed, body, element)
            ):
                continue
            self._bodies.add(body)
            return Item(listed, body)
        return self._good(listed)

    def _good(self, listed: str) -> Item:
        element = self._front.element(listed)
        self._names.add((listed, element.get("id")))
        return Item(listed, encoded(element), good=True)

    def _splits(self, listed: str, body: bytes) -> bool | None:
        """Whether a page with *body* on it can be taken apart at its ends; None where it is not one item."""
        beside = encoded(self._front.element(listed))
        parts = self._front.parts(listed, [beside, body, beside])
        return False if parts is None else True if parts == [beside, body, beside] else None

    def _own(self, listed: str, body: bytes, element: dict[str, Any]) -> bool:
        """Whether an item says nothing that makes it another one's double, or of another run."""
        try:
            found = decode.value(body)
        except decode.DecodeError:  # the adapters may read a run's id out of it all the same
            return b"harvest_job_id" not in body or encoded(RUN) in body
        if not isinstance(found, dict):
            return True
        job = found.get("harvest_job_id")
        if isinstance(job, str) and job != element.get("harvest_job_id"):
            return False
        name = (listed, repr(found.get("id")))
        if "id" in element and isinstance(found.get("id"), str):
            if name in self._names:
                return False
            self._names.add(name)
        return True
