"""One portal's client: how politely and how often it is asked, and what its failures mean to the gateway."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import TracebackType
from typing import BinaryIO, Self

from gateway.errors import PortalRefused, PortalUnavailable, PortalUnreadable
from gateway.fetch.pace import Pace, retry_after
from gateway.fetch.sending import Answer, Failure, Key, Request, Sender, TooLarge
from gateway.model.document import Fetch

RETRIED = frozenset({500, 502, 503, 504})
"""Statuses that are tried again where the caller says nothing else; 429 always is."""
DOWN = frozenset({429, 502, 503, 504})
"""Statuses that say that the portal cannot answer now."""
LONGEST_WAIT = 60.0
"""Seconds of a Retry-After that are waited for; beyond them the pass is given up."""
LARGEST_BODY = 256 * 1024 * 1024
"""Decoded bytes of one answer, where the caller says nothing else."""


class BudgetSpent(PortalUnavailable):
    """The pass has sent as many requests as it may."""


@dataclass(slots=True)
class RateLimit:
    """What the portal's answers last said of its limits; None where they said nothing."""

    limit: int | None = None
    remaining: int | None = None
    blocked_until: datetime | None = None


class Client:
    """Asks one portal; an async context manager.

    *base_url* is the address below which every path lies, *now* the clock for answers that bear no date,
    *sleep* waits for seconds. Raises ConfigurationError for a base URL that is none.
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
        attempts: int = 3,
        backoff_seconds: float = 0.5,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.portal = portal
        self.requests = 0
        """Requests sent so far, retries included."""
        self.rate = RateLimit()
        self._sender = Sender(
            base_url,
            user_agent=user_agent,
            key=None if api_key is None else Key(key_header, api_key),
            connections=connections,
            timeout_seconds=timeout_seconds,
            max_body_bytes=max_body_bytes,
            now=now,
        )
        self._has_key = api_key is not None
        self._max_body = max_body_bytes
        self._max_requests = max_requests
        self._attempts = attempts
        self._backoff = backoff_seconds
        self._sleep = sleep
        self._pace = Pace(requests_per_second, connections, sleep)

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
        (PortalUnavailable, as for network failures). A body that is too large is PortalUnreadable, a request
        beyond the budget BudgetSpent.
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

    async def _answer(self, request: Request, retry: frozenset[int], into: BinaryIO | None) -> Answer:
        if not request.path.startswith("/"):
            raise ValueError(f"a path begins with a slash: {request.path!r}")
        attempt = 1
        while True:
            outcome = await self._attempt(request, into)
            wait = self._wait(outcome, attempt, retry)
            if wait is None:
                return self._settled(outcome, self._sender.endpoint(request))
            await self._sleep(wait)
            attempt += 1

    def unreadable(self, fetch: Fetch, why: str) -> PortalUnreadable:
        """Return the error for an answer that is not what the portal's interface promises."""
        return PortalUnreadable(
            f"The portal's answer cannot be read: {why}.", portal=self.portal, endpoint=fetch.endpoint
        )

    async def _attempt(self, request: Request, into: BinaryIO | None) -> Answer | Failure | TooLarge:
        async with self._pace.turn():
            if self._max_requests is not None and self.requests >= self._max_requests:
                raise BudgetSpent(
                    f"This pass may send {self._max_requests} requests, and has sent them.",
                    portal=self.portal,
                    endpoint=self._sender.endpoint(request),
                    hint="The next pass goes on from here.",
                )
            self.requests += 1
            outcome = await self._sender.send(request, into)
        if isinstance(outcome, Answer):
            self._note(outcome)
        return outcome

    def _note(self, answer: Answer) -> None:
        """Remember what the answer says of the portal's limits."""
        self.rate.limit = _count(answer.headers.get("X-RateLimit-Limit"), self.rate.limit)
        self.rate.remaining = _count(answer.headers.get("X-RateLimit-Remaining"), self.rate.remaining)
        asked = _asked(answer)
        if answer.status == 429 and asked is not None:
            self.rate.blocked_until = answer.fetch.fetched_at + timedelta(seconds=asked)

    def _wait(
        self, outcome: Answer | Failure | TooLarge, attempt: int, retry: frozenset[int]
    ) -> float | None:
        """Return the seconds to wait before the next attempt, None where there is none."""
        backoff: float = self._backoff * 2.0 ** (attempt - 1)
        if attempt >= self._attempts or isinstance(outcome, TooLarge):
            return None
        if isinstance(outcome, Failure):
            return backoff
        if outcome.status != 429 and outcome.status not in retry:
            return None
        asked = _asked(outcome) or 0.0
        return None if asked > LONGEST_WAIT else max(asked, backoff)

    def _settled(self, outcome: Answer | Failure | TooLarge, endpoint: str) -> Answer:
        """Return the last attempt's answer, or raise what it means."""
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
        if outcome.status in {401, 403}:
            raise PortalRefused(
                f"The portal refuses this ({outcome.status}).",
                portal=self.portal,
                endpoint=endpoint,
                hint="Look at the portal's key." if self._has_key else "",
            )
        if outcome.status in DOWN:
            raise PortalUnavailable(
                f"The portal cannot answer now ({outcome.status}).",
                portal=self.portal,
                endpoint=endpoint,
                retry_after=_asked(outcome),
            )
        return outcome


def _asked(answer: Answer) -> float | None:
    """Return the seconds that the answer asks to be left alone."""
    return retry_after(answer.headers.get("Retry-After"), answer.fetch.fetched_at)


def _count(text: str | None, otherwise: int | None) -> int | None:
    return int(text) if text is not None and text.isdecimal() and len(text) < 19 else otherwise


__all__ = ["RETRIED", "Answer", "BudgetSpent", "Client", "RateLimit"]
