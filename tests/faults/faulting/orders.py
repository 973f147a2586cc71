"""Which faults a broken pass meets: drawn anew for each, some that it can bear and some that end it."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

import msgspec

PASSING = (
    *("status-500", "status-502", "status-503", "status-504", "html-500", "html-502", "html-503", "html-504"),
    *("429", "429-date", "429-past", "429-text"),
    *("drop", "truncate", "cut-chunks", "reset", "drip", "delay", "gzip-garbage"),
    *("skew", "tenfold", "lying-total", "empty-page", "small-pages", "same-page", "page-loop"),
    *("shifted-page", "removed-row", "id-again", "poison", "poison-500"),
)
"""What a pass can go on after."""
ENDING = (
    *("garbage", "html-200", "html-404", "no-content", "redirect", "redirect-loop", "gzip-bomb"),
    *("latin-1", "utf-16", "bom", "429-silent", "429-year", "429-html", "status-400", "status-404"),
)
"""What mostly ends a pass."""
LISTS: Mapping[str, tuple[str, ...]] = {
    "data-gouv-fr": ("backends", r"/sources/", r"/jobs/", r"/items/", r"/job/[^/]*/$", r"page=[2-9]"),
    "data-gov": (
        *(
            "organization",
            "harvest_sources",
            "harvest_source/",
            "harvest_jobs",
            "harvest_job/",
            "harvest_records",
        ),
        *("harvest_record/", "record_errors", "job_errors", "errors", r"count=true", r"page=[1-9]"),
    ),
}
"""What a fault may be ordered for, by adapter; also anything."""
SHIFTING: Mapping[str, tuple[str, ...]] = {
    "data-gouv-fr": (r"/sources/", r"/jobs/", r"/items/", ""),
    "data-gov": ("harvest_records", "harvest_jobs", "harvest_record_errors", ""),
}
"""Lists that are ordered to shift while they are paged."""
SHIFTS = 0.5
"""How often such an order is among those for a pass: then it comes first."""
MOST = 45
"""Faults that are ordered for one pass."""
BOMB = 64 * 1024 * 1024
"""Bytes to which a bomb inflates: more than the campaign's client takes."""


def drawn(dice: random.Random, adapter: str, *, gentle: bool) -> bytes:
    """Return the orders for one pass; *gentle*: without what ends one."""
    orders = [_order(dice, adapter, dice.choice(PASSING)) for _ in range(MOST)]
    if not gentle:
        place = dice.randrange(MOST)
        orders[place:place] = [_order(dice, adapter, dice.choice(ENDING)) for _ in range(dice.randint(1, 3))]
    if dice.random() < SHIFTS:
        orders[:0] = _shifting(dice, adapter)
    return msgspec.json.encode(orders)


def _shifting(dice: random.Random, adapter: str) -> list[dict[str, Any]]:
    """Return the orders by which a list has several pages, where it has not by itself, and shifts between two.

    Items come in short pages where the portal fails at one that holds them all; elsewhere its pages are short.
    """
    path = dice.choice(SHIFTING[adapter])
    shift = {"kind": dice.choice(("removed-row", "removed-row", "shifted-page")), "path": path}
    shift |= {"after": dice.choice((0, 0, 1, 2)), "times": dice.choice((1, 1, 2))}
    if path == r"/items/":
        position, times = dice.randrange(30), dice.randint(4, 12)
        return [shift, {"kind": "poison-500", "path": path, "position": position, "times": times}]
    if adapter == "data-gov":
        return [shift]
    return [{"kind": "small-pages", "path": path, "times": 60}, shift]


def _order(dice: random.Random, adapter: str, kind: str) -> dict[str, Any]:
    order = {"kind": kind, "times": 1, "after": 1 + int(dice.expovariate(0.5)), "path": ""}
    if dice.random() < 0.5:
        order["path"] = dice.choice(LISTS[adapter])
    if dice.random() < 0.2:
        order["times"] = dice.choice((2, 2, 2, 4))
    return order | _further(dice, kind)


def _further(dice: random.Random, kind: str) -> dict[str, Any]:
    if kind == "skew":
        return {"days": dice.choice((-400.0, 400.0))}
    if kind == "gzip-bomb":
        return {"size": BOMB}
    if kind == "poison-500":
        return {"position": dice.randrange(60), "times": dice.choice((1, 3, 40))}
    if kind in {"small-pages", "page-loop"}:
        return {"times": dice.choice((1, 3, 60))}
    seconds = {"drip": 0.1, "delay": 0.01, "429": 30.0, "429-date": 30.0}
    return {"seconds": seconds[kind]} if kind in seconds else {}
