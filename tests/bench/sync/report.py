"""The tables and the last line of the bench: ratios, and which bars they keep."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from world import World

BARS = {
    # ratio: (must, aim, whether more is better)
    "first_load_vs_dlt": (2.0, 4.0, True),
    "changed_1pct_vs_dlt": (4.0, 10.0, True),
    "unchanged_vs_dlt": (8.0, 15.0, True),
    "store_vs_copy": (0.5, 0.65, True),
    "requests_vs_minimum": (1.05, 1.0, False),
    "memory_1m_vs_200k": (1.1, 1.0, False),
    "rows_written_unchanged": (0, 0, False),
}


def summary(sizes: Mapping[int, Mapping[str, Any]], worlds: Sequence[World]) -> dict[str, Any]:
    """Return the last line's object: of several sizes the worse ratio, and the figures of each."""
    ratios = [_ratios(found) for found in sizes.values()]
    least = {name: min(each[name] for each in ratios) for name in ratios[0]}
    peaks = [found["gateway"]["first"]["memory_mb"] for _, found in sorted(sizes.items())]
    requests = [
        found["gateway"][name]["requests"] / world.minimum
        for found, world in zip(sizes.values(), worlds, strict=True)
        for name in ("unchanged", "changed")
    ]
    written = max(found["gateway"]["unchanged"]["rows_written"] for found in sizes.values())
    return {
        **least,
        "requests_vs_minimum": round(max(requests), 4),
        "memory_1m_vs_200k": round(peaks[-1] / peaks[0], 3),
        "rows_written_unchanged": written,
    }


def _ratios(found: Mapping[str, Any]) -> dict[str, float]:
    ours, theirs = found["gateway"], found["dlt"]

    def faster(name: str) -> float:
        return round(float(theirs[name]["seconds"] / ours[name]["seconds"]), 2)

    return {
        "first_load_vs_dlt": faster("first"),
        "changed_1pct_vs_dlt": faster("changed"),
        "unchanged_vs_dlt": faster("unchanged"),
        "store_vs_copy": round(found["limit"]["seconds"] / found["store"], 3),
    }


def bars(ratios: Mapping[str, Any]) -> Iterator[str]:
    """Yield a line for each bar."""
    for name, (must, aim, more) in BARS.items():
        found = ratios[name]
        kept = [found >= bar if more else found <= bar for bar in (must, aim)]
        words = ["met" if each else "missed" for each in kept]
        yield f"  {name:<26} {found:>8g}   must {must:<5g} {words[0]:<7} aim {aim:<5g} {words[1]}"


def figures(size: int, found: Mapping[str, Any]) -> Iterator[str]:
    """Yield the lines of one size."""
    records = found["records"]
    yield f"{size:,} records ({records:,} in this world), {found['limit']['rows']:,} rows in all tables"
    yield "  pass       side      seconds   records/s   CPU us/record   serving us/record   most memory"
    for name in ("first", "unchanged", "changed"):
        for side in ("gateway", "dlt"):
            one = found[side][name]
            yield (
                f"  {name:<10} {side:<8} {one['seconds']:>8,.2f} {records / one['seconds']:>11,.0f}"
                f" {one['cpu'] / records * 1e6:>15.1f} {one['serving_cpu'] / records * 1e6:>19.1f}"
                f" {one['memory_mb']:>10,.0f} MB"
            )
    copied = found["limit"]["seconds"]
    yield f"  COPY of the same rows: {copied:,.2f} s; the store's statements {found['store']:,.2f} s:"
    for name, spent in sorted(found["statements"].items(), key=lambda item: -item[1]):
        yield f"    {name:<20} {spent:>8.2f} s {spent / found['store']:>6.0%} {spent / records * 1e6:>8.1f} us/record"
