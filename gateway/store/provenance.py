"""How each field comes to its value, told where queries read it: by the normalisers' rules, then by what follows."""

from __future__ import annotations

from collections.abc import Container, Iterator
from typing import Any, NamedTuple

from gateway.model.entities import ENTITIES
from gateway.model.enums import EntityType
from gateway.model.mapping import Basis, Clock, Rule
from gateway.ports import Adapter
from gateway.store.staging import Connection
from gateway.store.tables import ROWS

COUNTS = frozenset(
    {"total", "succeeded", "added", "updated", "deleted", "archived", "skipped", "unchanged"}
    | {"failed", "warned", "validated", "pending", "datasets", "dataservices"}
)
"""Fields of a run that the API gives below ``counts``."""
_PARTS = ("schedule_", "validation_")
"""Beginnings of fields that the API gives below an object of that name."""
_NAMES = {"wire_status": "status"}


class Told(NamedTuple):
    """One row of the table ``provenance_rule`` but for the portal."""

    entity_type: str
    field: str
    place: int
    pointer: str | None
    rule: str | None
    basis: str
    clock: str | None


class Derived(NamedTuple):
    """What the store makes of a field, after the normalisers' rules for it."""

    field: str
    rule: str
    clock: Clock | None = None


_EVERY = (
    Derived("id", "base64url of the type, the portal's key and the native id"),
    Derived("portal", "the configured portal that was asked"),
    Derived("presence", "what the portal's complete lists prove; DELETED where the portal says so itself"),
    Derived("firstSeenAt", "when the pass began that first brought it", Clock.GATEWAY),
    Derived("lastSeenAt", "when the last pass began that proved it to be there", Clock.GATEWAY),
    Derived("changedAt", "when the pass began that last changed it", Clock.GATEWAY),
    Derived("removedAt", "when the pass began that proved it absent", Clock.GATEWAY),
    Derived("native", "the keys of the document that no other field reads"),
)
_OF_TYPE: dict[EntityType, tuple[Derived, ...]] = {
    EntityType.ORGANIZATION: (Derived("sourceCount", "the listed sources that name it"),),
    EntityType.HARVEST_SOURCE: (
        Derived("schedule.everySeconds", "what schedule.raw means, where the gap between runs is constant"),
        Derived("schedule.every", "schedule.everySeconds as a span"),
        Derived("schedule.cron", "schedule.raw, where that has the five fields of a cron expression"),
        Derived("schedule.words", "schedule.raw in plain English"),
        Derived("nextRunAt", "the earliest planned run, else the next time that schedule.raw fires"),
        Derived(
            "consecutiveFailures", "its FAILED and LOST harvests after the last SUCCEEDED or PARTIAL one"
        ),
        Derived("lastJob", "the run with the greatest createdAt, then nativeId, that is not SCHEDULED"),
    ),
    EntityType.HARVEST_JOB: (
        Derived(
            "status",
            "then SCHEDULED while it is dated in the future, CANCELLED or LOST by its own errors, LOST after 48 hours",
        ),
        Derived("durationSeconds", "endedAt minus startedAt"),
        Derived("duration", "the same as a span"),
    ),
    EntityType.HARVEST_RECORD: (
        Derived("status", "then LOST where its run ended without it, PENDING while its run is open"),
        Derived("source", "the source of its run, where the document does not name one"),
        Derived("raw", "the publisher's payload in the document, else as it was asked for by itself"),
        Derived("transformed", "what the portal made of it, from the same places"),
    ),
    EntityType.HARVEST_ERROR: (),
    EntityType.DATASET: (
        Derived("state", "of its records: stateBasis says how, stateJob on which run it rests"),
        Derived("stateBasis", "the reason for the state in words"),
        Derived(
            "stateJob", "the run of the record that decides, or the complete run that no longer lists it"
        ),
        Derived("latestRecord", "the newest record that published it, else the newest that names it"),
        Derived("source", "the source of the record that decides, where the triple does not name one"),
        Derived("parent", "the dataset of the same source with the parent's identifier"),
    ),
    EntityType.PERSON: (),
    EntityType.HARVEST_BACKEND: (),
}


def api_field(type_: EntityType, name: str) -> str:
    """Return the API's name of a model's field: camel case, with a dot where it lies in an object."""
    if type_ is EntityType.HARVEST_JOB and name in COUNTS:
        return f"counts.{name}"
    for part in _PARTS:
        if name.startswith(part):
            return f"{part[:-1]}.{_camel(name.removeprefix(part))}"
    return _camel(_NAMES.get(name, name))


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)


def told(adapter: Adapter) -> Iterator[Told]:
    """Yield what is told of an adapter's portals: for each field its rules, in the order in which they apply."""
    for type_ in ROWS:
        places: dict[str, int] = {}
        table = adapter.tables.get(type_)
        for rule in table.rules if table is not None else ():
            field = api_field(type_, rule.field)
            yield _normalised(type_, field, places.get(field, 0), rule)
            places[field] = places.get(field, 0) + 1
        for derived in (*_addressed(type_, places), *_EVERY, *_OF_TYPE[type_]):
            place = places.get(derived.field, 0)
            clock = derived.clock.value if derived.clock else None
            yield Told(type_, derived.field, place, None, derived.rule, Basis.DERIVED.value, clock)


def _addressed(type_: EntityType, ruled: Container[str]) -> Iterator[Derived]:
    """Yield the fields that no rule reads because the place tells them at which the element was found."""
    fields = ENTITIES[type_].__dataclass_fields__
    for name in ("native_id", "source", "job", "record", "position"):
        if name == "source" and type_ is not EntityType.HARVEST_JOB:
            continue  # what the store makes of it is told below
        if name in fields and api_field(type_, name) not in ruled:
            yield Derived(
                api_field(type_, name), "told by the list in which it was found, and the place there"
            )


def _normalised(type_: EntityType, field: str, place: int, rule: Rule) -> Told:
    place_read = rule.pointer if rule.told is None else rule.told
    pointer = None if rule.basis is Basis.ASSUMED and not place_read else place_read
    clock = rule.clock.value if rule.clock else None
    return Told(type_, field, place, pointer, rule.note or _words(rule.read), rule.basis.value, clock)


def _words(read: Any) -> str | None:
    """Return the first sentence of a rule's function, without its verb."""
    sentence = (read.__doc__ or "").strip().split("\n")[0].removesuffix(".")
    return sentence.removeprefix("Return ").strip() or None


async def tell(connection: Connection, portal: int, adapter: Adapter) -> None:
    """Write what is told of a portal; the same again writes nothing."""
    rows = [(portal, *row, adapter.version) for row in sorted(told(adapter))]
    columns = "portal, entity_type, field, place, pointer, rule, basis, clock, adapter_version"
    stored = await connection.fetch(
        f"SELECT {columns} FROM provenance_rule WHERE portal = $1 "
        'ORDER BY entity_type COLLATE "C", field COLLATE "C", place',
        portal,
    )
    if [tuple(row) for row in stored] == rows:
        return
    async with connection.transaction():
        await connection.execute("DELETE FROM provenance_rule WHERE portal = $1", portal)
        await connection.executemany(
            f"INSERT INTO provenance_rule ({columns}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)", rows
        )
