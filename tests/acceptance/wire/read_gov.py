"""What the facts say of Data.gov's captures: the entities of each element, the outcome of each refusal."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

from acceptance.wire.capture import Capture
from acceptance.wire.gov import PAYLOADS
from acceptance.wire.reading import Element, Wanted, said, unknown_words, wrong
from acceptance.wire.replay import replayed

from adapters.data_gov import ADAPTER
from adapters.data_gov.answers import Asking, TooMuch
from gateway.errors import PortalError, PortalRefused, PortalUnavailable, PortalUnreadable
from gateway.fetch.client import Client
from gateway.model.enums import EntityType
from gateway.model.identity import dataset_id

JOBS = {"new": "PENDING", "in_progress": "RUNNING", "complete": "SUCCEEDED", "error": "FAILED"}
RECORDS = {None: "PENDING", "success": "SUCCEEDED", "error": "FAILED", "dataset_pending": "UNPUBLISHED"}
ACTIONS = {None: None, "create": "CREATE", "update": "UPDATE", "delete": "DELETE"}
WORDS = ("wire_status", "protocol", "metadata_standard", "severity", "notification_frequency")
TYPES = {
    "harvest_source": EntityType.HARVEST_SOURCE,
    "harvest_job": EntityType.HARVEST_JOB,
    "harvest_record": EntityType.HARVEST_RECORD,
    "organization": EntityType.ORGANIZATION,
}
COUNTERS = {
    "total": "records_total",
    "added": "records_added",
    "updated": "records_updated",
    "deleted": "records_deleted",
    "unchanged": "records_ignored",
    "failed": "records_errored",
    "warned": "records_warned",
    "validated": "records_validated",
}


def when(text: str | None) -> datetime | None:
    """Return the instant of a date in the portal's form."""
    return None if text is None else parsedate_to_datetime(text)


def kind(path: str) -> EntityType:
    """Return what the elements at a path are."""
    name = path.split("?", maxsplit=1)[0].removeprefix("/api/v1/")
    if "error" in name:
        return EntityType.HARVEST_ERROR
    return next(type_ for word, type_ in TYPES.items() if name.startswith(word))


def elements(capture: Capture) -> list[Element]:
    """Return the elements of an answer, none where it holds none."""
    body = capture.body
    rows = body if isinstance(body, list) else [body]
    if capture.status != 200 or capture.name in PAYLOADS or not all(isinstance(row, dict) for row in rows):
        return []
    return [Element(kind(capture.path), row["id"], row) for row in rows if "id" in row]


def wanted(element: Element) -> Iterator[Wanted]:
    """Yield the entities that the facts see in an element."""
    readers = {
        EntityType.ORGANIZATION: _organization,
        EntityType.HARVEST_SOURCE: _source,
        EntityType.HARVEST_JOB: _job,
        EntityType.HARVEST_RECORD: _record,
        EntityType.HARVEST_ERROR: _error,
    }
    yield from readers[element.type](element)


def _organization(element: Element) -> Iterator[Wanted]:
    body = element.body
    fields = {
        "name": body["name"],
        "slug": body["slug"],
        "kind": re.sub(r"\W", "_", body["organization_type"] or "UNKNOWN").upper(),
        "native_kind": body["organization_type"],
        "native_source_count": body.get("source_count"),
        "native": {key: body[key] for key in ("code_repo_exempt", "code_repo_url")},
    }
    yield Wanted(element.type, element.native_id, fields)


def _source(element: Element) -> Iterator[Wanted]:
    body = element.body
    pair = f"{body['source_type']}/{body['schema_type']}"
    fields = {
        "name": body["name"],
        "url": body["url"],
        "organization": body["organization_id"],
        "backend": pair,
        "native_source_type": body["source_type"],
        "native_schema_type": body["schema_type"],
        "schedule_raw": body["frequency"],
        "notification_frequency": body["notification_frequency"].upper(),
        "collection_parent_url": body["collection_parent_url"],
        "active": None,
    }
    yield Wanted(element.type, element.native_id, fields)
    yield Wanted(EntityType.HARVEST_BACKEND, pair, {"label": pair})


def _job(element: Element) -> Iterator[Wanted]:
    body = element.body
    status = JOBS[body["status"]]
    if status == "SUCCEEDED" and (body["records_errored"] or 0) > 0:
        status = "PARTIAL"
    fields = {
        "source": body["harvest_source_id"],
        "wire_status": status,
        "native_status": body["status"],
        "kind": (body["job_type"] or "UNKNOWN").upper(),
        "native_kind": body["job_type"],
        "created_at": when(body["date_created"]),
        "started_at": None if body["status"] == "new" else when(body["date_created"]),
        "ended_at": when(body["date_finished"]),
        "catalog": body["dcatus_catalog"],
        **{field: body[key] for field, key in COUNTERS.items()},
    }
    yield Wanted(element.type, element.native_id, fields)


def _record(element: Element) -> Iterator[Wanted]:
    body = element.body
    action, type_ = ACTIONS[body["action"]], body.get("record_type") or "dataset"
    named = action and "record_type" in body
    dataset = dataset_id(body["harvest_source_id"], type_, body["identifier"]) if named else None
    fields = {
        "job": body["harvest_job_id"],
        "source": body["harvest_source_id"],
        "dataset": dataset,
        "remote_id": body["identifier"],
        "wire_status": RECORDS[body["status"]],
        "native_status": body["status"],
        "action": action,
        "record_type": type_.upper(),
        "created_at": when(body["date_created"]),
        "ended_at": None if action == "DELETE" else when(body["date_finished"]),
        "hash": body["source_hash"],
        "parent_identifier": _parent(body),
    }
    yield Wanted(element.type, element.native_id, fields)
    if dataset:
        text = {"source": body["harvest_source_id"], "remote_id": body["identifier"], **_payload(body)}
        yield Wanted(EntityType.DATASET, dataset, text)


