"""Fields that no column holds: their SQL, from the columns of their row."""

from __future__ import annotations

from collections.abc import Callable

from gateway.model.enums import EntityType
from gateway.ports import JOB_STATUSES
from gateway.store import rollups
from harvest_graphql.plan.cursors import base64url
from harvest_graphql.plan.draft import Below, Draft, Member, Row
from harvest_graphql.plan.leaves import instant
from harvest_graphql.plan.relations import PORTAL

Sql = Callable[[Row], str]

LISTED = rollups.LISTED
"""The presences that lists hold unless they are asked for others: those that rollups count, or counts would differ."""

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


def native(row: Row) -> str:
    """Return what no field reads, as JSON text: with what is personal for those who may read that."""
    shown = row.column("native")
    if row.draft.may_read_private:
        shown = f"coalesce({row.column('native_private')}, {shown})"
    return f"coalesce({shown}::text, 'null')"


def last_seen_at(row: Row) -> str:
    """Return when the row was last seen at its portal, as JSON text."""
    if row.draft.past is not None:
        return _last_seen_by(row, row.draft.past.at)
    streams = "', '".join(_STREAMS[row.type_name])
    reconciled = (
        f"(SELECT w.reconciled_at FROM sync_stream w WHERE w.portal = {row.column('portal')}"
        f" AND w.stream IN ('{streams}') ORDER BY array_position(ARRAY['{streams}'], w.stream) LIMIT 1)"
    )
    seen = f"coalesce({row.column('last_seen_at')}, greatest({row.column('changed_at')}, {reconciled}))"
    return instant(seen)


def _last_seen_by(row: Row, at: str) -> str:
    """Return when the row had last been seen by the instant *at*, as its portal's passes tell."""
    row.draft.volatile = True  # the notes on passes move no version
    whole = f"(r.kind = 'RECONCILE' OR r.baseline) AND {ASKS} AND coalesce(r.whole, r.state = 'DONE')"
    reconciled = (
        f"(SELECT max(r.started_at) FROM sync_run r WHERE r.portal = {row.column('portal')} AND {whole}"
        f" AND r.ended_at <= {at})"
    )
    return instant(
        f"coalesce({row.column('last_seen_at')}, greatest({row.column('changed_at')}, {reconciled}))"
    )


def duration_seconds(row: Row) -> str:
    """Return how long a run took, as JSON text."""
    seconds = f"extract(epoch FROM {row.column('ended_at')} - {row.column('started_at')})"
    return f"coalesce(trim_scale({seconds})::text, 'null')"


def source_count(row: Row) -> str:
    """Return how many sources of an organization are listed."""
    sources = row.draft.rows(EntityType.HARVEST_SOURCE)
    return (
        f"(SELECT count(*)::text FROM {sources} w WHERE w.organization_id = {row.column('id')}"
        f" AND w.presence IN {LISTED})"
    )


def loading(number: str) -> str:
    """Return the SQL of whether a portal's first load is under way, from its streams, aggregated as ``s``."""
    return (
        "(count(*) = 0 OR bool_or(s.reconciled_at IS NULL) OR EXISTS (SELECT FROM sync_run r"
        f" WHERE r.portal = {number} AND r.baseline AND r.state = 'RUNNING'))"
    )


ASKS = "r.kind IN ('POLL', 'RECONCILE')"
"""The condition on a pass ``r`` that it asks the portal: one that normalises again does not."""


def polled(number: str) -> str:
    """Return the SQL of when the last pass over a portal began that read all it was to read.

    Not the oldest of its streams: some are read by reconciles alone.
    """
    return (
        f"(SELECT r.started_at FROM sync_run r WHERE r.portal = {number} AND coalesce(r.whole, r.state = 'DONE')"
        f" AND {ASKS} ORDER BY r.started_at DESC LIMIT 1)"
    )


def portal_sync(row: Row) -> Below:
    """Return where a portal's state of synchronisation is read: all its streams together."""
    alias = row.draft.alias()
    number = row.column("number")
    source = (
        f"(SELECT {number} AS number, CASE WHEN {loading(number)} THEN 'LOADING' ELSE 'READY' END AS state,"
        f" {polled(number)} AS polled_at,"
        " CASE WHEN bool_and(s.reconciled_at IS NOT NULL) THEN min(s.reconciled_at) END AS reconciled_at,"
        " coalesce(bool_and(s.complete), false) AS complete,"
        f" {_next(number, 'POLL')} AS next_poll_at, {_next(number, 'RECONCILE')} AS next_reconcile_at,"
        f" EXISTS ({_lease(number)}) AS working, ({_lease(number)}) AS worker"
        f" FROM sync_stream s WHERE s.portal = {number}) {alias}"
    )
    return Below(source, Row(row.draft, "PortalSync", alias, None))


