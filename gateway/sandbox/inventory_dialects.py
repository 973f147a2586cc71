"""The dialects of the inventory world's portal: what each of them tells a mirror of what there is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from gateway.sandbox.instants import text
from gateway.sandbox.inventory import Progress
from gateway.sandbox.inventory_rows import Row
from gateway.sandbox.inventory_services import Service

Fields = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Dialect:
    """One way in which the portal speaks."""

    embedded: bool
    """Whether jobs hold their items, which are all the counters that there are."""
    slashed: bool
    """Whether every path ends in a slash."""
    untold: Mapping[str, Fields]
    """By type of row: the fields that nothing tells, with what a mirror has instead."""
    whole_services: bool = False
    """Whether items show all of a data service, not only which one it is."""


_UNTYPED = {"datasets": None, "dataservices": None}

DIALECTS: Mapping[str, Dialect] = {
    "v17": Dialect(embedded=False, slashed=True, untold={}),
    "v16": Dialect(
        embedded=True, slashed=True, untold={"HarvestSource": {"slug": None}, "HarvestJob": _UNTYPED}
    ),
    "v9": Dialect(
        embedded=True,
        slashed=False,
        untold={
            "HarvestSource": {"slug": None},
            "HarvestJob": _UNTYPED,
            "HarvestRecord": {"remote_url": None, "kwargs": None},
            "HarvestError": {"created_at": None, "native_severity": "ERROR"},
            "Dataset": {"remote_url": None},
        },
        whole_services=True,
    ),
}
"""The usual one first; also what "" stands for."""


def dialect(name: str) -> Dialect:
    """Return the dialect called *name*, the usual one for ""."""
    return DIALECTS[name] if name else next(iter(DIALECTS.values()))


def told(row: Row, name: str) -> Row:
    """Return *row* as a mirror has it that was told of it in the dialect called *name*."""
    untold = dialect(name).untold.get(row["type"])
    return {**row, "fields": {**row["fields"], **untold}} if untold else row


def counted(progress: Progress, name: str) -> Progress:
    """Return *progress* with the counters that a mirror comes to have in the dialect called *name*."""
    return replace(progress, shown="true") if dialect(name).embedded else progress


def described(row: Row, service: Service) -> Row:
    """Return the row of a data service of which an item has shown everything."""
    body = service.organization
    words = {
        "remote_url": service.remote_url,
        "acronym": service.acronym,
        "description": service.description,
        "modified_at": text(service.modified),
        "publisher": body.name(service.seen) if body else None,
        "keywords": list(service.tags),
        "license": service.license,
    }
    return {**row, "fields": {**row["fields"], **words}}
