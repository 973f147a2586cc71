"""``gateway quarantine``: elements that could not be read, shown and tried again."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gateway.cli.options import KEEP, AsJson, DataDir, PortalKeys, Sandbox, examples

if TYPE_CHECKING:
    from gateway.store.retrying import Retried

COLUMNS = (
    "id",
    "portal",
    "entity_type",
    "scope",
    "native_id",
    "position",
    "reason",
    "bytes",
    "sightings",
    "first_seen_at",
    "last_seen_at",
    "retriable",
)
MOST_SHOWN = 2_000
"""Bytes of an entry that are printed: `--raw` saves all of them."""


def register(app: typer.Typer) -> None:
    """Add the commands of this module to *app*."""
    group = typer.Typer(
        help="Look at elements that could not be read, and read them again.",
        rich_markup_mode="rich",
        no_args_is_help=True,
        epilog=examples("gateway quarantine list", "gateway quarantine retry --all"),
    )
    group.command(
        "list",
        epilog=examples("gateway quarantine list", "gateway quarantine list --portal data-gov --stream jobs"),
    )(list_)
    group.command(
        "show", epilog=examples("gateway quarantine show 7", "gateway quarantine show 7 --raw element.json")
    )(show)
    group.command("retry", epilog=examples("gateway quarantine retry 7 8", "gateway quarantine retry --all"))(
        retry
    )
    group.callback()(_group)
    app.add_typer(group, name="quarantine", rich_help_panel=KEEP)


def _group() -> None:
    """Look at elements that could not be read, and read them again."""


def list_(
    *,
    portal: PortalKeys = None,
    stream: Annotated[
        str | None, typer.Option("--stream", help="Stream: sources, jobs, records, ...", show_default=False)
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="Those that were released, too.")] = False,
    limit: Annotated[int, typer.Option("--limit", min=1, max=100_000, help="How many at most.")] = 100,
    data: DataDir = None,
    sandbox: Sandbox = None,
    as_json: AsJson = False,
) -> None:
    """List what lies in quarantine: why, where it stood, how large it is, when and how often it was seen."""
    from gateway.cli import output
    from gateway.cli.deciding import at_desk
    from gateway.cli.opening import known_portals, settings_for

    settings = settings_for(data=data, sandbox=sandbox)
    keys = known_portals(settings, portal)
    found = at_desk(settings, lambda desk: desk.entries(keys, stream, every=every, most=limit))
    if as_json:
        output.print_json(found)
        return
    output.print_table(
        "Quarantine", COLUMNS, [[_printable(each[name]) for name in COLUMNS] for each in found]
    )


def show(
    *,
    id_: Annotated[
        int, typer.Argument(metavar="ID", help="Its id, as the list shows it.", show_default=False)
    ],
    raw: Annotated[
        Path | None,
        typer.Option("--raw", help="Save all its bytes in this file, as they came.", show_default=False),
    ] = None,
    data: DataDir = None,
    sandbox: Sandbox = None,
    as_json: AsJson = False,
) -> None:
    """Show one entry with its bytes, escaped: nothing of it reaches the terminal as it is."""
    from gateway.cli import output
    from gateway.cli.deciding import at_desk
    from gateway.cli.opening import settings_for

    found = at_desk(settings_for(data=data, sandbox=sandbox), lambda desk: desk.entry(id_))
    body: bytes = found.pop("body")
    if raw is not None:
        raw.write_bytes(body)
        print(f"{len(body):,} bytes saved in {raw}.")
        return
    if as_json:
        output.print_json({**found, "body": escaped(body)})
        return
    told = [[name, _printable(value)] for name, value in found.items() if value is not None]
    output.print_table("", ("what", "value"), told)
    print(escaped(body[:MOST_SHOWN]))
    if len(body) > MOST_SHOWN:
        print(f"... and {len(body) - MOST_SHOWN:,} bytes more: --raw FILE saves all of them.")


def retry(
    *,
    ids: Annotated[
        list[int] | None,
        typer.Argument(metavar="[ID]...", help="Their ids, as the list shows them.", show_default=False),
    ] = None,
    portal: PortalKeys = None,
    every: Annotated[bool, typer.Option("--all", help="All that lies there, of all portals.")] = False,
    data: DataDir = None,
    sandbox: Sandbox = None,
    as_json: AsJson = False,
) -> None:
    """Read entries again with today's rules: what reads now is stored as if it had just arrived."""
    from dataclasses import asdict

    from gateway.cli import output
    from gateway.cli.deciding import COMMAND_LINE, at_desk
    from gateway.cli.opening import known_portals, settings_for
    from gateway.errors import UsageError

    if sum((bool(ids), bool(portal), every)) != 1:
        raise UsageError(
            "Say what is to be read again: ids, --portal or --all.",
            hint="`gateway quarantine list` shows what is there.",
        )
    settings = settings_for(data=data, sandbox=sandbox)
    keys = known_portals(settings, portal)
    told = at_desk(settings, lambda desk: desk.retry(COMMAND_LINE, ids or None, keys))
    if as_json:
        output.print_json(asdict(told))
    else:
        _say(told)


def _say(told: Retried) -> None:
    print(f"Read and stored: {_counted(told.read)}")
    print(f"Still cannot be read: {_counted(told.refused)}")
    if told.unreadable:
        print(
            f"No elements of their own, so that the next pass reads their lists anew: {_counted(told.unreadable)}"
        )


def _counted(ids: list[int]) -> str:
    shown = ", ".join(map(str, ids[:20]))
    return f"{len(ids):,}" + (f" ({shown}{', ...' if len(ids) > 20 else ''})" if ids else "")


def escaped(body: bytes) -> str:
    """Return *body* with escapes, as Python writes them, for all that does not print; line ends stay."""
    text = body.decode("utf-8", "backslashreplace")
    return "".join(
        each if each == "\n" or each.isprintable() else each.encode("unicode_escape").decode()
        for each in text
    )


def _printable(value: Any) -> Any:
    return escaped(value.encode()) if isinstance(value, str) else value
