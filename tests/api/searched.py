"""A world with things to be found, and how they are searched for."""

from __future__ import annotations

from typing import Any

import asyncpg
from api.world import FR, Ask, World, seed

from gateway.store import tables

FIND = """query Find($text: String!, $types: [SearchType!], $portal: [String!], $first: Int, $after: Cursor) {
  search(text: $text, types: $types, portal: $portal, first: $first, after: $after) {
    totalCount
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    edges { cursor node { node { nativeId } } }
    nodes { type rank matchedField node { __typename id nativeId portal { key } ...Named } }
  }
}
fragment Named on Entity {
  ... on HarvestSource { name organization { name } } ... on Organization { name sources { totalCount } }
  ... on Dataset { title } ... on HarvestError { message }
}"""
COPIES = 350


async def fill(connection: asyncpg.Connection) -> None:
    """Add things to be found to a seeded database."""
    world = await seed(connection)
    await _publishers(world)
    await _sources(world)
    await _datasets(world)
    await world.add(
        tables.HarvestError, native_id="late", severity="ERROR",
        message="Timeout while reading https://rivers.example/a.json:\ncertificate expired",
    )  # fmt: skip
    await connection.execute("ANALYZE")


async def _publishers(world: World) -> None:
    await world.add(
        tables.Organization, native_id="meteo", portal=FR, name="Météo-France", acronym="MTFR", kind="UNKNOWN",
        aliases=["Office national de climatologie"], description="Prévisions du temps",
    )  # fmt: skip
    await world.add(tables.Organization, native_id="bare", kind="UNKNOWN")


async def _sources(world: World) -> None:
    words = {"protocol": "DCAT", "metadata_standard": "DCAT", "standard_family": "DCAT"}
    for values in (
        {"native_id": "lyon", "portal": FR, "name": "Géo-catalogue de Lyon", "slug": "grand-lyon",
         "url": "https://data.lyon.example/csw", "description": "Données d'urbanisme"},
        {"native_id": "rivers", "name": "Rivers", "description": "Gauging stations of the valley",
         "notification_emails": ["hidden@secretive.example"], "native_private": {"email": "hidden@secretive.example"}},
        {"native_id": "lakes", "name": "All rivers and lakes"},
        {"native_id": "drained", "name": "Rivers that were", "presence": "GONE"},
        {"native_id": "parched", "name": "Expired rivers", "presence": "EXPIRED"},
        {"native_id": "misspelt", "name": "Gauging statoins"},
        {"native_id": "hydro", "name": "Hydrology", "description": "Levels of one river"},
    ):  # fmt: skip
        await world.add(tables.HarvestSource, **words, **values)


async def _datasets(world: World) -> None:
    common = {"record_type": "DATASET", "state": "LIVE"}
    for values in (
        {"native_id": "schools", "portal": FR, "title": "Écoles élémentaires de la région",
         "keywords": ["éducation", "bâtiments publics"]},
        {"native_id": "bridges", "title": "Bridge inspections", "publisher": "Bureau of Highways",
         "remote_id": "hw-2024/17", "description": "Every crossing of rivers"},
        {"native_id": "wells", "portal": FR, "title": "Œuvres d'eau : puits & forages"},
        {"native_id": "spread", "title": "Salmon", "keywords": ["ladder"], "description": "In 2024"},
    ):  # fmt: skip
        await world.add(tables.Dataset, **common, **values)
    await world.connection.execute(
        "INSERT INTO dataset (portal, native_id, presence, first_seen_at, changed_at, record_type, state, title)"
        " SELECT 2, 'copy-' || n, 'PRESENT', now(), now(), 'DATASET', 'LIVE', 'Zebra sightings of station ' || n"
        f" FROM generate_series(1, {COPIES}) n"
    )


async def found(data: Ask, text: str, **more: Any) -> list[str]:
    """Return the native ids of what *text* finds."""
    answer = await data(FIND, text=text, **{"first": 100, **more})
    return [each["node"]["nativeId"] for each in answer["search"]["nodes"]]
