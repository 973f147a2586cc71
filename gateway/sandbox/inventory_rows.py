"""The rows of the common model that the inventory world amounts to, written without any adapter's code."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

from cron_descriptor import get_description
from croniter import croniter

from gateway.sandbox.instants import Millis, millis, moment, text
from gateway.sandbox.inventory import SITE, Progress, View
from gateway.sandbox.inventory_cast import Organization, Person
from gateway.sandbox.inventory_items import Item
from gateway.sandbox.inventory_remote import Reference
from gateway.sandbox.inventory_runs import Run

Row = dict[str, Any]

_CALM = datetime(2026, 1, 1, tzinfo=UTC)
"""From here firings are counted to tell whether a schedule is even."""
_SPEAKS = {
    "ckan": ("CKAN", "CKAN", "CKAN"),
    "csw-dcat": ("CSW", "DCAT", "DCAT"),
    "csw-iso-19139": ("CSW", "ISO_19139", "ISO"),
    "dcat": ("DCAT", "DCAT", "DCAT"),
    "dkan": ("DKAN", "DKAN", "CKAN"),
    "maaf": ("MAAF", "MAAF", "OTHER"),
}
_JOB = {
    "pending": "PENDING",
    "initializing": "PENDING",
    "initialized": "RUNNING",
    "processing": "RUNNING",
    "done": "SUCCEEDED",
    "done-errors": "PARTIAL",
    "failed": "FAILED",
}
_RECORD = {
    "pending": "PENDING",
    "started": "PENDING",
    "done": "SUCCEEDED",
    "skipped": "SKIPPED",
    "failed": "FAILED",
    "archived": "ARCHIVED",
}
_LEVEL = {"DEBUG": "DEBUG", "INFO": "INFO", "WARNING": "WARNING", "ERROR": "ERROR", "CRITICAL": "ERROR"}


def row(type_: str, native_id: str, presence: str, **fields: Any) -> Row:
    """Return a row of truth."""
    return {"type": type_, "nativeId": native_id, "presence": presence, "fields": fields}


def backend_row(offered: dict[str, Any]) -> Row:
    """Return a backend."""
    protocol, standard, family = _SPEAKS.get(offered["id"], ("UNKNOWN", "UNKNOWN", "OTHER"))
    return row(
        "HarvestBackend",
        offered["id"],
        "PRESENT",
        portal_url=None,
        deleted_at=None,
        label=offered["label"],
        protocol=protocol,
        metadata_standard=standard,
        standard_family=family,
        filters=offered["filters"],
        features=offered["features"],
        extra_configs=offered["extra_configs"],
    )


def organization_row(body: Organization, seen: Millis) -> Row:
    """Return an organization as it was when a source last showed it."""
    picture = f"{SITE}/s/logos/{body.id}" if body.has_logo else None
    return row(
        "Organization",
        body.id,
        "PRESENT",
        portal_url=f"{SITE}/organizations/{body.slug}",
        deleted_at=None,
        name=body.name(seen),
        slug=body.slug,
        acronym=body.acronym,
        kind="UNKNOWN",
        native_kind=None,
        aliases=None,
        badges=list(body.badges(seen)),
        logo=picture and f"{picture}/original.png",
        logo_thumbnail=picture and f"{picture}/100.png",
        description=None,
        native_source_count=None,
        api_url=f"{SITE}/api/1/organizations/{body.slug}/",
    )


def person_row(person: Person) -> Row:
    """Return a person."""
    picture = f"{SITE}/s/avatars/{person.id}" if person.has_avatar else None
    return row(
        "Person",
        person.id,
        "PRESENT",
        portal_url=f"{SITE}/users/{person.slug}",
        deleted_at=None,
        first_name=person.first_name,
        last_name=person.last_name,
        slug=person.slug,
        avatar=picture and f"{picture}/original.png",
        avatar_thumbnail=picture and f"{picture}/100.png",
        api_url=f"{SITE}/api/1/users/{person.slug}/",
    )


def source_row(view: View, presence: str, last_job: str | None, now: Millis) -> Row:
    """Return a source; *now* is the clock of the newest pass."""
    protocol, standard, family = _SPEAKS.get(view.backend, ("UNKNOWN", "UNKNOWN", "OTHER"))
    every, words = _schedule(view.schedule)
    awaited = presence == "PRESENT" and view.active
    return row(
        "HarvestSource",
        view.id,
        presence,
        portal_url=None,
        deleted_at=text(view.deleted),
        name=view.name,
        slug=view.slug,
        description=view.description,
        url=view.url,
        backend=view.backend,
        organization=view.organization.id if view.organization else None,
        owner=view.owner.id if view.owner else None,
        protocol=protocol,
        metadata_standard=standard,
        standard_family=family,
        metadata_profile=None,
        native_source_type=None,
        native_schema_type=None,
        collection_parent_url=None,
        config=view.config,
        schedule_raw=view.schedule,
        schedule_every_seconds=every,
        schedule_words=words,
        active=view.active,
        auto_archive=view.autoarchive,
        validation_state=view.state.upper(),
        validation_native_state=view.state,
        validation_by=view.judge.id if view.judge else None,
        validation_on=text(view.judged),
        validation_comment=view.comment,
        notification_frequency=None,
        native_notification_frequency=None,
        notification_emails=None,
        created_at=text(view.created),
        last_job=last_job,
        next_run_at=_next(view.schedule, now) if awaited else None,
    )


def _schedule(raw: str | None) -> tuple[int | None, str | None]:
    if raw is None or not croniter.is_valid(raw):
        return None, raw
    firing = croniter(raw, _CALM)
    instants = [firing.get_next(datetime) for _ in range(6)]
    gaps = {later - earlier for earlier, later in pairwise(instants)}
    return round(gaps.pop().total_seconds()) if len(gaps) == 1 else None, str(get_description(raw))


def _next(raw: str | None, now: Millis) -> str | None:
    if raw is None or not croniter.is_valid(raw):
        return None
    return text(millis(croniter(raw, moment(now)).get_next(datetime)))


def job_status(status: str, *, lost: bool) -> str:
    """Return a job's final status."""
    return "LOST" if lost else _JOB.get(status, "UNKNOWN")


