"""``gateway schema``: the files that follow from the code, the GraphQL schema first, and whether they are current."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.options import KEEP, examples


def register(app: typer.Typer) -> None:
    """Add the command of this module to *app*."""
    app.command(
        "schema",
        rich_help_panel=KEEP,
        epilog=examples(
            "gateway schema > schema.graphql",
            "gateway schema --check",
            "gateway schema --write",
            "gateway schema --release 1.2.3",
        ),
    )(schema)


def schema(
    *,
    check: Annotated[
        bool, typer.Option("--check", help="End with 1 unless the files say what the code says.")
    ] = False,
    write: Annotated[bool, typer.Option("--write", help="Write the files anew.")] = False,
    release: Annotated[
        str | None, typer.Option("--release", help="Keep the schema as the one that this version releases.")
    ] = None,
) -> None:
    """Print the GraphQL schema, or compare it with graphql/schema.graphql, or write that file.

    --check and --write are also about graphql/operations/manifest.json: the hashes of the named documents.
    --check also ends with 1 where the schema breaks what the newest release promised (graphql/released) and
    CHANGELOG.md does not name that under Unreleased by its coordinate, as in `HarvestJob.status`.
    """
    from gateway.errors import UsageError

    if check + write + (release is not None) > 1:
        raise UsageError("--check, --write and --release exclude each other.")
    if release is not None:
        _release(release)
        return
    _files(check=check, write=write)
    if check:
        _promises()


def _files(*, check: bool, write: bool) -> None:
    for file, text in _texts():
        if write:
            file.write_text(text, "utf-8")
            print(f"Written to {file}")
        elif check:
            _check(file, text)
        else:
            print(text, end="")
            return


def _release(version: str) -> None:
    from gateway.cli.releases import keep

    (file, text), *_ = _texts()
    print(f"Written to {keep(file, version, text)}")


def _promises() -> None:
    from gateway.cli.releases import check

    (file, text), *_ = _texts()
    for line in check(file, text):
        print(line)


def _texts() -> Iterator[tuple[Path, str]]:
    """Yield the files that follow from others, the schema first, each with what it has to say."""
    from gateway.resources import manifest_file, operations, schema_file
    from harvest_graphql.schema import sdl
    from harvest_graphql.serving.persisted import manifest

    yield schema_file(), f"{sdl().rstrip()}\n"
    yield manifest_file(), manifest(operations())


def _check(file: Path, text: str) -> None:
    from gateway.errors import GatewayError

    if not file.exists() or file.read_text("utf-8").rstrip() != text.rstrip():
        raise GatewayError(f"{file} is not what the code says.", hint="Run: gateway schema --write")
    print(f"{file} is current.")
