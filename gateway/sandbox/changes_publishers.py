"""Who publishes in the Data.gov-style world: its organizations and sources, in the order in which they came."""

from __future__ import annotations

from gateway.sandbox import dice, words
from gateway.sandbox.changes_cast import Organization, Source, slug
from gateway.sandbox.changes_ids import Ids
from gateway.sandbox.changes_time import DAY, HOUR, MINUTE, NEVER
from gateway.sandbox.changes_words import FEDERAL, OTHERS, PLACES

INTERVALS = {"daily": DAY, "weekly": 7 * DAY, "biweekly": 14 * DAY, "monthly": 30 * DAY, "manual": NEVER}
"""Microseconds between two runs, by the frequency's word."""
BLOCK = 60
"""Sources of one unit of scale; within it the mix of kinds, sizes and frequencies is fixed."""

_KINDS = (
    [("document", "dcatus1.1: federal")] * 18
    + [("document", "dcatus1.1: non-federal")] * 16
    + [("document", "dcatus3.0")] * 9
    + [("waf", "iso19115_2")] * 6
    + [("waf", "iso19115_1")] * 4
    + [("waf-collection", "iso19115_2")] * 3
    + [("waf-collection", "iso19115_1")] * 2
    + [("document", "iso19115_2")] * 2
)
_FREQUENCIES = ["daily"] * 13 + ["weekly"] * 24 + ["biweekly"] * 8 + ["monthly"] * 10 + ["manual"] * 5
_SIZES = [(3, 15)] * 6 + [(40, 100)] * 24 + [(110, 280)] * 18 + [(280, 580)] * 9 + [(1100, 2300)] * 3
_NOTICES = ("on_error", "always", "on_error_or_update")
_SLOW = 4
"""Daily sources of a block whose runs are under way when a day of the world ends."""


class Publishers:
    """The organizations and sources of a world, in the order in which they came."""

    def __init__(self, seed: int, scale: int, epoch: int) -> None:
        self.seed = seed
        self.epoch = epoch
        self.organizations: list[Organization] = []
        self.sources: list[Source] = []
        self.organization_ids = Ids(seed, "organization")
        self.source_ids = Ids(seed, "source")
        for block in range(scale):
            self._block(block)

    def _block(self, block: int) -> None:
        first = len(self.organizations)
        for name in FEDERAL:
            self._found(name.partition("=")[0], "Federal Government", block)
        for name in OTHERS:
            self._found(name.partition("=")[0], name.partition("=")[2], block)
        self.found(f"Inventory Test Desk {block + 1}", None, -NEVER)
        chance = dice.stream(self.seed, "block", block)
        kinds, frequencies, sizes = list(_KINDS), list(_FREQUENCIES), list(_SIZES)
        chance.shuffle(kinds)
        chance.shuffle(frequencies)
        chance.shuffle(sizes)
        for kind, frequency, size in zip(kinds, frequencies, sizes, strict=True):
            federal = kind[1] == "dcatus1.1: federal" or kind[1].startswith("iso")
            low, count = (0, len(FEDERAL)) if federal else (len(FEDERAL), len(OTHERS))
            owner = self.organizations[
                first + low + dice.number(self.seed, "owner", len(self.sources)) % count
            ]
            self.register(owner, kind, frequency, chance.randint(*size), -NEVER)
        self._pace(block)

    def _pace(self, block: int) -> None:
        """Make some daily sources slow, and one late."""
        daily = [s for s in self.sources[block * BLOCK :] if s.frequencies[0][1] == "daily" and not s.small]
        for place, source in enumerate(daily[: _SLOW + 1]):
            source.slow, source.late = place < _SLOW, place == _SLOW
            minutes = 5 + 7 * place if source.slow else 1
            source.offset = (
                DAY - minutes * MINUTE - dice.between(1, MINUTE // 2, self.seed, "slow", source.index)
            )

    def _found(self, name: str, kind: str, block: int) -> None:
        if block:
            name = f"{name} {PLACES[block % len(PLACES)]} {block // len(PLACES) or ''}".strip()
        self.found(name, kind, -NEVER)

    def found(self, name: str, kind: str | None, born: int) -> Organization:
        """Add an organization and return it."""
        index = len(self.organizations)
        word = slug(name)
        initials = "".join(part[0] for part in word.split("-")).upper()
        exempt = dice.chance(0.2, self.seed, "exempt", index)
        host = f"{'-'.join(word.split('-')[:4])}.{'example.gov' if kind == 'Federal Government' else 'example.org'}"
        organization = Organization(
            index=index,
            id=self.organization_ids.of(index),
            slug=word,
            names=[(born, name)],
            kind=None if kind == "Tribal" and index % 2 else kind,
            aliases=([initials], [initials, name.partition(",")[0]], [], [""], None)[index % 5],
            logo=None if index % 3 == 0 else f"https://assets.example.gov/logos/{word}.png",
            description=None if index % 4 == 3 else f"Open data of {name}.",
            code_repo_url=None if exempt or index % 2 else f"https://code.example.gov/{word}",
            code_repo_exempt=exempt,
            host=host,
            born=born,
        )
        self.organizations.append(organization)
        return organization

    def register(
        self, owner: Organization, kind: tuple[str, str], frequency: str, size: int, born: int
    ) -> Source:
        """Add a source of *kind* (source type, schema type) and return it."""
        index, seed = len(self.sources), self.seed
        source_type, schema_type = kind
        shared = self._shared(schema_type)
        host = shared[0].host if shared else owner.host
        base = f"https://data.{host}/{index + 1}" if not shared else f"https://{host}/{index + 1}"
        emails: tuple[list[str] | None, ...] = (
            [f"data{index + 1}@{owner.host}"],
            [f"data{index + 1}@{owner.host}", "ops@example.gov"],
            None,
            [],
        )
        source = Source(
            index=index,
            id=self.source_ids.of(index),
            organization=owner,
            names=[
                (born, f"{owner.names[0][1]} {schema_type.partition(':')[0]} {source_type} {index + 1:02d}")
            ],
            frequencies=[(born, frequency)],
            url=base + ("/data.json" if source_type == "document" else "/iso/xml/"),
            source_type=source_type,
            schema_type=schema_type,
            collection_parent_url=f"{base}/parent.xml" if source_type == "waf-collection" else None,
            notification_frequency=dice.pick(_NOTICES, seed, "notice", index),
            notification_emails=emails[(0, 0, 1, 0, 2, 1, 0, 3)[index % 8]],
            host=host,
            size=max(size, len(shared)),
            tidy=dice.chance(0.45, seed, "tidy", index),
            offset=self._offset(index),
            slow=False,
            late=False,
            shared=shared,
            base=base,
            born=born,
        )
        self.sources.append(source)
        return source

    def _offset(self, index: int) -> int:
        """Return when in the day a source is due: many at the same hour, so that their jobs overlap."""
        if dice.chance(0.45, self.seed, "crowd", index):
            return dice.between(2 * HOUR, 2 * HOUR + 6 * MINUTE, self.seed, "offset", index)
        return dice.between(HOUR // 2, 22 * HOUR, self.seed, "offset", index)

    def _shared(self, schema_type: str) -> tuple[words.Shared, ...]:
        """Return the shared datasets of the next source: eight non-federal ones have some, two hosts twice."""
        if schema_type != "dcatus1.1: non-federal":
            return ()
        before = sum(1 for source in self.sources if source.shared)
        if before >= len(words.SHARED_HOSTS) + 2:
            return ()
        host = words.SHARED_HOSTS[before % len(words.SHARED_HOSTS)]
        return tuple(item for item in words.SHARED if item.host == host)
