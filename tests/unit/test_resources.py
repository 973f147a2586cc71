"""Data files are found beside the code."""

from __future__ import annotations

from gateway import resources


def test_migrations_and_schema_are_there() -> None:
    assert (resources.alembic_folder() / "env.py").is_file()
    assert list((resources.alembic_folder() / "versions").glob("0001_*.py"))
    assert resources.schema_file().name == "schema.graphql"


def test_operations_are_texts_by_name() -> None:
    found = resources.operations()
    assert list(found) == sorted(found)
    assert all(text.strip() for text in found.values())
