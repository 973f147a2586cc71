"""The data services of the inventory world with all that its portal knows of them."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.sandbox import dice
from gateway.sandbox.instants import MINUTE, Millis
from gateway.sandbox.inventory_cast import Organization, Person, slugify
from gateway.sandbox.inventory_remote import NEVER, Reference, Remote
from gateway.sandbox.inventory_sources import Source

LICENSES = ("fr-lo", "lov2", "odc-odbl", "notspecified")
TAGS = ("cadastre", "mobilités", "énergie", "population", "risques", "géographie", "tarifs")
RATES = ("1000 requêtes par jour", "10 requêtes par seconde", "sans limite")
LINKED = 3
"""Most datasets that a data service serves."""


@dataclass(frozen=True, slots=True)
class Service:
    """A data service at the instant *seen*."""

    id: str
    title: str
    slug: str
    acronym: str | None
    description: str
    tags: tuple[str, ...]
    license: str
    organization: Organization | None
    owner: Person | None
    created: Millis
    modified: Millis
    seen: Millis
    source: Source
    """Whose catalogue offers it."""
    remote_id: str | None
    remote_url: str | None
    address: str
    """Where it answers."""
    rate_limiting: str
    availability: str
    """Percent, as text."""
    restricted: bool
    """Whether one must ask to use it."""
    contact: str
    contact_id: str
    email: str
    datasets: tuple[Reference, ...]
    """What it serves."""


def service(remote: Remote, home: Source, number: int, at: Millis) -> Service:
    """Return the data service with that number in the remote catalogue of *home*."""
    key = (remote.seed, "service", home.index, number)
    reference, holding = remote.reference(home, number, at), remote.holding(home, number)
    face = remote.face(home, number)
    created = max(holding.born, home.born)
    orphan = home.orphaned is not None and home.orphaned <= at
    return Service(
        id=reference.id,
        title=reference.title,
        slug=reference.slug,
        acronym=reference.acronym,
        description=f"{face.first.title} : une API, **{dice.pick(RATES, *key, 'rate')}**.",
        tags=_tags(key),
        license=dice.pick(LICENSES, *key, "license"),
        organization=None if orphan else home.organization,
        owner=None if orphan else home.owner,
        created=created,
        modified=holding.retitled if created < holding.retitled <= at else created + 5 * MINUTE,
        seen=at,
        source=home,
        remote_id=face.remote_id,
        remote_url=face.remote_url,
        address=f"https://api.{home.host}/{slugify(face.first.title)}/v{dice.between(1, 4, *key, 'version')}",
        rate_limiting=dice.pick(RATES, *key, "rate"),
        availability=f"{dice.between(9700, 9999, *key, 'availability') / 100:.2f}",
        restricted=dice.chance(0.3, *key, "restricted"),
        contact=f"Service des données de {home.host}",
        contact_id=dice.hexadecimal(24, *key, "contact"),
        email=f"donnees@{home.host}",
        datasets=tuple(_datasets(remote, home, number, at)),
    )


def _tags(key: tuple[object, ...]) -> tuple[str, ...]:
    return tuple(tag for tag in TAGS if dice.chance(0.3, *key, "tag", tag))


def _datasets(remote: Remote, home: Source, number: int, at: Millis) -> list[Reference]:
    """Return the datasets of the same catalogue that stand just before the service."""
    found = []
    for other in range(max(0, number - LINKED), number):
        held = remote.holding(home, other)
        if held.trait == "ok" and held.born <= at < held.gone and held.purged == NEVER:
            found.append(remote.reference(remote.home(home, other), other, at))
    return found
