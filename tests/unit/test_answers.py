"""Which answers are kept, how many, how long; and who waits for whom."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from harvest_graphql.answers import Answers, Question
from harvest_graphql.envelope import Answer, Data
from harvest_graphql.visibility import NOBODY, READ_PRIVATE

PRIVATE = frozenset({READ_PRIVATE})


class Told:
    """The versions that a listener would tell."""

    def __init__(self) -> None:
        self.version: int | None = 1
        self.connections = 1


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def answers(told: Told) -> Answers:
    return Answers(1_000_000, told)


def asked(answers: Answers, document: str = "{ a }", **variables: Any) -> Question:
    question = answers.question(document, None, variables, NOBODY)
    assert question is not None
    return question


def data(text: str = "{}") -> Data:
    return Data(text.encode(), 1, ())


def saying(answer: Data) -> Callable[[], Awaitable[Answer]]:
    async def run() -> Answer:
        return Answer(b"...", held=answer)

    return run


async def test_what_was_answered_is_found_until_the_version_moves(answers: Answers, told: Told) -> None:
    assert answers.find(asked(answers)) is None
    kept = data()
    await answers.share(asked(answers), saying(kept))
    assert answers.find(asked(answers)) is kept
    assert (answers.hits, answers.misses, len(answers)) == (1, 1, 1)
    told.version = 2
    assert answers.find(asked(answers)) is None
    assert (len(answers), answers.bytes) == (0, 0)


async def test_the_same_version_of_another_connection_is_another(answers: Answers, told: Told) -> None:
    await answers.share(asked(answers), saying(data()))
    told.connections = 2
    assert answers.find(asked(answers)) is None


async def test_nothing_is_kept_while_nothing_is_heard(answers: Answers, told: Told) -> None:
    before = asked(answers)
    told.version = None
    assert answers.question("{ a }", None, {}, NOBODY) is None
    await answers.share(before, saying(data()))
    assert len(answers) == 0
    assert not answers.hears
    assert Answers(0, Told()).question("{ a }", None, {}, NOBODY) is None
    assert Answers(1000, None).question("{ a }", None, {}, NOBODY) is None


async def test_what_may_be_older_than_what_is_known_is_not_kept(answers: Answers, told: Told) -> None:
    question = asked(answers)

    async def run() -> Answer:
        told.version = 2  # a commit that its statements did not see
        return Answer(b"...", held=data())

    await answers.share(question, run)
    assert answers.find(asked(answers)) is None


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ({"a": 1, "b": {"c": 2, "d": 3}}, {"b": {"d": 3, "c": 2}, "a": 1}, True),
        ({"a": [1, 2]}, {"a": [2, 1]}, False),
        ({"a": 1}, {"a": True}, False),
        ({"a": 1}, {"a": 1.0}, False),
        ({"a": None}, {}, False),
        ({"a": "1"}, {"a": 1}, False),
        ({"a": "é"}, {"a": "e\u0301"}, False),
    ],
)
def test_variables_are_the_same_in_any_order(answers: Answers, one: Any, other: Any, same: bool) -> None:
    assert (asked(answers, **one) == asked(answers, **other)) is same


@pytest.mark.parametrize("value", ["\ud800", object(), {1: object()}])
def test_what_cannot_be_written_down_is_no_question(answers: Answers, value: Any) -> None:
    assert answers.question("{ a }", None, {"a": value}, NOBODY) is None


def test_operations_and_scopes_are_told_apart(answers: Answers) -> None:
    questions = {
        answers.question("{ a }", None, {}, NOBODY),
        answers.question("{ a }", "A", {}, NOBODY),
        answers.question("{ b }", None, {}, NOBODY),
        answers.question("{ a }", None, {}, PRIVATE),
    }
    assert len(questions) == 4
    assert answers.question("{ a }", None, {}, frozenset({"sync"})) in questions


async def test_the_room_is_bounded_and_what_is_asked_for_stays(told: Told) -> None:
    answers = Answers(100_000, told)
    for number in range(100):
        await answers.share(asked(answers, n=number), saying(data("x" * 4000)))
        assert answers.find(asked(answers, n=0)) is not None
        assert answers.bytes <= 100_000
    assert 10 < len(answers) < 20
    assert answers.find(asked(answers, n=1)) is None
    assert answers.find(asked(answers, n=99)) is not None


async def test_an_answer_that_takes_too_much_room_is_not_kept(told: Told) -> None:
    answers = Answers(100_000, told)
    await answers.share(asked(answers), saying(data("x" * 6000)))
    assert len(answers) == 0


async def test_an_answer_with_errors_is_not_kept(answers: Answers) -> None:
    async def run() -> Answer:
        return Answer(b"...", code="TIMEOUT")

    await answers.share(asked(answers), run)
    assert len(answers) == 0


class Slow:
    """Answers when it is let, and counts how often it is asked."""

    def __init__(self) -> None:
        self.begun = 0
        self.go = asyncio.Event()

    async def __call__(self) -> Answer:
        self.begun += 1
        await self.go.wait()
        return Answer(b"...", held=data(str(self.begun)))


def together(answers: Answers, run: Slow, many: int) -> list[asyncio.Task[Answer]]:
    return [asyncio.create_task(answers.share(asked(answers), run)) for _ in range(many)]


async def turns() -> None:
    """Let every task get on as far as it can."""
    for _ in range(10):
        await asyncio.sleep(0)


async def test_one_runs_and_the_others_wait(answers: Answers) -> None:
    run = Slow()
    tasks = together(answers, run, 20)
    await turns()
    run.go.set()
    assert len({id(answer) for answer in await asyncio.gather(*tasks)}) == 1
    assert run.begun == 1
    assert len(answers) == 1


async def test_where_the_one_is_cancelled_another_runs(answers: Answers) -> None:
    run = Slow()
    first, *others = together(answers, run, 5)
    await turns()
    first.cancel()
    await turns()
    assert run.begun == 2
    run.go.set()
    assert {answer.data for answer in await asyncio.gather(*others)} == {b"2"}
    with pytest.raises(asyncio.CancelledError):
        await first


async def test_who_waits_can_be_cancelled_alone(answers: Answers) -> None:
    run = Slow()
    tasks = together(answers, run, 3)
    await turns()
    tasks[1].cancel()
    await turns()
    run.go.set()
    assert {(await tasks[0]).data, (await tasks[2]).data} == {b"1"}
    assert tasks[1].cancelled()


async def test_where_all_are_cancelled_nothing_goes_on(answers: Answers) -> None:
    run = Slow()
    tasks = together(answers, run, 3)
    await turns()
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert run.begun == 1
    run.go.set()
    assert (await answers.share(asked(answers), run)).data == b"2"


async def test_where_the_one_fails_each_finds_out_for_itself(answers: Answers) -> None:
    async def fail() -> Answer:
        await asyncio.sleep(0)
        raise RuntimeError

    tasks = [asyncio.create_task(answers.share(asked(answers), fail)) for _ in range(3)]
    found = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(each) for each in found] == [RuntimeError] * 3


async def test_who_knows_of_a_newer_commit_does_not_wait_for_an_older_answer(
    answers: Answers, told: Told
) -> None:
    run = Slow()
    (old,) = together(answers, run, 1)
    await turns()
    told.version = 2
    (new,) = together(answers, run, 1)
    await turns()
    assert run.begun == 2
    run.go.set()
    assert (await old).data == (await new).data == b"2"


def test_the_tag_is_of_the_data() -> None:
    assert data("a").tag == data("a").tag != data("b").tag


SENT = b'{"query": "{ a }"}'


async def test_what_was_asked_is_recalled_by_its_bytes_until_the_version_moves(
    answers: Answers, told: Told
) -> None:
    kept = data()
    await answers.share(asked(answers), saying(kept), SENT)
    found = answers.recall(SENT)
    assert found is not None
    assert (found.data, found.key.document) == (kept, "{ a }")
    assert answers.recall(SENT + b" ") is None
    assert answers.hits == 0
    answers.count(found)
    assert answers.hits == 1
    for change in ({"version": 2}, {"version": None}, {"version": 1, "connections": 2}):
        told.__dict__.update(change)
        assert answers.recall(SENT) is None


async def test_what_is_found_is_recalled_from_then_on(answers: Answers) -> None:
    await answers.share(asked(answers), saying(data()))
    assert answers.recall(SENT) is None
    before = answers.bytes
    answers.find(asked(answers), SENT)
    assert answers.recall(SENT) is not None
    assert answers.bytes == before + len(SENT)
    answers.find(asked(answers), SENT + b" ")
    assert answers.recall(SENT + b" ") is None  # one of them is enough


async def test_what_is_private_is_never_recalled_by_its_bytes(answers: Answers) -> None:
    question = answers.question("{ a }", None, {}, PRIVATE)
    assert question is not None
    await answers.share(question, saying(data()), SENT)
    assert answers.find(question, SENT) is not None
    assert answers.recall(SENT) is None


async def test_what_makes_room_is_recalled_no_more(told: Told) -> None:
    answers = Answers(40_000, told)
    sent = [b'{"query": "{ a%d }"}' % number for number in range(100)]
    for number, each in enumerate(sent):
        await answers.share(asked(answers, f"{{ a{number} }}"), saying(data("x" * 500)), each)
    recalled = [each for each in sent if answers.recall(each) is not None]
    assert recalled == sent[-len(recalled) :]
    assert 0 < len(recalled) == len(answers) < 100
    assert answers.bytes <= 40_000
    for number, each in enumerate(sent):
        answers.find(asked(answers, f"{{ a{number} }}"), each)
    told.version = 2
    assert answers.find(asked(answers)) is None
    assert answers.bytes == 0


async def test_what_is_recalled_stays_longest(told: Told) -> None:
    answers = Answers(40_000, told)
    await answers.share(asked(answers), saying(data()), SENT)
    for number in range(100):
        found = answers.recall(SENT)
        assert found is not None
        answers.count(found)
        await answers.share(asked(answers, f"{{ a{number} }}"), saying(data("x" * 500)))
