"""The metrics: what each counts, in words for readers, and whether portals may be held against each other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import Select

from gateway.compare import counting
from gateway.compare.counting import Period


class Comparability(StrEnum):
    """How far a number of one portal says something about the same number of another."""

    FULL = "FULL"
    """The portals count the same thing."""
    PARTIAL = "PARTIAL"
    """They count nearly the same thing: read the caveats before ranking anybody."""
    NONE = "NONE"
    """They count different things: read each portal for itself."""


@dataclass(frozen=True, slots=True)
class Metric:
    """A question that every portal is asked."""

    key: str
    title: str
    definition: str
    unit: str
    """What *n* counts: sources, runs, records, errors, datasets."""
    comparability: Comparability
    caveats: tuple[str, ...]
    statement: Callable[[Period], Select[Any]]
    """Answers one row per portal, one column per word."""
    in_period: bool
    """Whether the period applies; if not, the number is of now."""
    hits: frozenset[str] = frozenset()
    """For a rate: the words that count as a hit; the rate is hits / n. Empty for plain counts."""


_CHANGES_ONLY = (
    "data.gouv.fr lists every item in every run; Data.gov lists only what a run created, changed, "
    "removed or could not handle. A quiet run adds many records on one side and none on the other."
)
_MISSING_IDENTIFIER = (
    "A record without an identifier is skipped on data.gouv.fr and an error on Data.gov, so the "
    "same catalogue can end a run as succeeded on one portal and as partial on the other."
)
_READ_WINDOW = (
    "Records are counted where they were read: on data.gouv.fr those of recent runs (30 days unless "
    "set otherwise), on Data.gov those of all runs."
)
_LOST = (
    "A run that was cut off is LOST: on Data.gov the portal says so, on data.gouv.fr the gateway "
    "concludes it after 48 hours without an end."
)

METRICS: tuple[Metric, ...] = (
    Metric(
        key="sources_by_presence",
        title="Sources by what became of them",
        definition=(
            "All sources ever seen: PRESENT is listed by the portal, DELETED is marked deleted by it, "
            "GONE was proved absent from a complete list, UNKNOWN is named by a run but not listed yet."
        ),
        unit="sources",
        comparability=Comparability.PARTIAL,
        caveats=(
            (
                "Data.gov never marks a source deleted: there it is simply gone, and only if the "
                "gateway had seen it before."
            ),
        ),
        statement=counting.sources_by_presence,
        in_period=False,
    ),
    Metric(
        key="sources_by_activity",
        title="Present sources by activity",
        definition=(
            "Sources that the portal lists: ACTIVE and INACTIVE in its own words, NOT_SAID where it has "
            "no such word."
        ),
        unit="sources",
        comparability=Comparability.NONE,
        caveats=("Data.gov has no switch for a source, so all of its sources are NOT_SAID.",),
        statement=counting.sources_by_activity,
        in_period=False,
    ),
    Metric(
        key="sources_by_standard_family",
        title="Present sources by metadata standard",
        definition="Sources that the portal lists, by the family of the standard in which they publish.",
        unit="sources",
        comparability=Comparability.FULL,
        caveats=(),
        statement=counting.sources_by_family,
        in_period=False,
    ),
    Metric(
        key="runs_by_status",
        title="Runs by status",
        definition=(
            "Harvest jobs created in the period, by where they stand. Runs that are only scheduled are "
            "left out; runs that the portal has since let expire stay in."
        ),
        unit="runs",
        comparability=Comparability.PARTIAL,
        caveats=(
            _MISSING_IDENTIFIER,
            _LOST,
            "data.gouv.fr has no word for a cancelled run: there it is FAILED or LOST.",
        ),
        statement=counting.runs_by_status,
        in_period=True,
    ),
    Metric(
        key="runs_by_kind",
        title="Runs by kind",
        definition="The same runs by what they were asked to do.",
        unit="runs",
        comparability=Comparability.NONE,
        caveats=("data.gouv.fr does not say what a run was for: HARVEST is assumed there.",),
        statement=counting.runs_by_kind,
        in_period=True,
    ),
    Metric(
        key="success_rate",
        title="Success rate",
        definition=(
            "SUCCEEDED runs as a share of the ended harvests (SUCCEEDED, PARTIAL, FAILED and LOST) "
            "created in the period. Cancelled, open and scheduled runs do not count, nor do runs that "
            "clear or validate."
        ),
        unit="runs",
        comparability=Comparability.PARTIAL,
        caveats=(
            _MISSING_IDENTIFIER,
            _LOST,
            "Each run has one vote: a source that runs daily weighs more than a monthly one.",
        ),
        statement=counting.judged_runs,
        in_period=True,
        hits=frozenset({"SUCCEEDED"}),
    ),
    Metric(
        key="completion_rate",
        title="Completion rate",
        definition=(
            "Runs that reached their end (SUCCEEDED or PARTIAL) as a share of the same ended harvests."
        ),
        unit="runs",
        comparability=Comparability.PARTIAL,
        caveats=(_LOST, "Each run has one vote: a source that runs daily weighs more than a monthly one."),
        statement=counting.judged_runs,
        in_period=True,
        hits=frozenset({"SUCCEEDED", "PARTIAL"}),
    ),
    Metric(
        key="records_by_status",
        title="Records by outcome",
        definition=(
            "What runs created in the period did with each record that the gateway has read. One "
            "dataset counts once per run that lists it."
        ),
        unit="records",
        comparability=Comparability.NONE,
        caveats=(_CHANGES_ONLY, _MISSING_IDENTIFIER, _READ_WINDOW),
        statement=counting.records_by_status,
        in_period=True,
    ),
    Metric(
        key="records_by_action",
        title="Records by action",
        definition=(
            "The same records by what the run did, or tried to do: deletes of a run that clears a "
            "source and updates of a forced run stand apart, since neither is news from the publisher."
        ),
        unit="records",
        comparability=Comparability.NONE,
        caveats=(
            _CHANGES_ONLY,
            (
                "data.gouv.fr does not say whether an item was created or changed; ARCHIVE is repeated "
                "by every later run."
            ),
            "On Data.gov a failed update is tried again, and listed again, by every run.",
        ),
        statement=counting.records_by_action,
        in_period=True,
    ),
    Metric(
        key="errors_by_severity",
        title="Errors by severity",
        definition="Errors of runs and of records, for runs created in the period, by how bad they are.",
        unit="errors",
        comparability=Comparability.NONE,
        caveats=(
            (
                "data.gouv.fr has no severities, so ERROR is assumed there; it keeps one error per "
                "item, Data.gov one per fault found in a record."
            ),
            "On Data.gov a record that stays broken brings its errors again with every run.",
            _READ_WINDOW,
        ),
        statement=counting.errors_by_severity,
        in_period=True,
    ),
    Metric(
        key="datasets_by_state",
        title="Datasets by state",
        definition=(
            "Datasets and data services that records speak of: LIVE, ARCHIVED or DELETED by the "
            "portal's word, UNPUBLISHED if no run ever published them, NOT_LISTED if the last complete "
            "run no longer names them."
        ),
        unit="datasets",
        comparability=Comparability.PARTIAL,
        caveats=(
            (
                "Data.gov withdraws a dataset with a delete record; on data.gouv.fr it is archived, or "
                "is just no longer listed."
            ),
            (
                "Only datasets of runs whose records were read are known: on data.gouv.fr those of "
                "recent runs."
            ),
        ),
        statement=counting.datasets_by_state,
        in_period=False,
    ),
)
"""The metrics of `gateway report compare`, in the order in which they are shown."""
