"""The tables of what the gateway knows about its own work: documents, fetches, scopes, runs, events, quarantine."""

# pyright: reportIncompatibleVariableOverride=false
# SQLModel declares __tablename__ as a declared_attr; naming a table with a string is its documented way.

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import ARRAY, BigInteger, SmallInteger, Text, UniqueConstraint, literal_column, text
from sqlmodel import Field, SQLModel

from gateway.model import enums
from gateway.store import columns as c


class Portal(SQLModel, table=True):
    """A configured portal; ``number`` is the smallint that every row carries."""

    __tablename__: ClassVar[str] = "portal"

    number: int = Field(primary_key=True, sa_type=SmallInteger, sa_column_kwargs={"autoincrement": False})
    key: str = c.text(null=False)
    adapter: str = c.text(null=False)
    title: str = c.text(null=False)
    base_url: str = c.text(null=False)
    site_url: str | None = c.text()
    sandbox: bool = c.flag(null=False)
    inventory: bool = c.flag(null=False)
    """Whether each run lists every record; else only what changed."""
    capabilities: Any = c.data(null=False)
    """What a crawl has noted of the wire: ``gateway.ports.Crawl.noted``."""
    caveats: list[str] = c.words(null=False)
    job_statuses: Any = c.data()
    """The words of jobs' statuses as the adapter knows them: ``[{word, status}]``."""
    breaker_state: str = c.text(null=False)
    """CLOSED; OPEN after failures until ``breaker_until``; HALF_OPEN while a trial is under way: one writes it,
    ``gateway.store.breakers``."""
    breaker_until: datetime | None = c.instant()
    breaker_since: datetime | None = c.instant()
    """When it opened, by the portal's clock."""
    breaker_reason: str | None = c.text()
    """What the portal did last, in words for users."""
    breaker_failures: int = c.count()
    breaker_openings: int = c.count()
    """As in ``gateway.fetch.breaker.Breaker``."""
    forgetting_since: datetime | None = c.instant()
    """Somebody removes everything of the portal since then, by Postgres' clock: until that is done nothing asks it."""
    notice: str | None = c.text()
    """Why the last pass failed, in words for users; None after a good one."""


class Document(SQLModel, table=True):
    """The exact bytes of one element, once per (entity, hash)."""

    __tablename__: ClassVar[str] = "document"

    id: int | None = c.key()
    portal: int = c.small()
    entity_type: str = c.word(enums.EntityType)
    entity_id: int = c.big(null=False)
    hash: bytes = c.octets(null=False)
    body: bytes = c.octets(null=False)
    parent: str | None = c.text()
    position: int | None = c.number()
    """As in ``gateway.model.document.Document``."""
    counted: Any = c.data()
    """As in ``gateway.model.document.Document``."""
    fetch_id: int = c.refers("fetch_log", null=False)


class Payload(SQLModel, table=True):
    """A record's payload that was asked for by itself: only where the record's document does not hold it."""

    __tablename__: ClassVar[str] = "payload"

    record_id: int = Field(primary_key=True, sa_type=BigInteger, sa_column_kwargs={"autoincrement": False})
    part: str = Field(primary_key=True, sa_type=Text)
    """RAW or TRANSFORMED."""
    portal: int = c.small()
    media_type: str | None = c.text()
    """As the portal said."""
    body: bytes | None = c.octets()
    """None: the portal has none."""
    fetched_at: datetime = c.instant(null=False)


class ProvenanceRule(SQLModel, table=True):
    """How a field of a portal's entities comes to its value: the normalisers' tables, and what the store derives."""

    __tablename__: ClassVar[str] = "provenance_rule"

    portal: int = Field(primary_key=True, sa_type=SmallInteger)
    entity_type: str = Field(primary_key=True, sa_type=Text)
    field: str = Field(primary_key=True, sa_type=Text)
    """As in the API: camel case."""
    place: int = Field(primary_key=True, sa_type=SmallInteger)
    """Several rules of one field are in the order in which they are tried, from 0."""
    pointer: str | None = c.text()
    """JSON pointer into the document; None where the value is not read out of one."""
    rule: str | None = c.text()
    """The rule in words, where it does more than copy."""
    basis: str = c.text(null=False)
    """DIRECT, DERIVED or ASSUMED."""
    clock: str | None = c.text()
    """Of an instant: ZONED, UTC_ASSUMED or GATEWAY."""
    adapter_version: int | None = c.number()


