"""What the portal's answers mean: which are lists, ends or refusals, and which are too much at once.

Every status is judged here and nowhere else. The portal answers 404 in HTML for an empty list, 400 for a
database that is down, and redirects for ever where it has no endpoint.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from adapters.data_gov.settings import KEY_URL, DataGovSettings
from gateway.errors import PortalError, PortalRefused, PortalUnavailable, PortalUnreadable
from gateway.fetch import decode, parting
from gateway.fetch.bearing import FAILING, UNTAKEN, Bearing
from gateway.fetch.client import RETRIED, Answer, BudgetSpent, Client
from gateway.model.document import Fetch
from gateway.ports import Payload, Portal

RETRY = RETRIED | {400}
"""A 400 may be a database that is down: it is tried again like a 5xx."""
UNSAID = 400
"""What may be said of an address that cannot be taken, and of a database that is down."""
MOVED = range(300, 400)
PAGES = frozenset({"text/html", "application/xhtml+xml"})
"""Media types of pages for people, which are no publisher's payload."""
_WORDS = 200

Params = Mapping[str, str | int]


class Absent(PortalRefused):
    """The portal has no such endpoint: it redirects, or answers a 404 that speaks of no list and no item."""


class Unread(PortalUnreadable):
    """An answer came that is nothing of what was asked for: *answer* holds it."""

    def __init__(self, message: str, answer: Answer, *, portal: str) -> None:
        super().__init__(message, portal=portal, endpoint=answer.fetch.endpoint)
        self.answer = answer


class TooMuch(Exception):
    """The portal could not give this many rows at once; *error* is what it means if fewer do not help.

    *most*: so many failures in a row, each of another item, are the portal's matter.
    """

    def __init__(self, error: PortalError, *, most: int = FAILING) -> None:
        super().__init__(str(error))
        self.error = error
        self.most = most

    def bear(self, bearing: Bearing) -> None:
        """Take this for one item's own; raise its error where it is the portal's matter."""
        bearing.bear(self.error, most=self.most)


class Refused(TooMuch):
    """The portal refuses what belongs to an item: the item alone, where it shows others."""

    def __init__(self, error: PortalRefused, *, most: int = FAILING) -> None:
        super().__init__(error, most=most)
        self._refusal = error

    def bear(self, bearing: Bearing) -> None:
        """Take this for one item's own, unless nothing else comes of its stream."""
        bearing.refuse(self._refusal, most=self.most)


class Garbled(TooMuch):
    """The rows came, but as bytes that are no JSON array: *answer* holds them."""

    def __init__(self, error: PortalError, answer: Answer) -> None:
        super().__init__(error)
        self.answer = answer


def asking_of(portal: Portal, client: Client) -> Asking:
    """Return what asks *portal*."""
    settings = portal.settings
    key_url = settings.key_url if isinstance(settings, DataGovSettings) else KEY_URL
    return Asking(client, keyed=settings.api_key is not None, key_url=key_url)


