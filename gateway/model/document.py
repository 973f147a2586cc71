"""What came from a portal, byte for byte, and where it came from."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from typing import Any, TypeVar, overload

from gateway.model.enums import EntityType
from gateway.model.value import value

R = TypeVar("R")

HASH_BYTES = 16


def digest(body: bytes) -> bytes:
    """Return the 16-byte fingerprint by which documents and pages are compared."""
    return blake2b(body, digest_size=HASH_BYTES).digest()


@value
class Fetch:
    """One answer of a portal: what was asked, when it arrived, how to recognise the page."""

    endpoint: str
    """Path and query below the portal's base URL; never a key."""
    mask: str | None
    """The field mask that was sent, or None."""
    fetched_at: datetime
    """The portal's clock when the answer arrived (aware, UTC)."""
    page_hash: bytes
    """Fingerprint of the whole body."""


@value
class Document:
    """The exact bytes of one element of an answer, with the address of the entity it describes."""

    type: EntityType
    native_id: str
    body: bytes
    fetch: Fetch
    hash: bytes
    parent: str | None = None
    """Native id of the entity whose list held this element, where the element does not say it."""
    position: int | None = None
    """Place in that list, from 0, where the place is part of the identity."""
    counted: Any = None
    """Counts of what the element held and *body* leaves out, as JSON: a job's items by their status."""

    @classmethod
    def of(
        cls,
        type: EntityType,  # noqa: A002 - the field's name in the model
        native_id: str,
        body: bytes,
        fetch: Fetch,
        *,
        parent: str | None = None,
        position: int | None = None,
        counted: Any = None,
    ) -> Document:
        """Return the document of *body*, with its fingerprint, which covers the counts."""
        told = body if counted is None else body + json.dumps(counted, sort_keys=True).encode()
        return cls(type, native_id, body, fetch, digest(told), parent, position, counted)


class Rows(Sequence[Document]):
    """The documents of one answer's rows, made once somebody looks at them: an answer that is recognised costs none.

    *document* makes the one at a place, from 0, from its row: bytes, or a view of the answer, which is let go then.
    """

    def __init__(self, rows: Sequence[R], document: Callable[[int, R], Document]) -> None:
        self._rows: Sequence[Any] = rows
        self._document = document
        self._made: list[Document] | None = None

    @property
    def size(self) -> int:
        """Return how many bytes they hold."""
        return sum(map(len, self._rows))

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._rows)

    @overload
    def __getitem__(self, index: int) -> Document: ...
    @overload
    def __getitem__(self, index: slice) -> list[Document]: ...
    def __getitem__(self, index: int | slice) -> Document | list[Document]:
        """Return the document at a place, the same each time."""
        return self._documents()[index]

    def __iter__(self) -> Iterator[Document]:
        """Yield them in their order."""
        return iter(self._documents())

    def _documents(self) -> list[Document]:
        if self._made is None:
            self._made = [self._document(index, row) for index, row in enumerate(self._rows)]
            self._rows = [document.body for document in self._made]
        return self._made


@dataclass(frozen=True, slots=True)
class Rejection:
    """An element that cannot be read: kept whole in quarantine, its neighbours unharmed."""

    type: EntityType
    reason: str
    body: bytes
    fetch: Fetch
    native_id: str | None = None
    parent: str | None = None
    position: int | None = None
