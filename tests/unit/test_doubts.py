"""What users are told of lists that a pass could not prove complete."""

from __future__ import annotations

from gateway.model.enums import EntityType
from gateway.ports import End, Scope
from gateway.sync.reading import Stream, doubtful


def stream(name: str, *ends: tuple[str, End]) -> Stream:
    made = Stream(name, baseline=False, read_before=frozenset(), cursors={}, requests_before=0)
    for key, end in ends:
        made.conclude(Scope(name, EntityType.HARVEST_JOB, key), end)
    return made


REFUSED = End(proved=False, reason="the portal refuses it")


def test_nothing_is_told_where_all_is_proved() -> None:
    assert doubtful([stream("sources", ("", End(proved=True))), stream("jobs")]) is None


def test_the_first_list_is_told_and_how_many_there_are() -> None:
    sources = stream("sources", ("", REFUSED))
    assert doubtful([sources]) == "Not proved complete: sources: the portal refuses it."
    jobs = stream("jobs", ("a", End(proved=True)), ("b", REFUSED), ("c", REFUSED))
    assert doubtful([jobs]) == "Not proved complete: jobs of b: the portal refuses it (and 1 more)."
    assert doubtful([stream("backends"), jobs, sources]) == (
        "Not proved complete: jobs of b: the portal refuses it (and 2 more)."
    )
