"""``gateway sandbox``: serve invented portals, move their time on, ask what a perfect mirror would hold."""

from __future__ import annotations

import json
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from gateway.cli.options import RUN, AsJson, DataDir, Host, PortalKeys, Scale, Seed, examples

FIRST_PORT = 9101
"""Port of the first portal; the others follow."""

Url = Annotated[
    str | None,
    typer.Option(
        "--url", help="Origin of a sandbox portal, as it was printed.", show_default="the last served"
    ),
]
PassList = Annotated[
    str | None,
    typer.Option(
        "--passes",
        help="The passes of the mirror, <days after the epoch>:POLL or :RECONCILE, with commas between.",
        show_default="one RECONCILE now",
    ),
]


def register(app: typer.Typer) -> None:
    """Add the commands of this module to *app*."""
    group = typer.Typer(
        rich_markup_mode="rich",
        epilog=examples(
            "gateway sandbox",
            "gateway sandbox --portal data-gov --seed 7 --scale 10 --port 9200",
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
    from gateway.cli.place import chosen, place

    given = load(data_dir=folder(data), host=host, sandbox_seed=seed, sandbox_scale=scale)
    log(given)
    settings = given if world else place(given)
    portals = chosen(portal)
    sockets = _sockets(settings.host, port, listen_fd, list(portals))
    await_result(
        serve(settings, world or settings.data_dir / "world", portals, sockets, live=live, attached=attached)
    )


def _sockets(host: str, port: int, listen_fd: int | None, keys: list[str]) -> dict[str, socket.socket]:
    from gateway.cli.listening import listening_socket

    if listen_fd is not None:
        return {keys[0]: socket.socket(fileno=listen_fd)}
    return {key: listening_socket(host, port and port + place) for place, key in enumerate(keys)}


def advance(
    *,
    days: Annotated[float, typer.Option("--days", min=0, help="Days by which the world moves on.")] = 1.0,
    portal: PortalKeys = None,
    url: Url = None,
    data: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Move the time of running sandbox portals on: new jobs run, sources come and go."""
    body = json.dumps({"days": days}).encode()
    answers = {
        key: json.loads(_ask(o, "advance", body=body)) for key, o in _running(portal, url, data).items()
    }
    _tell("Sandbox portals", answers, as_json=as_json)


def truth(
    *,
    passes: PassList = None,
    portal: PortalKeys = None,
    url: Url = None,
    data: DataDir = None,
) -> None:
    """Print, a line of JSON per row, what a perfect mirror of a running sandbox portal would hold."""
    for origin in _running(portal, url, data).values():
        print(_ask(origin, "truth", passes=passes).decode(), end="")


def minimum(
    *,
    passes: PassList = None,
    portal: PortalKeys = None,
    url: Url = None,
    data: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Say how many requests the last of the passes needs at least, per stream."""
    origins = _running(portal, url, data)
    answers = {key: json.loads(_ask(origin, "minimum", passes=passes)) for key, origin in origins.items()}
    _tell("Fewest requests", answers, as_json=as_json)


def _tell(title: str, answers: Mapping[str, Mapping[str, Any]], *, as_json: bool) -> None:
    from gateway.cli import output

    if as_json:
        output.print_json(answers)
        return
    rows = [[key, name, value] for key, answer in answers.items() for name, value in answer.items()]
    output.print_table(title, ["portal", "", "value"], rows)


def _running(keys: list[str] | None, url: str | None, data: Path | None) -> dict[str, str]:
    """Return the origins of the portals to ask, by key; UsageError where none is known."""
    from gateway.cli.calling import folder, load
    from gateway.cli.place import chosen, last_served
    from gateway.errors import UsageError

    if url is not None:
        return {url: url.rstrip("/")}
    known = last_served(load(data_dir=folder(data)))
    if not known:
        raise UsageError(
            "No sandbox portal was started with this data folder.",
            hint="Start one with `gateway sandbox`, name its folder with --data or its address with --url.",
        )
    return {key: known[key] for key in (chosen(keys) if keys else known) if key in known}


def _ask(origin: str, word: str, *, passes: str | None = None, body: bytes | None = None) -> bytes:
    """Return what the control of the portal at *origin* answers; its refusals become UsageError."""
    from urllib.error import HTTPError, URLError
    from urllib.parse import urlencode
    from urllib.request import ProxyHandler, Request, build_opener

    from gateway.errors import PortalUnavailable, UsageError

    query = f"?{urlencode({'passes': passes})}" if passes else ""
    request = Request(f"{origin}/_sandbox/{word}{query}", data=body)  # noqa: S310 - the user's own address
    try:
        with build_opener(ProxyHandler({})).open(request, timeout=600) as answer:
            return bytes(answer.read())
    except HTTPError as error:
        said = error.read(2000).decode(errors="replace").strip()
        if error.code >= 500:
            raise PortalUnavailable(f"The sandbox portal at {origin} fails: {said}") from error
        raise UsageError(f"The sandbox portal at {origin} refuses: {said}") from error
    except (URLError, OSError, ValueError) as error:
        raise PortalUnavailable(
            f"No sandbox portal answers at {origin}.", hint="Start it with `gateway sandbox`."
        ) from error
