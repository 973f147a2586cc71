"""Where the data files are that ship with the code: the schema, the operations, the migrations.

In a checkout they stand in their own rooms at the top; in an installed wheel below ``gateway/_data``.
"""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def schema_file() -> Path:
    """Return the exported GraphQL schema."""
    return _place("schema.graphql", "graphql/schema.graphql")


def operations() -> dict[str, str]:
    """Return the text of each named GraphQL document, by its name, sorted by it."""
    return {
        _name(file): file.read_text("utf-8") for file in sorted(_operations().glob("*.graphql"), key=_name)
    }


def _name(document: Path) -> str:
    return document.stem


def manifest_file() -> Path:
    """Return the file of the named documents' hashes, whether it is there or not."""
    return _operations() / "manifest.json"


def _operations() -> Path:
    return _place("operations", "graphql/operations")


def alembic_folder() -> Path:
    """Return the folder of the migrations: ``env.py`` and ``versions/``."""
    return _place("alembic", "alembic")


def _place(installed: str, checkout: str) -> Path:
    """Return where a data file is, in the wheel or else in the checkout; raises FileNotFoundError."""
    places = (_PACKAGE / "_data" / installed, _PACKAGE.parent / checkout)
    for place in places:
        if place.exists():
            return place
    raise FileNotFoundError(f"{checkout} is neither in the installed package nor in a checkout: {places[1]}")
