"""``gateway sandbox``: serve invented portals."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.options import RUN, DataDir, Dialects, Host, PortalKeys, Scale, Seed, examples
from gateway.cli.sandbox_asking import advance, dialect, minimum, truth

FIRST_PORT = 9101
"""Port of the first portal; the others follow."""


def register(app: typer.Typer) -> None:
    """Add the commands of this module to *app*."""
    group = typer.Typer(
        rich_markup_mode="rich",
        epilog=examples(
            "gateway sandbox",
            "gateway sandbox --portal data-gov --seed 7 --scale 10 --port 9200",
            "gateway sandbox --portal data-gouv-fr --dialect v16",
            "gateway sandbox advance --days 1",
            "gateway sandbox truth --portal data-gov --passes 0:RECONCILE,1:POLL",
        ),
    )
    group.callback(invoke_without_command=True)(sandbox)
    group.command(
        "advance",
        epilog=examples("gateway sandbox advance", "gateway sandbox advance --days 5 --portal data-gov"),
    )(advance)
    group.command(
        "dialect",
        epilog=examples("gateway sandbox dialect", "gateway sandbox dialect v9 --portal data-gouv-fr"),
    )(dialect)
    group.command(
        "truth",
        epilog=examples(
            "gateway sandbox truth --portal data-gov",
            "gateway sandbox truth --portal data-gov --passes 0:RECONCILE,1:POLL > truth.jsonl",
        ),
    )(truth)
    group.command(
        "minimum",
        epilog=examples(
            "gateway sandbox minimum", "gateway sandbox minimum --passes 0:RECONCILE,1:POLL --json"
        ),
    )(minimum)
    app.add_typer(group, name="sandbox", rich_help_panel=RUN)


def sandbox(
    context: typer.Context,
    *,
    portal: PortalKeys = None,
    seed: Seed = None,
    scale: Scale = None,
    host: Host = None,
    port: Annotated[
        int, typer.Option("--port", min=0, max=65_535, help="Port of the first portal; 0 takes any.")
    ] = FIRST_PORT,
    data: DataDir = None,
    dialects: Dialects = None,
    live: Annotated[
        bool, typer.Option("--live", help="Let the portals' time pass as real time does.")
    ] = False,
    world: Annotated[Path | None, typer.Option(hidden=True)] = None,
    listen_fd: Annotated[int | None, typer.Option(hidden=True)] = None,
    attached: Annotated[bool, typer.Option(hidden=True)] = False,
) -> None:
    """Serve sandbox portals: they answer as the real ones do, with invented data, until Ctrl-C."""
    if context.invoked_subcommand is not None:
        return
    from gateway.cli.calling import await_result, folder, load, log
    from gateway.cli.invention import serve
    from gateway.cli.place import chosen, place, spoken, world_folder

    given = load(data_dir=folder(data), host=host, sandbox_seed=seed, sandbox_scale=scale)
    log(given)
    settings = given if world else place(given)
    portals = chosen(portal)
    speaks = spoken(portals, dialects)
    sockets = _sockets(settings.host, port, listen_fd, list(portals))
    folder_ = world or world_folder(settings.data_dir)
    await_result(serve(settings, folder_, portals, sockets, live=live, attached=attached, dialects=speaks))


def _sockets(host: str, port: int, listen_fd: int | None, keys: list[str]) -> dict[str, socket.socket]:
    from gateway.cli.listening import listening_socket

    if listen_fd is not None:
        return {keys[0]: socket.socket(fileno=listen_fd)}
    return {key: listening_socket(host, port and port + place) for place, key in enumerate(keys)}
