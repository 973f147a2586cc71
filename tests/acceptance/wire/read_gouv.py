"""What the facts say of data.gouv.fr's captures: each element's entities, the outcome of each refusal."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from typing import Any

from acceptance.wire.capture import Capture
from acceptance.wire.reading import Element, Wanted, iso, said, told, unknown_words, wrong
from acceptance.wire.replay import NOW, replayed

from adapters.data_gouv_fr import ADAPTER
from gateway.errors import PortalError, PortalRefused, PortalUnreadable
from gateway.model.document import Document
from gateway.model.enums import EntityType, RecordAction
from gateway.ports import End, Known, Page, Pass, Portal, Scope

JOBS = {
    "pending": "PENDING",
    "initializing": "PENDING",
    "initialized": "RUNNING",
    "processing": "RUNNING",
    "done": "SUCCEEDED",
    "done-errors": "PARTIAL",
    "failed": "FAILED",
}
ITEMS = {
    "pending": "PENDING",
    "started": "PENDING",
    "done": "SUCCEEDED",
    "failed": "FAILED",
    "skipped": "SKIPPED",
    "archived": "ARCHIVED",
}
WORDS = ("wire_status", "validation_state", "protocol", "metadata_standard")
PREVIEW = "preview"
"""What a job that never was is called: it has no id."""


def elements(capture: Capture) -> list[Element]:
    """Return the elements of an answer, none where it holds none."""
    body, path = capture.body, capture.path
    if isinstance(body, list):
        return [Element(EntityType.HARVEST_BACKEND, row["id"], row) for row in body]
    if not isinstance(body, dict):
        return []
    if "data" in body:
        return _rows(path, body["data"])
    if "id" not in body:
        return []
    if isinstance(body.get("items"), list):
        return _whole(body)
    type_ = EntityType.HARVEST_JOB if "/job/" in path else EntityType.HARVEST_SOURCE
    return [Element(type_, body["id"], body)]


def _whole(job: dict[str, Any]) -> list[Element]:
    """Return a job that holds its items, and them."""
    name = job["id"] or PREVIEW
    return [Element(EntityType.HARVEST_JOB, name, job), *_items(name, job["items"])]


def _items(job: str, rows: Sequence[dict[str, Any]]) -> list[Element]:
    return [
        Element(EntityType.HARVEST_RECORD, f"{job}/{position}", row, parent=job, position=position)
        for position, row in enumerate(rows)
    ]


def _rows(path: str, rows: Sequence[dict[str, Any]]) -> list[Element]:
    if "/items/" in path:
        return _items(path.split("/job/")[1].split("/", maxsplit=1)[0], rows)
    type_ = EntityType.HARVEST_JOB if "/jobs/" in path else EntityType.HARVEST_SOURCE
    return [Element(type_, row["id"], row) for row in rows if "id" in row]


def embedded(element: Element) -> Iterator[Element]:
    """Yield the organization and the persons that a source names: documents of their own."""
    if element.type is EntityType.HARVEST_SOURCE:
        body = element.body
        by = (body.get("validation") or {}).get("by")
        for type_, found in (
            (EntityType.ORGANIZATION, body.get("organization")),
            (EntityType.PERSON, body.get("owner")),
            (EntityType.PERSON, by),
        ):
            if found:
                yield Element(type_, found["id"], found)


def wanted(element: Element) -> Iterator[Wanted]:
    """Yield the entities that the facts see in an element."""
    readers = {
        EntityType.HARVEST_SOURCE: _source,
        EntityType.HARVEST_JOB: _job,
        EntityType.HARVEST_RECORD: _record,
        EntityType.HARVEST_BACKEND: _named,
        EntityType.ORGANIZATION: _named,
        EntityType.PERSON: _named,
    }
    yield from readers[element.type](element)


def _named(element: Element) -> Iterator[Wanted]:
    body = element.body
    fields = told(
        body,
        label=("label", body.get("label")),
        name=("name", body.get("name")),
        slug=("slug", body.get("slug")),
        acronym=("acronym", body.get("acronym")),
        first_name=("first_name", body.get("first_name")),
        portal_url=("page", body.get("page")),
        api_url=("uri", body.get("uri")),
    )
    yield Wanted(element.type, element.native_id, fields)


def _source(element: Element) -> Iterator[Wanted]:
    body = element.body
    validation = body.get("validation") or {}
    fields = told(
        body,
        name=("name", body.get("name")),
        slug=("slug", body.get("slug")),
        url=("url", body.get("url")),
        backend=("backend", body.get("backend")),
        active=("active", body.get("active")),
        auto_archive=("autoarchive", body.get("autoarchive")),
        config=("config", body.get("config")),
        schedule_raw=("schedule", body.get("schedule")),
        created_at=("created_at", iso(body.get("created_at"))),
        deleted_at=("deleted", iso(body.get("deleted"))),
        organization=("organization", (body.get("organization") or {}).get("id")),
        owner=("owner", (body.get("owner") or {}).get("id")),
        validation_state=("validation", (validation.get("state") or "").upper()),
        validation_on=("validation", iso(validation.get("on"))),
        validation_comment=("validation", validation.get("comment")),
        validation_by=("validation", (validation.get("by") or {}).get("id")),
    )
    yield Wanted(element.type, element.native_id, fields)


def _counts(items: Any) -> dict[str, Any]:
    if isinstance(items, list):
        return _counts_of(items)
    by_status, by_type = items.get("by_status"), items.get("by_type") or {}
    names = ("total", "succeeded", "archived", "skipped", "failed", "pending", "datasets", "dataservices")
    if not by_status:
        return dict.fromkeys(names)
    return {
        "total": items["total"],
        "succeeded": by_status["done"],
        "archived": by_status["archived"],
        "skipped": by_status["skipped"],
        "failed": by_status["failed"],
        "pending": by_status["pending"] + by_status["started"],
        "datasets": by_type["dataset"],
        "dataservices": by_type["dataservice"],
    }


def _counts_of(items: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the counts of a job that holds its items: the portal has no counters then."""
    words = [item.get("status") for item in items]
    return {
        "total": len(items),
        "succeeded": words.count("done"),
        "archived": words.count("archived"),
        "skipped": words.count("skipped"),
        "failed": words.count("failed"),
        "pending": words.count("pending") + words.count("started"),
        "datasets": None,
        "dataservices": None,
    }


