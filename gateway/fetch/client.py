"""One portal's client: how politely and how often it is asked, and what its failures mean to the gateway."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from types import TracebackType
from typing import BinaryIO, Self

from gateway.errors import PortalRefused, PortalUnavailable, PortalUnreadable
from gateway.fetch.budget import Budget, Spending
from gateway.fetch.pace import Pace, http_date, retry_after
from gateway.fetch.sending import Answer, Failure, Key, Request, Sender, TooLarge
from gateway.fetch.turnstile import NOTHING, SERVED, Barred, Heard, Lone, Turnstile
from gateway.model.document import Fetch

RETRIED = frozenset({500, 502, 503, 504})
"""Statuses that are tried again where the caller says nothing else; 429 always is."""
DOWN = frozenset({429, 502, 503, 504})
"""Statuses that say that the portal cannot answer now."""
REFUSED = frozenset({401, 403})
UNSERVED = DOWN | REFUSED
"""Statuses that are no answer to whoever asked."""
LONGEST_WAIT = 60.0
"""Seconds of a Retry-After that are waited for; beyond them the pass is given up."""
LARGEST_BODY = 256 * 1024 * 1024
"""Decoded bytes of one answer, where the caller says nothing else."""


class BudgetSpent(PortalUnavailable):
    """Nothing more may be sent now: the pass has sent what it may, or the portal's limit leaves nothing.

    *retry_after* is the number of seconds until the portal may be asked again, None where the pass ended itself.
    """


class BreakerOpen(BudgetSpent):
    """The portal failed again and again, and is left alone for *retry_after* seconds."""


class Throttled(PortalUnavailable):
    """The portal refuses requests without a reason (429), and is left alone for *retry_after* seconds."""


class Client:
    """Asks one portal; an async context manager.

    *base_url* is the address below which every path lies, *now* the portal's clock, for the budget and for answers
    that bear no date; *sleep* waits for seconds. *turnstile* is shared with others who ask the portal; without one
    the client keeps *requests_per_second*, *connections* and *budget* (None: none) by itself. Raises ConfigurationError
    for a base URL that is none.
    """

    def __init__(
        self,
        *,
        portal: str,
        base_url: str,
        now: Callable[[], datetime],
        user_agent: str,
        api_key: str | None = None,
        key_header: str = "X-Api-Key",
        requests_per_second: float = 2.0,
        connections: int = 1,
        timeout_seconds: float = 180.0,
        max_body_bytes: int = LARGEST_BODY,
        max_requests: int | None = None,
        budget: Budget | None = None,
        turnstile: Turnstile | None = None,
        attempts: int = 3,
        backoff_seconds: float = 0.5,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.portal = portal
        self.requests = 0
        """Requests sent so far, retries included."""
        self.spending = Spending.POLL
        """What the next requests are sent for."""
        self._sender = Sender(
            base_url,
            user_agent=user_agent,
            key=None if api_key is None else Key(key_header, api_key),
            connections=connections,
            timeout_seconds=timeout_seconds,
            max_body_bytes=max_body_bytes,
            now=now,
        )
        self._now = now
        self._has_key = api_key is not None
        self._max_body = max_body_bytes
        self._max_requests = max_requests
        self._allowed = 0
        self._attempts = attempts
        self._backoff = backoff_seconds
        self._turnstile = turnstile or Lone(Pace(requests_per_second, connections, sleep), budget, now)

    def __repr__(self) -> str:
        """Return the portal and its address: no key."""
        return f"Client({self.portal!r}, {self._sender!r})"

    async def __aenter__(self) -> Self:
        """Open the client."""
        self._sender.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the client's connections."""
        await self._sender.close()

    async def get(
        self,
        path: str,
        *,
        params: Mapping[str, str | int] | None = None,
        mask: str | None = None,
        keyed: bool = False,
        retry: frozenset[int] = RETRIED,
    ) -> Answer:
        """Return the answer to GET *path* below the base URL; *mask* is sent as X-Fields.

        429, the statuses in *retry* and network failures are tried again; redirects are not followed. Every
        status is an answer but 401 and 403 (PortalRefused) and, after the last attempt, 429, 502, 503 and 504
        (PortalUnavailable, as for network failures). A body that is too large is PortalUnreadable. BudgetSpent
        where the pass or the budget allows no request, and for a 429 whose pause is too long to be waited for.
        """
        return await self._answer(Request(path, params or {}, mask, keyed), retry, None)

    async def download(
        self,
        path: str,
        into: BinaryIO,
        *,
        params: Mapping[str, str | int] | None = None,
        mask: str | None = None,
        keyed: bool = False,
        retry: frozenset[int] = RETRIED,
    ) -> Answer:
        """Return the answer as ``get`` does, but write the body of a 200 to *into* while it arrives.

        *into* is emptied before each attempt and stands at its beginning afterwards; the answer's own body is
        then empty, its fingerprint that of what was written. ConfigurationError where *into* takes no more.
        """
        return await self._answer(Request(path, params or {}, mask, keyed), retry, into)

    async def failed(self, error: PortalUnavailable) -> datetime | None:
        """Hear that *error* ended what was asked for; return until when the portal is left alone, if it now is.

        Limits are no failures of the portal's.
        """
        if isinstance(error, (BudgetSpent, Throttled)):
            return None
        return await self._turnstile.failed(error)

    async def _answer(self, request: Request, retry: frozenset[int], into: BinaryIO | None) -> Answer:
        if not request.path.startswith("/"):
            raise ValueError(f"a path begins with a slash: {request.path!r}")
        attempt = 1
        while True:
            outcome, again, until = await self._attempt(request, attempt, retry, into)
            if not again:
                return self._settled(outcome, request, until)
            attempt += 1

    def unreadable(self, fetch: Fetch, why: str) -> PortalUnreadable:
        """Return the error for an answer that is not what the portal's interface promises."""
        return PortalUnreadable(
            f"The portal's answer cannot be read: {why}.", portal=self.portal, endpoint=fetch.endpoint
        )

    async def _attempt(
        self, request: Request, attempt: int, retry: frozenset[int], into: BinaryIO | None
    ) -> tuple[Answer | Failure | TooLarge, bool, datetime | None]:
        """Return what came of it, whether it is tried again, and until when the portal wants to be left alone."""
        await self._enter(request)
        self.requests += 1
        heard, until = NOTHING, None
        try:
            outcome = await self._sender.send(request, into)
            wait = self._wait(outcome, attempt, retry)
            heard = self._heard(outcome, wait)
        finally:
            until = await self._turnstile.leave(heard)
        return outcome, wait is not None, until

    async def _enter(self, request: Request) -> None:
        """Wait until *request* may go out; BudgetSpent where it may not."""
        if self._max_requests is not None and self._allowed >= self._max_requests:
            raise BudgetSpent(
                f"This pass may send {self._max_requests} requests, and has sent them.",
                portal=self.portal,
                endpoint=self._sender.endpoint(request),
                hint="The next pass goes on from here.",
            )
        self._allowed += 1
        barred = await self._turnstile.enter(self.spending)
        if barred is not None:
            self._allowed -= 1
            raise self._barred(barred, self._sender.endpoint(request))

    def _barred(self, barred: Barred, endpoint: str) -> PortalUnavailable:
        if barred.reason is not None:
            why = f"The portal failed again and again and is left alone. Last: {barred.reason}"
            return self._later(BreakerOpen, why, endpoint, barred.until)
        kept = " but for polls" if self.spending is Spending.BACKFILL else ""
        return self._later(BudgetSpent, f"The portal's limit is used up{kept}.", endpoint, barred.until)

    def _heard(self, outcome: Answer | Failure | TooLarge, wait: float | None) -> Heard:
        """Return what *outcome* tells those who ask next."""
        pause = wait or 0.0
        if isinstance(outcome, TooLarge):
            return SERVED
        if isinstance(outcome, Failure):
            return Heard(pause=pause, trouble=f"The portal cannot be reached: {outcome.words}.")
        if outcome.status == 429:
            return Heard(serves=True, pause=pause, refused=wait is None, asked=_asked(outcome))
        limit = _count(outcome.headers.get("X-RateLimit-Limit"))
        remaining = _count(outcome.headers.get("X-RateLimit-Remaining"))
        if outcome.status < 500:
            tells = pause or limit is not None or remaining is not None
            return Heard(True, limit, remaining, pause) if tells else SERVED
        return Heard(False, limit, remaining, pause, trouble=f"The portal answers {outcome.status}.")

    def _wait(
        self, outcome: Answer | Failure | TooLarge, attempt: int, retry: frozenset[int]
    ) -> float | None:
        """Return the seconds to wait before the next attempt, None where there is none."""
        if attempt >= self._attempts or isinstance(outcome, TooLarge):
            return None
        if isinstance(outcome, Answer) and outcome.status != 429 and outcome.status not in retry:
            return None
        backoff: float = self._backoff * 2.0 ** (attempt - 1)
        if isinstance(outcome, Failure):
            return backoff
        asked = _asked(outcome)
        if asked is None and outcome.status == 429 and self._turnstile.reckons:
            return None  # it is for the budget to say for how long
        return None if asked is not None and asked > LONGEST_WAIT else max(asked or 0.0, backoff)

    def _settled(
        self, outcome: Answer | Failure | TooLarge, request: Request, until: datetime | None
    ) -> Answer:
        """Return the last attempt's answer, or raise what it means; *until*: of a limit that it told."""
        if isinstance(outcome, Answer) and outcome.status not in UNSERVED:
            return outcome
        endpoint = self._sender.endpoint(request)
        if isinstance(outcome, TooLarge):
            raise PortalUnreadable(
                f"The portal's answer is larger than {self._max_body} bytes.",
                portal=self.portal,
                endpoint=endpoint,
            )
        if isinstance(outcome, Failure):
            raise PortalUnavailable(
                f"The portal cannot be reached: {outcome.words}.", portal=self.portal, endpoint=endpoint
            ) from outcome.cause
        if outcome.status in REFUSED:
            raise PortalRefused(
                f"The portal refuses this ({outcome.status}).",
                portal=self.portal,
                endpoint=endpoint,
                hint="Look at the portal's key." if self._has_key else "",
            )
        if outcome.status == 429 and until is not None:
            raise self._limited(_asked(outcome), endpoint, until)
        raise PortalUnavailable(
            f"The portal cannot answer now ({outcome.status}).",
            portal=self.portal,
            endpoint=endpoint,
            retry_after=_asked(outcome),
        )

    def _limited(self, asked: float | None, endpoint: str, until: datetime) -> PortalUnavailable:
        """Return the error for a 429 that is not waited for: without its reason, it may be no limit at all."""
        if asked:
            return self._later(BudgetSpent, "The portal's limit is used up (429).", endpoint, until)
        return self._later(Throttled, "The portal wants to be left alone (429).", endpoint, until)

    def _later(
        self, kind: type[PortalUnavailable], message: str, endpoint: str, until: datetime
    ) -> PortalUnavailable:
        """Return the error for what may be asked again from *until* on."""
        return kind(
            message,
            portal=self.portal,
            endpoint=endpoint,
            hint=f"It may be asked again from {until.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC on.",
            retry_after=(until - self._now()).total_seconds(),
        )


def _asked(answer: Answer) -> float | None:
    """Return the seconds that the answer asks to be left alone."""
    now = http_date(answer.headers.get("Date")) or answer.fetch.fetched_at
    return retry_after(answer.headers.get("Retry-After"), now)


def _count(text: str | None) -> int | None:
    return int(text) if text is not None and text.isdecimal() and len(text) < 10 else None


__all__ = ["RETRIED", "Answer", "BreakerOpen", "Budget", "BudgetSpent", "Client", "Spending", "Throttled"]
