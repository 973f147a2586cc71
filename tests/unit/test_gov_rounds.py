"""Which of Data.gov's sources a pass in the documented dialect asks for their jobs."""

from __future__ import annotations

from adapters.data_gov.rounds import NOTE, Round

SOURCES = frozenset("cabd")


def test_sources_never_read_come_first() -> None:
    assert Round({}).order(SOURCES, frozenset("ab"), loading=False, full=False) == ["c", "d", "a", "b"]


def test_a_first_load_reads_no_source_twice() -> None:
    assert Round({}).order(SOURCES, frozenset("ab"), loading=True, full=True) == ["c", "d"]


def test_a_poll_goes_on_behind_the_last_source_that_was_read() -> None:
    turn = Round({})
    for source in "ab":
        turn.passed(source, SOURCES)
    assert turn.noted == {NOTE: "b"}
    assert Round(turn.noted).order(SOURCES, SOURCES, loading=False, full=False) == ["c", "d"]
    assert Round(turn.noted).order(SOURCES, frozenset("abd"), loading=False, full=False) == ["c", "d"]
    assert Round(turn.noted).order(SOURCES, SOURCES, loading=False, full=True) == ["a", "b", "c", "d"]


def test_a_turn_that_is_over_begins_anew() -> None:
    turn = Round({NOTE: "c"})
    turn.finish()
    assert turn.noted == {}
    assert turn.order(SOURCES, SOURCES, loading=False, full=False) == ["a", "b", "c", "d"]


def test_what_is_read_for_the_first_time_moves_no_turn() -> None:
    turn = Round({NOTE: "a"})
    turn.passed("d", frozenset("abc"))
    assert turn.noted == {NOTE: "a"}


def test_a_note_that_is_none_is_not_minded() -> None:
    assert Round({NOTE: 7}).noted == {}