class Asking:
    """Asks one portal and judges the answers; the key goes out with reads only where one is set."""

    def __init__(self, client: Client, *, keyed: bool, key_url: str) -> None:
        self._client = client
        self._keyed = keyed
        asked = "Is the key right?" if keyed else "It may want a key."
        self._hint = f"{asked} Keys come from {key_url}."

    async def rows(
        self, path: str, params: Params, *, of_one: bool = False, whole: bool = False
    ) -> tuple[list[bytes], Fetch] | None:
        """Return the exact bytes of each row of a list, None where the portal says that there are none.

        *of_one*: the list is of one item (a source's jobs), so that a 404 in an item's words says so, too.
        *whole*: fewer rows cannot be asked for, so those that are no JSON are told apart from their neighbours.
        Raises TooMuch where fewer rows at once may help, or the portal may have failed at this item alone; Absent
        where there is no such endpoint; PortalUnavailable, PortalRefused, PortalUnreadable.
        """
        answer = await (self._of_one if of_one else self._sized)(path, params)
        if _empty(answer) or (of_one and _nothing(answer)):
            return None
        (self._judge_one if of_one else self._judge)(answer)
        taken_apart = parting.elements if whole else decode.elements
        try:
            return taken_apart(answer.body), answer.fetch
        except decode.WrongShapeError as error:
            raise self._unread(answer, str(error)) from error
        except decode.DecodeError as error:
            raise Garbled(self._unread(answer, str(error)), answer) from error

    async def count(self, path: str, params: Params) -> int:
        """Return how many rows the portal counts; it answers 404 for none."""
        answer = await self._ask(path, {**params, "count": "true"})
        if _empty(answer):
            return 0
        self._judge(answer)
        found = _object(answer.body).get("count")
        if isinstance(found, bool) or not isinstance(found, int):
            raise self._client.unreadable(answer.fetch, "a count without a number")
        return found

    async def one(self, path: str) -> tuple[bytes, Fetch] | None:
        """Return the exact bytes of one item, None where the portal says that it has none of this id.

        Raises TooMuch where the portal may have failed at this item alone, else as ``rows``.
        """
        answer = await self._of_one(path, {})
        if _nothing(answer):
            return None
        self._judge_one(answer)
        return answer.body, answer.fetch

    async def payload(self, path: str) -> Payload:
        """Return a publisher's payload as it is served, without a body where the portal has none."""
        answer = await self._ask(path, {})
        if answer.status == 404 and not _of_gateway(answer):
            return Payload(None, answer.media_type, answer.fetch)
        if answer.status != 200 or answer.media_type in PAGES:
            self._judge(answer)
        return Payload(answer.body or None, answer.media_type, answer.fetch)

    async def _sized(self, path: str, params: Params) -> Answer:
        """Return the answer; TooMuch where it took too long, was too large, or broke the portal."""
        try:
            answer = await self._ask(path, params)
        except BudgetSpent:
            raise
        except PortalUnavailable as error:
            if _overwhelmed(error):
                raise TooMuch(error) from error
            raise
        except PortalUnreadable as error:  # larger than the client reads
            raise TooMuch(error) from error
        if answer.status == 413 or answer.status >= 500:
            raise TooMuch(self._unavailable(answer))
        return answer

    async def _of_one(self, path: str, params: Params) -> Answer:
        """Return the answer for one item, whose refusal may be its own."""
        try:
            return await self._sized(path, params)
        except PortalRefused as error:
            raise Refused(error) from error

    async def _ask(self, path: str, params: Params) -> Answer:
        try:
            return await self._client.get(path, params=params, keyed=self._keyed, retry=RETRY)
        except PortalRefused as error:
            raise PortalRefused(
                error.message, portal=error.portal, endpoint=error.endpoint, hint=self._hint
            ) from error

    def _judge_one(self, answer: Answer) -> None:
        """Raise what ``_judge`` raises; TooMuch where it is perhaps one item's address alone that cannot be taken.

        Absent is left to who knows whether the portal has changed.
        """
        try:
            self._judge(answer)
        except Absent:
            raise
        except PortalRefused as error:
            raise TooMuch(error, most=UNTAKEN) from error
        except PortalUnavailable as error:
            if answer.status == UNSAID:
                raise TooMuch(error) from error
            raise

    def _judge(self, answer: Answer) -> None:
        """Raise what an answer means that is not the JSON that was asked for."""
        if answer.status == 200:
            if answer.media_type != "application/json":
                raise self._unread(answer, f"it is {answer.media_type}, not JSON")
            return
        if answer.status in MOVED:
            raise self._refused(answer, "The portal has no such endpoint: it redirects for ever", Absent)
        if answer.status == 404:
            raise self._refused(answer, "The portal has nothing there (404)", Absent)
        if answer.status == 400 and answer.media_type != "application/json":
            raise self._unavailable(answer)
        if answer.status == 413 or answer.status >= 500:
            raise self._unavailable(answer)
        if 400 <= answer.status < 500:
            raise self._refused(answer, f"The portal refuses this ({answer.status})")
        raise self._client.unreadable(answer.fetch, f"status {answer.status}")

    def _unread(self, answer: Answer, why: str) -> Unread:
        words = self._client.unreadable(answer.fetch, why).message
        return Unread(words, answer, portal=self._client.portal)

    def _refused(self, answer: Answer, why: str, kind: type[PortalRefused] = PortalRefused) -> PortalRefused:
        return kind(f"{why}{_said(answer)}.", portal=self._client.portal, endpoint=answer.fetch.endpoint)

    def _unavailable(self, answer: Answer) -> PortalUnavailable:
        return PortalUnavailable(
            f"The portal cannot answer this now ({answer.status}){_said(answer)}.",
            portal=self._client.portal,
            endpoint=answer.fetch.endpoint,
        )


def _empty(answer: Answer) -> bool:
    """Whether a 404 is the portal's way to say that a list has no more rows, and not some other 404."""
    plain = answer.status == 404 and answer.media_type.startswith("text/")
    return plain and answer.body.startswith(b"No ") and b" found" in answer.body


def _nothing(answer: Answer) -> bool:
    """Whether a 404 is the portal's own word that it has no such item, or nothing of it."""
    return answer.status == 404 and isinstance(_object(answer.body).get("error"), str)


def _of_gateway(answer: Answer) -> bool:
    """Whether an answer is of the gateway before the portal: its errors are objects."""
    return isinstance(_object(answer.body).get("error"), dict)


def _overwhelmed(error: PortalUnavailable) -> bool:
    """Whether the portal may have failed at the size of the answer: it was too slow, or broke; no limit of rate."""
    limited = error.retry_after is not None or "(429)" in error.message
    return not limited and isinstance(error.__cause__, TimeoutError | None)


def _object(body: bytes) -> dict[str, Any]:
    """Return a JSON object, an empty one where *body* is none."""
    try:
        found = decode.value(body)
    except decode.DecodeError:
        return {}
    return found if isinstance(found, dict) else {}


def _said(answer: Answer) -> str:
    """Return the portal's own words on what went wrong: text, an `error` of either shape, or a `message`."""
    if answer.media_type.startswith("text/") and not answer.body.lstrip().startswith(b"<"):
        words: Any = answer.body[:_WORDS].decode(errors="replace")
    else:
        body = _object(answer.body)
        words = body.get("error") or body.get("message")
        if isinstance(words, dict):
            words = words.get("message") or words.get("code")
    return f": {words[:_WORDS].strip().rstrip('.')}" if isinstance(words, str) and words.strip() else ""
