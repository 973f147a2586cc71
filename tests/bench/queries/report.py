"""The tables of the bench: what was measured, the ratios, and which bars they keep."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from statistics import median
from typing import Any

import workloads
from ratios import WITHOUT_COUNTS, Ratio, means, ratios
from rounds import Measured

BARS = (
    # what, ratio, workloads (None: their geometric mean), must, aim, whether more is better
    ("requests/s against PostGraphile, geometric mean without Q4", "vs_postgraphile", None, 2.5, 4.0, True),
    ("requests/s against PostGraphile", "vs_postgraphile", WITHOUT_COUNTS, 2.0, 2.7, True),
    ("Q4 against PostGraphile's live aggregate", "vs_postgraphile", ("q4",), 1.0, 10.0, True),
    ("p99 divided by PostGraphile's", "p99_vs_postgraphile", workloads.NAMES, 0.5, 0.25, False),
    ("against handwritten", "vs_handwritten", WITHOUT_COUNTS, 1.0, 1.5, True),
    ("against handwritten, Q4", "vs_handwritten", ("q4",), 0.95, 1.5, True),
    ("against limit, geometric mean", "vs_limit", None, 0.7, 0.85, True),
    ("against Strawberry with dataloaders", "vs_dataloaders", workloads.NAMES, 5.0, 10.0, True),
    ("cache on against PostGraphile", "cached_vs_postgraphile", workloads.NAMES, 4.0, 10.0, True),
)


def figures(measured: Measured, names: Iterable[str]) -> Iterator[str]:
    """Yield the lines of what was measured: medians of the rounds."""
    yield "     peer          requests/s   spread      p50 ms    p99 ms   CPU ms/request   of Postgres"
    for name in names:
        yield f"{name.upper()}  {workloads.ABOUT[name]}"
        for (peer, workload), bursts in measured.bursts.items():
            if workload != name or not bursts:
                continue
            rates = [each.rate for each in bursts]
            rate = median(rates)
            spread = (max(rates) - min(rates)) / rate
            p50, p99, server, postgres = (
                median(getattr(each, part) for each in bursts)
                for part in ("p50", "p99", "server", "postgres")
            )
            yield (
                f"     {peer:<13} {rate:>10,.0f} {spread:>8.0%} {p50:>11.2f} {p99:>9.2f}"
                f" {server:>16.3f} {postgres:>13.3f}"
            )


def bars(measured: Measured, names: Iterable[str]) -> Iterator[str]:
    """Yield the lines of the bars: what is asked, what was found, and the verdict."""
    names = list(names)
    by_name = ratios(measured, names)
    for what, ratio, wanted, must, aim, more in BARS:
        if wanted is None:
            kept = WITHOUT_COUNTS if ratio == "vs_postgraphile" else workloads.NAMES
            mean = means(measured, [name for name in names if name in kept]).get(ratio)
            rows = [("", mean)] if mean else []
        else:
            rows = [(name.upper(), by_name[name].get(ratio)) for name in names if name in wanted]
        for name, found in rows:
            if found is not None:
                kept, wished = found.verdict(must, least=more), found.verdict(aim, least=more)
                yield (
                    f"  {what:<58} {name:<3} {found!s:<22} must {must:<5g} {kept:<10} aim {aim:<5g} {wished}"
                )


def summary(measured: Measured, names: Iterable[str]) -> dict[str, Any]:
    """Return the last line's object: ratios by workload, and their geometric means (of requests/s without Q4)."""
    names = list(names)
    found = {name.upper(): _plain(each) for name, each in ratios(measured, names).items()}
    every = means(measured, names)
    without = means(measured, [name for name in names if name in WITHOUT_COUNTS])
    kept = {name: without.get(name, each) if "postgraphile" in name else each for name, each in every.items()}
    return {**found, "geomean": _plain(kept)}


def _plain(found: Mapping[str, Ratio]) -> dict[str, float]:
    return {name: round(each.value, 3) for name, each in found.items()}
