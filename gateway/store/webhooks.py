"""Webhooks: who is sent events, where each of them is, and whose turn it is to be sent some."""

# pyright: reportIncompatibleVariableOverride=false
# SQLModel declares __tablename__ as a declared_attr; naming a table with a string is its documented way.

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar

import asyncpg
import msgspec
from sqlalchemy import UniqueConstraint
from sqlmodel import SQLModel

from gateway.store import columns as c
from gateway.store.staging import Connection


class WebhookRow(SQLModel, table=True):
    """An address that events are sent to, one by one, in their order."""

    __tablename__: ClassVar[str] = "webhook"

    id: int | None = c.key()
    name: str = c.text(null=False)
    url: str = c.text(null=False)
    secret: str = c.text(null=False, private=True)
    """What messages are signed with, so that it has to be kept as it is."""
    filter: Any = c.data(null=False)
    """Which events: variables of the operation ``what-changed``."""
    cursor: str = c.text(null=False)
    """The last event that was taken, as the API names it."""
    created_at: datetime = c.instant(null=False)
    delivered_at: datetime | None = c.instant()
    due_at: datetime = c.instant(null=False)
    """When it is looked at again."""
    holder: str | None = c.text()
    """Who is sending to it, until ``due_at`` at the longest."""
    failures: int = c.count()
    """How often in a row it did not take a message."""
    failing_since: datetime | None = c.instant()
    disabled_at: datetime | None = c.instant()
    notice: str | None = c.text()
    """What went wrong last; None after a message that was taken."""
    taken: int = c.count()
    """How many messages it took, those that were sent again as often as they were."""
    refused: int = c.count()
    """How often it did not take one."""
    event_at: datetime | None = c.instant()
    """When the event happened that it took last, by the clock of its portal."""


c.finish(WebhookRow, UniqueConstraint("name", name="uq_webhook_name"), c.index("webhook_due", "due_at"))

_COLUMNS = (
    "id, name, url, secret, filter, cursor, created_at, delivered_at, failures, failing_since, disabled_at,"
    " notice"
)


@dataclass(frozen=True, slots=True)
class Webhook:
    """A webhook as it is stored; *secret* is for signing alone."""

    id: int
    name: str
    url: str
    secret: str
    filter: Mapping[str, Any]
    cursor: str
    created_at: datetime
    delivered_at: datetime | None
    failures: int
    failing_since: datetime | None
    disabled_at: datetime | None
    notice: str | None


async def add(
    connection: Connection, *, name: str, url: str, secret: str, filter_: Mapping[str, Any], cursor: str
) -> Webhook | None:
    """Store a webhook that is sent what comes after *cursor*; None where there is one of that name."""
    row = await connection.fetchrow(
        "INSERT INTO webhook (name, url, secret, filter, cursor, created_at, due_at)"
        " VALUES ($1, $2, $3, $4, $5, now(), now()) ON CONFLICT (name) DO NOTHING RETURNING " + _COLUMNS,
        name,
        url,
        secret,
        msgspec.json.encode(filter_).decode(),
        cursor,
    )
    return None if row is None else _webhook(row)


async def every(connection: Connection) -> list[Webhook]:
    """Return all webhooks, by name."""
    return [_webhook(row) for row in await connection.fetch(f"SELECT {_COLUMNS} FROM webhook ORDER BY name")]


@dataclass(frozen=True, slots=True)
class Measured:
    """What a webhook took."""

    name: str
    taken: int
    refused: int
    lag_seconds: float | None
    """How old the last event was when it was taken: as much as the clocks of its portal and of Postgres are apart."""
    delivered_at: datetime | None
    disabled: bool


async def measured(connection: Connection) -> list[Measured]:
    """Return what each webhook took, by name."""
    rows = await connection.fetch(
        "SELECT name, taken, refused, extract(epoch FROM delivered_at - event_at)::float8 AS lag_seconds, delivered_at,"
        " disabled_at IS NOT NULL AS disabled FROM webhook ORDER BY name"
    )
    return [Measured(**dict(row)) for row in rows]


