"""How a sync is watched and summed up."""

from __future__ import annotations

import io

import pytest
from rich.console import Console
from rich.progress import Progress

from gateway.cli.progress import Bars, Lines, print_summary, sentence, summary_rows, watching
from gateway.cli.running import exit_code
from gateway.sync.progress import RunSummary, StreamTally

TALLY = StreamTally(fetched=1200, new=1000, changed=3, gone=2, quarantined=1, requests=12, seconds=3.5)


def summary(state: str = "DONE", *, baseline: bool = False, notice: str | None = None) -> RunSummary:
    return RunSummary("data-gov", "POLL", state, baseline, 12, 3.5, {"jobs": TALLY}, notice)


def test_lines_are_spared_but_first_and_last_are_said() -> None:
    said: list[str] = []
    now = [0.0]
    lines = Lines(said.append, clock=lambda: now[0])
    lines.started("data-gov", "RECONCILE", baseline=True)
    lines.advanced("data-gov", "jobs", 100, 600)
    lines.advanced("data-gov", "jobs", 200, 600)
    lines.advanced("data-gov", "records", 5, None)
    now[0] = 2.5
    lines.advanced("data-gov", "jobs", 300, 600)
    lines.ended(summary(baseline=True))
    assert said == [
        "data-gov: first load begins",
        "data-gov: jobs: 100 of 600",
        "data-gov: records: 5",
        "data-gov: jobs: 300 of 600",
        "data-gov: first load done: 1,200 fetched, 1,000 new, 3 changed, 12 requests, 3.5 s",
    ]


def test_who_is_waited_for_is_said_also_where_nothing_else_is(capsys: pytest.CaptureFixture[str]) -> None:
    held = "Another worker syncs this portal: there:1."
    with watching(quiet=True) as quiet:
        quiet.started("data-gov", "POLL", baseline=False)
        quiet.waits("data-gov", held, 600.0)
        quiet.waits("data-gov", held, 0.0)
    assert capsys.readouterr().err.splitlines() == [
        f"data-gov: {held} Waiting for 600 s at most.",
        f"data-gov: {held} The portal is left to it.",
    ]
    screen = io.StringIO()
    Bars(Progress(console=Console(file=screen, width=100))).waits("data-gov", held, 600.0)
    assert "Waiting for 600 s at most." in screen.getvalue()


def test_bars_come_and_go() -> None:
    screen = io.StringIO()
    drawing = Progress(console=Console(file=screen, width=100, force_terminal=False))
    bars = Bars(drawing)
    bars.started("data-gov", "POLL", baseline=False)
    bars.advanced("data-gov", "jobs", 3, 9)
    bars.advanced("data-gov", "jobs", 12, 9)
    bars.advanced("data-gouv-fr", "sources", 1, None)
    bars.advanced("data-gov", "records", 1, None)
    bars.advanced("data-gov", "jobs", 13, 15)
    assert [(t.description, t.completed, t.total) for t in drawing.tasks] == [
        ("data-gov: jobs", 13, 15),
        ("data-gouv-fr: sources", 1, None),
        ("data-gov: records", 1, None),
    ]
    bars.ended(summary())
    assert [task.description for task in drawing.tasks] == ["data-gouv-fr: sources"]
    assert "poll done" in screen.getvalue()


def test_a_notice_ends_the_sentence() -> None:
    assert sentence(summary("FAILED", notice="It does not answer.")).endswith("3.5 s. It does not answer.")


def test_the_table_has_the_figures_of_each_stream(capsys: pytest.CaptureFixture[str]) -> None:
    assert summary_rows([summary()]) == [["data-gov", "jobs", 1200, 1000, 3, 2, 1, 12, 3.5]]
    print_summary([summary(notice="Mind the gap.")])
    shown = capsys.readouterr().out
    assert "1,200" in shown
    assert "data-gov: Mind the gap." in shown


def test_a_failed_pass_is_the_portals_code_and_an_interrupted_one_130() -> None:
    assert exit_code([summary(), summary("INCOMPLETE")]) == 0
    assert exit_code([summary(), summary("FAILED")]) == 5
    assert exit_code([summary("FAILED"), summary("INTERRUPTED")]) == 130
