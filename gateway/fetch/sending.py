"""Sends one request once: the only code that knows aiohttp, its errors and the portal's key.

Without redirects, cookies or the environment's proxies; bounded in time and in size. The key is added in the
innermost middleware alone, and only for the portal's own host.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import blake2b
from io import SEEK_END, BytesIO
from typing import BinaryIO

import aiohttp

from gateway.errors import ConfigurationError
from gateway.fetch.addresses import Addresses
from gateway.fetch.pace import http_date
from gateway.model.document import HASH_BYTES, Fetch
from gateway.model.value import value

BELIEVED = timedelta(days=2)
"""How far a portal's clock may be off: what answers mean depends on when they were given."""


@value
class Answer:
    """One answer of the portal, whatever its status."""

    status: int
    media_type: str
    """Content type without parameters, in lower case."""
    headers: Mapping[str, str]
    """The portal's headers, never the request's; names in any case."""
    body: bytes
    """Without transfer and content codings; empty where it was written to a file."""
    fetch: Fetch


@dataclass(frozen=True, slots=True)
class Failure:
    """No answer came: why, in words, and the error if it holds nothing of the request."""

    words: str
    cause: BaseException | None


@dataclass(frozen=True, slots=True)
class TooLarge:
    """The answer is larger than what is read."""


@value
class Request:
    """What is sent, the same at every attempt."""

    path: str
    """Begins with a slash; appended to the base URL."""
    params: Mapping[str, str | int]
    mask: str | None
    """Sent as X-Fields."""
    keyed: bool


@dataclass(frozen=True, slots=True)
class Key:
    """The portal's key and the header that takes it. Its representation shows neither."""

    header: str
    value: str

    def __repr__(self) -> str:
        """Return nothing of the key."""
        return "Key(...)"


class _BrokenError(aiohttp.ClientError):
    """A connection that failed: of a type that aiohttp does not try again by itself, uncounted and unpaced."""


class _Body:
    """Takes an answer's body as it arrives: to a file, or to memory, where it is held once and not joined."""

    def __init__(self, most: int, file: BinaryIO | None) -> None:
        self._left = most
        self._file = file
        self._held: BytesIO | None = None
        self._fingerprint = blake2b(digest_size=HASH_BYTES)

    def take(self, chunk: bytes) -> bool:
        """Take *chunk*; return whether all of the body still fits."""
        self._left -= len(chunk)
        if self._left < 0:
            return False
        self._fingerprint.update(chunk)
        if self._file is not None:
            with _own_disk():
                self._file.write(chunk)
        elif self._held is None:
            self._held = BytesIO(chunk)  # it copies nothing until more is written: most answers are one chunk
            self._held.seek(0, SEEK_END)
        else:
            self._held.write(chunk)
        return True

    def taken(self) -> tuple[bytes, bytes]:
        """Return what is in memory, and the fingerprint of the whole; a file stands at its beginning."""
        if self._file is not None:
            with _own_disk():
                self._file.seek(0)
        return b"" if self._held is None else self._held.getvalue(), self._fingerprint.digest()


class Sender:
    """Sends requests to one base URL; ConfigurationError where that is none."""

    def __init__(
        self,
        base_url: str,
        *,
        user_agent: str,
        key: Key | None,
        connections: int,
        timeout_seconds: float,
        max_body_bytes: int,
        now: Callable[[], datetime],
    ) -> None:
        self._addresses = Addresses(base_url)
        self._key = key
        self._timeout = timeout_seconds
        self._connections = connections
        self._max_body = max_body_bytes
        self._now = now
        self._headers = {
            "Accept": "application/json",
            "Accept-Encoding": "gzip, deflate",
            "User-Agent": user_agent,
        }
        self._said: tuple[str | None, str] = (None, "")
        """The content type of the answer before, as it was written and as it was read."""
        self._session: aiohttp.ClientSession | None = None

    def __repr__(self) -> str:
        """Return the address: no key."""
        return f"Sender({str(self._addresses.base)!r})"

    def open(self) -> None:
        """Open a session; connections are made when they are needed."""
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=self._connections),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=self._timeout),
            headers=self._headers,
            trust_env=False,
        )

    async def close(self) -> None:
        """Close the session and its connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    def endpoint(self, request: Request) -> str:
        """Return the request's path and query below the base URL, as they are sent."""
        return self._addresses.below(self._addresses.of(request.path, request.params))

    async def send(self, request: Request, into: BinaryIO | None = None) -> Answer | Failure | TooLarge:
        """Send *request* once. *into* is emptied, takes the body of a 200 and is left at its beginning."""
        if into is not None:
            with _own_disk():
                into.seek(0)
                into.truncate()
        try:
            return await self._sent(request, into)
        except TimeoutError as error:
            return Failure(f"no whole answer within {self._timeout:g} seconds", error)
        except aiohttp.ClientResponseError as error:
            # It holds the request's headers, and with them the key: it is no cause to keep.
            return Failure(f"a broken HTTP answer ({type(error).__name__})", None)
        except _BrokenError as error:
            return Failure(str(error), error.__cause__)
        except (aiohttp.ClientError, OSError) as error:
            return Failure(type(error).__name__, error)

    async def _sent(self, request: Request, into: BinaryIO | None) -> Answer | TooLarge:
        assert self._session is not None, "the client is not open"
        url = self._addresses.of(request.path, request.params)
        async with await self._session.get(
            url,
            headers=None if request.mask is None else {"X-Fields": request.mask},
            allow_redirects=False,
            middlewares=(_once, self._signed) if request.keyed else (_once,),
        ) as response:
            taker = _Body(self._max_body, into if response.status == 200 else None)
            while chunk := await response.content.readany():
                if not taker.take(chunk):  # it is measured as it inflates
                    response.close()
                    return TooLarge()
            body, page_hash = taker.taken()
            fetch = Fetch(self._addresses.below(url), request.mask, self._arrived(response), page_hash)
            return Answer(response.status, self._media_type(response), response.headers, body, fetch)

    def _media_type(self, response: aiohttp.ClientResponse) -> str:
        """Return what the answer says that it is: most often the same as the one before."""
        said = response.headers.get("Content-Type")
        if said is None or said != self._said[0]:
            self._said = said, response.content_type.lower()
        return self._said[1]

    def _arrived(self, response: aiohttp.ClientResponse) -> datetime:
        """Return when the answer was sent by the portal's clock, by ours where that one is days off."""
        now = self._now()
        said = http_date(response.headers.get("Date"))
        return now if said is None or abs(said - now) > BELIEVED else said

    async def _signed(
        self, request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
    ) -> aiohttp.ClientResponse:
        """Add the key on the way out, where the request goes to the portal's own host."""
        if self._key is not None and request.url.origin() == self._addresses.base.origin():
            request.headers[self._key.header] = self._key.value
        return await handler(request)


async def _once(request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    """Send the request once, whatever becomes of the connection."""
    try:
        return await handler(request)
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        raise _BrokenError(type(error).__name__) from error


@contextmanager
def _own_disk() -> Iterator[None]:
    """Tell a disk that fails here from a portal that cannot be reached."""
    try:
        yield
    except OSError as error:
        raise ConfigurationError(
            f"An answer cannot be kept in a temporary file: {error.strerror or error}.",
            hint="Make room on the disk, or set TMPDIR.",
        ) from error
