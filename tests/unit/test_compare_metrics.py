from datetime import UTC, datetime

import pytest

from gateway.compare.counting import Period
from gateway.compare.measure import compiled
from gateway.compare.metrics import METRICS, Comparability, Metric
from gateway.model.enums import JobStatus

SINCE = datetime(2026, 11, 1, tzinfo=UTC)
UNTIL = datetime(2026, 12, 1, tzinfo=UTC)


def words(metric: Metric) -> list[str]:
    return [column.name for column in metric.statement(Period()).selected_columns if column.name != "portal"]


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.key)
def test_a_metric_says_what_it_counts(metric: Metric) -> None:
    assert metric.title
    assert metric.definition.endswith(".")
    assert metric.unit in {"sources", "runs", "records", "errors", "datasets"}
    assert metric.hits <= set(words(metric))


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.key)
def test_whatever_is_not_fully_comparable_says_why(metric: Metric) -> None:
    assert bool(metric.caveats) == (metric.comparability is not Comparability.FULL)


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.key)
def test_values_are_bound_and_never_written_into_the_statement(metric: Metric) -> None:
    sql, values = compiled(metric.statement(Period(SINCE, UNTIL)))
    assert "'" not in sql
    assert f"${len(values)}::" in sql
    assert f"${len(values) + 1}" not in sql


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.key)
def test_the_period_reaches_the_statement_where_it_applies(metric: Metric) -> None:
    _, values = compiled(metric.statement(Period(SINCE, UNTIL)))
    assert (SINCE in values and UNTIL in values) == metric.in_period


def test_keys_are_unique() -> None:
    keys = [metric.key for metric in METRICS]
    assert len(keys) == len(set(keys))


def test_a_planned_run_is_in_no_run_metric() -> None:
    for metric in METRICS:
        assert JobStatus.SCHEDULED.value not in words(metric)


def test_a_record_without_identifier_is_explained_where_it_matters() -> None:
    for metric in METRICS:
        if metric.key in {"runs_by_status", "success_rate", "records_by_status"}:
            assert any("identifier" in caveat for caveat in metric.caveats)
