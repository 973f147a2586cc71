"""Which indexes the tables of the model have: what rows are found and listed by."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Index, literal_column, text

from gateway.model.enums import EntityType
from gateway.store import columns as c
from gateway.store.findable import NAMES, ORDERED, STORED, WORDS, order_text, plain_name

_ROWS: dict[EntityType, tuple[Any, ...]] = {
    EntityType.ORGANIZATION: (c.index("organization_slug", "portal", "slug"),),
    EntityType.HARVEST_SOURCE: (
        c.index("harvest_source_slug", "portal", "slug"),
        c.index("harvest_source_organization", "organization_id"),
        c.index("harvest_source_created", "created_at", "id"),
        c.index("harvest_source_backend", "backend_id"),
    ),
    EntityType.HARVEST_JOB: (
        c.index("harvest_job_source", "source_id", "created_at", "id"),
        c.index("harvest_job_created", "created_at", "id"),
        c.index("harvest_job_status", "portal", "status", "created_at"),
    ),
    EntityType.HARVEST_RECORD: (
        c.index("harvest_record_job", "job_id", "position", "id"),
        c.index("harvest_record_source", "source_id", "created_at", "id"),
        c.index("harvest_record_dataset", "dataset_id", "created_at", "id"),
        c.index("harvest_record_created", "created_at", "id"),
        c.index("harvest_record_stub", "portal", postgresql_where=text("presence = 'UNKNOWN'")),
    ),
    EntityType.HARVEST_ERROR: (
        c.index("harvest_error_job", "job_id", "created_at", "id"),
        c.index("harvest_error_record", "record_id", "position", "id"),
        c.index("harvest_error_created", "created_at", "id"),
    ),
    EntityType.DATASET: (
        c.index("dataset_source", "source_id", "id"),
        c.index("dataset_remote", "source_id", "remote_id"),
        c.index("dataset_parent", "parent_id"),
        c.index("dataset_modified", "modified_at", "id"),
    ),
}
_HISTORY: dict[EntityType, tuple[Any, ...]] = {
    EntityType.HARVEST_SOURCE: (
        c.index("harvest_source_history_organization", "organization_id"),
        c.index("harvest_source_history_backend", "backend_id"),
    ),
    EntityType.HARVEST_JOB: (
        c.index("harvest_job_history_source", "source_id", "created_at", "id"),
        c.index("harvest_job_history_created", "created_at", "id"),
    ),
}


def of(type_: EntityType, table: str) -> list[Index]:
    """Return the indexes of the *table* that holds the rows of *type_*."""
    return [*_ROWS.get(type_, ()), *_searched(type_, table), *_ordered(type_, table)]


def of_history(type_: EntityType, table: str) -> list[Index]:
    """Return the indexes of the *table* that holds what rows of *type_* were."""
    return [
        c.index(f"{table}_range", "id", "valid_from", "valid_to"),
        c.index(f"{table}_native", "portal", "native_id"),
        *_HISTORY.get(type_, ()),
    ]


def _searched(type_: EntityType, table: str) -> list[Any]:
    """Return the indexes that searches use."""
    gin = {"postgresql_using": "gin"}
    found = [c.index(f"{table}_words", text(WORDS[type_]), **gin)] if type_ in WORDS else []
    if type_ in NAMES:
        alike: Any = literal_column(plain_name(type_)).label("name")
        found.append(c.index(f"{table}_alike", alike, postgresql_ops={"name": "gin_trgm_ops"}, **gin))
    if type_ in STORED:
        found.append(c.index(f"{table}_named", "plain_name", postgresql_using="hash"))
    return found


def _ordered(type_: EntityType, table: str) -> list[Any]:
    """Return the index of a list in the order of its text."""
    if type_ not in ORDERED:
        return []
    column = ORDERED[type_]
    key: Any = literal_column(order_text(column)).label(column)
    return [c.index(f"{table}_{column}", key, "id")]
