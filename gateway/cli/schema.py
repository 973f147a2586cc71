"""``gateway schema``: the GraphQL schema of the code, and whether the file of it is current."""

from __future__ import annotations

from typing import Annotated

import typer

from gateway.cli.options import KEEP, examples


def register(app: typer.Typer) -> None:
    """Add the command of this module to *app*."""
    app.command(
        "schema",
        rich_help_panel=KEEP,
        epilog=examples(
            "gateway schema > schema.graphql", "gateway schema --check", "gateway schema --write"
        ),
    )(schema)


def schema(
    *,
    check: Annotated[
        bool, typer.Option("--check", help="End with 1 unless the file says what the code says.")
    ] = False,
    write: Annotated[bool, typer.Option("--write", help="Write the file anew.")] = False,
) -> None:
    """Print the GraphQL schema, or compare it with graphql/schema.graphql, or write that file."""
    from gateway.errors import GatewayError, UsageError
    from gateway.resources import schema_file
    from harvest_graphql.schema import sdl

    if check and write:
        raise UsageError("--check and --write exclude each other.")
    text = f"{sdl().rstrip()}\n"
    if write:
        schema_file().write_text(text, "utf-8")
        print(f"Written to {schema_file()}")
    elif not check:
        print(text, end="")
    elif schema_file().read_text("utf-8").rstrip() != text.rstrip():
        raise GatewayError(f"{schema_file()} is not what the code says.", hint="Run: gateway schema --write")
    else:
        print(f"{schema_file()} is current.")