async def named(connection: Connection, name: str) -> Webhook | None:
    """Return the webhook *name*, None where there is none."""
    row = await connection.fetchrow(f"SELECT {_COLUMNS} FROM webhook WHERE name = $1", name)
    return None if row is None else _webhook(row)


async def remove(connection: Connection, name: str) -> bool:
    """Forget the webhook *name*; return whether there was one."""
    return str(await connection.execute("DELETE FROM webhook WHERE name = $1", name)) != "DELETE 0"


async def rewind(connection: Connection, name: str, cursor: str | None) -> Webhook | None:
    """Send again, after *cursor* or else from where it was; a webhook that was disabled is not any more.

    Whoever is sending to it at this moment notices. None where there is no webhook of that name.
    """
    row = await connection.fetchrow(
        "UPDATE webhook SET cursor = coalesce($2, cursor), due_at = now(), holder = NULL, failures = 0,"
        f" failing_since = NULL, disabled_at = NULL, notice = NULL WHERE name = $1 RETURNING {_COLUMNS}",
        name,
        cursor,
    )
    return None if row is None else _webhook(row)


async def take(connection: Connection, holder: str, term: timedelta) -> Webhook | None:
    """Take the webhook that has been due for longest, for *term*; None where none is."""
    row = await connection.fetchrow(
        f"""
        UPDATE webhook SET holder = $1, due_at = now() + $2 WHERE id = (
            SELECT id FROM webhook WHERE due_at <= now() AND disabled_at IS NULL
            ORDER BY due_at, id LIMIT 1 FOR UPDATE SKIP LOCKED
        ) RETURNING {_COLUMNS}
        """,
        holder,
        term,
    )
    return None if row is None else _webhook(row)


async def taken_in(
    connection: Connection,
    webhook: Webhook,
    holder: str,
    cursor: str,
    term: timedelta,
    event_at: datetime | None = None,
) -> bool:
    """Note that all up to *cursor* has been taken, and keep it for *term*; False where it is held no more.

    *event_at* is when the event happened, None where the message told of none.
    """
    return await _changed(
        connection,
        "UPDATE webhook SET cursor = $3, delivered_at = now(), due_at = now() + $4, failures = 0, taken = taken + 1,"
        " event_at = $5, failing_since = NULL, notice = NULL WHERE id = $1 AND holder = $2",
        webhook.id,
        holder,
        cursor,
        term,
        event_at,
    )


async def let_go(
    connection: Connection, webhook: Webhook, holder: str, cursor: str, pause: timedelta
) -> None:
    """Give the webhook back: all up to *cursor* concerns it no more, and it is looked at again after *pause*."""
    await _changed(
        connection,
        "UPDATE webhook SET cursor = $3, due_at = now() + $4, holder = NULL WHERE id = $1 AND holder = $2",
        webhook.id,
        holder,
        cursor,
        pause,
    )


async def failed(
    connection: Connection, webhook: Webhook, holder: str, notice: str, pause: timedelta, patience: timedelta
) -> None:
    """Note that a message was not taken: tried again after *pause*, and no more once that goes on for *patience*."""
    await _changed(
        connection,
        "UPDATE webhook SET failures = failures + 1, refused = refused + 1, notice = $3,"
        " failing_since = coalesce(failing_since, now()), due_at = now() + $4, holder = NULL,"
        " disabled_at = CASE WHEN coalesce(failing_since, now()) <= now() - $5::interval THEN now() END"
        " WHERE id = $1 AND holder = $2",
        webhook.id,
        holder,
        notice,
        pause,
        patience,
    )


async def _changed(connection: Connection, statement: str, *arguments: object) -> bool:
    return str(await connection.execute(statement, *arguments)) != "UPDATE 0"


def _webhook(row: asyncpg.Record) -> Webhook:
    values = dict(row)
    return Webhook(**{**values, "filter": msgspec.json.decode(values["filter"])})