def _next(number: str, kind: str) -> str:
    return f"(SELECT d.due_at FROM sync_due d WHERE d.portal = {number} AND d.kind = '{kind}')"


def _lease(number: str) -> str:
    return (
        f"SELECT l.holder FROM lease l WHERE l.portal = {number} AND l.unit = 'portal' AND l.holder IS NOT NULL"
        " AND l.until > now()"
    )


def run_id(row: Row) -> str:
    """Return the id of a pass, as JSON text."""
    key = f"(SELECT w.key FROM portal w WHERE w.number = {row.column('portal')})"
    return f"""'"' || {base64url(f"'SyncRun:' || {key} || ':' || {row.column('id')}")} || '"'"""


def portal_of(row: Row) -> Below:
    """Return where the portal of a row is read that is no entity."""
    alias = row.draft.alias()
    return Below(
        f"portal {alias} WHERE {alias}.number = {row.column('portal')}",
        Row(row.draft, "Portal", alias, PORTAL),
    )


def streams(row: Row) -> Below:
    """Return where the streams of a portal are read, in the order in which a pass reads them."""
    alias = row.draft.alias()
    return Below(
        f"sync_stream {alias} WHERE {alias}.portal = {row.column('number')}",
        Row(row.draft, "StreamSync", alias, None),
        as_read(alias),
    )


def as_read(alias: str) -> str:
    """Return the order in which a pass reads the streams that the rows *alias* name."""
    known = "ARRAY['backends', 'organizations', 'sources', 'jobs', 'records', 'errors', 'job_errors']"
    return f"array_position({known}, {alias}.stream), {alias}.stream"


def breaker(row: Row) -> Below:
    """Return where a portal's breaker is read."""
    alias = row.draft.alias()
    names = ("state", "since", "until", "reason", "failures")
    columns = ", ".join(f"w.breaker_{name} AS {name}" for name in names)
    return Below(
        f"(SELECT {columns} FROM portal w WHERE w.number = {row.column('number')}) {alias}",
        Row(row.draft, "PortalBreaker", alias, None),
    )


def last_run(row: Row) -> Below:
    """Return where the last pass over a portal is read."""
    alias = row.draft.alias()
    return Below(f"{newest_run(row)} {alias}", Row(row.draft, "SyncRun", alias, None))


def newest_run(row: Row, condition: str = "true") -> str:
    """Return the SQL of the newest pass over a portal that meets a *condition* on ``r``."""
    return (
        f"(SELECT * FROM sync_run r WHERE r.portal = {row.column('number')} AND {condition}"
        " ORDER BY r.started_at DESC, r.id DESC LIMIT 1)"
    )


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


def job_statuses(row: Row) -> Below:
    """Return where the words of a portal's runs are read: those that it told, else those that its adapter knows."""
    alias = row.draft.alias()
    known = array(row.column("job_statuses"))
    words = f"{row.column('capabilities')} -> '{JOB_STATUSES}'"
    meant = (
        f"(SELECT k ->> 'status' FROM jsonb_array_elements({known}) k WHERE k ->> 'word' = w.word LIMIT 1)"
    )
    pair = f"jsonb_build_object('word', w.word, 'status', coalesce({meant}, 'UNKNOWN'))"
    told = (
        f"SELECT coalesce(jsonb_agg({pair} ORDER BY w.n), '[]') FROM"
        f" jsonb_array_elements_text({array(words)}) WITH ORDINALITY w(word, n) WHERE w.word IS NOT NULL"
    )
    source = (
        f"(SELECT x.told, CASE WHEN x.told THEN ({told}) ELSE {known} END AS words"
        f" FROM (SELECT coalesce(jsonb_typeof({words}) = 'array', false) AS told) x) {alias}"
    )
    return Below(source, Row(row.draft, "JobStatusWords", alias, None))


def words_of(row: Row) -> Below:
    """Return where the members of ``words`` are read, a JSON array."""
    return elements(row.draft, row.column("words"))


def elements(draft: Draft, json: str) -> Below:
    """Return where the members of a JSON array are read; what is no array has none."""
    alias = draft.alias()
    source = f"jsonb_array_elements({array(json)}) WITH ORDINALITY AS {alias}(value, n)"
    return Below(source, Member(draft, f"{alias}.value"), f"{alias}.n")


def array(json: str) -> str:
    """Return the SQL of a JSON array: *json*, or an empty one where that is none."""
    return f"(CASE WHEN jsonb_typeof({json}) = 'array' THEN {json} ELSE '[]' END)"
