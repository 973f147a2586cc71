from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

from gateway.fetch.line import Line

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
LATER = NOON + timedelta(minutes=4)
HALF = timedelta(seconds=0.5)


def line_of(*names: str) -> Line:
    line = Line()
    for name in names:
        line.join(name, LATER)
    return line


def test_who_comes_first_is_first() -> None:
    line = line_of("a", "b", "c")
    assert [line.place(name) for name in ("a", "b", "c", "d")] == [0, 1, 2, None]
    assert line.join("b", LATER + HALF) == 1
    assert line.tickets[1].until == LATER + HALF
    assert line.join("b", NOON) == 1
    assert line.tickets[1].until == LATER + HALF


def test_who_leaves_lets_the_others_move_up() -> None:
    line = line_of("a", "b", "c")
    assert line.leave("a")
    assert not line.leave("a")
    assert line.place("c") == 1
    assert line.join("a", LATER) == 2


def test_the_dead_and_those_whose_term_is_over_are_taken_out() -> None:
    line = line_of("a", "b")
    line.join("c", NOON)
    line.drop(NOON, lambda name: name == "a")
    assert [ticket.name for ticket in line.tickets] == ["b"]


def test_requests_start_apart() -> None:
    line = Line()
    assert line.start(NOON, HALF) == NOON
    assert line.start(NOON, HALF) == NOON + HALF
    assert line.start(NOON, HALF, 4) == NOON + 2 * HALF
    assert line.start(NOON, HALF) == NOON + 6 * HALF
    assert line.start(LATER, HALF) == LATER


def test_a_pause_moves_the_next_start_and_never_forward() -> None:
    line = Line()
    line.pause(NOON, 7)
    line.pause(NOON, 3)
    assert line.start(NOON, HALF) == NOON + timedelta(seconds=7)


def test_a_line_is_kept_as_json() -> None:
    line = line_of("a", "b")
    line.start(NOON, HALF)
    assert Line.from_json(json.loads(json.dumps(line.to_json()))) == line
    assert Line.from_json({"tickets": 7}) == Line()
