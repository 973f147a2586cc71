"""data.gouv.fr, and any other portal that runs udata 9 or later."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping
from datetime import datetime
from typing import Any

from pydantic import Field

from adapters.data_gouv_fr import crawl, normalise, tables, wire
from adapters.data_gouv_fr.expected import EXPECTED
from adapters.data_gouv_fr.refresh import refresh
from gateway.model.document import Document, Rejection
from gateway.model.entities import Entity
from gateway.model.enums import EntityType, JobStatus
from gateway.model.expected import Expected
from gateway.model.mapping import Table
from gateway.ports import Client, Crawl, Fresh, Known, Part, Pass, Portal, PortalSettings, Wanted


class GouvSettings(PortalSettings):
    """What can be set for a portal that runs udata."""

    adapter: str = Field(default="data-gouv-fr", description="Name of the adapter that reads this portal.")
    title: str = Field(default="data.gouv.fr", description="The portal's name as people say it.")
    base_url: str = Field(
        default="https://www.data.gouv.fr/api/1",
        description="Address below which the adapter asks, without a trailing slash.",
    )
    site_url: str = Field(
        default="https://www.data.gouv.fr", description="Address of the portal's pages for people."
    )
    backfill_days: int | None = Field(
        default=30, ge=0, description="How many days back the items of jobs are read; none: all."
    )


class DataGouvFr:
    """The adapter; see ``gateway.ports.Adapter``."""

    name: str = "data-gouv-fr"
    title: str = "data.gouv.fr"
    settings: type[PortalSettings] = GouvSettings
    version: int = 2
    streams: tuple[str, ...] = crawl.STREAMS
    inventory: bool = True
    tables: Mapping[EntityType, Table[Any]] = tables.TABLES
    expected: Mapping[EntityType, Expected] = EXPECTED
    caveats: tuple[str, ...] = (
        "Every run lists every item that it saw, changed or not: items are no changes.",
        "An archived item is listed again by every later run.",
        "An item without an identifier counts as skipped here, as an error on other portals.",
        "Items are read for runs of the last 30 days unless set otherwise; older runs keep their counters.",
        "Counters of runs before July 2026 can be missing.",
        "Portals before udata 17 have no counters: items are counted by status, not by what they are about.",
        "Portals before udata 17 cannot show the items of a run that names a vanished dataset.",
        "The portal has no kinds of runs: each is taken for a harvest.",
        "What publishers sent is not kept by the portal's interface.",
    )

    job_statuses: Mapping[str, JobStatus] = wire.JOB_STATUS

    def crawl(self, portal: Portal, client: Client, known: Known, kind: Pass, now: datetime) -> Crawl:
        """Return a pass over *portal* that starts at *now*."""
        return crawl.GouvCrawl(portal, client, known, kind, now)

    def normalise(self, document: Document) -> Iterable[Entity | Rejection]:
        """Return what *document* says."""
        return normalise.normalise(document)

    async def payload(
        self, portal: Portal, client: Client, noted: Mapping[str, Any], record: str, part: Part
    ) -> None:
        """Return None: the portal's interface does not show what publishers sent."""

    def refresh(
        self, portal: Portal, client: Client, known: Known, wanted: Wanted, now: datetime
    ) -> AsyncIterator[Fresh]:
        """Yield what the portal shows of one source or run."""
        return refresh(portal, client, known, wanted, now)


ADAPTER = DataGouvFr()
