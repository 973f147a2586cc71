"""Requests as Prometheus is told of them."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Histogram
from prometheus_client.exposition import generate_latest

from harvest_graphql.serving.tallies import Tallies

BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
SECONDS = (0.0, 0.001, 0.0011, 0.01, 0.3, 10.0, 11.0)


def test_the_buckets_are_those_of_prometheus_own_client() -> None:
    theirs = Histogram(
        "g_request_duration_seconds", "w", ["outcome"], buckets=BOUNDS, registry=CollectorRegistry()
    )
    ours = Tallies("g")
    for seconds in SECONDS:
        ours.observe("OK", seconds)
        theirs.labels("OK").observe(seconds)
    (expected,) = theirs.collect()
    requests, found = ours.collect()
    told = [(each.name, each.labels, each.value) for each in found.samples]
    for each in expected.samples:
        if not each.name.endswith("_created"):
            assert (each.name, each.labels, each.value) in told
    assert [each.value for each in requests.samples] == [len(SECONDS)]


def test_outcomes_are_counted_apart() -> None:
    ours, registry = Tallies("g"), CollectorRegistry()
    registry.register(ours)
    for outcome in ("OK", "TIMEOUT", "OK"):
        ours.observe(outcome, 0.1)
    said = generate_latest(registry).decode()
    assert 'g_requests_total{outcome="OK"} 2.0' in said
    assert 'g_requests_total{outcome="TIMEOUT"} 1.0' in said
    assert 'g_request_duration_seconds_count{outcome="OK"} 2.0' in said