def _job(element: Element) -> Iterator[Wanted]:
    body = element.body
    source = body.get("source")
    fields = told(
        body,
        wire_status=("status", JOBS.get(body.get("status", ""))),
        native_status=("status", body.get("status")),
        created_at=("created", iso(body.get("created"))),
        started_at=("started", iso(body.get("started"))),
        ended_at=("ended", iso(body.get("ended"))),
        source=("source", source.get("id") if isinstance(source, dict) else None),
    )
    counts = _counts(body["items"]) if "items" in body else {}
    yield Wanted(element.type, element.native_id, {**fields, **counts})
    yield from _errors(element, {"job": element.native_id, "record": None})


def _errors(element: Element, owner: dict[str, Any]) -> Iterator[Wanted]:
    for position, error in enumerate(element.body.get("errors") or ()):
        told_ = {
            "message": error.get("message"),
            "created_at": iso(error.get("created_at")),
            "severity": "ERROR",
            "native_severity": error.get("level"),
            **owner,
        }
        yield Wanted(EntityType.HARVEST_ERROR, f"{element.native_id}/e{position}", told_)


def _record(element: Element) -> Iterator[Wanted]:
    body = element.body
    subject = body.get("dataset") or body.get("dataservice")
    kind = None if not subject else "DATASET" if body.get("dataset") else "DATA_SERVICE"
    status = body.get("status", "")
    fields = told(
        body,
        remote_id=("remote_id", body.get("remote_id")),
        remote_url=("remote_url", body.get("remote_url")),
        wire_status=("status", ITEMS.get(status)),
        native_status=("status", status),
        action=("status", RecordAction.ARCHIVE if status == "archived" else None),
        created_at=("created", iso(body.get("created"))),
        started_at=("started", iso(body.get("started"))),
        ended_at=("ended", iso(body.get("ended"))),
        args=("args", tuple(body.get("args") or ())),
        kwargs=("kwargs", body.get("kwargs")),
        dataset=("dataset", subject["id"] if subject else None),
        record_type=("dataset", kind),
        logs=("logs", _logs(body.get("logs") or ())),
    )
    place = {"job": element.parent, "position": element.position}
    yield Wanted(element.type, element.native_id, {**fields, **place})
    if subject:
        yield Wanted(EntityType.DATASET, subject["id"], {"record_type": kind, **_text(subject)})
    yield from _errors(element, {"job": element.parent, "record": element.native_id})


