"""Ratios between peers, with the spread of the rounds, held against the bars of the project."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from statistics import median

from load import Burst
from rounds import Measured

WITHOUT_COUNTS = ("q1", "q2", "q3", "q5", "q6")
"""Q4 has a bar of its own against PostGraphile: its aggregate is live, ours is not."""


@dataclass(frozen=True)
class Ratio:
    """The median of the rounds' ratios, and the least and the largest of them."""

    value: float
    least: float
    most: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Ratio:
        """Return the ratio of rounds' ratios."""
        return cls(median(values), min(values), max(values))

    def verdict(self, bar: float, *, least: bool = True) -> str:
        """Return whether it keeps the bar: at *least* it, or at most; undecided where its rounds disagree."""
        if self.least <= bar <= self.most:
            return "undecided"
        return "met" if (self.value >= bar) == least else "missed"

    def __str__(self) -> str:
        """Return it as people read it."""
        return f"{self.value:.2f} ({self.least:.2f}-{self.most:.2f})"


@dataclass(frozen=True)
class Compared:
    """A ratio of the output: its name there, whose bursts, and what of them."""

    name: str
    ours: str
    theirs: str
    read: Callable[[Burst], float]


def _rate(burst: Burst) -> float:
    return burst.rate


def _p99(burst: Burst) -> float:
    return burst.p99


COMPARED = (
    Compared("vs_postgraphile", "gateway", "postgraphile", _rate),
    Compared("p99_vs_postgraphile", "gateway", "postgraphile", _p99),
    Compared("vs_handwritten", "gateway", "handwritten", _rate),
    Compared("vs_limit", "gateway", "limit", _rate),
    Compared("cached_vs_postgraphile", "cached", "postgraphile", _rate),
    Compared("vs_dataloaders", "gateway", "dataloaders", _rate),
)


def ratios(measured: Measured, names: Iterable[str]) -> dict[str, dict[str, Ratio]]:
    """Return the ratios of each workload, those whose peers were measured."""
    return {
        name: {
            each.name: Ratio.of(_by_round(measured, each, name))
            for each in COMPARED
            if _has(measured, each, name)
        }
        for name in names
    }


def means(measured: Measured, names: Iterable[str]) -> dict[str, Ratio]:
    """Return the geometric means over the workloads *names*, by the ratio's name."""
    names = list(names)
    found = {}
    for each in COMPARED:
        rounds = [_by_round(measured, each, name) for name in names if _has(measured, each, name)]
        if rounds:
            found[each.name] = Ratio.of([_mean(values) for values in zip(*rounds, strict=True)])
    return found


def _has(measured: Measured, each: Compared, name: str) -> bool:
    return (each.ours, name) in measured.bursts and (each.theirs, name) in measured.bursts


def _by_round(measured: Measured, each: Compared, name: str) -> list[float]:
    pairs = zip(measured.of(each.ours, name), measured.of(each.theirs, name), strict=True)
    return [each.read(ours) / each.read(theirs) for ours, theirs in pairs]


def _mean(values: Sequence[float]) -> float:
    return math.exp(sum(map(math.log, values)) / len(values))
