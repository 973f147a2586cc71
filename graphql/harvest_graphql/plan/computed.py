"""Fields that no column holds: their SQL, from the columns of their row."""

from __future__ import annotations

from collections.abc import Callable

from harvest_graphql.plan.cursors import base64url
from harvest_graphql.plan.draft import Below, Member, Row
from harvest_graphql.plan.leaves import instant

Sql = Callable[[Row], str]

LISTED = "('PRESENT', 'EXPIRED')"
"""The presences that lists hold unless they are asked for others."""

_STREAMS = {
    "Organization": ("organizations", "sources"),
    "Person": ("sources",),
    "HarvestBackend": ("backends", "sources"),
    "HarvestSource": ("sources",),
    "HarvestJob": ("jobs",),
    "HarvestRecord": ("records",),
    "HarvestError": ("errors", "records"),
    "Dataset": ("records",),
}
"""The streams that bring the rows of a type, the first that the portal has."""


def global_id(row: Row) -> str:
    """Return the global id, as JSON text."""
    native = row.column("key" if row.type_name == "Portal" else "native_id")
    return f"""'"' || {base64url(f"'{row.type_name}:' || {row.portal_key()} || ':' || {native}")} || '"'"""


def last_seen_at(row: Row) -> str:
    """Return when the row was last seen at its portal, as JSON text."""
    streams = "', '".join(_STREAMS[row.type_name])
    reconciled = (
        f"(SELECT w.reconciled_at FROM sync_stream w WHERE w.portal = {row.column('portal')}"
        f" AND w.stream IN ('{streams}') ORDER BY array_position(ARRAY['{streams}'], w.stream) LIMIT 1)"
    )
    seen = f"coalesce({row.column('last_seen_at')}, greatest({row.column('changed_at')}, {reconciled}))"
    return instant(seen)


def duration_seconds(row: Row) -> str:
    """Return how long a run took, as JSON text."""
    seconds = f"extract(epoch FROM {row.column('ended_at')} - {row.column('started_at')})"
    return f"coalesce(trim_scale({seconds})::text, 'null')"


def source_count(row: Row) -> str:
    """Return how many sources of an organization are listed."""
    return (
        f"(SELECT count(*)::text FROM harvest_source w WHERE w.organization_id = {row.column('id')}"
        f" AND w.presence IN {LISTED})"
    )


def config(row: Row) -> Below:
    """Return a source's configuration: its known keys, whatever else it holds."""
    kind = f"jsonb_typeof({row.column('config')}) = 'object'"
    return Below(f"(SELECT) w WHERE {kind}", Member(row.draft, row.column("config")))


def payload(key: str, *, canonical: bool) -> Callable[[Row], Below]:
    """Return where the fields of the publisher's payload are read: the member *key* of the record's document.

    *canonical*: its text is compact JSON with sorted keys; else it is the text that the member holds.
    """
    text = "canonical_json(x.value)" if canonical else "x.value #>> '{}'"

    def place(row: Row) -> Below:
        alias = row.draft.alias()
        href = "NULL::text" if canonical else row.column("remote_url")
        document = (
            f"d.entity_type = '{row.type_name}' AND d.entity_id = {row.column('id')}"
            f" AND d.hash = {row.column('document_hash')}"
        )
        value = (
            f"SELECT document_member(d.body, '{key}') AS value, {href} AS href"
            f" FROM (SELECT) w LEFT JOIN document d ON {document} OFFSET 0"
        )
        state = (
            "CASE jsonb_typeof(x.value) WHEN 'null' THEN 'ABSENT' ELSE"
            " CASE WHEN x.value IS NULL THEN 'NOT_FETCHED' ELSE 'STORED' END END"
        )
        stored = f"CASE WHEN jsonb_typeof(x.value) <> 'null' THEN {text} END"
        source = f"(SELECT {state} AS state, {stored} AS text, x.href FROM ({value}) x OFFSET 0) {alias}"
        return Below(source, Row(row.draft, "Payload", alias, None))

    return place


