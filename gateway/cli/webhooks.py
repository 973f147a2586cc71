"""``gateway webhooks``: addresses that events are sent to."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from gateway.cli.options import KEEP, AsJson, DataDir, PortalKeys, Sandbox, examples

if TYPE_CHECKING:
    from gateway.compose.webhooks import Webhooks
    from gateway.config import Settings
    from gateway.store.webhooks import Webhook

Result = TypeVar("Result")
COLUMNS = ("name", "url", "filter", "delivered", "failures", "disabled", "notice")
Name = Annotated[str, typer.Argument(help="Its name.", show_default=False)]
After = Annotated[
    str | None,
    typer.Option("--after", metavar="CURSOR", help="Send what comes after this cursor of an event."),
]


def register(app: typer.Typer) -> None:
    """Add the commands of this module to *app*."""
    group = typer.Typer(
        help="Send events to addresses of your own as they happen.",
        rich_markup_mode="rich",
        no_args_is_help=True,
        epilog=examples(
            "gateway webhooks add alerts https://example.org/hook --kind GONE", "gateway webhooks list"
        ),
    )
    group.command(
        "add",
        epilog=examples(
            "gateway webhooks add alerts https://example.org/hook --kind GONE --kind DELETED",
            "gateway webhooks add mirror https://example.org/hook --portal data-gov --json",
        ),
    )(add)
    group.command("list", epilog=examples("gateway webhooks list", "gateway webhooks list --json"))(list_)
    group.command("test", epilog=examples("gateway webhooks test alerts"))(try_)
    group.command("remove", epilog=examples("gateway webhooks remove alerts"))(remove)
    group.command(
        "redeliver",
        epilog=examples(
            "gateway webhooks redeliver alerts", "gateway webhooks redeliver alerts --after CURSOR"
        ),
    )(redeliver)
    group.callback()(_group)
    app.add_typer(group, name="webhooks", rich_help_panel=KEEP)


def _group() -> None:
    """Send events to addresses of your own as they happen."""


def add(
    *,
    name: Name,
    url: Annotated[str, typer.Argument(help="Where to: https://...", show_default=False)],
    portal: PortalKeys = None,
    kind: Annotated[
        list[str] | None,
        typer.Option(
            "--kind", help="Only events of this kind, e.g. GONE. May be given again.", show_default="all"
        ),
    ] = None,
    entity: Annotated[
        list[str] | None,
        typer.Option(
            "--entity",
            help="Only events of things of this type, e.g. DATASET. May be given again.",
            show_default="all",
        ),
    ] = None,
    source: Annotated[
        list[str] | None,
        typer.Option(
            "--source", help="Only events of this source, by its id. May be given again.", show_default="all"
        ),
    ] = None,
    after: After = None,
    data: DataDir = None,
    sandbox: Sandbox = None,
    as_json: AsJson = False,
) -> None:
    """Add an address that events are sent to from now on, and print the secret that signs them once."""
    from gateway.cli import output
    from gateway.cli.opening import known_portals, settings_for

    settings = settings_for(data=data, sandbox=sandbox)
    given = {"portal": known_portals(settings, portal), "kind": kind, "entityType": entity, "source": source}
    filter_ = {key: value for key, value in given.items() if value}
    made = _with_webhooks(settings, lambda hooks: hooks.add(name, url, filter_, after))
    if as_json:
        output.print_json({"secret": made.secret, **shown(made)})
        return
    print(made.secret, flush=True)  # alone on the standard output, for $(...)
    print(
        f"Events are sent to {made.name!r} while a worker runs, signed with this secret. Keep it: it is never shown"
        " again.",
        file=sys.stderr,
    )


def list_(*, data: DataDir = None, sandbox: Sandbox = None, as_json: AsJson = False) -> None:
    """List all webhooks: where to, which events, when one was taken last, and what is wrong; never the secrets."""
    from gateway.cli import output
    from gateway.cli.opening import settings_for

    found = _with_webhooks(settings_for(data=data, sandbox=sandbox), lambda hooks: hooks.listed())
    rows = [shown(webhook) for webhook in found]
    if as_json:
        output.print_json(rows)
        return
    cells = [[row["name"], row["url"], _words(row["filter"]), *(row[key] for key in _TOLD)] for row in rows]
    output.print_table("Webhooks", COLUMNS, cells)


def try_(*, name: Name, data: DataDir = None, sandbox: Sandbox = None) -> None:
    """Send a webhook a message of the type harvest.test; 1 if it is not taken."""
    from gateway.cli.opening import settings_for

    trouble = _with_webhooks(settings_for(data=data, sandbox=sandbox), lambda hooks: hooks.test(name))
    if trouble is not None:
        print(f"It was not taken. {trouble}", file=sys.stderr)
        raise typer.Exit(1)
    print("It was taken.")


def remove(*, name: Name, data: DataDir = None, sandbox: Sandbox = None) -> None:
    """Remove a webhook: nothing more is sent there."""
    from gateway.cli.opening import settings_for

    _with_webhooks(settings_for(data=data, sandbox=sandbox), lambda hooks: hooks.remove(name))
    print(f"Removed {name!r}.")


def redeliver(*, name: Name, after: After = None, data: DataDir = None, sandbox: Sandbox = None) -> None:
    """Send a webhook again what comes after a cursor; without one, go on at once where it failed or was disabled."""
    from gateway.cli.opening import settings_for

    found = _with_webhooks(
        settings_for(data=data, sandbox=sandbox), lambda hooks: hooks.redeliver(name, after)
    )
    print(
        f"A worker sends {found.name!r} what comes after {found.cursor}; each event has the id that it had before."
    )


_TOLD = ("delivered_at", "failures", "disabled_at", "notice")


def shown(webhook: Webhook) -> dict[str, Any]:
    """Return what is told of a webhook: all but its secret."""
    return {
        "name": webhook.name,
        "url": webhook.url,
        "filter": dict(webhook.filter),
        "cursor": webhook.cursor,
        "created_at": webhook.created_at,
        "delivered_at": webhook.delivered_at,
        "failures": webhook.failures,
        "failing_since": webhook.failing_since,
        "disabled_at": webhook.disabled_at,
        "notice": webhook.notice,
    }


def _words(filter_: dict[str, list[str]]) -> str:
    return "; ".join(f"{key}: {', '.join(words)}" for key, words in filter_.items())


def _with_webhooks(settings: Settings, work: Callable[[Webhooks], Awaitable[Result]]) -> Result:
    """Return what *work* does with the webhooks of the database that the other commands use."""
    from gateway.cli.calling import await_result

    return await_result(_open(settings, work))


async def _open(settings: Settings, work: Callable[[Webhooks], Awaitable[Result]]) -> Result:
    from gateway.cli.opening import open_gateway
    from gateway.compose.webhooks import Webhooks

    async with open_gateway(settings) as gateway:
        return await work(Webhooks(gateway))
