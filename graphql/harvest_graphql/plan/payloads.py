"""Payloads: where a record's are kept, and what is said of one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from gateway.ports import Part
from harvest_graphql.plan.cursors import base64url
from harvest_graphql.plan.draft import Below, Row
from harvest_graphql.plan.octets import json_of, utf8_text

PATH = "/payloads/"
"""Below it, each payload's id is the address of its bytes."""
CAVEAT = (
    "Data.gov does not keep a DCAT record as it was sent: the keys of its objects are sorted,"
    " and the order of its arrays is lost."
)


@dataclass(frozen=True, slots=True)
class Kind:
    """One of a record's payloads."""

    part: Part
    type: str
    """The type in its id."""
    member: str
    """The member of the record's document that holds it."""
    canonical: bool
    """Whether its text is compact JSON with sorted keys; else it is what the portal gave."""


RAW = Kind(Part.RAW, "RawPayload", "source_raw", canonical=False)
TRANSFORMED = Kind(Part.TRANSFORMED, "TransformedPayload", "source_transform", canonical=True)
KINDS = {kind.type: kind for kind in (RAW, TRANSFORMED)}


def kept(kind: Kind, record: str, document: str) -> str:
    """Return the SELECT of a payload: ``state``, ``told``, ``media_type``, ``text``, ``octets``.

    *record* is the SQL of the record's key, *document* that of its document's hash. What the document does not
    hold may have been asked for by itself: ``told`` is whether the portal said a media type then. Its bytes are
    looked at only where the text is needed: they may be many.
    """
    held = (
        f"SELECT document_member(d.body, '{kind.member}') AS value, p.record_id, p.media_type,"
        f" p.body || ''::bytea AS body FROM (SELECT) w"
        f" LEFT JOIN document d ON d.entity_type = 'HarvestRecord' AND d.entity_id = {record} AND d.hash = {document}"
        f" LEFT JOIN payload p ON p.record_id = {record} AND p.part = '{kind.part}' OFFSET 0"
    )
    asked = (
        "CASE WHEN h.record_id IS NULL THEN 'NOT_FETCHED' WHEN h.body IS NULL THEN 'ABSENT' ELSE 'STORED' END"
    )
    state = (
        f"CASE WHEN h.value IS NULL THEN {asked} WHEN jsonb_typeof(h.value) = 'null' THEN 'ABSENT'"
        " ELSE 'STORED' END"
    )
    body = "CASE WHEN h.value IS NULL THEN h.body END"
    said = "CASE WHEN h.value IS NULL THEN h.media_type END"
    read = f"SELECT {state} AS state, {said} AS said, {body} AS body, {_read(kind)} AS text FROM ({held}) h OFFSET 0"
    text = f"coalesce(k.text, {utf8_text('k.body')})"
    return (
        f"SELECT k.state, k.said IS NOT NULL AS told, {_media_type(text)} AS media_type, {text} AS text,"
        f" coalesce(convert_to(k.text, 'UTF8'), k.body) AS octets FROM ({read}) k OFFSET 0"
    )


def _read(kind: Kind) -> str:
    """Return the SQL of the text of what is held at ``h``, as far as it is not the bytes that came by themselves."""
    if not kind.canonical:
        return "CASE WHEN jsonb_typeof(h.value) <> 'null' THEN h.value #>> '{}' END"
    whole = """document_member('{"t":'::bytea || h.body || '}'::bytea, 't')"""
    return (
        f"CASE WHEN h.value IS NULL THEN canonical_json({whole})"
        " WHEN jsonb_typeof(h.value) <> 'null' THEN canonical_json(h.value) END"
    )


def _media_type(text: str) -> str:
    """Return the SQL of what is held at ``k``: what the portal said, else what the *text* looks like."""
    return (
        "CASE WHEN k.state <> 'STORED' THEN NULL WHEN k.said IS NOT NULL THEN k.said ELSE"
        " (SELECT CASE WHEN l.text IS NULL THEN 'application/octet-stream'"
        " WHEN l.text ~ '^\\s*<' THEN 'application/xml' WHEN text_json(l.text) IS NOT NULL THEN 'application/json'"
        f" ELSE 'text/plain' END FROM (SELECT {text} AS text OFFSET 0) l) END"
    )


def payload(kind: Kind) -> Callable[[Row], Below]:
    """Return where the fields of a record's payload are read."""

    def place(row: Row) -> Below:
        alias = row.draft.alias()
        id_ = base64url(f"'{kind.type}:' || {row.portal_key()} || ':' || {row.column('native_id')}")
        href = "NULL::text" if kind.canonical else row.column("remote_url")
        resorted = f"(SELECT w.adapter FROM portal w WHERE w.number = {row.column('portal')}) = 'data-gov'"
        source = kept(kind, row.column("id"), row.column("document_hash"))
        columns = f"k.*, {id_} AS id, {href} AS href, {resorted if kind is RAW else 'false'} AS resorted"
        where = f"(SELECT {columns} FROM ({source}) k OFFSET 0) {alias}"
        return Below(where, Row(row.draft, "Payload", alias, None))

    return place


def size(row: Row) -> str:
    """Return the number of a payload's bytes."""
    return f"coalesce(length({row.column('octets')})::text, 'null')"


def digest(row: Row) -> str:
    """Return the SHA-256 of a payload's bytes, in hexadecimal."""
    found = f"encode(sha256({row.column('octets')}), 'hex')"
    return f"""coalesce('"' || {found} || '"', 'null')"""


def json(row: Row) -> str:
    """Return a payload as JSON, null where it is none."""
    return json_of(row.column("text"))


def download(row: Row) -> str:
    """Return the path of a payload's bytes, null where the portal has none."""
    path = f"""'"{PATH}' || {row.column("id")} || '"'"""
    return f"CASE WHEN {row.column('state')} = 'ABSENT' THEN 'null' ELSE {path} END"


def caveat(row: Row) -> str:
    """Return what one must know of a payload, null where there is nothing."""
    applies = f"{row.column('resorted')} AND text_json({row.column('text')}) IS NOT NULL"
    return f"""CASE WHEN {applies} THEN '"{CAVEAT}"' ELSE 'null' END"""
