"""``gateway report``: what the gateway found out, on the terminal, as JSON or as a page."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.cli.options import LOOK, AsJson, DataDir, Sandbox, examples

if TYPE_CHECKING:
    from gateway.compare.measure import Comparison
    from gateway.config import Settings

DAYS = ["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"]


def register(app: typer.Typer) -> None:
    """Add the commands of this module to *app*."""
    group = typer.Typer(
        help="Write reports on what was harvested.",
        rich_markup_mode="rich",
        no_args_is_help=True,
        epilog=examples("gateway report compare"),
    )
    group.command(
        "compare",
        epilog=examples(
            "gateway report compare",
            "gateway report compare --html portals.html",
            "gateway report compare --since 2026-11-01 --json",
        ),
    )(compare)
    group.callback()(_group)
    app.add_typer(group, name="report", rich_help_panel=LOOK)


def _group() -> None:
    """Write reports on what was harvested."""


def compare(
    *,
    html: Annotated[
        Path | None,
        typer.Option("--html", help="Write a page that needs nothing else to this file.", show_default=False),
    ] = None,
    since: Annotated[
        datetime | None,
        typer.Option(
            "--since", formats=DAYS, help="Only runs created then or later (UTC).", show_default=False
        ),
    ] = None,
    until: Annotated[
        datetime | None,
        typer.Option(
            "--until", formats=DAYS, help="Only runs created before that (UTC).", show_default=False
        ),
    ] = None,
    data: DataDir = None,
    sandbox: Sandbox = None,
    as_json: AsJson = False,
) -> None:
    """Compare the portals: sources, runs, records, errors, each with n, definition and comparability."""
    import sys

    from gateway.cli.calling import await_result
    from gateway.cli.opening import settings_for
    from gateway.errors import UsageError
    from gateway.report import compare as report

    if as_json and html is not None:
        raise UsageError("--json and --html exclude each other.", hint="Run the command twice.")
    found = await_result(_compare(settings_for(data=data, sandbox=sandbox), _utc(since), _utc(until)))
    if as_json:
        sys.stdout.write(report.as_json(found).decode())
    elif html is not None:
        _write(html, report.as_html(found))
    else:
        sys.stdout.write(report.as_text(found))


def _utc(instant: datetime | None) -> datetime | None:
    from datetime import UTC

    return instant.replace(tzinfo=UTC) if instant is not None else None


async def _compare(settings: Settings, since: datetime | None, until: datetime | None) -> Comparison:
    from gateway.cli.opening import open_gateway

    async with open_gateway(settings) as gateway:
        return await gateway.compare(since, until)


def _write(file: Path, page: str) -> None:
    from gateway.errors import UsageError

    try:
        file.write_text(page, "utf-8")
    except OSError as error:
        raise UsageError(f"{file} cannot be written: {error.strerror}.", hint="Name another file.") from error
    print(f"Written to {file}")
