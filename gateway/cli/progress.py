"""How a sync is watched: bars on a terminal, plain lines elsewhere, and the summary at its end."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress
    from rich.progress import TaskID

    from gateway.sync.progress import Progress, RunSummary

PAUSE = 2.0
"""Seconds between two plain lines on the same stream."""

FIGURES = ("fetched", "new", "changed", "gone", "quarantined", "requests", "seconds")


class Lines:
    """Watches in plain lines, at most one per stream and pause."""

    def __init__(self, say: Callable[[str], None], clock: Callable[[], float] = time.monotonic) -> None:
        self._say = say
        self._clock = clock
        self._told: dict[tuple[str, str], float] = {}

    def started(self, portal: str, kind: str, baseline: bool) -> None:
        """Say that a pass begins."""
        self._told.clear()
        self._say(f"{portal}: {pass_words(kind, baseline)} begins")

    def advanced(self, portal: str, stream: str, done: int, expected: int | None) -> None:
        """Say how far a stream is, if that was not said just now."""
        now = self._clock()
        if now - self._told.get((portal, stream), -PAUSE) < PAUSE:
            return
        self._told[portal, stream] = now
        of = f" of {expected:,}" if expected else ""
        self._say(f"{portal}: {stream}: {done:,}{of}")

    def ended(self, summary: RunSummary) -> None:
        """Say how a pass ended."""
        self._say(sentence(summary))

    def waits(self, portal: str, reason: str, seconds: float) -> None:
        """Say who else is at work on the portal."""
        self._say(waiting_words(portal, reason, seconds))


class Bars:
    """Watches with a bar per stream, on a terminal."""

    def __init__(self, drawing: RichProgress) -> None:
        self._drawing = drawing
        self._bars: dict[tuple[str, str], TaskID] = {}

    def started(self, portal: str, kind: str, baseline: bool) -> None:
        """Begin with no bars for this portal."""
        self._remove(portal)
        self._drawing.console.print(f"{portal}: {pass_words(kind, baseline)} begins")

    def advanced(self, portal: str, stream: str, done: int, expected: int | None) -> None:
        """Move the stream's bar; without *expected* it pulses."""
        name = (portal, stream)
        if name not in self._bars:
            self._complete(portal)
            self._bars[name] = self._drawing.add_task(f"{portal}: {stream}", total=None)
        total = max(expected, done) if expected else None
        self._drawing.update(self._bars[name], completed=done, total=total)

    def ended(self, summary: RunSummary) -> None:
        """Replace the portal's bars by a sentence."""
        self._remove(summary.portal)
        self._drawing.console.print(sentence(summary))

    def waits(self, portal: str, reason: str, seconds: float) -> None:
        """Print who else is at work on the portal."""
        self._drawing.console.print(waiting_words(portal, reason, seconds))

    def _complete(self, portal: str) -> None:
        """Fill the portal's bars: its streams come one after the other."""
        for name, bar in self._bars.items():
            if name[0] == portal:
                done = self._drawing.tasks[self._drawing.task_ids.index(bar)].completed
                self._drawing.update(bar, total=done or 1, completed=done or 1)

    def _remove(self, portal: str) -> None:
        for name in [name for name in self._bars if name[0] == portal]:
            self._drawing.remove_task(self._bars.pop(name))


@contextmanager
def watching(*, quiet: bool = False) -> Iterator[Progress]:
    """Yield what fits where stderr goes: bars on a terminal, lines elsewhere; when *quiet* only who is waited for."""
    if quiet:
        from gateway.sync.progress import Silent

        class Quiet(Silent):
            def waits(self, portal: str, reason: str, seconds: float) -> None:
                say_waiting(portal, reason, seconds)

        yield Quiet()
        return
    if not sys.stderr.isatty():
        yield Lines(_to_stderr)
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    console = Console(stderr=True, highlight=False)
    with Progress(*columns, console=console, transient=True, refresh_per_second=4) as drawing:
        yield Bars(drawing)


def _to_stderr(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def say_waiting(portal: str, reason: str, seconds: float) -> None:
    """Say on stderr who else is at work on a portal."""
    _to_stderr(waiting_words(portal, reason, seconds))


def waiting_words(portal: str, reason: str, seconds: float) -> str:
    """Return one line on somebody else who is at work on a portal; *seconds*: how long that is waited for."""
    what = f"Waiting for {seconds:,.0f} s at most." if seconds else "The portal is left to it."
    return f"{portal}: {reason} {what}"


def pass_words(kind: str, baseline: bool) -> str:
    """Return what a pass is called: the first load of a portal is one whatever its kind."""
    return (
        "first load" if baseline else {"POLL": "poll", "RECONCILE": "full reconcile"}.get(kind, kind.lower())
    )


def sentence(summary: RunSummary) -> str:
    """Return one line on how a pass ended."""
    tallies = summary.streams.values()
    fetched = sum(tally.fetched for tally in tallies)
    new = sum(tally.new for tally in tallies)
    changed = sum(tally.changed for tally in tallies)
    words = (
        f"{summary.portal}: {pass_words(summary.kind, summary.baseline)} {summary.state.lower()}: "
        f"{fetched:,} fetched, {new:,} new, {changed:,} changed, {summary.requests:,} requests, "
        f"{summary.seconds:.1f} s"
    )
    return f"{words}. {summary.notice}" if summary.notice else words


def summary_rows(summaries: Sequence[RunSummary]) -> list[list[Any]]:
    """Return a row per portal and stream: portal, stream, then the figures of the issue's table."""
    return [
        [summary.portal, stream, *(getattr(tally, figure) for figure in FIGURES)]
        for summary in summaries
        for stream, tally in summary.streams.items()
    ]


def print_summary(summaries: Sequence[RunSummary]) -> None:
    """Print the table per stream and a notice per portal that has one."""
    from gateway.cli import output

    rows = summary_rows(summaries)
    if rows:
        output.print_table("", ["portal", "stream", *FIGURES], rows)
    for summary in summaries:
        if summary.notice:
            print(f"{summary.portal}: {summary.notice}")


def as_json(summaries: Sequence[RunSummary]) -> list[dict[str, Any]]:
    """Return the summaries as plain values."""
    return [asdict(summary) for summary in summaries]