def _text(subject: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a dataset or data service says of itself: little in a reference, much in full."""
    organization = subject.get("organization") or {}
    return told(
        subject,
        title=("title", subject.get("title")),
        acronym=("acronym", subject.get("acronym")),
        description=("description", subject.get("description")),
        license=("license", subject.get("license")),
        keywords=("tags", tuple(subject.get("tags") or ())),
        publisher=("organization", organization.get("name")),
        modified_at=("last_modified", iso(subject.get("last_modified"))),
        portal_url=("page", subject.get("page")),
        api_url=("uri", subject.get("uri")),
    )


def _logs(logs: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [
        {
            "position": position,
            "level": "ERROR" if log["level"] == "CRITICAL" else log["level"],
            "nativeLevel": log["level"],
            "message": log["message"],
        }
        for position, log in enumerate(logs)
    ]


class Nothing(Known):
    """A store that holds nothing but what is *noted* of the wire."""

    def __init__(self, noted: Mapping[str, Any]) -> None:
        self._noted = noted

    async def noted(self) -> Mapping[str, Any]:
        """Return it."""
        return self._noted


async def _read(capture: Capture, job: str, noted: Mapping[str, Any]) -> list[Page | End]:
    """Return what a crawl makes of an answer to a request for a job's items."""
    settings = ADAPTER.settings(base_url="http://127.0.0.1", adapter="data-gouv-fr")
    async with replayed(capture) as client:
        portal = Portal("data-gouv-fr", settings)
        crawl = ADAPTER.crawl(portal, client, Nothing(noted), Pass.POLL, NOW)  # type: ignore[abstract]
        await anext(aiter(crawl.scopes()))
        scope = Scope("records", EntityType.HARVEST_RECORD, job, within=EntityType.HARVEST_JOB, whole=True)
        found: AsyncIterator[Page | End] = crawl.read(scope, None)
        return [one async for one in found]


async def misread(capture: Capture) -> Iterator[str]:
    """Return how the crawl misreads a job that holds its items: each item's bytes, at its place."""
    job, items = capture.body["id"], capture.body["items"]
    found = await _read(capture, job, {"wire": "V10"})
    pages = [one for one in found if isinstance(one, Page)]
    read = [(one.native_id, json.loads(one.body)) for page in pages for one in page.elements]
    if read != [(f"{job}/{position}", item) for position, item in enumerate(items)]:
        return iter((f"{job}: the crawl reads other items than the capture holds",))
    proved = [one for one in found if isinstance(one, End) and one.proved]
    return iter(() if proved else (f"{job}: a whole job proves nothing",))


_BORNE: Mapping[type[PortalError], str] = {PortalRefused: "refuses", PortalUnreadable: "cannot be read"}
"""How one list ends that the pass bears the loss of: with the reason, in the error's words."""


async def refused(capture: Capture) -> Iterator[str]:
    """Return what is wrong with the outcome of an answer that holds no element."""
    expected: type[PortalError] | None = PortalUnreadable
    if capture.status in {401, 403}:
        expected = PortalRefused
    elif capture.status in {404, 500}:
        expected = None
    try:
        found = await _read(capture, "job", {})
    except PortalError as error:
        right = expected is not None and isinstance(error, expected)
        return iter(() if right else (f"{type(error).__name__}, the facts say {_outcome(expected)}",))
    read = [
        one for page in found if isinstance(page, Page) for one in page.elements if isinstance(one, Document)
    ]
    proved = [one for one in found if isinstance(one, End) and one.proved]
    if expected is not None:
        reasons = [one.reason for one in found if isinstance(one, End)]
        right = len(reasons) == 1 and _BORNE[expected] in reasons[0] and not (read or proved)
        return iter(() if right else (f"read as {found}, the facts say {_outcome(expected)}",))
    return iter(("an absent list proves something",) if read or proved else ())


def _outcome(expected: type[PortalError] | None) -> str:
    return expected.__name__ if expected else "that nothing is proved"


async def failures(capture: Capture) -> list[str]:
    """Return how the adapter misreads a capture; none where it reads it as the facts say."""
    found = elements(capture)
    empty = isinstance(capture.body, dict) and capture.body.get("data") == []
    if not found and not empty:
        return list(await refused(capture))
    body = capture.body
    held = isinstance(body, dict) and isinstance(body.get("items"), list) and body["id"] is not None
    problems = list(await misread(capture)) if held else []
    for element in (part for one in found for part in (one, *embedded(one))):
        entities, rejected = said(ADAPTER, element, capture)
        problems += rejected
        problems += wrong(entities, wanted(element))
        problems += unknown_words(entities, WORDS if "X-Fields" not in capture.headers else ())
    return problems
