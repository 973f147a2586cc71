"""``gateway status``: what the database holds, how fresh it is, how the last passes ended."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import typer

from gateway.cli.options import LOOK, AsJson, DataDir, Sandbox, examples

if TYPE_CHECKING:
    from gateway.config import Settings


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
        output.print_tree("Gateway", told)


async def _status(settings: Settings) -> dict[str, Any]:
    from gateway.cli.opening import open_gateway

    async with open_gateway(settings) as gateway:
        return await gateway.status()


def print_counts(told: Mapping[str, Any]) -> None:
    """Print the rows that the database holds, a line per portal."""
    for portal in told.get("portals", ()):
        counts = ", ".join(f"{count:,} {name}" for name, count in portal.get("counts", {}).items())
        mark = " SANDBOX" if portal.get("sandbox") else ""
        print(f"{portal['key']}{mark}: {counts or 'nothing yet'}")
