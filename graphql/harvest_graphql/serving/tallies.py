"""Requests as they are counted: how many of each outcome, and how long they took."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from itertools import accumulate

from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_BOUNDS = [*map(str, _SECONDS), "+Inf"]


class _Tally:
    """The requests of one outcome."""

    __slots__ = ("counts", "seconds")

    def __init__(self) -> None:
        self.counts = [0] * len(_BOUNDS)
        """How many took no longer than each bound, and longer than the one before it."""
        self.seconds = 0.0


class Tallies(Collector):
    """Counts requests, and tells Prometheus when it asks; *name* stands before the names of the numbers.

    The counters of its client take a lock for each number: 5 microseconds a request, where this takes half of one.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._tallies: dict[str, _Tally] = {}

    def observe(self, outcome: str, seconds: float) -> None:
        """Count a request that was answered after *seconds*."""
        tally = self._tallies.get(outcome) or self._tallies.setdefault(str(outcome), _Tally())
        tally.seconds += seconds
        tally.counts[bisect_left(_SECONDS, seconds)] += 1

    def describe(self) -> Iterable[Metric]:
        """Say nothing before it is asked for."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """Yield the numbers of now."""
        requests = CounterMetricFamily(
            f"{self._name}_requests", "GraphQL requests by outcome.", labels=["outcome"]
        )
        words = "Seconds from a request's head to its answer, by outcome."
        seconds = HistogramMetricFamily(f"{self._name}_request_duration_seconds", words, labels=["outcome"])
        for outcome, tally in self._tallies.items():
            reached = [float(each) for each in accumulate(tally.counts)]
            requests.add_metric([outcome], reached[-1])
            seconds.add_metric([outcome], list(zip(_BOUNDS, reached, strict=True)), tally.seconds)
        yield from (requests, seconds)
