"""the past without holes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

HARVESTED = {"protocol": "UNKNOWN", "metadata_standard": "UNKNOWN", "standard_family": "OTHER"}
WORDS = {
    "organization": {"kind": "UNKNOWN"},
    "harvest_backend": HARVESTED,
    "harvest_source": {**HARVESTED, "consecutive_failures": 0},
    "harvest_job": dict.fromkeys(("status", "wire_status", "kind"), "UNKNOWN"),
}
"""What a row says of which no more is known than its id, by table."""

INDEXES = {
    "ix_organization_history_native": ("organization_history", ["portal", "native_id"]),
    "ix_harvest_backend_history_native": ("harvest_backend_history", ["portal", "native_id"]),
    "ix_harvest_source_history_native": ("harvest_source_history", ["portal", "native_id"]),
    "ix_harvest_source_history_organization": ("harvest_source_history", ["organization_id"]),
    "ix_harvest_source_history_backend": ("harvest_source_history", ["backend_id"]),
    "ix_harvest_job_history_native": ("harvest_job_history", ["portal", "native_id"]),
    "ix_harvest_job_history_source": ("harvest_job_history", ["source_id", "created_at", "id"]),
    "ix_harvest_job_history_created": ("harvest_job_history", ["created_at", "id"]),
}

KNOWN = """
INSERT INTO portal_past (portal, known_since)
SELECT p.number, coalesce((SELECT min(r.ended_at) FROM sync_run r
    WHERE r.portal = p.number AND r.kind IN ('POLL', 'RECONCILE') AND coalesce(r.whole, r.state = 'DONE')), now())
FROM portal p
WHERE EXISTS (SELECT FROM sync_stream s WHERE s.portal = p.number)
  AND NOT EXISTS (SELECT FROM sync_stream s WHERE s.portal = p.number AND s.reconciled_at IS NULL)
"""


def lasting(table: str) -> str:
    """Return the statement that makes each version last until the next begins: units ended them a little later."""
    return f"""
        UPDATE {table}_history h SET valid_to = n.begins FROM (
            SELECT h.history_id, coalesce(lead(h.valid_from) OVER (PARTITION BY h.id ORDER BY h.valid_from),
                t.changed_at) AS begins
            FROM {table}_history h JOIN {table} t ON t.id = h.id
        ) n WHERE n.history_id = h.history_id AND n.begins > h.valid_from AND n.begins <> h.valid_to
    """


def named(table: str) -> str:
    """Return the statement that keeps of each row how long it was only named by others."""
    words = ", ".join(f"'{name}', {word!r}" for name, word in WORDS[table].items())
    return f"""
        INSERT INTO {table}_history
        SELECT (jsonb_populate_record(NULL::{table}_history, jsonb_build_object(
            'history_id', nextval(pg_get_serial_sequence('{table}_history', 'history_id')),
            'id', t.id, 'portal', t.portal, 'native_id', t.native_id, 'presence', 'UNKNOWN', {words},
            'first_seen_at', t.first_seen_at, 'changed_at', t.first_seen_at,
            'valid_from', t.first_seen_at, 'valid_to', b.begins))).*
        FROM {table} t CROSS JOIN LATERAL (
            SELECT coalesce(min(h.valid_from), t.changed_at) AS begins FROM {table}_history h WHERE h.id = t.id) b
        WHERE t.first_seen_at < b.begins
    """


def upgrade() -> None:
    op.create_table(
        "portal_past",
        sa.Column("portal", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("known_since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("pruned_until", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("portal"),
    )
    op.execute(KNOWN)
    for table in WORDS:
        op.execute(lasting(table))
        op.execute(named(table))
    for name, (table, columns) in INDEXES.items():
        op.create_index(name, table, columns)


def downgrade() -> None:
    for name, (table, _) in INDEXES.items():
        op.drop_index(name, table_name=table)
    op.drop_table("portal_past")
