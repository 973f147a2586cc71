"""``gateway sync``, ``serve``, ``worker``, ``migrate``, ``renormalise``: what fills and serves a database."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gateway.cli.options import (
    KEEP,
    RUN,
    WAIT_SECONDS,
    AsJson,
    DataDir,
    Host,
    PortalKeys,
    Sandbox,
    Wait,
    examples,
)

if TYPE_CHECKING:
    from gateway.compose import Gateway
    from gateway.config import Settings
    from gateway.sync.progress import RunSummary


def register(app: typer.Typer) -> None:
    """Add the commands of this module to *app*."""
    app.command(
        "sync",
        rich_help_panel=RUN,
        epilog=examples(
            "gateway sync",
            "gateway sync --portal data-gov --full",
            "gateway sync --sandbox --json",
            "gateway sync --wait 0",
        ),
    )(sync)
    app.command(
        "serve",
        rich_help_panel=RUN,
        epilog=examples("gateway serve", "gateway serve --host 0.0.0.0 --port 9000 --processes 4"),
    )(serve)
    app.command(
        "worker",
        rich_help_panel=RUN,
        epilog=examples("gateway worker", "GATEWAY_POLL_SECONDS=60 GATEWAY_LOG_FORMAT=json gateway worker"),
    )(worker)
    app.command(
        "migrate",
        rich_help_panel=KEEP,
        epilog=examples(
            "gateway migrate", "GATEWAY_DATABASE_URL=postgresql://me@db/harvests gateway migrate"
        ),
    )(migrate)
    app.command(
        "renormalise",
        rich_help_panel=KEEP,
        epilog=examples("gateway renormalise", "gateway renormalise --portal data-gov --json --wait 60"),
    )(renormalise)


def sync(
    *,
    portal: PortalKeys = None,
    full: Annotated[
        bool, typer.Option("--full", help="Reconcile: read everything, find what a poll cannot see.")
    ] = False,
    wait: Wait = WAIT_SECONDS,
    data: DataDir = None,
    sandbox: Sandbox = None,
    as_json: AsJson = False,
) -> None:
    """Bring the database up to date with the portals, once. Interrupted, it goes on where it was."""
    from gateway.cli.calling import await_result
    from gateway.cli.opening import known_portals, settings_for

    settings = settings_for(data=data, sandbox=sandbox)
    keys = known_portals(settings, portal)
    summaries = await_result(_sync(settings, keys, full=full, patience=wait, quiet=as_json))
    show_summaries(summaries, as_json=as_json)
    raise typer.Exit(exit_code(summaries))


async def _sync(
    settings: Settings, keys: list[str] | None, *, full: bool, patience: float, quiet: bool
) -> Sequence[RunSummary]:
    from gateway.cli.progress import watching

    async with AsyncExitStack() as stack:
        gateway, _ = await _open_with_portals(settings, stack)
        progress = stack.enter_context(watching(quiet=quiet))
        return await gateway.sync(keys, full=full, progress=progress, patience=patience)


async def _open_with_portals(settings: Settings, stack: AsyncExitStack) -> tuple[Gateway, list[str]]:
    """Open the gateway and, for the sandbox, serve the portals that it reads; return also those that others serve."""
    from gateway.cli.opening import open_gateway
    from gateway.cli.sandboxes import serving

    others: list[str] = []
    if settings.sandbox:
        settings = await stack.enter_async_context(serving(settings, others=others))
    return await stack.enter_async_context(open_gateway(settings)), others


def show_summaries(summaries: Sequence[RunSummary], *, as_json: bool) -> None:
    """Print how the passes ended."""
    from gateway.cli import output
    from gateway.cli.progress import as_json as plain
    from gateway.cli.progress import print_summary

    if as_json:
        output.print_json(plain(summaries))
    else:
        print_summary(summaries)


def exit_code(summaries: Sequence[RunSummary]) -> int:
    """Return 0, or the documented code of the worst that befell a pass."""
    from gateway.cli.failure import INTERRUPTED
    from gateway.errors import PortalError

    states = {str(summary.state) for summary in summaries}
    if "INTERRUPTED" in states:
        return INTERRUPTED
    return PortalError.exit_code if "FAILED" in states else 0


def serve(
    *,
    host: Host = None,
    port: Annotated[
        int | None, typer.Option("--port", min=0, max=65_535, help="Port to serve on.", show_default="8080")
    ] = None,
    processes: Annotated[
        int | None,
        typer.Option("--processes", min=1, max=64, help="Processes that share the port.", show_default="1"),
    ] = None,
    data: DataDir = None,
    sandbox: Sandbox = None,
    place: Annotated[int | None, typer.Option(hidden=True)] = None,
    meeting: Annotated[Path | None, typer.Option(hidden=True)] = None,
) -> None:
    """Serve the GraphQL endpoint until Ctrl-C; a worker or `gateway sync` fills the database."""
    from gateway.cli.calling import await_result
    from gateway.cli.listening import ensure_shareable, free_port
    from gateway.cli.opening import settings_for
    from gateway.cli.sharing import Member, serve_as, serve_together

    settings = settings_for(
        data=data, sandbox=sandbox, host=host, port=port, processes=processes, talkative=True
    )
    if place is not None and meeting is not None:
        await_result(serve_as(Member(place, meeting), settings, settings.port))
        return
    if settings.processes > 1:
        ensure_shareable()
    free = free_port(settings.host, settings.port, given=True)
    if settings.processes == 1:
        await_result(_serve(settings, free))
        return
    words = ["serve", "--host", settings.host, "--port", str(free)]
    words += [*(["--data", str(data)] if data else []), *(["--sandbox"] if sandbox else [])]
    await_result(serve_together(settings, free, words))


async def _serve(settings: Settings, port: int) -> None:
    from gateway.cli.endpoint import forgotten, graphql, note
    from gateway.cli.lending import while_lent
    from gateway.cli.opening import open_gateway
    from gateway.cli.stopping import stop_on_signals, until

    def ready(url: str) -> None:
        note(settings.data_dir, graphql(url))
        print(f"Serving   {graphql(url)}", flush=True)

    with stop_on_signals() as stop:
        async with open_gateway(settings) as gateway:
            print(f"Database  {gateway.where}", flush=True)
            with forgotten(settings.data_dir):
                serving = gateway.serve(host=settings.host, port=port, stop=stop, ready=ready)
                await until(stop, while_lent(settings, (), serving))


def worker(*, data: DataDir = None, sandbox: Sandbox = None) -> None:
    """Keep the database up to date until Ctrl-C: a poll now and then, a full reconcile once a day.

    Any number of workers, on any machines, share the work where they share a Postgres.
    """
    from gateway.cli.calling import await_result
    from gateway.cli.opening import settings_for

    await_result(_work(settings_for(data=data, sandbox=sandbox, talkative=True)))


async def _work(settings: Settings) -> None:
    from gateway.cli.calling import with_changes
    from gateway.cli.lending import while_lent
    from gateway.cli.progress import watching
    from gateway.cli.stopping import HAND_BACK_SECONDS, stop_on_signals, until

    with stop_on_signals() as stop:
        async with AsyncExitStack() as stack:
            gateway, others = await _open_with_portals(with_changes(settings, pool_size=1), stack)
            print(f"Database  {gateway.where}", flush=True)
            progress = stack.enter_context(watching())
            working = while_lent(settings, others, gateway.dispatch(stop, progress))
            await until(stop, working, grace=HAND_BACK_SECONDS)


def migrate(*, data: DataDir = None, sandbox: Sandbox = None, as_json: AsJson = False) -> None:
    """Bring the database's tables up to date; safe to run again and beside a running gateway."""
    from gateway.cli import output
    from gateway.cli.calling import await_result
    from gateway.cli.opening import settings_for

    where, applied = await_result(_migrate(settings_for(data=data, sandbox=sandbox)))
    if as_json:
        output.print_json({"database": where, "applied": applied})
        return
    print(f"Database  {where}")
    print(f"Migrated  {', '.join(applied) or 'nothing to do, the tables are up to date'}")


