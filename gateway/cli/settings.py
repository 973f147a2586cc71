"""``gateway config``: what is set, where it comes from, which portals are configured."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urlsplit, urlunsplit

import typer

from gateway.cli.options import LOOK, AsJson, examples

if TYPE_CHECKING:
    from gateway.config import Settings

HIDDEN = "(hidden)"


def register(app: typer.Typer) -> None:
    """Add the commands of this module to *app*."""
    app.command(
        "config",
        rich_help_panel=LOOK,
        epilog=examples(
            "gateway config",
            "GATEWAY_PORT=9000 gateway config --json",
            "GATEWAY_PORTALS__DATA_GOV__API_KEY=... gateway config",
        ),
    )(config)


def config(
    *,
    as_json: AsJson = False,
    markdown: Annotated[
        bool,
        typer.Option("--markdown", help="Print all commands, exit codes and settings for the documentation."),
    ] = False,
) -> None:
    """Show every setting, its value and where the value comes from. Secrets stay hidden."""
    from gateway.cli import output

    if markdown:
        from gateway.cli import documentation

        print("\n".join(documentation.markdown()))
        return
    from gateway.cli.calling import load

    rows = described(load(), dict(os.environ))
    if as_json:
        output.print_json(rows)
        return
    columns = ("name", "value", "origin", "description")
    shown = [[output_text(row[column]) for column in columns] for row in rows]
    output.print_table("Settings", ["Setting", "Value", "From", "What it is"], shown)
    _warn_of_unknown()


def _warn_of_unknown() -> None:
    from gateway.config import unknown_variables

    for name in unknown_variables(os.environ):
        typer.echo(f"Warning: {name} is set, but no setting has that name.", err=True)


def described(settings: Settings, environ: dict[str, str]) -> list[dict[str, Any]]:
    """Return a row per setting: name, variable, value (secrets hidden), origin, description."""
    from gateway.config import variable

    rows = []
    for name, field in type(settings).model_fields.items():
        value = getattr(settings, name)
        rows.append(
            {
                "name": name,
                "variable": variable(name),
                "value": shown(name, value),
                "origin": _origin(settings, name, environ),
                "description": field.description,
            }
        )
    return rows


def _origin(settings: Settings, name: str, environ: dict[str, str]) -> str:
    from gateway.config import variable

    if name not in settings.model_fields_set:
        return "default"
    wanted = variable(name)
    found = [key for key in environ if key.upper() == wanted or key.upper().startswith(f"{wanted}__")]
    return ", ".join(sorted(found)) or "command line"


def shown(name: str, value: Any) -> Any:
    """Return *value* of the setting *name* as it may be shown: without keys and passwords."""
    from gateway.config import Retention, is_secret

    if name == "database_url" and value:
        return _without_password(str(value))
    if is_secret(name) and value and not isinstance(value, int):
        return HIDDEN
    if isinstance(value, Retention):
        value = value.model_dump()
    if isinstance(value, dict):
        return {key: shown(str(key), inner) for key, inner in value.items()}
    if isinstance(value, tuple):
        return ", ".join(value)
    return value if isinstance(value, (int, float, bool, str, type(None))) else str(value)


def _without_password(url: str) -> str:
    parts = urlsplit(url)
    if parts.password is None:
        return url
    return urlunsplit(parts._replace(netloc=parts.netloc.replace(f":{parts.password}@", f":{HIDDEN}@", 1)))


def output_text(value: Any) -> str:
    """Return a setting's value as one cell of a table."""
    if isinstance(value, dict):
        pairs = ((key, inner if isinstance(inner, dict) else {"": inner}) for key, inner in value.items())
        return "\n".join(
            f"{key}{'.' if name else ''}{name} = {inner}" for key, d in pairs for name, inner in d.items()
        )
    return "" if value is None else str(value)


def portal_rows(settings: Settings) -> list[dict[str, Any]]:
    """Return a row per configured portal; the key is told as set or not, never shown."""
    from gateway.registry import adapters
    from gateway.registry import portals as configured

    known = adapters()
    rows = []
    for key, portal in configured(settings).items():
        told = {name: shown(name, value) for name, value in portal.settings.model_dump().items()}
        adapter = known[portal.settings.adapter]
        told |= {"key": key, "api_key": portal.settings.api_key is not None, "caveats": list(adapter.caveats)}
        told["streams"] = list(adapter.streams)
        rows.append(told)
    return rows
