"""``gateway prune``: removes what is older than the retentions say."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gateway.cli.options import KEEP, AsJson, DataDir, Sandbox, examples

if TYPE_CHECKING:
    from gateway.config import Settings

COLUMNS = ("what", "days", "rows")


def register(app: typer.Typer) -> None:
    """Add the command of this module to *app*."""
    app.command(
        "prune",
        rich_help_panel=KEEP,
        epilog=examples(
            "gateway prune --dry-run",
            "GATEWAY_RETENTION__EVENTS_DAYS=90 gateway prune",
            "gateway prune --json",
        ),
    )(prune)


def prune(
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only count: show what would go, and remove nothing.")
    ] = False,
    data: DataDir = None,
    sandbox: Sandbox = None,
    as_json: AsJson = False,
) -> None:
    """Remove rows that no answer about now needs once they are older than GATEWAY_RETENTION__... says.

    It goes in transactions of at most 10,000 rows beside running passes, and can be stopped and begun again at any
    time.
    """
    from gateway.cli import output
    from gateway.cli.calling import await_result
    from gateway.cli.opening import settings_for

    settings = settings_for(data=data, sandbox=sandbox)
    rows = await_result(_prune(settings, dry_run=dry_run))
    kept = settings.retention.model_dump()
    found: list[dict[str, Any]] = [
        {"what": name.removesuffix("_days"), "days": days, "rows": rows.get(name.removesuffix("_days"), 0)}
        for name, days in kept.items()
    ]
    if as_json:
        output.print_json({"dry_run": dry_run, "removed": found})
        return
    title = "These rows would go" if dry_run else "Removed"
    shown = [[each["what"], each["days"] or "for ever", each["rows"]] for each in found]
    output.print_table(title, COLUMNS, shown)


async def _prune(settings: Settings, *, dry_run: bool) -> dict[str, int]:
    from gateway.cli.opening import open_gateway
    from gateway.compose.pruning import prune as pruned

    async with open_gateway(settings) as gateway:
        return await pruned(gateway, _say if sys.stderr.isatty() else _keep_still, dry_run=dry_run)


def _say(name: str, gone: int) -> None:
    typer.echo(f"{name}: {gone:,} rows", err=True)


def _keep_still(name: str, gone: int) -> None:
    del name, gone
