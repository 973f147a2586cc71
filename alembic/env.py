"""How alembic reaches the database and the tables: loaded by path, from a checkout or from a wheel.

Write the first revision anew after a change of the tables (only while nobody has a database to keep)::

    .venv/bin/python -m gateway.postgres regenerate

Write a further one::

    .venv/bin/python -m gateway.postgres revision "what it does"
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from alembic import context
from alembic.operations import ops

from gateway.store import feed
from gateway.store.bookkeeping import DATA
from gateway.store.declared import METADATA
from gateway.store.functions import FUNCTIONS, SEARCHING

_BEFORE = ("CREATE EXTENSION IF NOT EXISTS unaccent", "CREATE EXTENSION IF NOT EXISTS pg_trgm", *SEARCHING)
_AFTER = ('INSERT INTO data_version ("only", version) VALUES (true, 0)', *FUNCTIONS, *feed.FOLLOWED)

_MOVED = f"""
    DO $$ BEGIN
        IF to_regclass('data_version') IS NOT NULL THEN
            UPDATE data_version SET version = version + 1 WHERE version > 0;
            PERFORM pg_notify('{DATA}', version::text) FROM data_version;
        END IF;
    END $$
"""
"""Answers that other processes keep may say something else now; before the first commit there are none."""


def complete_first(_: Any, revision: Iterable[str | None], directives: list[Any]) -> None:
    """Add to the first revision what no table declares: extensions, functions, the one row that is always there."""
    script = directives[0] if directives else None
    if script is None or script.upgrade_ops is None or any(revision):
        return
    script.upgrade_ops.ops[:0] = [ops.ExecuteSQLOp(statement) for statement in _BEFORE]
    script.upgrade_ops.ops.extend(ops.ExecuteSQLOp(statement) for statement in _AFTER)


def is_declared(name: str | None, kind: str, _: object) -> bool:
    """Whether a table is one that the code declares: those of the queue are pgqueuer's."""
    return kind != "table" or not (name or "").startswith("sync_queue")


def run() -> None:
    """Do what alembic was called for, in the transaction of the connection that the gateway hands over."""
    given = context.config.attributes
    touched: list[str] = given["touched"]
    context.configure(
        connection=given["connection"],
        target_metadata=METADATA,
        on_version_apply=lambda step, **_: touched.append(str(step.up_revision_id)),
        process_revision_directives=complete_first,
        compare_server_default=True,
        include_name=is_declared,
    )
    with context.begin_transaction():
        context.run_migrations()
        if touched:
            context.execute(_MOVED)


run()
