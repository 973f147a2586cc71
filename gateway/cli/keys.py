"""``gateway keys``: the keys by which the endpoint knows its callers."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from gateway.cli.options import KEEP, AsJson, DataDir, Sandbox, examples

if TYPE_CHECKING:
    from gateway.access.keys import Keys
    from gateway.config import Settings
    from gateway.store.api_keys import Issued

Result = TypeVar("Result")
COLUMNS = ("name", "start", "scopes", "created", "expires", "revoked")
MOST_DAYS = 36_500


def register(app: typer.Typer) -> None:
    """Add the commands of this module to *app*."""
    group = typer.Typer(
        help="Make, list and revoke the keys of the endpoint's callers.",
        rich_markup_mode="rich",
        no_args_is_help=True,
        epilog=examples("gateway keys create dashboard --scope read-private", "gateway keys list"),
    )
    group.command(
        "create",
        epilog=examples(
            "gateway keys create dashboard --scope read-private",
            "gateway keys create nightly --scope sync --expires-days 90 --json",
        ),
    )(create)
    group.command("list", epilog=examples("gateway keys list", "gateway keys list --json"))(list_)
    group.command(
        "revoke", epilog=examples("gateway keys revoke dashboard", "gateway keys revoke hgw_3kTz9QxA")
    )(revoke)
    group.callback()(_group)
    app.add_typer(group, name="keys", rich_help_panel=KEEP)


def _group() -> None:
    """Make, list and revoke the keys of the endpoint's callers."""


def create(
    *,
    name: Annotated[str, typer.Argument(help="Whose key it is, in words.", show_default=False)],
    scope: Annotated[
        list[str] | None,
        typer.Option(
            "--scope",
            help="What it grants: read-private, sync, or admin (everything). May be given again.",
            show_default=False,
        ),
    ] = None,
    expires_days: Annotated[
        int | None,
        typer.Option(
            "--expires-days",
            min=1,
            max=MOST_DAYS,
            help="Days until it is no longer valid.",
            show_default="never",
        ),
    ] = None,
    data: DataDir = None,
    sandbox: Sandbox = None,
    as_json: AsJson = False,
) -> None:
    """Make a key and print it once: it is stored as a hash alone, so nobody can show it again."""
    from datetime import timedelta

    from gateway.access.keys import checked_name
    from gateway.access.scopes import parsed
    from gateway.cli import output
    from gateway.cli.opening import settings_for

    checked_name(name)  # before a database is opened
    scopes = parsed(scope or [])
    lifetime = None if expires_days is None else timedelta(days=expires_days)
    settings = settings_for(data=data, sandbox=sandbox)
    created = _with_keys(settings, lambda keys: keys.create(name, scopes, lifetime))
    if as_json:
        output.print_json({"key": created.key, **shown(created.issued)})
        return
    print(created.key, flush=True)  # alone on the standard output, for $(...)
    _say(created.issued)


def list_(*, data: DataDir = None, sandbox: Sandbox = None, as_json: AsJson = False) -> None:
    """List all keys: name, start, scopes, and when they were made, expire or were revoked; never the keys."""
    from gateway.cli import output
    from gateway.cli.opening import settings_for

    found = _with_keys(settings_for(data=data, sandbox=sandbox), lambda keys: keys.listed())
    rows = [shown(key) for key in found]
    if as_json:
        output.print_json(rows)
        return
    cells = [list({**row, "scopes": ", ".join(row["scopes"])}.values()) for row in rows]
    output.print_table("Keys", COLUMNS, cells)


def revoke(
    *,
    key: Annotated[
        str,
        typer.Argument(
            metavar="START_OR_NAME", help="Its start as in the list, or its name.", show_default=False
        ),
    ],
    data: DataDir = None,
    sandbox: Sandbox = None,
) -> None:
    """Revoke a key: within five seconds no running gateway lets it in."""
    from gateway.access.revoking import told
    from gateway.cli.opening import settings_for

    revoked = _with_keys(settings_for(data=data, sandbox=sandbox), lambda keys: keys.revoke(key))
    print(f"Revoked {told(revoked)}; running gateways refuse it within 5 s.")


def shown(key: Issued) -> dict[str, Any]:
    """Return what is told of a key, in the order of ``COLUMNS``."""
    return {
        "name": key.name,
        "start": key.start,
        "scopes": key.scopes,
        "created_at": key.created_at,
        "expires_at": key.expires_at,
        "revoked_at": key.revoked_at,
    }


def _say(key: Issued) -> None:
    until = "without an end" if key.expires_at is None else f"until {key.expires_at:%Y-%m-%d %H:%M:%S} UTC"
    print(
        f"This key of {key.name!r} grants {', '.join(key.scopes)}, {until}. Keep it now: it is never shown again.",
        file=sys.stderr,
    )


def _with_keys(settings: Settings, work: Callable[[Keys], Awaitable[Result]]) -> Result:
    """Return what *work* does with the keys of the database that the other commands use."""
    from gateway.cli.calling import await_result

    return await_result(_open(settings, work))


async def _open(settings: Settings, work: Callable[[Keys], Awaitable[Result]]) -> Result:
    from gateway.access.keys import Keys
    from gateway.cli.opening import open_gateway

    async with open_gateway(settings) as gateway:
        return await work(Keys(gateway.pool))
