"""The sources of the inventory world: how each one begins, changes and ends, as a function of its number."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from gateway.sandbox import dice, words
from gateway.sandbox.instants import DAY, HOUR, MINUTE, Millis, object_id
from gateway.sandbox.inventory_cast import Cast, Organization, Person, slugify
from gateway.sandbox.inventory_schedule import HAND, KINDS, Cadence, around, cadence

BLOCK = 60
"""Sources at scale 1; the place in a block decides what kind of source it is."""
SLOW, SHOWCASE, BROAD, TWIN = 0, 1, 16, 39
"""Places of the source that runs at the epoch's time of day, of the one with every kind of item, of the large
one, and of one that lists another's datasets."""
HISTORIC = frozenset({5, 17, 38, 42})
"""Places of sources with a run that is about to fall out of the portal's retention."""
INACTIVE = frozenset({48, 49})
PENDING = frozenset({50, 51, 52, 53})
REFUSED = frozenset({54, 55})
NEVER_RAN = frozenset({49, 51, 52, 53, 54, 55, 58})
LATE = 50
"""Place of a source that is accepted after the epoch."""
BACKENDS = (
    *("dcat",) * 8,
    *("ckan",) * 5,
    *("csw-dcat",) * 3,
    *("csw-iso-19139",) * 3,
    "dkan",
    "dkan",
    "maaf",
)
UNKNOWN_BACKEND = "ods-legacy"
ID_MASK = 0xFFFFFF


@dataclass(slots=True)
class Source:
    """A remote catalogue over all of its time."""

    index: int
    id: str
    born: Millis
    backend: str
    url: str
    description: str | None
    config: dict[str, Any]
    autoarchive: bool
    active: bool
    cadence: Cadence
    size: int
    """Datasets at the beginning."""
    decided: Millis | None
    """When it was accepted or refused."""
    verdict: str = "accepted"
    comment: str | None = None
    organization: Organization | None = None
    owner: Person | None = None
    judge: Person | None = None
    orphaned: Millis | None = None
    """When its owner or organization was removed."""
    names: list[tuple[Millis, str, str]] = field(default_factory=list)
    """(from when, name, slug), oldest first."""
    deleted: Millis | None = None
    purged: Millis | None = None
    twin: Source | None = None
    """Another source that has the first datasets too."""
    place: int = -1
    """Place in its block of sixty, or -1 where it was born after the epoch."""

    @property
    def host(self) -> str:
        """Return the remote host."""
        return self.url.split("/")[2] if "//" in self.url else self.url

    def named(self, at: Millis) -> tuple[str, str]:
        """Return (name, slug) at an instant."""
        name, slug = self.names[0][1:]
        for since, later, later_slug in self.names:
            if since <= at:
                name, slug = later, later_slug
        return name, slug

    def exists(self, at: Millis) -> bool:
        """Return whether the portal has it at an instant, soft-deleted or not."""
        return self.born <= at and (self.purged is None or at < self.purged)

    def runs(self, at: Millis) -> bool:
        """Return whether it may be run at an instant."""
        accepted = self.verdict == "accepted" and self.decided is not None and self.decided <= at
        return accepted and (self.deleted is None or at < self.deleted)


def source_id(seed: int, index: int, born: Millis) -> str:
    """Return the id of the source with number *index*; the number can be read back with ``source_index``."""
    return object_id(born, f"{dice.hexadecimal(10, seed, 'source', index)}{index ^ mask(seed):06x}")


def source_index(seed: int, native_id: str) -> int:
    """Return the number that the last six digits of a source's or a job's id hold."""
    return int(native_id[-6:], 16) ^ mask(seed)


def mask(seed: int) -> int:
    """Return the bits that hide numbers in ids."""
    return dice.number(seed, "mask") & ID_MASK


