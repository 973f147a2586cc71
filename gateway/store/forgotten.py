"""Whom the gateway has been told to forget: what a document says of them is blanked before it is read."""

# pyright: reportIncompatibleVariableOverride=false
# SQLModel declares __tablename__ as a declared_attr; naming a table with a string is its documented way.

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from typing import Any, ClassVar

import msgspec
from sqlalchemy import SmallInteger, Text
from sqlmodel import Field, SQLModel

from gateway.fetch import decode
from gateway.model.document import Document
from gateway.store import columns as c
from gateway.store.staging import Connection

ADDRESS = "sha256:"
"""Begins the name of an address."""
BLANK = "[forgotten]"
"""What stands where an address stood in a text."""
_ADDRESS = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]+@[\w-]+(?:\.[\w-]+)+")
_AT = (b"@", b"\\u0040")
_KEPT = frozenset({"id", "class"})
"""What stays of the object that a person is: how it is named, and what it is."""


class ForgottenRow(SQLModel, table=True):
    """Somebody whom a portal's documents must not tell of any more."""

    __tablename__: ClassVar[str] = "forgotten"

    portal: int = Field(primary_key=True, sa_type=SmallInteger, sa_column_kwargs={"autoincrement": False})
    name: str = Field(primary_key=True, sa_type=Text)
    """A person's native id; of an address ``sha256:`` and the hash of it in small letters: not the address itself."""
    at: datetime = c.instant(null=False)
    decided_by: str | None = c.text()
    """Who said so first: the name of a key, or the command line."""


def is_address(text: str) -> bool:
    """Return whether *text* is an e-mail address."""
    return _ADDRESS.fullmatch(text) is not None


def address_name(address: str) -> str:
    """Return how an address is remembered."""
    return f"{ADDRESS}{sha256(address.casefold().encode()).hexdigest()}"


@dataclass(frozen=True, slots=True)
class Forgotten:
    """Native ids of persons, and addresses as they are remembered; false where there is nobody."""

    names: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        """Whether there is anybody."""
        return bool(self.names)

    def blanked(self, document: Document) -> Document:
        """Return *document* without what it says of them, under its own fingerprint: the portal's bytes have that."""
        body = self.scrubbed(document.body)
        return document if body == document.body else replace(document, body=body)

    def scrubbed(self, body: bytes) -> bytes:
        """Return *body* without what it says of them; what is no JSON, and speaks of them, is left empty."""
        if not self._may_speak(body):
            return body
        try:
            value = decode.value(body)
        except decode.DecodeError:
            return b"" if self._speaks(body) else body
        clean = self.value(value)
        return body if clean == value else msgspec.json.encode(clean)

    def value(self, value: Any) -> Any:
        """Return a JSON value without what it says of them: their objects keep their id, addresses become null."""
        if isinstance(value, dict):
            if isinstance(value.get("id"), str) and value["id"] in self.names:
                return {key: each if key in _KEPT else None for key, each in value.items()}
            return {key: self.value(each) for key, each in value.items()}
        if isinstance(value, list):
            return [clean for each in value if (clean := self.value(each)) is not None or each is None]
        return self._text(value) if isinstance(value, str) and "@" in value else value

    def _text(self, text: str) -> str | None:
        """Return *text* without their addresses, None where it is one."""
        clean = _ADDRESS.sub(lambda found: BLANK if address_name(found[0]) in self.names else found[0], text)
        return None if clean == BLANK else clean

    def _may_speak(self, body: bytes) -> bool:
        """Return whether *body* is worth a closer look: of documents where nobody is meant, none is."""
        if not self.names:
            return False
        persons = [name for name in self.names if not name.startswith(ADDRESS)]
        addressed = len(persons) < len(self.names) and any(at in body for at in _AT)
        return addressed or any(name.encode() in body for name in persons)

    def _speaks(self, body: bytes) -> bool:
        text = body.decode("utf-8", "replace")
        return any(name in text for name in self.names) or any(
            address_name(found) in self.names for found in _ADDRESS.findall(text)
        )


async def read(connection: Connection, portal: int) -> Forgotten:
    """Return whom a portal's documents must not tell of."""
    rows = await connection.fetch("SELECT name FROM forgotten WHERE portal = $1", portal)
    return Forgotten(frozenset(row["name"] for row in rows))


async def note(
    connection: Connection, portal: int, names: Iterable[str], by: str | None, now: datetime
) -> None:
    """Remember whom a portal's documents must not tell of from now on, as somebody (*by*) said."""
    await connection.execute(
        "INSERT INTO forgotten (portal, name, at, decided_by) SELECT $1, n, $3, $4 FROM unnest($2::text[]) n "
        "ON CONFLICT DO NOTHING",
        portal,
        list(names),
        now,
        by,
    )


async def noted(connection: Connection, portal: int, name: str) -> tuple[datetime, str | None] | None:
    """Return since when somebody is to be forgotten, and who said so; None where they are not."""
    row = await connection.fetchrow(
        "SELECT at, decided_by FROM forgotten WHERE portal = $1 AND name = $2", portal, name
    )
    return None if row is None else (row["at"], row["decided_by"])
