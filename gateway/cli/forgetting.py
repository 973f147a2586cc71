"""``gateway forget``: blanking what is stored of a person who asked for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from gateway.cli.options import KEEP, AsJson, DataDir, Sandbox, examples

if TYPE_CHECKING:
    from gateway.compose.deciding import Desk

KINDS = ("persons", "documents", "quarantine", "payloads", "history", "events")
KEEPS = (
    "Fingerprints, native ids and links stay: an unchanged pass brings nothing back; what changes arrives blanked.\n"
    "Not blanked: names in free texts (descriptions, comments), what backups and other systems hold, the portal."
)


def register(app: typer.Typer) -> None:
    """Add the command of this module to *app*."""
    app.command(
        "forget",
        rich_help_panel=KEEP,
        epilog=examples(
            "gateway forget data-gouv-fr/534fff8ba3a7292c64a77f02", "gateway forget someone@example.org --yes"
        ),
    )(forget)


def forget(
    *,
    person: Annotated[
        str,
        typer.Argument(
            metavar="PERSON", help="PORTAL/NATIVE_ID of a person, or an e-mail address.", show_default=False
        ),
    ],
    sure: Annotated[bool, typer.Option("--yes", help="Do it: it cannot be undone.")] = False,
    data: DataDir = None,
    sandbox: Sandbox = None,
    as_json: AsJson = False,
) -> None:
    """Blank what is stored of a person, and what arrives of them from now on; without --yes, show how much that is."""
    from gateway.cli import output
    from gateway.cli.deciding import COMMAND_LINE, at_desk
    from gateway.cli.opening import settings_for

    settings = settings_for(data=data, sandbox=sandbox)

    async def work(desk: Desk) -> tuple[dict[str, dict[str, int]], dict[str, dict[str, Any]]]:
        told = await (desk.forget(person, COMMAND_LINE) if sure else desk.spoken_of(person))
        return told, await desk.forgotten(person)

    told, noted = at_desk(settings, work)
    if as_json:
        output.print_json({"done": sure, "portals": told, "forgotten": noted})
        return
    title = "Blanked" if sure else "Would be blanked"
    output.print_table(
        title, ("portal", *KINDS), [[key, *map(rows.get, KINDS)] for key, rows in told.items()]
    )
    for key, each in noted.items():
        print(f"{key}: forgotten since {each['at']:%Y-%m-%d}, as said by {each['by'] or 'somebody'}.")
    print(KEEPS if sure else f"{KEEPS}\nNothing was changed: --yes does it.")
