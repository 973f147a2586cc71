"""One page of a list of the portal: asked for, checked, taken apart into the exact bytes of its rows.

``next_page`` is a flag that there is more and is never followed: its host and path are not to be trusted.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from msgspec import Raw

from gateway.errors import PortalError, PortalRefused, PortalUnavailable, PortalUnreadable
from gateway.fetch import decode, parting
from gateway.fetch.client import RETRIED, Answer, Client
from gateway.fetch.decode import DecodeError, NotJsonError, value
from gateway.model.document import Fetch, Rejection
from gateway.ports import End, Page, Scope

Read: TypeAlias = AsyncGenerator[Page | End, None]
"""What reads a scope yields: pages, then one End."""

Row: TypeAlias = bytes | Raw
"""One row of a page; ``bytes`` makes its exact bytes."""

_PAGE = decode.Envelope("data", "next_page", "total")
FAILED = 500
ABSENT = 404
TAKEN_AMISS = range(400, 500)


@dataclass(frozen=True, slots=True)
class Sheet:
    """One page's rows, in the portal's order."""

    rows: Sequence[Row]
    total: int | None
    """How many rows the portal says the list has."""
    more: bool
    """Whether the portal says that another page follows."""
    fetch: Fetch


@dataclass(frozen=True, slots=True)
class Missing:
    """No page: 404 past the end of a list, 500 where a row cannot be shown; either where there is no list."""

    status: int
    body: bytes
    fetch: Fetch

    def error(self, portal: str) -> PortalError:
        """Return the page as the portal's fault, where it is the portal's own list."""
        if self.status == ABSENT:
            return PortalRefused("The portal has no such list.", portal=portal, endpoint=self.fetch.endpoint)
        return PortalUnavailable(
            f"The portal cannot show this list ({self.status}).", portal=portal, endpoint=self.fetch.endpoint
        )


class Untaken(PortalUnreadable):
    """The portal does not take the address of a list (4xx): that may be the matter of one list of many."""


@dataclass(frozen=True, slots=True)
class Garbled:
    """A page that cannot be read at all: it goes to quarantine whole."""

    reason: str
    answer: Answer

    def rejection(self, scope: Scope) -> Rejection:
        """Return the page as what *scope*'s list could not be read from."""
        return Rejection(
            scope.member, self.reason, self.answer.body, self.answer.fetch, parent=scope.key or None
        )

    def error(self, portal: str) -> PortalUnreadable:
        """Return the page as the portal's fault."""
        kind = Untaken if self.answer.status in TAKEN_AMISS else PortalUnreadable
        return kind(
            f"The portal's answer cannot be read: {self.reason}.",
            portal=portal,
            endpoint=self.answer.fetch.endpoint,
        )


async def sheet(
    client: Client,
    path: str,
    *,
    number: int,
    size: int,
    extra: Mapping[str, int] | None = None,
    mask: str | None = None,
    retry: frozenset[int] = RETRIED,
) -> Sheet | Missing | Garbled:
    """Return page *number* (from 1) of the list at *path*, *size* rows a page."""
    params = {**(extra or {}), "page": number, "page_size": size}
    answer = await client.get(path, params=params, mask=mask, retry=retry)
    if answer.status in {ABSENT, FAILED}:
        return Missing(answer.status, answer.body, answer.fetch)
    if answer.status != 200:
        return Garbled(f"status {answer.status}", answer)
    try:
        rest, rows = _parts(answer.body, number, size)
    except DecodeError as error:
        return Garbled(f"{answer.media_type}, {error}", answer)
    total = _total(rest)
    more = rest["next_page"] is not None if "next_page" in rest else (total or 0) > number * size
    return Sheet(rows, total, more and bool(rows), answer.fetch)


def _parts(body: bytes, number: int, size: int) -> tuple[dict[str, Any], Sequence[Row]]:
    """Return a page's envelope and its rows; one with rows that are no JSON where all that there should be are told."""
    try:
        return _PAGE.read(body)
    except NotJsonError:
        rest, rows = parting.envelope(body, "data")
        if len(rows) != min(size, (_total(rest) or 0) - (number - 1) * size):
            raise
        return rest, rows


def _total(rest: Mapping[str, Any]) -> int | None:
    found = rest.get("total")
    return found if isinstance(found, int) and not isinstance(found, bool) else None


def element(row: bytes) -> Mapping[str, Any] | str:
    """Return a row's object, or the reason why it is none."""
    try:
        found = value(row)
    except DecodeError as error:
        return f"it is not JSON: {error}"
    return found if isinstance(found, dict) else "it is no object"


def named(row: bytes) -> Mapping[str, Any] | str:
    """Return a row's object that says its id, or the reason why it does not."""
    found = element(row)
    if isinstance(found, str) or usable(found.get("id")):
        return found
    return "it does not say its id"


def usable(found: Any) -> bool:
    """Whether a row's id can name it: text, not empty, without NUL."""
    return isinstance(found, str) and bool(found) and "\0" not in found
