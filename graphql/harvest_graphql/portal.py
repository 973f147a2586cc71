"""Portals: what the gateway harvests, and how far it is."""

from __future__ import annotations

from datetime import datetime

import strawberry

from gateway.model.enums import JobStatus
from harvest_graphql.drift import drift_field
from harvest_graphql.marks import field
from harvest_graphql.plan import computed, rolled
from harvest_graphql.scalars import JSON, URL
from harvest_graphql.words import BreakerState, PassKind, PassState, SyncState


@strawberry.interface(description="Anything that has an id of its own.")
class Node:
    """Relay's node."""

    id: strawberry.ID = field(
        "The id that names it everywhere; the same after a rebuild.", sql=computed.global_id
    )


@strawberry.type(description="How far one kind of a portal's lists has been read.")
class StreamSync:
    """A stream of a portal."""

    stream: str = field("The stream's name: sources, jobs, records, ...")
    polled_at: datetime | None = field(
        "Start of the last pass in which it was read well, by the portal's clock."
    )
    reconciled_at: datetime | None = field("The same of the last pass that read it whole.")
    complete: bool = field("Whether that whole pass proved that nothing is missing.")
    done: int = field("How many rows the pass under way, or the last one, has read.")
    expected: int | None = field("How many rows it expects, where that is known.")
    note: str | None = field("What is peculiar about the last pass.")


@strawberry.type(description="One pass over a portal.")
class SyncRun:
    """A pass."""

    id: strawberry.ID = field("The id. It is no id for `node`.", sql=computed.run_id)
    portal: Portal = field("The portal.", place=computed.portal_of)
    kind: PassKind = field("How much it reads.")
    state: PassState = field("How it stands or ended.")
    baseline: bool = field("Whether it is the portal's first load.")
    started_at: datetime = field("When it began.")
    ended_at: datetime | None = field("When it ended.")
    requests: int = field("How many requests it has sent, repetitions included.")
    tallies: JSON | None = field(
        "What it did, per stream: fetched, new, changed, gone, quarantined, requests, seconds."
    )
    notice: str | None = field("Why it failed or could not prove that it saw everything, in words for users.")


@strawberry.type(
    description="Whether the gateway asks a portal at the moment, or leaves it alone since it failed again and again."
)
class PortalBreaker:
    """A portal's circuit breaker."""

    state: BreakerState = field("How it stands.")
    since: datetime | None = field("When it opened, by the portal's clock; null while it is closed.")
    until: datetime | None = field("When the portal is asked again, by the portal's clock.")
    reason: str | None = field("What the portal did last, in words.")
    failures: int = field("How many passes and look-ups in a row the portal did not serve.")


@strawberry.type(description="How current a portal's data is.")
class PortalSync:
    """All streams of a portal together."""

    state: SyncState = field("Whether the first load is done.")
    polled_at: datetime | None = field(
        "Start of the last pass that read all it was to read, by the portal's clock; null while there was none."
    )
    reconciled_at: datetime | None = field(
        "The oldest of the streams' `reconciledAt`; null while one was never read whole."
    )
    complete: bool = field("Whether every stream is proved complete.")
    streams: list[StreamSync] = field(
        "The streams, in the order in which a pass reads them.", place=computed.streams
    )
    last_run: SyncRun | None = field("The last pass, also one that is under way.", place=computed.last_run)
    next_poll_at: datetime | None = field(
        "When the next poll is due; in the past where one is due or under way, null where nothing is planned."
    )
    next_reconcile_at: datetime | None = field(
        "When the next reconcile is due, which reads everything; null while the first load is unfinished."
    )
    working: bool = field("Whether a worker is at work on it now.")
    worker: str | None = field(
        "Which worker that is: host and process. PRIVATE: null without a key that may read it.", private=True
    )
    breaker: PortalBreaker = field("Whether the portal is asked at the moment.", place=computed.breaker)


@strawberry.type(
    description="How many things of each kind a portal lists now. Each is counted only where it is selected."
)
class PortalCounts:
    """Live counts of a portal."""

    organizations: int = field("Organizations.", sql=computed.count_of("organization"))
    persons: int = field("Persons.", sql=computed.count_of("person"))
    backends: int = field("Backends.", sql=computed.count_of("harvest_backend"))
    sources: int = field("Sources.", sql=computed.count_of("harvest_source"))
    jobs: int = field(
        "Jobs, without those that are planned for later.",
        sql=computed.count_of("harvest_job", unless="w.status = 'SCHEDULED'"),
    )
    records: int = field("Records.", sql=rolled.of_portal)
    errors: int = field("Errors.", sql=computed.count_of("harvest_error"))
    datasets: int = field("Datasets.", sql=computed.count_of("dataset"))
    quarantined: int = field(
        "Elements that could not be read and are kept aside.", sql=computed.quarantined, volatile=True
    )


@strawberry.type(description="A word that a portal has for the status of a run.")
class JobStatusWord:
    """A word and what it means."""

    word: str = field("The portal's word, as in `nativeStatus`.")
    status: JobStatus = field(
        "What the gateway makes of it, before the clock and a run's errors are looked at."
    )


@strawberry.type(
    description="The words that a portal has for the status of a run, in the order of a run's life."
)
class JobStatusWords:
    """A portal's words."""

    words: list[JobStatusWord] = field("The words.", place=computed.words_of)
    told: bool = field("Whether the portal itself told them; else the gateway knows them from its software.")


@strawberry.type(description="A configured portal: an open-data portal whose harvests the gateway follows.")
class Portal(Node):
    """A portal."""

    key: str = field("The name by which filters, look-ups and settings know it.")
    title: str = field("Its name as people say it.")
    adapter: str = field("The adapter that reads it.")
    base_url: URL = field("The address below which its interface is asked.")
    site_url: URL | None = field("The address of its pages for people.")
    sandbox: bool = field("Whether it is a SANDBOX: invented data of a portal that does not exist.")
    inventory: bool = field("Whether each run lists every record; else runs list only what changed.")
    caveats: list[str] = field("What one must know about its data, a sentence each.")
    capabilities: JSON = field(
        "What its answers have told of its interface: `wire` names which wire it speaks."
    )
    job_statuses: JobStatusWords = field(
        "The words that it has for the status of a run.", place=computed.job_statuses
    )
    breaker_state: BreakerState = field("Whether the gateway asks it at the moment.")
    breaker_until: datetime | None = field("Until when it is left alone.")
    notice: str | None = field("Why its last pass failed; null after a good one.")
    sync: PortalSync = field("How current its data is.", place=computed.portal_sync, volatile=True)
    counts: PortalCounts = field("How many things of each kind it lists.", place=computed.portal_counts)
    drift = drift_field()
