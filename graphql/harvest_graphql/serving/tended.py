"""How the upkeep of the database went last, as numbers for Prometheus: told by the database, since workers do it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from prometheus_client.core import GaugeMetricFamily, Metric

PREFIX = "harvest_gateway_upkeep_"
"""What the names of these numbers begin with."""


def families(told: Iterable[Mapping[str, Any]]) -> list[Metric]:
    """Return the numbers of what ``gateway.store.upkeep.told`` returns; what was never done is left out."""
    began = _gauge("began_timestamp_seconds", "When it was begun last.")
    ended = _gauge("ended_timestamp_seconds", "When it ended last.")
    failed = _gauge("failed", "Whether it failed then.")
    removed = _gauge("removed_rows", "Rows that it removed then, by what they are.", "what")
    for each in told:
        kind = each["kind"].lower()
        for family, instant in ((began, each["began_at"]), (ended, each["ended_at"])):
            if instant is not None:
                family.add_metric([kind], instant.timestamp())
        if each["state"] is not None:
            failed.add_metric([kind], float(each["state"] == "FAILED"))
        for what, rows in each["removed"].items():
            removed.add_metric([kind, what], rows)
    return [began, ended, failed, removed]


def _gauge(name: str, words: str, *labels: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"{PREFIX}{name}", words, labels=["kind", *labels])