class FetchLog(SQLModel, table=True):
    """One answer that brought something new."""

    __tablename__: ClassVar[str] = "fetch_log"

    id: int | None = c.key()
    portal: int = c.small()
    endpoint: str = c.text(null=False)
    mask: str | None = c.text()
    fetched_at: datetime = c.instant(null=False)
    page_hash: bytes = c.octets(null=False)
    run_id: int | None = c.refers("sync_run")


class ScopeRow(SQLModel, table=True):
    """A scope that has been read whole, or where reading it stopped."""

    __tablename__: ClassVar[str] = "scope"

    portal: int = Field(primary_key=True, sa_type=SmallInteger)
    stream: str = Field(primary_key=True, sa_type=Text)
    key: str = Field(primary_key=True, sa_type=Text)
    read_at: datetime | None = c.instant()
    """When it was last read whole and something had changed; None while it never was."""
    cursor: Any = c.data()
    """Where an interrupted read goes on; None when none is under way."""
    mark: bytes | None = c.octets()
    """By which it is recognised that it brings what it brought: ``gateway.store.recognising``."""
    run_id: int | None = c.refers("sync_run")


class StreamRow(SQLModel, table=True):
    """Where one stream of one portal stands."""

    __tablename__: ClassVar[str] = "sync_stream"

    portal: int = Field(primary_key=True, sa_type=SmallInteger)
    stream: str = Field(primary_key=True, sa_type=Text)
    watermark: Any = c.data()
    polled_at: datetime | None = c.instant()
    """Portal's clock at the start of the last pass in which the stream ended well."""
    reconciled_at: datetime | None = c.instant()
    """The same, of the last reconcile: every row not gone was seen then."""
    complete: bool = c.flag(null=False)
    """Whether the last reconcile proved every scope."""
    done: int = c.big(null=False)
    expected: int | None = c.big()
    note: str | None = c.text()


class SyncRun(SQLModel, table=True):
    """One pass over one portal."""

    __tablename__: ClassVar[str] = "sync_run"

    id: int | None = c.key()
    portal: int = c.small()
    kind: str = c.text(null=False)
    state: str = c.text(null=False)
    """RUNNING, DONE, INCOMPLETE (the budget ended or a scope could not be proved), FAILED, INTERRUPTED."""
    whole: bool | None = c.flag()
    """Whether it read all that it was to read, proved or not; None while it runs, and of passes before 0006."""
    baseline: bool = c.flag(null=False)
    started_at: datetime = c.instant(null=False)
    ended_at: datetime | None = c.instant()
    requests: int = c.number(null=False)
    tallies: Any = c.data(null=False)
    """Per stream: fetched, new, changed, gone, quarantined, requests, seconds; while it runs also what is expected."""
    notice: str | None = c.text()


class Lease(SQLModel, table=True):
    """Who may write a portal: ``token`` only grows, and is checked in every writing transaction."""

    __tablename__: ClassVar[str] = "lease"

    portal: int = Field(primary_key=True, sa_type=SmallInteger)
    unit: str = Field(primary_key=True, sa_type=Text)
    holder: str | None = c.text()
    token: int = c.big(null=False)
    until: datetime | None = c.instant()
    taken_at: datetime | None = c.instant()
    backend: int | None = c.number()
    """Process of Postgres that serves the holder's writing connection; with ``taken_at`` it is no other's."""


class Event(SQLModel, table=True):
    """Something changed: written in the transaction that changed it."""

    __tablename__: ClassVar[str] = "event"

    id: int | None = c.key()
    at: datetime = c.instant(null=False)
    portal: int = c.small()
    run_id: int | None = c.refers("sync_run")
    cause: str = c.word(enums.Cause)
    kind: str = c.text(null=False)
    """CREATED, CHANGED, DELETED, GONE, EXPIRED, RESTORED; LOADED: a scope's baseline; ARRIVED: a job's records."""
    entity_type: str = c.word(enums.EntityType)
    entity_id: int | None = c.big()
    native_id: str | None = c.text()
    before: Any = c.data(private=True)
    after: Any = c.data(private=True)
    count: int | None = c.number()
    """How many rows a LOADED or ARRIVED event stands for."""


