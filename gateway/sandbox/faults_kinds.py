"""What can be ordered to break at a sandbox portal: the kinds of faults, and what an order says."""

from __future__ import annotations

import re

import msgspec

KINDS = {
    "status-<code>": "that status with a JSON message",
    "html-<code>": "that status (200, too) with a page for people",
    "429": "too many requests, Retry-After in *seconds*",
    "429-silent": "the same, without Retry-After",
    "429-date": "the same, Retry-After as the date in *seconds*",
    "429-past": "the same, Retry-After as the date of yesterday",
    "429-year": "the same, Retry-After of a year",
    "429-text": "the same, Retry-After in words",
    "429-html": "a page for people, as firewalls send it, which does not say when to come back",
    "garbage": "half a JSON text",
    "no-content": "204 without a body",
    "redirect": "302 to an address that there is not",
    "redirect-loop": "302 to the address that was asked for",
    "drop": "the connection is closed without an answer",
    "truncate": "half of the body, whose length was told, then closed",
    "cut-chunks": "half of the body in chunks, then closed without the last one",
    "reset": "half of the body, then the connection is reset",
    "delay": "the answer waits *seconds*",
    "drip": "the body comes in 16 pieces, *seconds* apart",
    "gzip-garbage": "the body is said to be compressed and is not",
    "gzip-bomb": "a small body that inflates to *size* bytes",
    "latin-1": "text in ISO 8859-1 that is said to be UTF-8; in UTF-16 where that would be the same",
    "utf-16": "text in UTF-16 that is said to be UTF-8",
    "bom": "a byte order mark before the text",
    "skew": "the Date header is *days* off",
    "lying-total": "the envelope, or the count that was asked for, says 7 more than there are",
    "empty-page": "a page without rows, its total as it was",
    "small-pages": "the page size that is asked for is ignored: 10 rows a page",
    "same-page": "the page before once more",
    "page-loop": "the first page, whatever page is asked for",
    "shifted-page": "while the list is paged, a row is inserted at its head: the page begins with one already shown",
    "removed-row": "while the list is paged, a row is deleted at its head: the page lacks its first row",
    "id-again": "the page's last row bears the id of its first",
    "tenfold": "every row is ten times as long, by spaces",
    "poison": "the first element becomes something that is no element",
    "poison-500": "every page that holds *position* is a 500",
}
"""The kinds of faults, and what each does to an answer."""
CODED = re.compile(r"(status|html)-([1-5]\d\d)")
"""Kinds that name a status."""


class Fault(msgspec.Struct, forbid_unknown_fields=True):
    """One order."""

    kind: str
    path: str = ""
    """Regular expression, searched in the path with its query."""
    times: int | None = 1
    """How many answers break; None: all."""
    after: int = 0
    """How many answers that could break are let through before."""
    seconds: float = 1.0
    position: int = 0
    days: float = 400.0
    size: int = 512 * 1024 * 1024
    carry: msgspec.Raw | None = None
    """The last row of the page before, for ``shifted-page``."""
    carried_from: str = ""
    """The list of that page: path and query without the page's number."""
    carried_page: int = 0
    """The number of that page."""

    def __post_init__(self) -> None:
        """Refuse a kind that is not known and a path that is no regular expression (ValueError)."""
        if self.kind not in KINDS and not CODED.fullmatch(self.kind):
            raise ValueError(f"There is no fault {self.kind!r}; there are {', '.join(KINDS)}.")
        try:
            re.compile(self.path)
        except re.error as error:
            raise ValueError(f"{self.path!r} is no regular expression: {error}.") from error
