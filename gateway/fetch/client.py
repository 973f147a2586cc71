"""One portal's HTTP client: the only way out to a portal, and the only place that knows aiohttp's errors.

Polite (a rate, a number of connections, Retry-After), bounded (time, size, requests), without redirects,
cookies or the environment's proxies. A key is added in the innermost middleware alone, and only for the
portal's own host.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import TracebackType
from typing import Self

import aiohttp
from yarl import URL

from gateway.errors import ConfigurationError, PortalRefused, PortalUnavailable, PortalUnreadable
from gateway.fetch.pace import Pace, http_date, retry_after
from gateway.model.document import Fetch, digest

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


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer of the portal, whatever its status."""

    status: int
    media_type: str
    """Content type without parameters, in lower case."""
    headers: Mapping[str, str]
    """The portal's headers, never the request's; names in any case."""
    body: bytes
    """Without transfer and content codings."""
    fetch: Fetch


@dataclass(slots=True)
class RateLimit:
    """What the portal's answers last said of its limits; None where they said nothing."""

    limit: int | None = None
    remaining: int | None = None
    blocked_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class _Request:
    """What is sent, the same at every attempt."""

    url: URL
    endpoint: str
    mask: str | None
    keyed: bool


class _BrokenError(aiohttp.ClientError):
    """A connection that failed: of a type that aiohttp does not try again by itself, uncounted and unpaced."""