def payload_bytes(row: Row) -> str:
    """Return the number of bytes of a payload's text in UTF-8."""
    return f"coalesce(octet_length({row.column('text')})::text, 'null')"


def payload_sha256(row: Row) -> str:
    """Return the SHA-256 of a payload's text in UTF-8, in hexadecimal."""
    digest = f"encode(sha256(convert_to({row.column('text')}, 'UTF8')), 'hex')"
    return f"""coalesce('"' || {digest} || '"', 'null')"""


def payload_media_type(row: Row) -> str:
    """Return what a payload's text looks like."""
    text = row.column("text")
    return (
        f"""CASE WHEN {text} IS NULL THEN 'null' WHEN {text} ~ '^\\s*<' THEN '"application/xml"'"""
        f""" WHEN text_json({text}) IS NOT NULL THEN '"application/json"' ELSE '"text/plain"' END"""
    )


def payload_json(row: Row) -> str:
    """Return a payload as JSON, null where it is none."""
    return f"coalesce(text_json({row.column('text')})::text, 'null')"


def loading(number: str) -> str:
    """Return the SQL of whether a portal's first load is under way, from its streams, aggregated as ``s``."""
    return (
        "(count(*) = 0 OR bool_or(s.reconciled_at IS NULL) OR EXISTS (SELECT FROM sync_run r"
        f" WHERE r.portal = {number} AND r.baseline AND r.state = 'RUNNING'))"
    )


def portal_sync(row: Row) -> Below:
    """Return where a portal's state of synchronisation is read: all its streams together."""
    alias = row.draft.alias()
    number = row.column("number")
    source = (
        f"(SELECT {number} AS number, CASE WHEN {loading(number)} THEN 'LOADING' ELSE 'READY' END AS state,"
        " CASE WHEN bool_and(s.polled_at IS NOT NULL) THEN min(s.polled_at) END AS polled_at,"
        " CASE WHEN bool_and(s.reconciled_at IS NOT NULL) THEN min(s.reconciled_at) END AS reconciled_at,"
        " coalesce(bool_and(s.complete), false) AS complete"
        f" FROM sync_stream s WHERE s.portal = {number}) {alias}"
    )
    return Below(source, Row(row.draft, "PortalSync", alias, None))


def streams(row: Row) -> Below:
    """Return where the streams of a portal are read, in the order in which a pass reads them."""
    alias = row.draft.alias()
    known = "ARRAY['backends', 'organizations', 'sources', 'jobs', 'records', 'errors', 'job_errors']"
    return Below(
        f"sync_stream {alias} WHERE {alias}.portal = {row.column('number')}",
        Row(row.draft, "StreamSync", alias, None),
        f"array_position({known}, {alias}.stream), {alias}.stream",
    )


def last_run(row: Row) -> Below:
    """Return where the last pass over a portal is read."""
    alias = row.draft.alias()
    newest = (
        f"(SELECT * FROM sync_run r WHERE r.portal = {row.column('number')}"
        f" ORDER BY r.started_at DESC, r.id DESC LIMIT 1) {alias}"
    )
    return Below(newest, Row(row.draft, "SyncRun", alias, None))


def portal_counts(row: Row) -> Below:
    """Return where the counts of a portal are read: each is counted only where it is selected."""
    alias = row.draft.alias()
    return Below(
        f"(SELECT {row.column('number')} AS number) {alias}", Row(row.draft, "PortalCounts", alias, None)
    )


def count_of(table: str, *, unless: str = "false") -> Sql:
    """Return the SQL of how many rows of *table* a portal lists."""

    def count(row: Row) -> str:
        return (
            f"(SELECT count(*)::text FROM {table} w WHERE w.portal = {row.column('number')}"
            f" AND w.presence IN {LISTED} AND NOT {unless})"
        )

    return count


def quarantined(row: Row) -> str:
    """Return how many elements of a portal are kept aside."""
    return (
        f"(SELECT count(*)::text FROM quarantine w WHERE w.portal = {row.column('number')}"
        " AND w.released_at IS NULL)"
    )
