"""The commands, the exit codes and the settings as Markdown: what the documentation says of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

CANNOT = "the adapter's"
"""Stands for a default that each adapter has for itself."""


def markdown() -> Iterator[str]:
    """Yield the lines of three sections: Commands, Exit codes, Settings."""
    yield from ("## Commands", "", "| Command | What it does |", "|---|---|")
    yield from (f"| `{name}` | {words} |" for name, words in commands())
    yield from ("", "## Exit codes", "", "| Code | Meaning |", "|---|---|")
    yield from _exit_codes()
    yield from ("", "## Settings", "", "| Variable | Default | What it is |", "|---|---|---|")
    yield from (f"| `{name}` | {default} | {words} |" for name, default, words in settings())


def _exit_codes() -> Iterator[str]:
    from gateway.cli.failure import EXIT_CODES

    return (f"| {code} | {words} |" for code, words in EXIT_CODES.items())


def commands() -> Iterator[tuple[str, str]]:
    """Yield each command as it is typed, with the first paragraph of its help."""
    import typer.main

    from gateway.cli.app import application

    yield from _below("gateway", typer.main.get_command(application()))


def _below(name: str, command: Any) -> Iterator[tuple[str, str]]:
    """Yield *command* and the commands below it; a command line by itself does nothing."""
    inner = getattr(command, "commands", {})
    if not inner or getattr(command, "invoke_without_command", False):
        yield name, " ".join((command.help or "").partition("\n\n")[0].split())
    for word, below in inner.items():
        yield from _below(f"{name} {word}", below)


def settings() -> Iterator[tuple[str, str, str]]:
    """Yield each variable, its default and its description: the gateway's, retentions, limits, then a portal's."""
    from dataclasses import fields

    from gateway.config import Retention, Settings, variable
    from gateway.ports import PortalSettings
    from harvest_graphql.limits import Limits

    for name, field in Settings.model_fields.items():
        yield variable(name), _default(field), str(field.description)
    for name, field in Retention.model_fields.items():
        yield f"GATEWAY_RETENTION__{name.upper()}", _default(field), str(field.description)
    for limit in fields(Limits):
        yield f"GATEWAY_LIMITS__{limit.name.upper()}", f"`{limit.default}`", limit.metadata["says"]
    for name, field in PortalSettings.model_fields.items():
        yield f"GATEWAY_PORTALS__<KEY>__{name.upper()}", _default(field), str(field.description)


def _default(field: Any) -> str:
    from pydantic_core import PydanticUndefined

    if field.default_factory is not None or field.default in {None, "", ()}:
        return ""
    return CANNOT if field.default is PydanticUndefined else f"`{str(field.default).lower()}`"