def _content(body: Mapping[str, Any]) -> Any:
    """Return a record's payload as DCAT, None where it is none."""
    raw = body.get("source_raw") or ""
    return body.get("source_transform") or (json.loads(raw) if raw.startswith("{") else None)


def _parent(body: Mapping[str, Any]) -> str | None:
    """Return what a record's dataset is part of; the captured payloads say it in a text."""
    own: str | None = body["parent_identifier"]
    return own if own is not None else (_content(body) or {}).get("isPartOf")


def _payload(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a record's payload says of its dataset, where it is plainly there."""
    payload = _content(body)
    if not body["source_raw"] and payload is None:
        return {"title": None, "description": None}
    return {"title": payload["title"]} if payload and isinstance(payload.get("title"), str) else {}


def _error(element: Element) -> Iterator[Wanted]:
    body = element.body
    fields = {
        "job": body["harvest_job_id"],
        "record": body.get("harvest_record_id"),
        "severity": (body.get("severity") or "error").upper(),
        "native_severity": body.get("severity"),
        "native_type": body["type"],
        "message": body["message"],
        "created_at": when(body["date_created"]),
    }
    yield Wanted(element.type, element.native_id, fields)


def embedding(capture: Capture) -> Element | None:
    """Return a record that holds a captured payload: the real dialect asks for no `/raw` and `/transformed`."""
    if capture.status != 200 or not capture.path.endswith(("/raw", "/transformed")):
        return None
    transformed = capture.path.endswith("/transformed")
    raw = json.dumps(capture.body) if capture.is_json else capture.body or None
    native_id = capture.path.split("/")[4]
    record = {
        "action": "delete" if raw is None else "create",
        "date_created": "Sat, 07 Nov 2026 19:00:21 GMT",
        "date_finished": None,
        "harvest_job_id": "job",
        "harvest_source_id": "source",
        "id": native_id,
        "identifier": native_id,
        "parent_identifier": None,
        "record_type": "dataset",
        "source_hash": None,
        "source_raw": None if transformed else raw,
        "source_transform": capture.body if transformed else None,
        "status": "success",
    }
    return Element(EntityType.HARVEST_RECORD, native_id, record)


def _asks_for_one(capture: Capture) -> bool:
    """Return whether a capture's request is for one item by its id."""
    return "?" not in capture.path and capture.path.count("/") == 4 and not capture.path.endswith("/")


async def outcome(capture: Capture) -> str:
    """Return what the adapter takes an answer without elements for, in a word."""
    counted = isinstance(capture.body, dict) and "count" in capture.body
    async with replayed(capture) as client:
        asked = asking(client)
        try:
            if counted:
                return f"count {await asked.count('/', {})}"
            if _asks_for_one(capture):
                return "absent" if await asked.one("/") is None else "read"
            return "empty" if await asked.rows("/", {}) is None else "read"
        except TooMuch as error:
            return _class(error.error)
        except PortalError as error:
            return _class(error)


def _class(error: PortalError) -> str:
    """Return what an error is to the gateway."""
    kinds = (PortalUnavailable, PortalRefused, PortalUnreadable)
    return next(kind.__name__ for kind in kinds if isinstance(error, kind))


async def _payload_by_itself(capture: Capture) -> list[str]:
    """Return how the adapter misreads a payload that is asked for by itself, as in the documented dialect."""
    if not capture.path.endswith(("/raw", "/transformed")):
        return []
    async with replayed(capture) as client:
        found = await asking(client).payload("/")
    wanted = capture.raw if capture.status == 200 and capture.raw else None
    return [] if found.body == wanted else [f"the payload is {found.body!r}"]


def asking(client: Client) -> Asking:
    """Return what asks without a key."""
    return Asking(client, keyed=False, key_url="https://example.org")


def expected(capture: Capture) -> str:
    """Return what the facts say of an answer without elements."""
    body = capture.body
    if isinstance(body, dict) and "count" in body:
        return f"count {body['count']}"
    if capture.status == 404 and not capture.is_json:
        return "empty"
    if _asks_for_one(capture) and body == {"error": "Not Found"}:
        return "absent"
    if capture.status in {400, 500} and not (capture.status == 400 and capture.is_json):
        return PortalUnavailable.__name__
    if capture.status in {404, 401, 422, 400, *range(300, 400)}:
        return PortalRefused.__name__
    return PortalUnreadable.__name__


async def failures(capture: Capture) -> list[str]:
    """Return how the adapter misreads a capture; none where it reads it as the facts say."""
    payload = embedding(capture)
    found = elements(capture) if payload is None else [payload]
    if not found:
        told, facts = await outcome(capture), expected(capture)
        problems = await _payload_by_itself(capture)
        return problems if told == facts else [*problems, f"{told}, the facts say {facts}"]
    problems = await _payload_by_itself(capture)
    for element in found:
        entities, rejected = said(ADAPTER, element, capture)
        problems += rejected
        problems += wrong(entities, wanted(element))
        problems += unknown_words(entities, WORDS)
    return problems
