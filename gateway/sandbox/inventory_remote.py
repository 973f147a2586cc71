"""What the remote catalogues of the inventory world hold, and which datasets the portal makes of it."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from gateway.sandbox import dice, words
from gateway.sandbox.instants import DAY, Millis, object_id
from gateway.sandbox.inventory_cast import slugify
from gateway.sandbox.inventory_sources import SHOWCASE, Source

CHUNK = 64
CHUNKS = 4096
"""How many chunks of holdings are remembered."""
FACES = 16_384
"""How many datasets' unchanging parts are remembered."""
SHARED_FIRST = 8
"""So many datasets of a shared host's source are ones that other catalogues have too."""
TWINNED = 6
"""So many datasets of a twin are the other source's."""
GROWTH = 0.0008
"""Share of a catalogue that is added in a day."""

TRAITS = (
    ("ok", 0.892),
    ("failing", 0.012),
    ("flaky", 0.016),
    ("nameless", 0.012),
    ("blank", 0.006),
    ("skipped", 0.018),
    ("duplicate", 0.012),
    ("service", 0.024),
    ("odd", 0.003),
    ("stuck", 0.003),
    ("waiting", 0.002),
)
"""What is special about a dataset of a remote catalogue, and how often."""


class Holding(NamedTuple):
    """One dataset of a remote catalogue over all of its time."""

    born: Millis
    gone: Millis
    """When the remote catalogue dropped it."""
    purged: Millis
    """When the portal purged it: references to it become null."""
    retitled: Millis
    trait: str


NEVER: Millis = 1 << 53


@dataclass(frozen=True, slots=True)
class Reference:
    """The dataset or data service that an item became."""

    id: str
    title: str
    slug: str
    acronym: str | None
    service: bool


@dataclass(frozen=True, slots=True)
class Face:
    """What never changes of a dataset of a remote catalogue, as items show it."""

    first: Reference
    """With its first title."""
    remote_id: str | None
    remote_url: str | None
    args: list[str]
    kwargs: dict[str, Any]
    logs: list[tuple[str, str]]
    """(level, message)."""


