"""How many sockets there are, of one process and of each address."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from harvest_graphql.problems import Code
from harvest_graphql.serving.refusals import Unusable
from harvest_graphql.sockets.bounds import Bounds


class Places:
    """The places for sockets."""

    def __init__(self, bounds: Bounds) -> None:
        self._bounds = bounds
        self._taken: Counter[str] = Counter()

    @property
    def taken(self) -> int:
        """How many sockets are open."""
        return self._taken.total()

    @contextmanager
    def place(self, address: str) -> Iterator[None]:
        """Take a place for the length of a block; Unusable (429, 503) where there is none."""
        if self._taken[address] >= self._bounds.sockets_of_address:
            raise _full(429, f"An address may hold {self._bounds.sockets_of_address} sockets: close one.")
        if self.taken >= self._bounds.sockets:
            raise _full(503, "The gateway holds as many sockets as it can. Try again later.")
        self._taken[address] += 1
        try:
            yield
        finally:
            self._taken[address] -= 1
            if not self._taken[address]:
                del self._taken[address]


def _full(status: int, words: str) -> Unusable:
    return Unusable(status, words, code=Code.TOO_MANY_AT_ONCE, headers={"Retry-After": "10"})
