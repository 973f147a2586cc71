"""Organizations and persons: who is responsible for sources."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import strawberry

from gateway.model.enums import OrganizationKind
from harvest_graphql.entity import Entity, pages
from harvest_graphql.filters import HarvestSourceFilter
from harvest_graphql.marks import field
from harvest_graphql.orders import HarvestSourceOrder
from harvest_graphql.plan.computed import source_count
from harvest_graphql.scalars import URL

if TYPE_CHECKING:
    from harvest_graphql.sources import HarvestSource

_SOURCE = Annotated["HarvestSource", strawberry.lazy("harvest_graphql.sources")]


@strawberry.type(description="A publisher: a body that sources belong to.")
class Organization(Entity):
    """A publisher."""

    name: str | None = field("Its name.")
    slug: str | None = field("Its name in addresses.")
    acronym: str | None = field("Its short name.")
    kind: OrganizationKind = field("What kind of body it is.")
    native_kind: str | None = field("The portal's own word for the kind.")
    aliases: list[str] | None = field("Other names that the portal knows it by.")
    badges: list[str] | None = field("Badges that the portal gave it.")
    logo: URL | None = field("Address of its logo.")
    logo_thumbnail: URL | None = field("Address of a small version of its logo.")
    description: str | None = field("What it says of itself.")
    source_count: int = field("How many of its sources are listed, counted now.", sql=source_count)
    native_source_count: int | None = field("How many sources the portal says it has.")
    api_url: URL | None = field("Its address in the portal's interface.")
    sources = pages(_SOURCE, HarvestSourceFilter, HarvestSourceOrder, "Its sources.")


@strawberry.type(description="Somebody who owns or validated a source.")
class Person(Entity):
    """A person."""

    first_name: str | None = field("First name.")
    last_name: str | None = field("Last name.")
    slug: str | None = field("The name in addresses.")
    avatar: URL | None = field("Address of a picture.")
    avatar_thumbnail: URL | None = field("Address of a small picture.")
    api_url: URL | None = field("The address in the portal's interface.")
    sources = pages(
        _SOURCE,
        HarvestSourceFilter,
        HarvestSourceOrder,
        "Sources that belong to this person.",
        via="owner_id",
    )