@dataclass(frozen=True, slots=True)
class _Failure:
    """An attempt that brought no answer: why, in words, and the error if it holds no request."""

    words: str
    cause: BaseException | None


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
        self._base = _base(base_url)
        self._now = now
        self._headers = {
            "Accept": "application/json",
            "Accept-Encoding": "gzip, deflate",
            "User-Agent": user_agent,
        }
        self._key = api_key
        self._key_header = key_header
        self._connections = connections
        self._timeout = timeout_seconds
        self._max_body = max_body_bytes
        self._max_requests = max_requests
        self._attempts = attempts
        self._backoff = backoff_seconds
        self._sleep = sleep
        self._pace = Pace(requests_per_second, connections, sleep)
        self._session: aiohttp.ClientSession | None = None

    def __repr__(self) -> str:
        """Return the portal and its address: no key."""
        return f"Client({self.portal!r}, {str(self._base)!r})"

    async def __aenter__(self) -> Self:
        """Open the client."""
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=self._connections),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=self._timeout),
            headers=self._headers,
            trust_env=False,
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the client's connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

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
        request = self._request(path, params or {}, mask, keyed=keyed)
        attempt = 1
        while True:
            outcome = await self._attempt(request)
            wait = self._wait(outcome, attempt, retry)
            if wait is None:
                return self._settled(outcome, request.endpoint)
            await self._sleep(wait)
            attempt += 1

    def unreadable(self, fetch: Fetch, why: str) -> PortalUnreadable:
        """Return the error for an answer that is not what the portal's interface promises."""
        return PortalUnreadable(
            f"The portal's answer cannot be read: {why}.", portal=self.portal, endpoint=fetch.endpoint
        )

    def _request(
        self, path: str, params: Mapping[str, str | int], mask: str | None, *, keyed: bool
    ) -> _Request:
        if not path.startswith("/"):
            raise ValueError(f"a path begins with a slash: {path!r}")
        url = URL(f"{self._base}{path}").update_query(params)
        return _Request(url, url.raw_path_qs.removeprefix(self._base.raw_path), mask, keyed)

    async def _attempt(self, request: _Request) -> Answer | _Failure:
        async with self._pace.turn():
            if self._max_requests is not None and self.requests >= self._max_requests:
                raise BudgetSpent(
                    f"This pass may send {self._max_requests} requests, and has sent them.",
                    portal=self.portal,
                    endpoint=request.endpoint,
                    hint="The next pass goes on from here.",
                )
            self.requests += 1
            try:
                return await self._send(request)
            except TimeoutError as error:
                return _Failure(f"no whole answer within {self._timeout:g} seconds", error)
            except aiohttp.ClientResponseError as error:
                # It holds the request's headers: its cause is not kept.
                return _Failure(f"a broken HTTP answer ({type(error).__name__})", None)
            except _BrokenError as error:
                return _Failure(str(error), error.__cause__)
            except (aiohttp.ClientError, OSError) as error:
                return _Failure(f"{type(error).__name__}", error)

    async def _send(self, request: _Request) -> Answer:
        assert self._session is not None, "the client is not open"
        async with self._session.get(
            request.url,
            headers={} if request.mask is None else {"X-Fields": request.mask},
            allow_redirects=False,
            middlewares=(_once, self._signed) if request.keyed else (_once,),
        ) as response:
            body = await self._body(response, request.endpoint)
            arrived = http_date(response.headers.get("Date")) or self._now()
            fetch = Fetch(request.endpoint, request.mask, arrived, digest(body))
            answer = Answer(response.status, response.content_type.lower(), response.headers, body, fetch)
        self._note(answer)
        return answer

    async def _signed(
        self, request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
    ) -> aiohttp.ClientResponse:
        """Add the key on the way out, where the request goes to the portal's own host."""
        if self._key is not None and request.url.origin() == self._base.origin():
            request.headers[self._key_header] = self._key
        return await handler(request)

    async def _body(self, response: aiohttp.ClientResponse, endpoint: str) -> bytes:
        """Return the decoded body; it is measured as it inflates."""
        chunks: list[bytes] = []
        size = 0
        async for chunk in response.content.iter_any():
            size += len(chunk)
            if size > self._max_body:
                response.close()
                raise PortalUnreadable(
                    f"The portal's answer is larger than {self._max_body} bytes.",
                    portal=self.portal,
                    endpoint=endpoint,
                )
            chunks.append(chunk)
        return b"".join(chunks)

    def _note(self, answer: Answer) -> None:
        """Remember what the answer says of the portal's limits."""
        self.rate.limit = _count(answer.headers.get("X-RateLimit-Limit"), self.rate.limit)
        self.rate.remaining = _count(answer.headers.get("X-RateLimit-Remaining"), self.rate.remaining)
        asked = _asked(answer)
        if answer.status == 429 and asked is not None:
            self.rate.blocked_until = answer.fetch.fetched_at + timedelta(seconds=asked)

    def _wait(self, outcome: Answer | _Failure, attempt: int, retry: frozenset[int]) -> float | None:
        """Return the seconds to wait before the next attempt, None where there is none."""
        backoff: float = self._backoff * 2.0 ** (attempt - 1)
        if attempt >= self._attempts:
            return None
        if isinstance(outcome, _Failure):
            return backoff
        if outcome.status != 429 and outcome.status not in retry:
            return None
        asked = _asked(outcome) or 0.0
        return None if asked > LONGEST_WAIT else max(asked, backoff)

    def _settled(self, outcome: Answer | _Failure, endpoint: str) -> Answer:
        """Return the last attempt's answer, or raise what it means."""
        if isinstance(outcome, _Failure):
            raise PortalUnavailable(
                f"The portal cannot be reached: {outcome.words}.", portal=self.portal, endpoint=endpoint
            ) from outcome.cause
        if outcome.status in {401, 403}:
            raise PortalRefused(
                f"The portal refuses this ({outcome.status}).",
                portal=self.portal,
                endpoint=endpoint,
                hint="Look at the portal's key." if self._key else "",
            )
        if outcome.status in DOWN:
            raise PortalUnavailable(
                f"The portal cannot answer now ({outcome.status}).",
                portal=self.portal,
                endpoint=endpoint,
                retry_after=_asked(outcome),
            )
        return outcome


async def _once(request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    """Send the request once, whatever becomes of the connection."""
    try:
        return await handler(request)
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        raise _BrokenError(type(error).__name__) from error


def _base(text: str) -> URL:
    """Return the address below which paths lie, without a trailing slash."""
    try:
        url = URL(text.rstrip("/"))
    except ValueError:
        url = URL()
    if url.scheme not in {"http", "https"} or not url.host or url.query_string or url.fragment or url.user:
        raise ConfigurationError(
            f"{text!r} is not the base URL of a portal.", hint="It looks like https://host/api/1."
        )
    return url


def _asked(answer: Answer) -> float | None:
    """Return the seconds that the answer asks to be left alone."""
    return retry_after(answer.headers.get("Retry-After"), answer.fetch.fetched_at)


def _count(text: str | None, otherwise: int | None) -> int | None:
    return int(text) if text is not None and text.isdecimal() and len(text) < 19 else otherwise
