"""Connections to Postgres: the one place that says in plain words why there is none."""

from __future__ import annotations

import socket
import ssl
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import asyncpg

from gateway.errors import DatabaseError, DatabaseUnavailable, DatabaseUnusable

OLDEST = 15
"""The oldest major version of Postgres that the gateway works with."""
CONNECT_SECONDS = 10
_SESSION = {"application_name": "harvest-gateway", "timezone": "UTC", "jit": "off"}
_SCHEMES = ("postgresql://", "postgres://")
_LOOK = "Look at GATEWAY_DATABASE_URL."
_REASONS: tuple[tuple[type[BaseException], str, str], ...] = (
    (
        asyncpg.InvalidAuthorizationSpecificationError,
        "it does not let this user in",
        f"Wrong password? {_LOOK}",
    ),
    (asyncpg.InvalidCatalogNameError, "it has no database of this name", f"Make it (createdb). {_LOOK}"),
    (asyncpg.TooManyConnectionsError, "it has no connection left", "Raise its max_connections."),
    (asyncpg.CannotConnectNowError, "it is starting or stopping", "Try again in a moment."),
    (socket.gaierror, "its host is unknown", _LOOK),
    (TimeoutError, f"no answer within {CONNECT_SECONDS} s", f"Is a firewall between? {_LOOK}"),
    (OSError, "nothing answers there", f"Is it running? {_LOOK}"),
)


async def connect(url: str, **options: Any) -> asyncpg.Connection:
    """Return one connection; *options* go to asyncpg. Raises DatabaseUnavailable, without the password."""
    try:
        return await asyncpg.connect(dsn(url), timeout=CONNECT_SECONDS, server_settings=_SESSION, **options)
    except (OSError, ValueError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise unreachable(url, error) from None  # the cause's text may hold the address with the password


async def connect_pool(url: str, *, size: int = 4) -> asyncpg.Pool:
    """Return a pool of *size* open connections whose statements stay prepared.

    A connection is handed on as it is, without the round trip of a reset: leave no session state behind.
    Raises DatabaseUnavailable.
    """
    try:
        return await asyncpg.create_pool(
            dsn(url),
            min_size=size,
            max_size=size,
            reset=_keep,
            statement_cache_size=1024,
            max_cached_statement_lifetime=0,
            max_cacheable_statement_size=0,
            max_inactive_connection_lifetime=0,
            timeout=CONNECT_SECONDS,
            server_settings=_SESSION,
        )
    except (OSError, ValueError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise unreachable(url, error) from None


async def require_usable(url: str, *, oldest: int = OLDEST) -> None:
    """Raise DatabaseUnavailable when nothing answers, DatabaseUnusable when it is too old or not UTF-8."""
    connection = await connect(url)
    try:
        major = connection.get_server_version().major
        encoding = await connection.fetchval("SHOW server_encoding")
    finally:
        await connection.close()
    if major < oldest:
        raise DatabaseUnusable(
            f"{where(url)} is Postgres {major}.", hint=f"Postgres {oldest} or later is needed."
        )
    if encoding != "UTF8":
        raise DatabaseUnusable(
            f"The database at {where(url)} has the encoding {encoding}.",
            hint="Make it with CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0.",
        )


def dsn(url: str) -> str:
    """Return *url* as asyncpg wants it: SQLAlchemy's way of naming a driver is left out."""
    scheme, found, rest = url.partition("://")
    return f"{scheme.partition('+')[0]}{found}{rest}"


def where(url: str) -> str:
    """Return which Postgres *url* means, for people: user, host, port and database, never the password."""
    try:
        parts = urlsplit(dsn(url))
        query = parse_qs(parts.query)
        host = ",".join(query.get("host", [])) or parts.netloc.rpartition("@")[2] or "localhost"
        user = query.get("user", [unquote(parts.username or "")])[0]
        database = query.get("dbname", query.get("database", [parts.path.lstrip("/")]))[0]
    except ValueError:
        return "the given address"
    return f"{user}@{host}/{database}" if user else f"{host}/{database}"


def unreachable(url: str, error: BaseException) -> DatabaseError:
    """Return, in plain words, why *url* could not be connected to."""
    if not dsn(url).startswith(_SCHEMES):
        return DatabaseUnavailable(
            "The address of the database is none of Postgres.",
            hint="It looks like postgresql://user:password@host:5432/database (GATEWAY_DATABASE_URL).",
        )
    reason, hint = _reason(error)
    return DatabaseUnavailable(f"Postgres at {where(url)} cannot be used: {reason}.", hint=hint)


def _reason(error: BaseException) -> tuple[str, str]:
    """Return what went wrong, and what to do."""
    if isinstance(error, ssl.SSLError):
        return f"no encrypted connection ({error.reason or 'TLS failed'})", "Look at sslmode in the address."
    for kind, reason, hint in _REASONS:
        if isinstance(error, kind):
            return reason, hint
    if isinstance(error, asyncpg.PostgresError):
        return str(error), _LOOK
    return "its address cannot be understood", _LOOK


async def _keep(_: asyncpg.Connection) -> None:
    """Leave a connection as it is when it goes back to the pool."""