@dataclass(slots=True)
class Nursery:
    """Makes sources one after the other; slugs are handed out in that order."""

    seed: int
    epoch: Millis
    people: Cast
    slugs: dict[str, int] = field(default_factory=dict)

    def first(self, index: int) -> Source:
        """Return a source that is there at the epoch, or was: its place in the block says what kind it is."""
        place = index % BLOCK
        key = (self.seed, "first", index)
        oldest = 500 if place in HISTORIC else 40
        born = (
            self.epoch - dice.between(oldest, 1200, *key, "born") * DAY + dice.between(0, DAY - 1, *key, "ms")
        )
        made = self._make(index, born, self._cadence(place, key), place)
        if place in PENDING:
            made.decided = self.epoch + 2 * DAY + 7 * HOUR if place == LATE else None
            made.cadence = Cadence("daily") if place == LATE else HAND
        elif place in REFUSED:
            made.verdict, made.comment = "refused", "Source refusée : URL inaccessible"
        self._ends(made, place, key)
        self._renames(made, place, key)
        return made

    def later(self, index: int, born: Millis) -> Source:
        """Return a source that is made after the epoch."""
        key = (self.seed, "later", index)
        kind = dice.pick(KINDS[BROAD:37], *key, "kind")
        made = self._make(index, born, cadence(kind, *key), -1)
        if dice.chance(0.3, *key, "ends"):
            made.deleted = born + dice.between(10, 300, *key, "deleted") * DAY
            made.purged = made.deleted + dice.between(10, 40, *key, "purged") * DAY
        return made

    def invent(self, index: int, born: Millis, backend: str, url: str) -> Source:
        """Return a bare source for what a user of the sandbox creates: ten datasets, no runs of its own."""
        return Source(
            index=index,
            id=source_id(self.seed, index, born),
            born=born,
            backend=backend,
            url=url,
            description=None,
            config={},
            autoarchive=False,
            active=True,
            cadence=HAND,
            size=10,
            decided=born - DAY,
        )

    def slug(self, name: str) -> str:
        """Return a slug of *name* that nobody has."""
        slug = slugify(name) or "source"
        taken = self.slugs.get(slug, 0)
        self.slugs[slug] = taken + 1
        return f"{slug}-{taken}" if taken else slug

    def _cadence(self, place: int, key: tuple[object, ...]) -> Cadence:
        if place == SLOW:
            return around(self.epoch, 7 * MINUTE)
        return cadence(KINDS[place], *key)

    def _make(self, index: int, born: Millis, rhythm: Cadence, place: int) -> Source:
        key = (self.seed, "source", index)
        backend = UNKNOWN_BACKEND if place == BLOCK - 1 else dice.pick(BACKENDS, *key, "backend")
        name = self._name(key, backend, index)
        made = Source(
            index=index,
            id=source_id(self.seed, index, born),
            born=born,
            backend=backend,
            url=self._url(key, backend, place),
            description=self._description(key, name),
            config=_config(backend, key),
            autoarchive=place in {SLOW, SHOWCASE} or dice.chance(0.6, *key, "autoarchive"),
            active=place not in INACTIVE,
            cadence=rhythm,
            size=_size(place, rhythm.kind, key, index),
            decided=born + dice.between(1, 30, *key, "decided") * HOUR,
            comment="ok" if dice.chance(0.2, *key, "comment") else None,
            judge=self.people.persons[0],
            place=place,
        )
        made.names.append((0, name, self.slug(name)))
        self._owned(made, key)
        return made

    def _name(self, key: tuple[object, ...], backend: str, index: int) -> str:
        if dice.chance(0.08, *key, "english"):
            return f"Open data of {dice.pick(words.COMMUNES, *key)}"
        commune = dice.pick(words.COMMUNES, *key)
        pattern = dice.pick(
            (
                "Catalogue de {commune}",
                "{commune} \N{EN DASH} moissonnage {backend} n°{index}",
                "Portail open data de {commune}",
                "Géocatalogue de {commune}",
                "Données ouvertes \N{EN DASH} {commune}",
                "Moissonneur GeoNetwork",
            ),
            *key,
            "pattern",
        )
        return pattern.format(commune=commune, backend=backend.upper(), index=index)

    def _url(self, key: tuple[object, ...], backend: str, place: int) -> str:
        if place == BLOCK - 2:
            return "htp:/catalogue.cassé.example"
        shared = dice.chance(0.2, *key, "shared")
        host = dice.pick(words.SHARED_HOSTS, *key) if shared else self._host(key)
        path = {"ckan": "", "dkan": "data.json", "maaf": "moissonnage/"}.get(backend, "catalog.jsonld")
        path = "geonetwork/srv/fre/csw" if backend.startswith("csw") else path
        return f"https://{host}/{path}"

    def _host(self, key: tuple[object, ...]) -> str:
        commune = slugify(dice.pick(words.COMMUNES, *key))
        return f"{dice.pick(('data', 'geo', 'catalogue', 'opendata'), *key, 'host')}.{commune}.example.fr"

    def _description(self, key: tuple[object, ...], name: str) -> str | None:
        if dice.chance(0.3, *key, "silent"):
            return None
        return f"**{name}** : données publiées par nos services.\n\nMise à jour {dice.pick(_PACE, *key)}."

    def _owned(self, made: Source, key: tuple[object, ...]) -> None:
        if made.place == 37:
            return
        if made.place in {2, 40}:
            given = made.place == 2
            made.organization = self.people.organizations[0] if given else None
            made.owner = None if given else self.people.persons[1]
            return
        if dice.chance(0.75, *key, "organization"):
            made.organization = dice.pick(self.people.organizations, *key, "which")
        else:
            made.owner = dice.pick(self.people.persons[1:], *key, "which")
        if dice.chance(0.04, *key, "orphan"):
            made.orphaned = self.epoch + dice.between(1, 300, *key, "orphaned") * DAY

    def _ends(self, made: Source, place: int, key: tuple[object, ...]) -> None:
        planned = {56: (-40, 25), 57: (-9, 3), 58: (-2, 12)}.get(place)
        if planned:
            made.deleted, made.purged = (self.epoch + days * DAY + DAY // 4 for days in planned)
        elif place > BROAD and made.size <= 40 and dice.chance(0.35, *key, "ends"):
            made.deleted = self.epoch + dice.between(2, 400, *key, "deleted") * DAY + DAY // 3
            made.purged = made.deleted + dice.between(10, 40, *key, "purged") * DAY

    def _renames(self, made: Source, place: int, key: tuple[object, ...]) -> None:
        days = {3: -10, 4: 1}.get(place)
        if days is None and dice.chance(0.12, *key, "renamed"):
            days = dice.between(-200, 300, *key, "when")
        if days is not None:
            name = f"{made.names[0][1]} (nouveau catalogue)"
            made.names.append((self.epoch + days * DAY + DAY // 2, name, self.slug(name)))


_PACE = ("quotidienne", "hebdomadaire", "au fil de l'eau", "annuelle")


def _size(place: int, kind: str, key: tuple[object, ...], index: int) -> int:
    if place == SHOWCASE:
        return 60
    if place == BROAD:
        return 12_000 if index // BLOCK % 50 == 10 else 300
    low, high = {"daily": (4, 30), "weekly": (10, 60), "monthly": (20, 90)}.get(kind, (5, 40))
    return dice.between(low, high, *key, "size")


def _config(backend: str, key: tuple[object, ...]) -> dict[str, Any]:
    if backend == "ckan" and dice.chance(0.5, *key, "config"):
        return {
            "filters": [{"key": "organization", "value": "mairie"}, {"key": "tags", "value": "environnement"}]
        }
    if backend == "csw-dcat" and dice.chance(0.7, *key, "config"):
        prefix = {"key": "remote_url_prefix", "value": "https://catalogue.example.fr/?uuid="}
        return {"extra_configs": [prefix], "features": {"geodcatap": True}}
    if dice.chance(0.1, *key, "config"):
        return {"filters": [], "note": "clé libre"}
    return {}
