"""``gateway deletions``: what passes found missing and did not dare to bury."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gateway.cli.options import KEEP, AsJson, DataDir, PortalKeys, Sandbox, examples

if TYPE_CHECKING:
    from gateway.compose.deciding import Decided, Desk
    from gateway.config import Settings

COLUMNS = (
    "id",
    "portal",
    "entity_type",
    "scope",
    "rows",
    "members",
    "held_at",
    "run_kind",
    "decision",
    "decided_by",
)
Ids = Annotated[
    list[int] | None,
    typer.Argument(metavar="[ID]...", help="Their ids, as the list shows them.", show_default=False),
]


def register(app: typer.Typer) -> None:
    """Add the commands of this module to *app*."""
    group = typer.Typer(
        help="Look at what passes found missing, above the cap, and decide.",
        rich_markup_mode="rich",
        no_args_is_help=True,
        epilog=examples("gateway deletions list", "gateway deletions approve 3"),
    )
    group.command("list", epilog=examples("gateway deletions list", "gateway deletions list --all --json"))(
        list_
    )
    group.command("show", epilog=examples("gateway deletions show 3"))(show)
    group.command(
        "approve",
        epilog=examples("gateway deletions approve 3 4", "gateway deletions approve --portal data-gov"),
    )(approve)
    group.command(
        "reject", epilog=examples("gateway deletions reject 3", "gateway deletions reject --portal data-gov")
    )(reject)
    group.callback()(_group)
    app.add_typer(group, name="deletions", rich_help_panel=KEEP)


def _group() -> None:
    """Look at what passes found missing, above the cap, and decide."""


def list_(
    *,
    portal: PortalKeys = None,
    every: Annotated[bool, typer.Option("--all", help="Those that were decided, too.")] = False,
    data: DataDir = None,
    sandbox: Sandbox = None,
    as_json: AsJson = False,
) -> None:
    """List the deletions that wait: how many rows of which list, since when, and which pass missed them."""
    from gateway.cli import output
    from gateway.cli.deciding import at_desk
    from gateway.cli.opening import known_portals, settings_for

    settings = settings_for(data=data, sandbox=sandbox)
    keys = known_portals(settings, portal)
    found = at_desk(settings, lambda desk: desk.deletions(keys, every=every))
    if as_json:
        output.print_json(found)
        return
    output.print_table("Held deletions", COLUMNS, [[each[name] for name in COLUMNS] for each in found])


def show(
    *,
    id_: Annotated[
        int, typer.Argument(metavar="ID", help="Its id, as the list shows it.", show_default=False)
    ],
    data: DataDir = None,
    sandbox: Sandbox = None,
    as_json: AsJson = False,
) -> None:
    """Show one held deletion with examples of the rows that would go."""
    from gateway.cli import output
    from gateway.cli.deciding import at_desk
    from gateway.cli.opening import settings_for

    found = at_desk(settings_for(data=data, sandbox=sandbox), lambda desk: desk.deletion(id_))
    if as_json:
        output.print_json(found)
        return
    rows = found.pop("examples")
    output.print_table(
        "", ("what", "value"), [[name, value] for name, value in found.items() if value is not None]
    )
    output.print_table(
        "For example", list(rows[0]) if rows else ["row"], [list(row.values()) for row in rows]
    )


def approve(
    *,
    ids: Ids = None,
    portal: PortalKeys = None,
    data: DataDir = None,
    sandbox: Sandbox = None,
    as_json: AsJson = False,
) -> None:
    """Let the rows go: they are GONE, with what falls with them; rows that came back meanwhile are left alone."""
    _decide(_settings(data, sandbox), "approve", ids, portal, as_json=as_json)


def reject(
    *,
    ids: Ids = None,
    portal: PortalKeys = None,
    data: DataDir = None,
    sandbox: Sandbox = None,
    as_json: AsJson = False,
) -> None:
    """Keep the rows: they are not held again as long as passes find the very same rows missing."""
    _decide(_settings(data, sandbox), "reject", ids, portal, as_json=as_json)


def _settings(data: Any, sandbox: bool | None) -> Settings:
    from gateway.cli.opening import settings_for

    return settings_for(data=data, sandbox=sandbox)


def _decide(
    settings: Settings, word: str, ids: list[int] | None, portal: list[str] | None, *, as_json: bool
) -> None:
    from gateway.cli import output
    from gateway.cli.deciding import COMMAND_LINE, at_desk
    from gateway.cli.opening import known_portals
    from gateway.errors import UsageError

    if bool(ids) == bool(portal):
        raise UsageError(
            "Say which deletions: their ids, or those of a portal.",
            hint="`gateway deletions list` shows what waits.",
        )
    keys = known_portals(settings, portal)

    async def work(desk: Desk) -> Sequence[Decided]:
        wanted = ids or [each["id"] for each in await desk.deletions(keys)]
        decide = desk.approve if word == "approve" else desk.reject
        return await decide(wanted, COMMAND_LINE)

    decided = at_desk(settings, work)
    if as_json:
        from dataclasses import asdict

        output.print_json([asdict(each) for each in decided])
        return
    for each in decided:
        gone = f": {each.gone:,} rows are gone" if word == "approve" else ": its rows stay"
        print(f"{each.portal}: the deletion {each.id} is {each.decision.lower()}{gone}.")
    if not decided:
        print("No deletion waits there.")
