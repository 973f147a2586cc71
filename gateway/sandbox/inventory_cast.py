"""The organizations and persons of the inventory world, and how they change."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from re import sub

from gateway.sandbox import dice, words
from gateway.sandbox.instants import DAY, Millis, object_id

ORGANIZATIONS = 24
"""At scale 1."""
PERSONS = 14
"""At scale 1; the first is the site's administrator."""
MOST_ORGANIZATIONS = 480
MOST_PERSONS = 196


def slugify(name: str) -> str:
    """Return *name* in lower-case ASCII words joined by hyphens."""
    plain = name.replace("°", "deg").replace("œ", "oe").replace("Œ", "oe")
    folded = unicodedata.normalize("NFKD", plain).encode("ascii", "ignore").decode()
    return sub(r"[^a-z0-9]+", "-", folded.lower()).strip("-")


@dataclass(frozen=True, slots=True)
class Organization:
    """A body that publishes."""

    id: str
    first_name: str
    slug: str
    acronym: str | None
    first_badges: tuple[str, ...]
    has_logo: bool
    certified_at: Millis | None
    """When it gets the badge ``certified``."""
    renamed_at: Millis | None

    def name(self, at: Millis) -> str:
        """Return its name at an instant."""
        renamed = self.renamed_at is not None and at >= self.renamed_at
        return f"{self.first_name} (fusion)" if renamed else self.first_name

    def badges(self, at: Millis) -> tuple[str, ...]:
        """Return its badges at an instant."""
        certified = self.certified_at is not None and at >= self.certified_at
        return (*self.first_badges, "certified") if certified else self.first_badges


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with an account."""

    id: str
    first_name: str
    last_name: str
    slug: str
    has_avatar: bool


@dataclass(frozen=True, slots=True)
class Cast:
    """Everybody: the first person is the administrator, the second administers the first organization."""

    organizations: tuple[Organization, ...]
    persons: tuple[Person, ...]


def cast(seed: int, scale: int, epoch: Millis) -> Cast:
    """Return the organizations and persons of a world."""
    bodies = min(ORGANIZATIONS * scale, MOST_ORGANIZATIONS)
    people = min(PERSONS * scale, MOST_PERSONS)
    return Cast(
        tuple(_organization(seed, epoch, index) for index in range(bodies)),
        tuple(_person(seed, epoch, index) for index in range(people)),
    )


def _organization(seed: int, epoch: Millis, index: int) -> Organization:
    key = (seed, "organization", index)
    pattern, acronym = words.BODIES[index % len(words.BODIES)]
    commune = words.COMMUNES[(index * 7 + seed) % len(words.COMMUNES)]
    region = words.REGIONS[(index // len(words.BODIES) + index + seed) % len(words.REGIONS)]
    name = pattern.format(commune=commune, region=region)
    born = epoch - dice.between(900, 3000, *key) * DAY
    slug = slugify(name) if index < ORGANIZATIONS else f"{slugify(name)}-{index}"
    return Organization(
        id=object_id(born, dice.hexadecimal(16, *key)),
        first_name=name,
        slug=slug,
        acronym=acronym,
        first_badges=("public-service",) if dice.chance(0.6, *key, "badge") else (),
        has_logo=dice.chance(0.5, *key, "logo"),
        certified_at=epoch + dice.between(-600, 300, *key, "certified") * DAY + DAY // 3
        if index % 3 == 0
        else None,
        renamed_at=epoch + dice.between(1, 200, *key, "renamed") * DAY if index % 11 == 4 else None,
    )


def _person(seed: int, epoch: Millis, index: int) -> Person:
    key = (seed, "person", index)
    first = "Ada" if index == 0 else words.FIRST_NAMES[index % len(words.FIRST_NAMES)]
    turn = index + index // len(words.FIRST_NAMES)
    last = "Admin" if index == 0 else words.LAST_NAMES[turn % len(words.LAST_NAMES)]
    born = epoch - dice.between(900, 3000, *key) * DAY
    slug = slugify(f"{first} {last}")
    return Person(
        object_id(born, dice.hexadecimal(16, *key)), first, last, slug, dice.chance(0.3, *key, "avatar")
    )
