"""The root of the schema: look-ups and lists of everything."""

from __future__ import annotations

import strawberry

from harvest_graphql import desk, filters, orders
from harvest_graphql.changes import changes as changes_field
from harvest_graphql.datasets import Dataset
from harvest_graphql.entity import look_up, pages
from harvest_graphql.passes import sync_runs as passes_field
from harvest_graphql.portal import Node, Portal
from harvest_graphql.publishers import Organization, Person
from harvest_graphql.runs import HarvestError, HarvestJob, HarvestRecord
from harvest_graphql.search import search as search_field
from harvest_graphql.sources import HarvestBackend, HarvestSource

_PORTAL = (str, "The portal's key.")
_NATIVE = (str, "The portal's own id, as in `nativeId`.")
_BY_ID = {"portal": _PORTAL, "native_id": _NATIVE}
_BY_ID_OR_SLUG = {
    "portal": _PORTAL,
    "native_id": (str | None, "The portal's own id, as in `nativeId`; or else give `slug`."),
    "slug": (str | None, "The name in addresses; or else give `nativeId`."),
}


@strawberry.type(
    description="Everything that can be asked. Nothing that is not found is an error: it is null."
)
class Query:
    """The query root."""

    # Relay takes a `node` with one argument and no other: of the past `nodes` tells.
    node = look_up(Node | None, "Anything, by its id.", {"id": (strawberry.ID, "The id.")})
    nodes = look_up(
        list[Node | None],
        "Things, by their ids, in the order of the ids; null where there is none.",
        {"ids": (list[strawberry.ID], "The ids, at most 100.")},
        past=True,
    )
    portals = look_up(list[Portal], "All portals, by key.", {})
    portal = look_up(Portal | None, "A portal, by its key.", {"key": (str, "The portal's key.")})
    sync_runs = passes_field
    search = search_field
    held_deletions = desk.held_deletions
    quarantine = desk.quarantine
    changes = changes_field
    organization = look_up(Organization | None, "An organization.", _BY_ID_OR_SLUG, past=True)
    organizations = pages(
        Organization, filters.OrganizationFilter, orders.OrganizationOrder, "Organizations.", past=True
    )
    person = look_up(Person | None, "A person.", _BY_ID_OR_SLUG)
    harvest_backend = look_up(HarvestBackend | None, "A backend.", _BY_ID, past=True)
    harvest_backends = pages(
        HarvestBackend, filters.HarvestBackendFilter, orders.HarvestBackendOrder, "Backends.", past=True
    )
    harvest_source = look_up(HarvestSource | None, "A source.", _BY_ID_OR_SLUG, past=True, live=True)
    harvest_sources = pages(
        HarvestSource, filters.HarvestSourceFilter, orders.HarvestSourceOrder, "Sources.", past=True
    )
    harvest_job = look_up(HarvestJob | None, "A job.", _BY_ID, past=True, live=True)
    harvest_jobs = pages(HarvestJob, filters.HarvestJobFilter, orders.HarvestJobOrder, "Jobs.", past=True)
    harvest_record = look_up(HarvestRecord | None, "A record.", _BY_ID, past=True)
    harvest_records = pages(
        HarvestRecord, filters.HarvestRecordFilter, orders.HarvestRecordOrder, "Records.", past=True
    )
    harvest_error = look_up(HarvestError | None, "An error.", _BY_ID, past=True)
    harvest_errors = pages(
        HarvestError, filters.HarvestErrorFilter, orders.HarvestErrorOrder, "Errors.", past=True
    )
    dataset = look_up(Dataset | None, "A dataset.", _BY_ID)
    datasets = pages(Dataset, filters.DatasetFilter, orders.DatasetOrder, "Datasets.")
