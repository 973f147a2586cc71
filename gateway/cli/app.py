"""Which commands there are, and that every way out of them has words and an exit code."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import typer

from gateway.cli.failure import EXIT_CODES, report
from gateway.cli.options import examples


@dataclass
class Call:
    """What holds for the whole command, set by the options that stand before it."""

    debug: bool = False


def application() -> typer.Typer:
    """Return the command line with all its commands."""
    from gateway.cli import (
        deletions,
        doctor,
        drift,
        forgetting,
        keys,
        portals,
        pruning,
        quarantine,
        query,
        reporting,
        running,
        sandbox,
        schema,
        settings,
        status,
        up,
        webhooks,
    )

    app = typer.Typer(
        name="gateway",
        help="One GraphQL endpoint over the harvests of data.gouv.fr and Data.gov.",
        epilog=_epilog(),
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode="rich",
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_before)
    looking = (up, running, status, drift, doctor, query, reporting, schema, settings, portals)
    for module in (*looking, keys, deletions, quarantine, forgetting, pruning, webhooks, sandbox):
        module.register(app)
    return app


def run(arguments: Sequence[str]) -> int:
    """Run the command line on *arguments* and return the exit code; nothing is raised."""
    call = Call(debug=os.environ.get("GATEWAY_DEBUG", "").lower() in {"1", "true", "yes", "on"})
    try:
        application()(args=_debug_first(arguments), prog_name="gateway", obj=call)
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException as error:  # noqa: BLE001 - the last one to see it; it is shown, not swallowed
        return report(error, debug=call.debug)
    return 0


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        print(f"harvest-gateway {version('harvest-gateway')}")
        raise typer.Exit


def _before(
    context: typer.Context,
    *,
    debug: Annotated[bool, typer.Option("--debug", help="Print the stack trace of an error.")] = False,
    version: Annotated[
        bool,
        typer.Option("--version", help="Print the version.", is_eager=True, callback=_version),
    ] = False,
) -> None:
    del version
    context.obj = context.obj or Call()
    context.obj.debug = context.obj.debug or debug


def _debug_first(arguments: Sequence[str]) -> list[str]:
    """Let ``--debug`` stand after the command as well, where people type it."""
    if "--debug" not in arguments:
        return list(arguments)
    return ["--debug", *(argument for argument in arguments if argument != "--debug")]


def _epilog() -> str:
    codes = [f"  {code}  {words}" for code, words in EXIT_CODES.items()]
    return "\n\n".join(
        [
            examples("gateway up", "gateway up --sandbox --port 18080", "gateway COMMAND --help"),
            "Exit codes:",
            *codes,
        ]
    )
