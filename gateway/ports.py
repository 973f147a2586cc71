"""The seams: what the core asks of an adapter, and what an adapter may ask of the core."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol, runtime_checkable

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from gateway.fetch.client import Client
from gateway.model.document import Document, Fetch, Rejection
from gateway.model.entities import JSON, Entity
from gateway.model.enums import EntityType, JobStatus
from gateway.model.expected import Expected
from gateway.model.mapping import Table
from gateway.model.value import value

WIRE = "wire"
"""Key of a crawl's notes: which of its adapter's wires the portal speaks, in a word for people."""
JOB_STATUSES = "jobStatuses"
"""Key of a crawl's notes: the words of jobs' statuses, where the portal itself has told them."""

LONGEST = 2000
"""Bytes of an id, and of any text that things are found by: an element with a longer one is put aside."""


def askable(native_id: str) -> bool:
    """Whether an element of that id may be stored, so that what belongs to it is worth asking for."""
    return len(native_id.encode()) <= LONGEST


ADDRESSLESS = "no address can hold this id"
"""Why what belongs to an element is not asked for, in words for users, where its id is not ``addressable``."""


def addressable(native_id: str) -> bool:
    """Whether an id can be a step of a path: one of dots alone would be taken for the step before, or for none."""
    return native_id not in {"", ".", ".."}


class PortalSettings(BaseModel):
    """What can be set for a portal; an adapter narrows the defaults in a subclass of its own."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    adapter: str = Field(description="Name of the adapter that reads this portal.")
    title: str = Field(default="", description="The portal's name as people say it.")
    base_url: str = Field(description="Address below which the adapter asks, without a trailing slash.")
    site_url: str = Field(default="", description="Address of the portal's pages for people.")
    api_key: SecretStr | None = Field(default=None, description="Key that is sent to this portal, if any.")
    contact: str = Field(
        default="", description="E-mail or URL sent in the User-Agent, so that operators can reach you."
    )
    requests_per_second: float = Field(default=2.0, gt=0, description="Most requests sent in a second.")
    connections: int = Field(default=1, ge=1, le=4, description="Most requests under way at once.")
    timeout_seconds: float = Field(default=180.0, gt=0, description="Longest time that one answer may take.")
    max_body_bytes: int = Field(default=256 * 1024 * 1024, gt=0, description="Largest answer that is read.")
    backfill_days: int | None = Field(
        default=None, ge=0, description="How many days back records are read; none: all."
    )
    max_requests: int | None = Field(
        default=None, ge=1, description="Most requests of one pass; it resumes with the next."
    )
    sandbox: bool = Field(
        default=False, description="This is a sandbox portal: invented data, said wherever it is shown."
    )
    enabled: bool = Field(default=True, description="Whether the portal is synced.")


@dataclass(frozen=True, slots=True)
class Portal:
    """A configured instance of a portal."""

    key: str
    settings: PortalSettings


class Pass(StrEnum):
    """How much of a portal a pass reads."""

    POLL = "POLL"
    """What changed, as cheaply as the portal's interface allows."""
    RECONCILE = "RECONCILE"
    """Everything, so that what a poll cannot see is found; also the first load."""


@value
class Scope:
    """One list of a portal: a unit of work, and, where *whole*, a membership that can be proved at once."""

    stream: str
    """Name of the stream: backends, organizations, sources, jobs, records, errors, ..."""
    member: EntityType
    """Type of the rows that the list holds."""
    key: str = ""
    """Tells the scopes of a stream apart: a native id, or "" for the portal's one list."""
    within: EntityType | None = None
    """Type of the entity with native id *key* whose rows these are; None: the whole portal's."""
    whole: bool = False
    """Whether reading to the end names every member, so that rows not named are gone."""
    total: int | None = None
    """How many members are expected, for progress, where that is known beforehand."""
    apart: bool = False
    """Whether it may be asked for while those before it are: none tells anything of another, or asks the store.

    Before the store answers a crawl, those that have begun are read to their ends.
    """


@value
class Page:
    """What one answer brought: documents and rejections, in the portal's order."""

    elements: Sequence[Document | Rejection]
    cursor: JSON = None
    """Where to go on after this page if the pass is interrupted; None: the scope must start over."""
    total: int | None = None
    """How many members the portal says there are, where it says so."""
    mark: bytes | None = None
    """Fingerprint of an answer that brought these documents and nothing else; None: it is not to be recognised.

    Where a scope's answers have the fingerprints that they had, in their order, its documents are the same.
    """


@value
class End:
    """The last thing that a scope yields."""

    proved: bool
    """Whether the members are proved complete: counts agree, no page failed, nothing shifted."""
    reason: str = ""
    """Why they are not."""
    covers: Sequence[str] = ()
    """Keys of the scopes of this stream that have now been read whole (native ids of jobs, of sources)."""
    watermark: JSON = None
    """What the stream's next pass starts from; None leaves the stored one."""
    vanished: Sequence[str] = ()
    """Native ids of members that this scope proves absent although it is not whole."""
    partial: str = ""
    """Why the portal's interface can never show this list whole, in words for users; "" where it can."""


@dataclass(frozen=True, slots=True)
class KnownJob:
    """A stored job, as far as a crawl needs it."""

    native_id: str
    source: str | None
    status: JobStatus
    native_status: str | None
    created_at: datetime | None
    ended_at: datetime | None
    total: int | None
    counts: Mapping[str, int | None]
    """added updated deleted failed warned, as in the model."""


