"""What webhooks took, as numbers for Prometheus: told by the database, since workers are who sends."""

from __future__ import annotations

from collections.abc import Iterable

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from gateway.store.webhooks import Measured

PREFIX = "harvest_gateway_webhook_"
"""What the names of these numbers begin with."""


def families(measured: Iterable[Measured]) -> list[Metric]:
    """Return the numbers of webhooks, labelled by their names; what is not known yet is left out."""
    deliveries = CounterMetricFamily(
        f"{PREFIX}deliveries",
        "Messages that were sent, by outcome: taken, or failed and tried again.",
        labels=["webhook", "outcome"],
    )
    lag = GaugeMetricFamily(
        f"{PREFIX}lag_seconds", "How old the last event was when it was taken.", labels=["webhook"]
    )
    taken_at = GaugeMetricFamily(
        f"{PREFIX}taken_timestamp_seconds", "When a message was last taken.", labels=["webhook"]
    )
    disabled = GaugeMetricFamily(
        f"{PREFIX}disabled",
        "Whether it is sent nothing more, having failed for too long.",
        labels=["webhook"],
    )
    for each in measured:
        deliveries.add_metric([each.name, "taken"], each.taken)
        deliveries.add_metric([each.name, "failed"], each.refused)
        disabled.add_metric([each.name], each.disabled)
        if each.lag_seconds is not None:
            lag.add_metric([each.name], each.lag_seconds)
        if each.delivered_at is not None:
            taken_at.add_metric([each.name], each.delivered_at.timestamp())
    return [deliveries, lag, taken_at, disabled]
