"""``gateway query``: ask the endpoint, or the database itself, one of the named operations."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gateway.cli.options import LOOK, AsJson, DataDir, Sandbox, examples

if TYPE_CHECKING:
    from gateway.config import Settings


def register(app: typer.Typer) -> None:
    """Add the command of this module to *app*."""
    app.command(
        "query",
        rich_help_panel=LOOK,
        epilog=examples(
            "gateway query",
            "gateway query NAME -v portal=data-gov -v first=5",
            "gateway query NAME --url http://127.0.0.1:18080/graphql",
            "gateway query NAME --key-file dashboard.key",
            "gateway query NAME --database",
        ),
    )(query)


def query(
    *,
    name: Annotated[
        str | None,
        typer.Argument(help="Name of an operation; without it they are listed.", show_default=False),
    ] = None,
    variable: Annotated[
        list[str] | None,
        typer.Option(
            "-v",
            "--variable",
            help="A variable as key=value; JSON where the value is JSON. May be given again.",
            show_default=False,
        ),
    ] = None,
    url: Annotated[
        str | None,
        typer.Option(
            "--url",
            help="The endpoint to ask.",
            show_default="the running one, or the database where none runs",
        ),
    ] = None,
    database: Annotated[
        bool, typer.Option("--database", help="Ask the database without an endpoint.")
    ] = False,
    key_file: Annotated[
        Path | None,
        typer.Option(
            "--key-file",
            help="File that holds a key for the endpoint; the variable GATEWAY_KEY may hold one too.",
            show_default=False,
        ),
    ] = None,
    data: DataDir = None,
    sandbox: Sandbox = None,
    as_json: AsJson = False,
) -> None:
    """Run one of the operations in graphql/operations by its name and print the JSON answer."""
    from gateway.cli import output
    from gateway.cli.endpoint import find
    from gateway.cli.opening import settings_for
    from gateway.cli.requesting import key_in, request
    from gateway.resources import operations

    known = operations()
    if name is None:
        _list(known, as_json=as_json)
        return
    document = known.get(name)
    if document is None:
        raise _unknown(name, list(known))
    if subscribes(document):
        raise _endless(name)
    variables = dict(map(_pair, variable or ()))
    settings = settings_for(data=data, sandbox=sandbox, key=key_in(key_file) if key_file else None)
    where = None if database else (url or find(settings))
    answer = (
        request(where, document, variables, settings.key)
        if where
        else _from_database(settings, name, variables)
    )
    output.print_json(answer)
    if answer.get("errors"):
        raise typer.Exit(1)


def _list(known: dict[str, str], *, as_json: bool) -> None:
    from gateway.cli import output

    rows = [
        {"name": name, "description": describe(text), "variables": head(text)} for name, text in known.items()
    ]
    if as_json:
        output.print_json(rows)
        return
    output.print_table(
        "Operations", ["name", "what it answers", "variables"], [list(r.values()) for r in rows]
    )


def describe(document: str) -> str:
    """Return the comment or description at the top of a document, as one line."""
    words = []
    for line in document.splitlines():
        text = line.strip()
        if not text.startswith(("#", '"')) and text:
            break
        words.append(text.strip('#" '))
    return " ".join(words).strip()


def head(document: str) -> str:
    """Return the variables that a document declares, as they stand in it."""
    before, _, _ = _operation(document).partition("{")
    _, found, inner = before.partition("(")
    return " ".join(inner.rpartition(")")[0].split()) if found else ""


def subscribes(document: str) -> bool:
    """Return whether a document is a subscription, which has no end."""
    return _operation(document).startswith("subscription")


def _operation(document: str) -> str:
    """Return a document without the comment at its top."""
    return "\n".join(line for line in document.splitlines() if not line.startswith("#"))


def _endless(name: str) -> Exception:
    from gateway.errors import UsageError

    return UsageError(
        f"{name} is a subscription: it tells again and again, without an end.",
        hint=f"Follow it at the endpoint: curl -N -H 'Accept: text/event-stream' '.../graphql?documentId={name}'.",
    )


def _unknown(name: str, known: list[str]) -> Exception:
    from difflib import get_close_matches

    from gateway.errors import UsageError

    close = get_close_matches(name, known, n=1)
    meant = f"Did you mean {close[0]}? " if close else ""
    return UsageError(f"There is no operation {name!r}.", hint=f"{meant}There are: {', '.join(known)}.")


def _pair(text: str) -> tuple[str, Any]:
    """Return key and value of ``key=value``; the value is read as JSON where it is JSON."""
    from gateway.errors import UsageError

    key, found, value = text.partition("=")
    if not found or not key:
        raise UsageError(f"{text!r} is no variable.", hint="Write it as key=value, e.g. -v portal=data-gov.")
    try:
        return key, json.loads(value)
    except ValueError:
        return key, value


def _from_database(settings: Settings, name: str, variables: dict[str, Any]) -> dict[str, Any]:
    from gateway.cli.calling import await_result

    return await_result(_execute(settings, name, variables))


async def _execute(settings: Settings, name: str, variables: dict[str, Any]) -> dict[str, Any]:
    from gateway.cli.opening import open_gateway

    async with open_gateway(settings) as gateway:
        return await gateway.execute(name, variables)
