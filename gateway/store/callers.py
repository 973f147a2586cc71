"""The tables of who calls the endpoint: their keys, and what they have asked for."""

# pyright: reportIncompatibleVariableOverride=false
# SQLModel declares __tablename__ as a declared_attr; naming a table with a string is its documented way.

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import Text, UniqueConstraint
from sqlmodel import Field, SQLModel

from gateway.store import columns as c


class ApiKey(SQLModel, table=True):
    """A key by which a caller of the endpoint is known; the key itself is nowhere."""

    __tablename__: ClassVar[str] = "api_key"

    id: int | None = c.key()
    name: str = c.text(null=False)
    """Whose key it is, in words."""
    start: str = c.text(null=False)
    """Its first characters, by which people tell keys apart."""
    key_hash: bytes = c.octets(null=False)
    """SHA-256 of the key."""
    scopes: list[str] = c.words(null=False)
    created_at: datetime = c.instant(null=False)
    expires_at: datetime | None = c.instant()
    revoked_at: datetime | None = c.instant()


class CallerSpending(SQLModel, table=True):
    """What an address has asked for in the current window, over all processes; not worth a crash's recovery."""

    __tablename__: ClassVar[str] = "caller_spending"
    __table_args__: ClassVar[dict[str, Any]] = {"prefixes": ["UNLOGGED"]}

    address: str = Field(primary_key=True, sa_type=Text)
    """An IPv4 address or an IPv6 network, as ``harvest_graphql.serving.addresses`` names it."""
    began_at: datetime = c.instant(null=False)
    """When the window began, by the clock of Postgres."""
    spent: int = c.big(null=False)
    """What processes took for their callers: each a chunk at a time, so perhaps more than was used."""


c.finish(ApiKey, UniqueConstraint("key_hash", name="uq_api_key_hash"))
