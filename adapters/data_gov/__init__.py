"""The adapter for Data.gov: the harvester of the US government's open-data portal."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import quote

from adapters.data_gov.answers import asking_of
from adapters.data_gov.crawl import STREAMS
from adapters.data_gov.dialect import Dialect
from adapters.data_gov.dispatch import DataGovCrawl
from adapters.data_gov.expected import EXPECTED
from adapters.data_gov.normalise import TABLES, normalise
from adapters.data_gov.refresh import refresh
from adapters.data_gov.settings import KEY_URL, DataGovSettings
from adapters.data_gov.wire import JOBS
from gateway.fetch.client import Client
from gateway.model.document import Document, Rejection
from gateway.model.entities import Entity
from gateway.model.enums import EntityType, JobStatus
from gateway.model.expected import Expected
from gateway.model.mapping import Table
from gateway.ports import (
    WIRE,
    Crawl,
    Fresh,
    Known,
    Part,
    Pass,
    Payload,
    Portal,
    PortalSettings,
    Wanted,
    addressable,
)

PLACES = {Part.RAW: "raw", Part.TRANSFORMED: "transformed"}


class DataGov:
    """Everything the gateway knows about Data.gov's kind of portal."""

    name = "data-gov"
    title = "Data.gov"
    settings: type[PortalSettings] = DataGovSettings
    version = 2
    streams = STREAMS
    tables: Mapping[EntityType, Table[Any]] = TABLES
    expected: Mapping[EntityType, Expected] = EXPECTED
    inventory = False
    key_url = KEY_URL
    """Where to get a key."""
    caveats = (
        "Records are a log of changes, not an inventory: an unchanged dataset adds no record to a run.",
        "The raw payload of a DCAT record is not byte for byte the publisher's: the portal sorts its keys.",
        "The portal loses the order of a DCAT record's arrays; ISO XML is stored as fetched.",
        "Without a key the harvester itself is asked (harvest.data.gov), with one the documented gateway.",
        "The documented gateway allows a key 1,000 requests an hour, over all that api.data.gov serves.",
        "Instants are whole seconds; the portal cuts off the rest.",
        "A job that has not started is listed with its planned date, and is dropped when the plan changes.",
        "The portal does not say when a job started: once it runs, its creation date is its start.",
        "A delete carries the finishing date of the version that it removes, so it has none of its own here.",
        "A failed update leaves the earlier version published; every later run tries and reports it again.",
        "A clear removes every dataset of a source; new records of the same datasets normally follow.",
        "Records that were superseded more than a year ago are purged by the portal.",
        "As documented, the portal shows only the records that errors name, and so no datasets.",
        "As documented, errors bear no severity, and a run's counters are added, updated, deleted and failed.",
        "Counters overlap: a record can be counted as updated and as errored, so they need not add up.",
    )

    job_statuses: Mapping[str, JobStatus] = JOBS

    def crawl(self, portal: Portal, client: Client, known: Known, kind: Pass, now: datetime) -> Crawl:
        """Return a pass over *portal* that starts at *now*."""
        return DataGovCrawl(portal, client, known, kind, now)

    def normalise(self, document: Document) -> Iterable[Entity | Rejection]:
        """Return what *document* says; pure, and never raises."""
        return normalise(document)

    async def payload(
        self, portal: Portal, client: Client, noted: Mapping[str, Any], record: str, part: Part
    ) -> Payload | None:
        """Return a record's payload, asked for by itself; None where its document holds it: in the real dialect.

        None also for an id that no address can hold.
        """
        if noted.get(WIRE) != Dialect.DOCUMENTED or not addressable(record):
            return None
        return await asking_of(portal, client).payload(
            f"/harvest_record/{quote(record, safe='')}/{PLACES[part]}"
        )

    def refresh(
        self, portal: Portal, client: Client, known: Known, wanted: Wanted, now: datetime
    ) -> AsyncIterator[Fresh]:
        """Yield what the portal shows of one source or job."""
        del now  # the newest are asked for, whatever the time
        return refresh(asking_of(portal, client), known, wanted)


ADAPTER = DataGov()

__all__ = ["ADAPTER", "DataGov", "DataGovSettings"]