def job_row(run: Run, progress: Progress, presence: str, *, lost: bool) -> Row:
    """Return a job."""
    return row(
        "HarvestJob",
        run.id,
        presence,
        portal_url=None,
        deleted_at=None,
        source=run.source.id,
        status=job_status(progress.status, lost=lost),
        wire_status=_JOB.get(progress.status, "UNKNOWN"),
        native_status=progress.status,
        kind="HARVEST",
        native_kind=None,
        created_at=text(run.created),
        started_at=text(run.started),
        ended_at=text(progress.ended),
        **_counts(progress),
        catalog=None,
    )


def _counts(progress: Progress) -> dict[str, int | None]:
    known: dict[str, int | None] = dict.fromkeys(_COUNTS)
    if progress.shown == "none":
        return known
    zero = progress.shown == "zero"
    counters = progress.counters
    by_status = counters.by_status
    told = {
        "total": counters.total,
        "succeeded": by_status["done"],
        "archived": by_status["archived"],
        "skipped": by_status["skipped"],
        "failed": by_status["failed"],
        "pending": by_status["pending"] + by_status["started"],
        "datasets": counters.datasets,
        "dataservices": counters.services,
    }
    return known | (dict.fromkeys(told, 0) if zero else told)


_COUNTS = (
    "total",
    "succeeded",
    "added",
    "updated",
    "deleted",
    "archived",
    "skipped",
    "unchanged",
    "failed",
    "warned",
    "validated",
    "pending",
    "datasets",
    "dataservices",
)


def record_row(run: Run, item: Item, presence: str) -> Row:
    """Return an item of a job that has ended or is lost."""
    wire = _RECORD.get(item.status, "UNKNOWN")
    service = item.reference is not None and item.reference.service
    return row(
        "HarvestRecord",
        f"{run.id}/{item.position}",
        presence,
        portal_url=None,
        deleted_at=None,
        job=run.id,
        source=run.source.id,
        dataset=item.reference.id if item.reference else None,
        remote_id=item.remote_id,
        remote_url=item.remote_url,
        record_type=_kind(service=service) if item.reference else None,
        native_record_type=None,
        status="LOST" if wire == "PENDING" else wire,
        wire_status=wire,
        native_status=item.status,
        action="ARCHIVE" if item.status == "archived" else None,
        native_action=None,
        created_at=text(item.created),
        started_at=text(item.started),
        ended_at=text(item.ended),
        hash=None,
        catalog_id=None,
        catalog_name=None,
        parent_identifier=None,
        args=item.args,
        kwargs=item.kwargs,
        logs=[
            {"position": n, "level": _LEVEL.get(level, "UNKNOWN"), "nativeLevel": level, "message": message}
            for n, (level, message) in enumerate(item.logs)
        ],
        position=item.position,
    )


def _kind(*, service: bool) -> str:
    return "DATA_SERVICE" if service else "DATASET"


def error_row(run: Run, record: str | None, number: int, error: tuple[Millis, str], presence: str) -> Row:
    """Return an error of a job, or of one of its items (*record*: that item's id)."""
    at, message = error
    return row(
        "HarvestError",
        f"{record or run.id}/e{number}",
        presence,
        portal_url=None,
        deleted_at=None,
        job=run.id,
        record=record,
        severity="ERROR",
        native_severity=None,
        native_type=None,
        message=message.replace("\x00", "\ufffd"),
        created_at=text(at),
        position=number,
    )


def dataset_row(reference: Reference, item: Item, run: Run, state: str, state_job: str) -> Row:
    """Return a dataset: its text is that of *item* of *run*, its state rests on *state_job*."""
    kind = "dataservices" if reference.service else "datasets"
    address = reference.id if reference.service else reference.slug
    return row(
        "Dataset",
        reference.id,
        "PRESENT",
        portal_url=f"{SITE}/{kind}/{reference.slug}",
        deleted_at=None,
        source=run.source.id,
        record_type=_kind(service=reference.service),
        remote_id=item.remote_id,
        remote_url=item.remote_url,
        title=reference.title,
        acronym=None if reference.service else reference.acronym,
        description=None,
        api_url=f"{SITE}/api/1/{kind}/{address}/",
        parent_identifier=None,
        modified_at=None,
        publisher=None,
        keywords=None,
        license=None,
        landing_page=None,
        state=state,
        state_job=state_job,
        latest_record=f"{run.id}/{item.position}",
        parent=None,
    )