class Quarantine(SQLModel, table=True):
    """An element that could not be read, kept whole."""

    __tablename__: ClassVar[str] = "quarantine"

    id: int | None = c.key()
    portal: int = c.small()
    stream: str = c.text(null=False)
    scope: str = c.text(null=False)
    entity_type: str = c.word(enums.EntityType)
    native_id: str | None = c.text()
    parent: str | None = c.text()
    position: int | None = c.number()
    counted: Any = c.data()
    """As ``parent`` and ``position`` in ``gateway.model.document.Document``: what makes it one again."""
    retriable: bool = c.mark()
    """Whether it is a document that the normaliser refused; else the list itself could not be taken apart there."""
    reason: str = c.text(null=False)
    hash: bytes = c.octets(null=False)
    body: bytes = c.octets(null=False)
    fetch_id: int | None = c.refers("fetch_log")
    first_seen_at: datetime = c.instant(null=False)
    last_seen_at: datetime = c.instant(null=False)
    sightings: int = c.count(1)
    """How often the portal has shown it."""
    released_at: datetime | None = c.instant()
    retried_at: datetime | None = c.instant()
    """When somebody last had it read again."""
    retried_by: str | None = c.text()
    """Who that was: the name of a key, or the command line."""


class HeldDeletion(SQLModel, table=True):
    """Tombstones above the cap: they wait for somebody's word."""

    __tablename__: ClassVar[str] = "held_deletion"

    id: int | None = c.key()
    portal: int = c.small()
    stream: str = c.text(null=False)
    scope: str = c.text(null=False)
    entity_type: str = c.word(enums.EntityType)
    entity_ids: list[int] = Field(sa_type=ARRAY(BigInteger), nullable=False)
    members: int = c.number(null=False)
    held_at: datetime = c.instant(null=False)
    run_id: int | None = c.refers("sync_run")
    decided_at: datetime | None = c.instant()
    decision: str | None = c.text()
    """APPROVED, REJECTED, or SUPERSEDED by a later read; None while it waits."""
    decided_by: str | None = c.text()
    """Who approved or rejected it: the name of a key, or the command line."""
    lapsed_at: datetime | None = c.instant()
    """When a later read proved other rows absent than those that were rejected, so that the rejection ended."""


class Budget(SQLModel, table=True):
    """What a portal and key may still be asked, and who asks: the row in which all processes meet."""

    __tablename__: ClassVar[str] = "budget"

    portal: int = Field(primary_key=True, sa_type=SmallInteger)
    key_hash: str = Field(primary_key=True, sa_type=Text)
    """Fingerprint of the key, "" without one."""
    limit: int | None = c.number()
    remaining: int | None = c.number()
    blocked_until: datetime | None = c.instant()
    state: Any = c.data()
    """What ``gateway.fetch.budget`` knows beside that: what was sent when."""
    line: Any = c.data()
    """Who has a request under way and who waits: ``gateway.fetch.line``."""
    version: int = Field(
        default=0,
        nullable=False,
        sa_type=BigInteger,
        sa_column_kwargs={"server_default": literal_column("0")},
    )
    """Moves with each change: whoever changes the row says which one it has read."""
    updated_at: datetime = c.instant(null=False)


class DataVersion(SQLModel, table=True):
    """A number that each commit moves which changed rows that users can read."""

    __tablename__: ClassVar[str] = "data_version"

    only: bool = Field(primary_key=True)
    version: int = c.big(null=False)


c.finish(Portal, UniqueConstraint("key", name="uq_portal_key"))
c.finish(Document, UniqueConstraint("entity_id", "entity_type", "hash", name="uq_document_entity"))
c.finish(SyncRun, c.index("sync_run_portal", "portal", "started_at"))
c.finish(
    Event,
    c.index("event_entity", "entity_type", "entity_id", "id"),
    c.index("event_portal", "portal", "id"),
    c.index("event_type", "entity_type", "id"),
    c.index("event_kind", "kind", "id"),
    c.index("event_at", "at"),
)
c.finish(
    Quarantine,
    UniqueConstraint("portal", "stream", "hash", "scope", name="uq_quarantine_element"),
    c.index(
        "quarantine_open",
        "portal",
        "entity_type",
        "native_id",
        postgresql_where=text("released_at IS NULL"),
    ),
)
c.finish(HeldDeletion, c.index("held_deletion_open", "portal", "decided_at"))