class Remote:
    """Everything that remote catalogues hold; a pure function of seed, epoch, source and number."""

    def __init__(self, seed: int, epoch: Millis) -> None:
        self.seed = seed
        self.epoch = epoch
        self._chunks: OrderedDict[tuple[int, int], list[Holding]] = OrderedDict()
        self._faces: OrderedDict[tuple[int, int], Face] = OrderedDict()

    def holding(self, source: Source, number: int) -> Holding:
        """Return the dataset with that number of a source's remote catalogue."""
        home = self.home(source, number)
        chunk, place = divmod(number, CHUNK)
        key = (home.index, chunk)
        if key not in self._chunks:
            self._chunks[key] = self._chunk(home, chunk)
            if len(self._chunks) > CHUNKS:
                self._chunks.popitem(last=False)
        return self._chunks[key][place]

    @staticmethod
    def home(source: Source, number: int) -> Source:
        """Return the source whose dataset it is: another one's for the first of a twin."""
        return source.twin if source.twin is not None and number < TWINNED else source

    def numbers(self, source: Source, at: Millis) -> int:
        """Return how many datasets a remote catalogue ever held by *at*."""
        grown = (at - (source.decided or source.born)) / DAY * max(source.size * GROWTH, 0.001)
        return source.size + max(0, int(grown))

    def listed(self, source: Source, at: Millis) -> list[int]:
        """Return the numbers of the datasets that a remote catalogue lists at *at*."""
        found = []
        for number in range(self.numbers(source, at)):
            holding = self.holding(source, number)
            if holding.born <= at < holding.gone:
                found.append(number)
        return found

    def reference(self, home: Source, number: int, at: Millis) -> Reference:
        """Return the dataset or data service behind a dataset of a remote catalogue."""
        first = self.face(home, number).first
        if at < self.holding(home, number).retitled:
            return first
        return replace(first, title=f"{first.title} (mise à jour)")

    def face(self, home: Source, number: int) -> Face:
        """Return what never changes of a dataset of a remote catalogue."""
        key = (home.index, number)
        if key not in self._faces:
            self._faces[key] = self._face(home, number)
            if len(self._faces) > FACES:
                self._faces.popitem(last=False)
        return self._faces[key]

    def _face(self, home: Source, number: int) -> Face:
        holding = self.holding(home, number)
        key = (self.seed, "dataset", home.index, number)
        native_id = object_id(max(holding.born, home.born), dice.hexadecimal(16, *key))
        title = self._title(home, number, key)
        acronym = (
            "".join(word[0] for word in title.split()).upper() if dice.chance(0.1, *key, "acronym") else None
        )
        slug = f"{slugify(title)}-{native_id[-4:]}"
        return Face(
            first=Reference(native_id, title, slug, acronym, holding.trait == "service"),
            remote_id=self.remote_id(home, number, holding),
            remote_url=self.remote_url(home, number),
            args=["a", str(number)] if dice.chance(0.15, *key, "args") else [],
            kwargs=_kwargs(number, key),
            logs=_logs(number, key) if holding.trait != "service" else [],
        )

    def shared(self, home: Source, number: int) -> words.Shared | None:
        """Return the dataset of several catalogues that this one is, if it is one."""
        if home.host not in words.SHARED_HOSTS or number >= SHARED_FIRST:
            return None
        offered = [shared for shared in words.SHARED if shared.host == home.host]
        return offered[number] if number < len(offered) else None

    def remote_id(self, home: Source, number: int, holding: Holding) -> str | None:
        """Return the identifier that the remote catalogue gives."""
        if holding.trait in {"nameless", "blank"}:
            return None if holding.trait == "nameless" else ""
        if holding.trait == "duplicate" and number:
            return self.remote_id(home, number - 1, self.holding(home, number - 1))
        if shared := self.shared(home, number):
            return shared.identifier
        key = (self.seed, "remote", home.index, number)
        if home.backend.startswith("csw"):
            return f"fr-{120066022 + home.index}-jdd-{dice.uuid(*key)}"
        return dice.uuid(*key) if home.backend in {"ckan", "dkan"} else f"https://{home.host}/id/{number:05d}"

    def remote_url(self, home: Source, number: int) -> str | None:
        """Return the address of the dataset in the remote catalogue."""
        if dice.chance(0.05, self.seed, "item", home.index, number, "url"):
            return None
        return f"https://{home.host}/catalogue/{number:06d}"

    def _chunk(self, home: Source, chunk: int) -> list[Holding]:
        draw = dice.stream(self.seed, "holding", home.index, chunk).random
        opened = home.decided or home.born
        grows = DAY / max(home.size * GROWTH, 0.001)
        made = []
        for number in range(chunk * CHUNK, (chunk + 1) * CHUNK):
            late = number - home.size + 1
            born = opened if late <= 0 else opened + int(late * grows)
            gone = born + int((10 + draw() * 690) * DAY) if draw() < 0.1 else NEVER
            purged = gone + int((20 + draw() * 100) * DAY) if gone < NEVER and draw() < 0.25 else NEVER
            retitled = self.epoch + int((draw() * 400 - 200) * DAY) if draw() < 0.08 else NEVER
            made.append(Holding(born, gone, purged, retitled, _trait(draw())))
        return self._showcase(made) if home.place == SHOWCASE and chunk == 0 else made

    def _showcase(self, made: list[Holding]) -> list[Holding]:
        traits = [name for name, _ in TRAITS] + ["service"]
        days = {
            20: (-900, -20, 1),
            21: (-900, -15, None),
            22: (-900, 2, None),
            24: (-900, -23, 4),
            25: (-5, -2, 2),
        }
        for number, holding in enumerate(made):
            trait = traits[number] if number < len(traits) else holding.trait
            if 20 <= number < 26:
                trait = "ok"
            held = Holding(holding.born, NEVER, NEVER, NEVER, trait)
            if number in days:
                born, gone, purged = days[number]
                born_at = max(holding.born, self.epoch + born * DAY + DAY // 2)
                end = NEVER if purged is None else self.epoch + purged * DAY + DAY // 2
                held = Holding(born_at, self.epoch + gone * DAY + DAY // 2, end, NEVER, trait)
            elif number == 23:
                held = held._replace(retitled=self.epoch + DAY)
            made[number] = held
        return made

    def _title(self, home: Source, number: int, key: tuple[object, ...]) -> str:
        if shared := self.shared(home, number):
            return shared.title
        if dice.chance(0.08, *key, "english"):
            return f"{dice.pick(words.ENGLISH_THEMES, *key)} of {dice.pick(words.COMMUNES, *key, 'place')}"
        year = dice.between(2012, 2026, *key, "year")
        return f"{dice.pick(words.THEMES, *key)} de {dice.pick(words.COMMUNES, *key, 'place')} en {year}"


def _trait(draw: float) -> str:
    for name, share in TRAITS:
        if draw < share:
            return name
        draw -= share
    return "ok"


def _logs(number: int, key: tuple[object, ...]) -> list[tuple[str, str]]:
    if not dice.chance(0.2, *key, "logs"):
        return []
    level = dice.pick(
        ("DEBUG", "INFO", "WARNING", "WARNING", "WARNING", "ERROR", "CRITICAL", "NOTICE"), *key, "level"
    )
    return [(level, f"Unknown license for {number:06d}"), ("INFO", "ok")]


def _kwargs(number: int, key: tuple[object, ...]) -> dict[str, Any]:
    if dice.chance(0.1, *key, "nested"):
        return {"nested": {"x": [1, 2.5, None, {"é": True}]}, "page": number // 10}
    return {"page_number": number // 10} if dice.chance(0.3, *key, "kwargs") else {}
