"""`/payloads/{id}` over HTTP: a publisher's payload as a file, of any size, with little of it in memory at a time."""

from __future__ import annotations

import asyncio
import json
import logging
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from math import ceil
from tempfile import SpooledTemporaryFile
from typing import IO

import asyncpg
from aiohttp import web

from gateway.errors import DatabaseUnavailable, PortalRefused, PortalUnavailable, PortalUnreadable, UsageError
from gateway.model.identity import parse_global_id
from gateway.ports import Part
from gateway.store.staging import Connection
from harvest_graphql.held import LOST
from harvest_graphql.plan.payloads import KINDS, PATH, Kind, kept
from harvest_graphql.problems import Code, Problem, internal

Ask = Callable[[str, str, Part], Awaitable[bool]]
"""Fetches a payload by portal's key, record's native id and part, and stores it; False where the wire gives none.

Raises PortalUnavailable, PortalRefused, PortalUnreadable.
"""
CHUNK = 256 * 1024
"""How many bytes are read and sent at once."""
_PREFETCH = 4
_DEADLINE_SECONDS = 60.0
_TYPE = re.compile(r"[\w.+-]+/[\w.+-]+(; ?charset=[\w-]+)?", re.ASCII)
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
_log = logging.getLogger(__name__)


class Refusal(Exception):
    """A payload cannot be handed out."""

    def __init__(
        self, status: int, code: Code, message: str, *, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.problem = Problem(code, message)
        self.headers = headers or {}


@dataclass(frozen=True, slots=True)
class Address:
    """Which payload of which record is asked for."""

    portal: str
    record: str
    kind: Kind

    @classmethod
    def of(cls, id_: str) -> Address:
        """Return what a payload's id names; Refusal (400) where it is none."""
        try:
            type_, portal, record = parse_global_id(id_)
        except UsageError as error:
            raise Refusal(400, Code.BAD_ID, f"This is not the id of a payload. {error.hint}") from None
        if type_ not in KINDS or "\0" in portal + record:
            raise Refusal(400, Code.BAD_ID, "This is not the id of a payload: take it from `Payload.id`.")
        return cls(portal, record, KINDS[type_])


@dataclass(frozen=True, slots=True)
class Found:
    """What is known of a record's payload, and its first bytes."""

    state: str
    told: bool
    """Whether it came by itself, with the media type that the portal said."""
    media_type: str | None
    size: int | None
    sha256: str | None
    head: bytes | None

    @property
    def content_type(self) -> str:
        """Return the value of Content-Type; text that the gateway read out of a document is in UTF-8."""
        said = self.media_type or ""
        if self.told:
            return said if _TYPE.fullmatch(said) else "application/octet-stream"
        return f"{said}; charset=utf-8" if said in {"application/xml", "text/plain"} else said


def routes(pool: asyncpg.Pool, ask: Ask) -> list[web.RouteDef]:
    """Return the routes of payloads: what *pool*'s database holds, and what *ask* can fetch."""
    return [web.get(PATH + "{id}", Payloads(pool, ask).handle)]


class Payloads:
    """Hands out payloads; one that is not there yet is fetched once, however many wait for it."""

    def __init__(self, pool: asyncpg.Pool, ask: Ask) -> None:
        self._pool = pool
        self._ask = ask
        self._asked: dict[Address, asyncio.Future[bool]] = {}

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer one HTTP request."""
        with SpooledTemporaryFile(CHUNK) as rest:
            try:
                address = Address.of(request.match_info["id"])
                found = await self._stored(address, rest)
            except Refusal as refusal:
                return _refused(refusal)
            except (TimeoutError, asyncpg.QueryCanceledError):
                return _refused(Refusal(503, Code.TIMEOUT, "Reading the payload took too long. Try again."))
            except (*LOST, DatabaseUnavailable) as error:
                _log.warning("a payload cannot be read now: %s", type(error).__name__)
                words = "The gateway's database cannot be reached now. Try again."
                return _refused(Refusal(503, Code.UNAVAILABLE, words))
            except Exception as error:  # noqa: BLE001 - whatever it is, its text is for the log alone
                return _refused(Refusal(500, Code.INTERNAL, internal(_log, "a payload", error).message))
            return await _sent(request, address, found, rest)

    async def _stored(self, address: Address, rest: IO[bytes]) -> Found:
        """Return a payload that is stored, or is after asking; Refusal where there is none to be had."""
        found = await self._read(address, rest)
        if found.state == "NOT_FETCHED" and await self._fetched(address):
            found = await self._read(address, rest)
        if found.state != "STORED":
            raise _missing(found.state)
        return found

    async def _fetched(self, address: Address) -> bool:
        """Return whether the payload could be fetched; Refusal where the portal does not answer as it should."""
        try:
            return await asyncio.shield(self._asked.get(address) or self._asking(address))
        except PortalUnavailable as error:
            wait = {} if error.retry_after is None else {"Retry-After": str(max(1, ceil(error.retry_after)))}
            raise Refusal(503, Code.PORTAL_UNAVAILABLE, str(error), headers=wait) from error
        except PortalRefused as error:
            raise Refusal(502, Code.PORTAL_REFUSED, str(error)) from error
        except PortalUnreadable as error:
            raise Refusal(502, Code.PORTAL_UNREADABLE, str(error)) from error

    def _asking(self, address: Address) -> asyncio.Future[bool]:
        """Begin to fetch a payload."""
        asking = asyncio.ensure_future(self._ask(address.portal, address.record, address.kind.part))

        def ended(done: asyncio.Future[bool]) -> None:
            del self._asked[address]
            if not done.cancelled():
                done.exception()  # whoever waited may have gone

        self._asked[address] = asking
        asking.add_done_callback(ended)
        return asking

    async def _read(self, address: Address, rest: IO[bytes]) -> Found:
        """Return what is stored, with what follows the first chunk in *rest*; Refusal for an unknown record.

        The rest waits in a file, not in Postgres, so that a slow reader holds no connection.
        """
        asked = (address.portal, address.record)
        async with self._snapshot() as connection:
            row = await connection.fetchrow(_FOUND[address.kind.type], *asked)
            if row is None:
                raise Refusal(404, Code.NOT_FOUND, "There is no record with such a payload.")
            found = Found(*row)
            if (found.size or 0) > CHUNK:
                chunks = connection.cursor(_REST[address.kind.type], *asked, prefetch=_PREFETCH)
                async for (chunk,) in chunks:
                    await asyncio.to_thread(rest.write, chunk)
        return found

    @asynccontextmanager
    async def _snapshot(self) -> AsyncIterator[Connection]:
        async with (
            asyncio.timeout(_DEADLINE_SECONDS),
            self._pool.acquire() as connection,
            connection.transaction(isolation="repeatable_read", readonly=True),
        ):
            yield connection


async def _sent(request: web.Request, address: Address, found: Found, rest: IO[bytes]) -> web.StreamResponse:
    """Send what was found; the head alone where that is asked for, nothing to who has it already."""
    headers = {"ETag": f'"{found.sha256}"', "Cache-Control": "no-cache"}
    if any(each.value in {"*", found.sha256} for each in request.if_none_match or ()):
        return web.Response(status=304, headers=headers)
    response = web.StreamResponse(headers={**headers, **_headers(address.record, found.content_type)})
    response.content_length = found.size
    await response.prepare(request)
    if request.method != "HEAD":
        await response.write(found.head or b"")
        rest.seek(0)
        while chunk := await asyncio.to_thread(rest.read, CHUNK):
            await response.write(chunk)
    await response.write_eof()
    return response


def _headers(record: str, content_type: str) -> dict[str, str]:
    name = _UNSAFE.sub("_", record).lstrip(".")[:100] or "payload"
    return {
        "Content-Type": content_type,
        "Content-Disposition": f'attachment; filename="{name}.{_ending(content_type)}"',
        "X-Content-Type-Options": "nosniff",
    }


def _ending(type_: str) -> str:
    """Return the ending of a file of that media type."""
    kind = type_.partition(";")[0].lower()
    return next((ending for ending in ("json", "xml") if kind.endswith(ending)), "txt")


def _missing(state: str) -> Refusal:
    if state == "ABSENT":
        words = "The portal says that the record has no such payload."
        return Refusal(404, Code.PAYLOAD_ABSENT, words)
    words = (
        "The portal does not hand out this payload: `href`, where it is set, is the publisher's own address."
    )
    return Refusal(404, Code.PAYLOAD_NOT_FETCHED, words)


def _refused(refusal: Refusal) -> web.Response:
    body = json.dumps({"errors": [refusal.problem.as_error()]}, separators=(",", ":")).encode()
    headers = {"Content-Type": "application/json; charset=utf-8", **refusal.headers}
    return web.Response(body=body, status=refusal.status, headers=headers)


def _statement(kind: Kind, columns: str, more: str = "") -> str:
    """Return the SELECT of *columns* of the payload ``x`` of the record ($1 portal's key, $2 native id)."""
    stored = kept(kind, "r.id", "r.document_hash")
    return (
        f"SELECT {columns} FROM portal p JOIN harvest_record r ON r.portal = p.number AND r.native_id = $2,"
        f" LATERAL ({stored}) x{more} WHERE p.key = $1"
    )


_FACTS = (
    "x.state, x.told, x.media_type, length(x.octets), encode(sha256(x.octets), 'hex'),"
    f" substring(x.octets FROM 1 FOR {CHUNK})"
)
_FOUND = {kind.type: _statement(kind, _FACTS) for kind in KINDS.values()}
"""What ``Found`` is made of."""
_SLICES = f", generate_series(1, (length(x.octets) - 1) / {CHUNK}) n"
_REST = {
    kind.type: _statement(kind, f"substring(x.octets FROM 1 + n * {CHUNK} FOR {CHUNK})", _SLICES)
    for kind in KINDS.values()
}
"""The chunks after the first, in order."""
