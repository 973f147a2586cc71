"""``gateway portals``: which portals there are, whether they are asked, and what is done with one as a whole."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from gateway.cli.options import LOOK, WAIT_SECONDS, AsJson, DataDir, Sandbox, Wait, examples

if TYPE_CHECKING:
    from gateway.compose import Gateway
    from gateway.config import Settings

Result = TypeVar("Result")
Key = Annotated[str, typer.Argument(help="The portal's key, as the list shows it.", show_default=False)]
COLUMNS = (
    "key",
    "title",
    "adapter",
    "base_url",
    "api_key",
    "wire",
    "breaker",
    "limit",
    "left",
    "next_allowed",
)
HEADINGS = (
    "key",
    "title",
    "adapter",
    "address",
    "key set",
    "wire",
    "breaker",
    "limit",
    "left",
    "next allowed",
)
REMOVED = ("table", "rows")


def register(app: typer.Typer) -> None:
    """Add the commands of this module to *app*."""
    group = typer.Typer(
        rich_markup_mode="rich",
        invoke_without_command=True,
        epilog=examples(
            "gateway portals", "gateway portals --json", "gateway portals reset-breaker data-gov"
        ),
    )
    group.callback()(portals)
    group.command(
        "reset-breaker",
        epilog=examples(
            "gateway portals reset-breaker data-gov", "gateway portals reset-breaker data-gov --json"
        ),
    )(reset_breaker)
    group.command(
        "forget",
        epilog=examples("gateway portals forget my-portal", "gateway portals forget my-portal --yes"),
    )(forget)
    app.add_typer(group, name="portals", rich_help_panel=LOOK)


def portals(
    context: typer.Context, *, data: DataDir = None, sandbox: Sandbox = None, as_json: AsJson = False
) -> None:
    """List the portals: adapter, address, wire, breaker, what is left of the limit, and when they may be asked next.

    What the database says is left out where there is no database yet.
    """
    if context.invoked_subcommand is not None:
        return
    from gateway.cli import output
    from gateway.cli.opening import settings_for

    settings = settings_for(data=data, sandbox=sandbox)
    rows = _rows(settings, _stored(settings))
    if as_json:
        output.print_json(rows)
        return
    shown = [{**row, "breaker": _breaker(row.get("breaker"))} for row in rows]
    output.print_table("Portals", HEADINGS, [[row.get(name) for name in COLUMNS] for row in shown])
    for row in rows:
        for note in _notes(row):
            print(f"{row['key']}: {note}")


def reset_breaker(
    *, key: Key, data: DataDir = None, sandbox: Sandbox = None, as_json: AsJson = False
) -> None:
    """Let a portal be asked again at once, though it failed again and again."""
    from gateway.cli import output
    from gateway.cli.opening import settings_for
    from gateway.compose import portals as office

    before = _with_gateway(
        settings_for(data=data, sandbox=sandbox), lambda gateway: office.reset_breaker(gateway, _key(key))
    )
    if as_json:
        output.print_json(before)
        return
    was = (
        "was closed already"
        if before["state"] == "CLOSED"
        else f"was open since {before['since']:%Y-%m-%d %H:%M:%S} UTC"
    )
    print(f"The breaker of {before['key']} is closed; it {was}.")


def forget(
    *,
    key: Key,
    yes: Annotated[bool, typer.Option("--yes", help="Do it; without it only show what would go.")] = False,
    wait: Wait = WAIT_SECONDS,
    data: DataDir = None,
    sandbox: Sandbox = None,
    as_json: AsJson = False,
) -> None:
    """Remove everything of a portal: its rows, documents, history, events and notes, and the portal itself.

    One that is still configured is read anew from its beginning. Stopped in the middle, it goes on when it is called
    again; until then the portal is not asked.
    """
    from gateway.cli import output
    from gateway.cli.opening import settings_for
    from gateway.cli.progress import say_waiting
    from gateway.compose import portals as office

    wanted = _key(key)

    async def work(gateway: Gateway) -> dict[str, int]:
        if not yes:
            return await office.forgettable(gateway, wanted)
        told = _say if sys.stderr.isatty() else _keep_still
        return await office.forget(gateway, wanted, told, patience=wait, waits=say_waiting)

    rows = _with_gateway(settings_for(data=data, sandbox=sandbox), work)
    if as_json:
        output.print_json({"key": wanted, "forgotten": yes, "rows": rows})
        return
    title = f"Removed of {wanted}" if yes else f"These rows of {wanted} would go; --yes removes them"
    output.print_table(title, REMOVED, [[table, count] for table, count in rows.items()])


def _key(key: str) -> str:
    from gateway.config import portal_key

    return portal_key(key)


def _say(table: str, gone: int) -> None:
    typer.echo(f"{table}: {gone:,} rows", err=True)


def _keep_still(table: str, gone: int) -> None:
    del table, gone


def _rows(settings: Settings, stored: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return a row per portal: what is set, and what is stored of it."""
    from gateway.cli.settings import portal_rows

    known = {row["key"]: row for row in stored}
    configured = [{**row, **known.pop(row["key"], {})} for row in portal_rows(settings)]
    return [*configured, *known.values()]


def _stored(settings: Settings) -> list[dict[str, Any]]:
    """Return what the database says, nothing where there is none yet."""
    from gateway.compose import portals as office
    from gateway.errors import DatabaseError

    if settings.database_url is None and not (settings.data_dir / "postgres").is_dir():
        return []
    try:
        return _with_gateway(settings, office.listed)
    except DatabaseError as error:
        typer.echo(f"Warning: {error}", err=True)
        return []


def _breaker(told: Mapping[str, Any] | None) -> str | None:
    if told is None:
        return None
    return (
        told["state"] if told["until"] is None else f"{told['state']} until {told['until']:%Y-%m-%d %H:%M:%S}"
    )


def _notes(row: Mapping[str, Any]) -> list[str]:
    """Return what must be known of a portal, a sentence each."""
    breaker = row.get("breaker") or {}
    notes = list(row.get("caveats", ()))
    if breaker.get("since"):
        notes.insert(
            0, f"it is left alone since {breaker['since']:%Y-%m-%d %H:%M:%S} UTC. {breaker['reason']}"
        )
    if row.get("forgetting_since"):
        notes.insert(0, "it is being forgotten: `gateway portals forget` goes on with that.")
    if not row.get("configured", True):
        notes.insert(0, "it is no longer configured; what is stored of it is kept.")
    return notes


def _with_gateway(settings: Settings, work: Callable[[Gateway], Awaitable[Result]]) -> Result:
    """Return what *work* does with the gateway that the other commands use."""
    from gateway.cli.calling import await_result

    return await_result(_open(settings, work))


async def _open(settings: Settings, work: Callable[[Gateway], Awaitable[Result]]) -> Result:
    from gateway.cli.opening import open_gateway

    async with open_gateway(settings) as gateway:
        return await work(gateway)
