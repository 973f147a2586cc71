"""What is asked of running sandbox portals: to move on, to speak otherwise, to say what a mirror would hold."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from gateway.cli.options import AsJson, DataDir, PortalKeys

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
        help="The passes of the mirror, <days after the epoch>:POLL or :RECONCILE, with commas between; "
        ":<dialect> behind one says what the portal spoke then.",
        show_default="one RECONCILE now",
    ),
]


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


def dialect(
    name: Annotated[
        str | None, typer.Argument(help="What they are to speak from now on.", show_default="none, just tell")
    ] = None,
    *,
    portal: PortalKeys = None,
    url: Url = None,
    data: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Tell what running sandbox portals speak, or let those that can speak another dialect, as after an upgrade."""
    origins = _running(portal, url, data)
    told = {key: json.loads(_ask(origin, "info")) for key, origin in origins.items()}
    if name is not None:
        body = json.dumps({"dialect": name}).encode()
        told = {key: json.loads(_ask(origins[key], "dialect", body=body)) for key in _able(told, name)}
    shown = {
        key: {"dialect": info["dialect"], "dialects": list(info["dialects"])} for key, info in told.items()
    }
    _tell("Dialects", shown, as_json=as_json)


def _able(told: Mapping[str, Mapping[str, Any]], name: str) -> list[str]:
    """Return the keys of the portals that can speak *name*; UsageError where none can."""
    from gateway.errors import UsageError

    able = [key for key, info in told.items() if name in info["dialects"]]
    if not able:
        known = "; ".join(f"{key}: {', '.join(info['dialects'])}" for key, info in told.items())
        raise UsageError(f"No running sandbox portal speaks {name!r}.", hint=f"There are {known}.")
    return able


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
    rows = [[key, name, _plain(value)] for key, answer in answers.items() for name, value in answer.items()]
    output.print_table(title, ["portal", "", "value"], rows)


def _plain(value: Any) -> Any:
    return ", ".join(map(str, value)) if isinstance(value, list) else value


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
