"""``gateway status``: what the database holds, how fresh it is, how the last passes ended."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import typer

from gateway.cli.options import LOOK, AsJson, DataDir, Sandbox, examples

if TYPE_CHECKING:
    from gateway.config import Settings


STREAM = ("stream", "polled_at", "reconciled_at", "complete", "done", "expected", "note")
BREAKER = ("breaker_state", "breaker_since", "breaker_until", "breaker_reason")
BUDGET = ("limit", "remaining", "blocked_until", "updated_at")
WORK = ("next poll", "next reconcile", "worker", "since")
UPKEEP = ("kind", "next_at", "state", "began_at", "ended_at", "worker", "rows", "notice")
RUN = ("kind", "state", "baseline", "started_at", "ended_at", "requests", "notice")


def register(app: typer.Typer) -> None:
    """Add the command of this module to *app*."""
    app.command(
        "status",
        rich_help_panel=LOOK,
        epilog=examples("gateway status", "gateway status --sandbox", "gateway status --json"),
    )(status)


def status(*, data: DataDir = None, sandbox: Sandbox = None, as_json: AsJson = False) -> None:
    """Show what the database holds of each portal, how fresh it is, and how the last passes ended."""
    from gateway.cli import output
    from gateway.cli.calling import await_result
    from gateway.cli.opening import settings_for

    told = await_result(_status(settings_for(data=data, sandbox=sandbox)))
    if as_json:
        output.print_json(told)
    else:
        print_status(told)


async def _status(settings: Settings) -> dict[str, Any]:
    from gateway.cli.opening import open_gateway

    async with open_gateway(settings) as gateway:
        return await gateway.status()


def print_status(told: Mapping[str, Any]) -> None:
    """Print a table of each: the portals, their rows by presence, their budgets, streams and last passes."""
    from gateway.cli import output

    portals = told["portals"]
    print(f"Database  {told['database']}")
    columns = ["key", "title", "state", "sandbox", "wire", "quarantined", "held_deletions", "notice"]
    shown = [{**portal, "wire": _wire(portal["wire"])} for portal in portals]
    output.print_table("Portals", columns, [[portal[name] for name in columns] for portal in shown])
    output.print_table("Work", ["portal", *WORK], [_work(portal) for portal in portals])
    counts = [(portal["key"], *row) for portal in portals for row in portal["counts"].items()]
    words = sorted({word for _, _, by_presence in counts for word in by_presence})
    rows = [[key, type_, *(by_presence.get(word, 0) for word in words)] for key, type_, by_presence in counts]
    output.print_table("Rows", ["portal", "type", *(word.lower() for word in words)], rows)
    limited = [portal for portal in portals if portal["budget"] is not None]
    if limited:
        budgets = [[portal["key"], *map(portal["budget"].get, BUDGET)] for portal in limited]
        output.print_table("Requests an hour", ["portal", *BUDGET], budgets)
    alone = [portal for portal in portals if portal.get("breaker_state", "CLOSED") != "CLOSED"]
    if alone:
        breakers = [[portal["key"], *map(portal.get, BREAKER)] for portal in alone]
        output.print_table("Left alone", ["portal", "breaker", "since", "until", "reason"], breakers)
    output.print_table("Streams", ["portal", *STREAM], _inner(portals, "streams", STREAM))
    output.print_table("Last passes", ["portal", *RUN], _inner(portals, "runs", RUN))
    if upkeep := [_upkeep(each) for each in told.get("upkeep", ())]:
        output.print_table("Upkeep", UPKEEP, upkeep)


def _wire(noted: Mapping[str, Any]) -> str:
    """Return which of its adapter's wires a portal speaks, as its answers told; nothing before they did."""
    from gateway.ports import WIRE

    return str(noted.get(WIRE) or "")


def _work(portal: Mapping[str, Any]) -> list[Any]:
    """Return when a portal is read next at both speeds, and who is at work on it now."""
    work = portal["work"]
    due = [work["due"].get(kind, {}).get("at") for kind in ("POLL", "RECONCILE")]
    return [portal["key"], *due, work["worker"] or "nobody", work["since"]]


def _upkeep(kind: Mapping[str, Any]) -> list[Any]:
    """Return when a kind of upkeep is due next, how it went last, and how many rows that removed."""
    return [sum(kind["removed"].values()) if name == "rows" else kind[name] for name in UPKEEP]


def _inner(portals: Sequence[Mapping[str, Any]], name: str, columns: Sequence[str]) -> list[list[Any]]:
    return [[portal["key"], *map(inner.get, columns)] for portal in portals for inner in portal[name]]


def print_counts(told: Mapping[str, Any]) -> None:
    """Print the rows that the database holds, a line per portal."""
    for portal in told["portals"]:
        totals = {type_: sum(by_presence.values()) for type_, by_presence in portal["counts"].items()}
        words = ", ".join(f"{count:,} {plural(type_, count)}" for type_, count in totals.items() if count)
        mark = " (SANDBOX)" if portal["sandbox"] else ""
        print(f"{portal['key']}{mark}: {words or 'nothing yet'}")


def plural(type_: str, count: int) -> str:
    """Return an entity's name as it stands after *count*: HarvestJob is a job."""
    word = type_.removeprefix("Harvest").lower()
    return word if count == 1 else f"{word}s"
