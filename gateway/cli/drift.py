"""``gateway drift``: what the portals send that the gateway does not know."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gateway.cli.options import LOOK, AsJson, DataDir, PortalKeys, Sandbox, examples

if TYPE_CHECKING:
    from gateway.config import Settings

COLUMNS = (
    "portal",
    "entity_type",
    "pointer",
    "kind",
    "word",
    "count",
    "native_id",
    "first_seen_at",
    "last_seen_at",
)
DAYS = ["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"]


def register(app: typer.Typer) -> None:
    """Add the command of this module to *app*."""
    app.command(
        "drift",
        rich_help_panel=LOOK,
        epilog=examples("gateway drift", "gateway drift --portal data-gov --since 2026-11-22"),
    )(drift)


def drift(
    *,
    portal: PortalKeys = None,
    since: Annotated[
        datetime | None,
        typer.Option(
            "--since", formats=DAYS, help="Only what was new then or later (UTC).", show_default=False
        ),
    ] = None,
    data: DataDir = None,
    sandbox: Sandbox = None,
    as_json: AsJson = False,
) -> None:
    """Show unknown fields, types and words of the portals' answers: where, how often, since when."""
    from datetime import UTC

    from gateway.cli import output
    from gateway.cli.calling import await_result
    from gateway.cli.opening import known_portals, settings_for

    settings = settings_for(data=data, sandbox=sandbox)
    keys = known_portals(settings, portal)
    from_then = None if since is None else since.replace(tzinfo=UTC)
    found = await_result(_listed(settings, keys, from_then))
    if as_json:
        output.print_json(found)
    else:
        output.print_table("Drift", COLUMNS, [[one[name] for name in COLUMNS] for one in found])


async def _listed(
    settings: Settings, keys: Sequence[str] | None, since: datetime | None
) -> list[dict[str, Any]]:
    from gateway.cli.opening import open_gateway

    async with open_gateway(settings) as gateway:
        return await gateway.drift(keys, since)