async def _migrate(settings: Settings) -> tuple[str, list[str]]:
    from gateway import postgres as pg
    from gateway.cli.lending import beside

    found = beside(settings)
    async with pg.postgres(found.database_url, found.data_dir) as postgres:
        return postgres.where, await pg.migrate(postgres.url)


def renormalise(
    *,
    portal: Annotated[
        str | None,
        typer.Option("--portal", "-p", help="Key of a portal; all without it.", show_default=False),
    ] = None,
    wait: Wait = WAIT_SECONDS,
    data: DataDir = None,
    sandbox: Sandbox = None,
    as_json: AsJson = False,
) -> None:
    """Read all stored documents again with today's rules, without a request to any portal."""
    from gateway.cli import output
    from gateway.cli.calling import await_result
    from gateway.cli.opening import known_portals, settings_for

    settings = settings_for(data=data, sandbox=sandbox)
    keys = known_portals(settings, [portal] if portal else None)
    told = await_result(_renormalise(settings, keys[0] if keys else None, wait))
    if as_json:
        output.print_json(told)
    else:
        rows = [
            [key, type_, *tally.values()] for key, types in told.items() for type_, tally in types.items()
        ]
        columns = next((list(tally) for types in told.values() for tally in types.values()), [])
        output.print_table("Renormalised", ["portal", "type", *columns], rows)


async def _renormalise(settings: Settings, key: str | None, patience: float) -> dict[str, Any]:
    from gateway.cli.opening import open_gateway
    from gateway.cli.progress import say_waiting

    async with open_gateway(settings) as gateway:
        return await gateway.renormalise(key, patience=patience, waits=say_waiting)