class Known(Protocol):
    """What the store knows of one portal; an answer holds all that was read before the question."""

    async def noted(self) -> Mapping[str, JSON]:
        """Return what earlier passes noted of the portal's wire (``Crawl.noted``), empty at first."""
        ...

    async def stubs(self, type_: EntityType) -> Sequence[str]:
        """Return the native ids of the entities of a type that are named by others and were never read."""
        ...

    async def watermark(self, stream: str) -> JSON:
        """Return what the stream's last pass left, or None."""
        ...

    async def scopes_read(self, stream: str) -> frozenset[str]:
        """Return the keys of the scopes of *stream* that have been read whole."""
        ...

    async def newest_jobs(self) -> Mapping[str, KnownJob]:
        """Return each source's newest job that is not SCHEDULED, by the source's native id."""
        ...

    async def jobs_of(self, source: str) -> Mapping[str, KnownJob]:
        """Return the present jobs of a source by native id."""
        ...

    async def open_jobs(self) -> Sequence[KnownJob]:
        """Return the present jobs whose status is SCHEDULED, PENDING or RUNNING."""
        ...

    def each_ended_job(
        self, stream: str, *, unread: bool = False, since: datetime | None = None
    ) -> AsyncIterator[tuple[KnownJob, bool]]:
        """Yield what ``ended_jobs`` returns, each with whether its scope of *stream* has been read whole.

        Source by source, of each the newest first: what the runs of a source bring is mostly the same, so that it is
        met again while it is at hand.
        One at a time, since there are tens of thousands; nothing else is asked until the last.
        """
        ...

    async def ended_jobs(
        self, *, unread: str | None = None, since: datetime | None = None
    ) -> Sequence[KnownJob]:
        """Return the present jobs that have ended or are LOST, newest first by (created_at, native_id).

        *unread*: only those whose scope of that stream has not been read whole.
        *since*: only those created then or later.
        """
        ...


class Crawl(Protocol):
    """One pass over a portal: which lists to read in which order, with how few requests."""

    @property
    def noted(self) -> Mapping[str, JSON]:
        """Return what is known of the portal's wire by now: told by its answers, remembered for later passes.

        WIRE and JOB_STATUSES are read by users; the other keys are the adapter's own.
        """
        ...

    def scopes(self) -> AsyncIterator[Scope]:
        """Yield the pass's scopes in order, one stream after the other."""
        ...

    def read(self, scope: Scope, cursor: JSON) -> AsyncIterator[Page | End]:
        """Yield the pages of *scope* from *cursor* (None: from its start), then one End."""
        ...


class Part(StrEnum):
    """Which of a record's payloads."""

    RAW = "RAW"
    """What the publisher sent."""
    TRANSFORMED = "TRANSFORMED"
    """What the portal made of it."""


@dataclass(frozen=True, slots=True)
class Payload:
    """A payload that was asked for by itself."""

    body: bytes | None
    """None: the portal has none."""
    media_type: str
    fetch: Fetch


class Adapter(Protocol):
    """Everything the gateway knows about one kind of portal."""

    name: str
    title: str
    settings: type[PortalSettings]
    version: int
    """Moves when a rule of the normalisers changes."""
    streams: tuple[str, ...]
    """The names of its streams in the order of a pass."""
    tables: Mapping[EntityType, Table[Any]]
    """The normalisers' rules, by entity type."""
    expected: Mapping[EntityType, Expected]
    """What the documents of each type are expected to hold; whatever else they hold is counted as drift."""
    inventory: bool
    """Whether each run lists every record (data.gouv.fr) or only what changed (Data.gov)."""
    caveats: tuple[str, ...]
    """What users must know about this portal's data, a sentence each."""
    job_statuses: Mapping[str, JobStatus]
    """The words that jobs' statuses have, as far as they are known without asking, in the order of a job's life."""

    def crawl(self, portal: Portal, client: Client, known: Known, kind: Pass, now: datetime) -> Crawl:
        """Return a pass over *portal* that starts at *now*."""
        ...

    def normalise(self, document: Document) -> Iterable[Entity | Rejection]:
        """Return what *document* says; pure: the same document, the same entities. Never raises."""
        ...

    async def payload(
        self, portal: Portal, client: Client, noted: Mapping[str, JSON], record: str, part: Part
    ) -> Payload | None:
        """Ask for a payload of the record with that native id; None where this wire gives none by itself.

        Raises PortalUnavailable, PortalRefused, PortalUnreadable.
        """
        ...


@dataclass(frozen=True, slots=True)
class Wanted:
    """One thing that is to be read anew: a source with its newest runs, or a run with what went wrong in itself."""

    type: EntityType
    """HARVEST_SOURCE or HARVEST_JOB."""
    native_id: str
    source: str | None = None
    """Native id of a run's source, as it is stored."""


@dataclass(frozen=True, slots=True)
class Fresh:
    """Part of a list, as a pass would bring it; it never says what is no longer there."""

    scope: Scope
    elements: Sequence[Document | Rejection]


@runtime_checkable
class Refreshing(Protocol):
    """What an adapter has beside its passes that can read one thing by itself; it need not."""

    def refresh(
        self, portal: Portal, client: Client, known: Known, wanted: Wanted, now: datetime
    ) -> AsyncIterator[Fresh]:
        """Yield what the portal shows of *wanted* at *now*, in few requests; nothing of it where it shows none.

        Its documents are those that a pass brings, with the same ids, and leave no gap that a poll would pass over.
        Raises PortalUnavailable, PortalRefused, PortalUnreadable.
        """
        ...


__all__ = [
    "Adapter",
    "Client",
    "Crawl",
    "End",
    "Fresh",
    "Known",
    "KnownJob",
    "Page",
    "Part",
    "Pass",
    "Payload",
    "Portal",
    "PortalSettings",
    "Refreshing",
    "Scope",
    "Wanted",
]
