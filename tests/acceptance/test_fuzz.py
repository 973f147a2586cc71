"""The fuzzer itself: what it would report, that its dice are loaded the same way twice, and a short round of it."""

from __future__ import annotations

import pytest
from acceptance.fuzz import fuzzed
from acceptance.fuzzing.dice import Dice
from acceptance.fuzzing.documents import Documents
from acceptance.fuzzing.exchange import Exchange, Reply
from acceptance.fuzzing.judging import faults
from acceptance.fuzzing.requests import Requests
from acceptance.fuzzing.sending import Case, asked

from harvest_graphql.schema import core

CASE = asked("a document", "{ portals { key } }")
GOOD = b'{"data":{"harvestErrors":[{"nativeType":"ValidationError","message":"The line is 5, in short"}]}}'


def exchange(*bodies: bytes, status: int = 200, head: str = "HTTP/1.1 200 OK", cpu: float = 0.01) -> Exchange:
    return Exchange(tuple(Reply(status, head, body) for body in bodies), b"", cpu, cpu)


@pytest.mark.parametrize(
    ("done", "found"),
    [
        (exchange(GOOD), []),
        (exchange(), ["unanswered"]),
        (exchange(b"", status=500), ["5xx"]),
        (exchange(b'{"errors":[{"extensions":{"code":"INTERNAL"}}]}'), ["5xx"]),
        (exchange(GOOD, cpu=0.3), ["over_250ms"]),
        (exchange(b"Cannot query 'x'. Did you mean 'y'?"), ["leaks"]),
        (exchange(b"SELECT convert_to(x, 'UTF8') AS answer FROM portal"), ["leaks"]),
        (exchange(b"postgresql://ada@db/harvests"), ["leaks"]),
        (exchange(b'File "/usr/lib/x.py", line 5, in read'), ["leaks"]),
        (exchange(b"ValueError: no"), ["leaks"]),
        (exchange(b"UndefinedColumnError"), ["leaks"]),
        (exchange(GOOD, head="HTTP/1.1 200 OK\r\nServer: Python/3.11 aiohttp/3.14.5"), ["leaks"]),
        (exchange(GOOD, b"/home/ada/secret", status=502), ["5xx", "5xx", "leaks"]),
    ],
    ids=range(13),
)
def test_what_it_would_report(done: Exchange, found: list[str]) -> None:
    assert [name for name, _ in faults(CASE, done)] == found


def test_who_breaks_off_may_go_without_an_answer() -> None:
    assert not list(faults(Case("broken off", b"POST", broken=True), exchange()))


def test_the_same_seed_writes_the_same_cases() -> None:
    rounds = []
    for _ in range(2):
        dice = Dice(7)
        requests = Requests(Documents(core(), dice), dice)
        rounds.append([requests.case() for _ in range(200)])
    assert rounds[0] == rounds[1]
    assert len({case.name for case in rounds[0]}) > 30


def test_a_short_round_finds_nothing() -> None:
    """CPU is left to the long round: a machine that runs tests beside it is no measure."""
    verdict = fuzzed(150, seed=11)
    assert verdict.counts["cases"] == 150
    assert [words for words in verdict.found if not words.startswith("over_250ms")] == []
