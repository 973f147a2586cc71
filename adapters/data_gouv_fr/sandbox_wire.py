"""How the sandbox portal writes its world on the wire, as today's generation of the portal does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from gateway.sandbox.instants import SECOND, Millis, second
from gateway.sandbox.inventory import SITE, Inventory, Progress, View
from gateway.sandbox.inventory_cast import Organization, Person
from gateway.sandbox.inventory_items import STATUSES, Item
from gateway.sandbox.inventory_remote import Reference
from gateway.sandbox.inventory_runs import Run

JSON = dict[str, Any]

TRACE = (
    "Traceback (most recent call last):\n"
    '  File "/srv/udata/udata/harvest/backends/base.py", line 291, in process_dataset\n'
    "ValueError: invented by the sandbox"
)
"""What only the administrator sees of an error."""


def stamp(at: Millis | None) -> str | None:
    """Return an instant as the portal writes it: no fraction where it is zero, else six digits."""
    if at is None:
        return None
    fraction = f".{at % SECOND:03d}000" if at % SECOND else ""
    return f"{second(at // SECOND)}{fraction}+00:00"


@dataclass(frozen=True, slots=True)
class Caller:
    """Whose key a request carries."""

    person: Person | None = None
    admin: bool = False
    member_of: tuple[str, ...] = ()
    """Ids of the organizations that they administer."""

    def edits(self, view: View) -> bool:
        """Return whether they may change a source."""
        mine = self.person is not None and view.owner is not None and view.owner.id == self.person.id
        ours = view.organization is not None and view.organization.id in self.member_of
        return self.admin or mine or ours


@dataclass(frozen=True, slots=True)
class Pen:
    """Writes elements as *caller* sees them at an instant."""

    world: Inventory
    at: Millis
    caller: Caller

    def person(self, person: Person | None) -> JSON | None:
        """Return a reference to a person."""
        if person is None:
            return None
        picture = f"{SITE}/s/avatars/{person.id}" if person.has_avatar else None
        return {
            "avatar": picture and f"{picture}/original.png",
            "avatar_thumbnail": picture and f"{picture}/100.png",
            "class": "User",
            "first_name": person.first_name,
            "id": person.id,
            "last_name": person.last_name,
            "page": f"{SITE}/users/{person.slug}",
            "slug": person.slug,
            "uri": f"{SITE}/api/1/users/{person.slug}/",
        }

    def organization(self, body: Organization | None) -> JSON | None:
        """Return a reference to an organization."""
        if body is None:
            return None
        allowed = self.caller.admin or body.id in self.caller.member_of
        picture = f"{SITE}/s/logos/{body.id}" if body.has_logo else None
        return {
            "acronym": body.acronym,
            "badges": [{"kind": badge} for badge in body.badges(self.at)],
            "class": "Organization",
            "id": body.id,
            "logo": picture and f"{picture}/original.png",
            "logo_thumbnail": picture and f"{picture}/100.png",
            "name": body.name(self.at),
            "page": f"{SITE}/organizations/{body.slug}",
            "permissions": dict.fromkeys(("delete", "edit", "harvest", "members", "private"), allowed),
            "slug": body.slug,
            "uri": f"{SITE}/api/1/organizations/{body.slug}/",
        }

    def source(self, view: View, last_job: JSON | None) -> JSON:
        """Return a source."""
        edits, admin = self.caller.edits(view), self.caller.admin
        return {
            "active": view.active,
            "autoarchive": view.autoarchive,
            "backend": view.backend,
            "config": view.config,
            "created_at": stamp(view.created),
            "deleted": stamp(view.deleted),
            "description": view.description,
            "id": view.id,
            "last_job": last_job,
            "name": view.name,
            "organization": self.organization(view.organization),
            "owner": self.person(view.owner),
            "permissions": {
                "delete": edits,
                "edit": edits,
                "preview": edits,
                "run": edits,
                "schedule": admin,
                "validate": admin,
            },
            "schedule": view.schedule,
            "slug": view.slug,
            "url": view.url,
            "validation": {
                "by": self.person(view.judge),
                "comment": view.comment,
                "on": stamp(view.judged),
                "state": view.state,
            },
        }

    def ran(self, run: Run, progress: Progress) -> JSON:
        """Return what a job says of itself, without its items and its source."""
        return {
            "created": stamp(run.created),
            "ended": stamp(progress.ended),
            "errors": self.errors(progress.errors),
            "id": run.id,
            "started": stamp(run.started),
            "status": progress.status,
        }

    def job(self, run: Run, progress: Progress) -> JSON:
        """Return a job, which says where its items are."""
        source = {"class": "HarvestSource", "id": run.source.id}
        return {**self.ran(run, progress), "items": _link(run, progress), "source": source}

    def last_job(self, run: Run, progress: Progress) -> JSON:
        """Return a job as its source shows it: without errors, without the source."""
        return {**self.job(run, progress), "errors": [], "source": {"class": "NoneType", "id": None}}

    def item(self, item: Item) -> JSON:
        """Return an item."""
        service = item.reference is not None and item.reference.service
        return {
            "args": item.args,
            "created": stamp(item.created),
            "dataservice": _dataservice(item.reference) if service else None,
            "dataset": None if service or item.reference is None else dataset_reference(item.reference),
            "ended": stamp(item.ended),
            "errors": self.errors(item.errors),
            "kwargs": item.kwargs,
            "logs": [{"level": level, "message": message} for level, message in item.logs],
            "remote_id": item.remote_id,
            "remote_url": item.remote_url,
            "started": stamp(item.started),
            "status": item.status,
        }

    def errors(self, errors: list[tuple[Millis, str]]) -> list[JSON]:
        """Return errors; their details are for the administrator alone."""
        details = TRACE if self.caller.admin else None
        return [{"created_at": stamp(at), "details": details, "message": message} for at, message in errors]


def _link(run: Run, progress: Progress) -> JSON:
    counters = progress.counters
    by_type = {"dataservice": counters.services, "dataset": counters.datasets}
    by_status, total = counters.by_status, counters.total
    if progress.shown != "true":
        by_status, by_type, total = {}, {}, 0
    if progress.shown == "zero":
        by_status, by_type = dict.fromkeys(STATUSES, 0), {"dataservice": 0, "dataset": 0}
    return {
        "by_status": by_status,
        "by_type": by_type,
        "href": f"/api/1/harvest/job/{run.id}/items/",
        "rel": "subsection",
        "total": total,
        "type": "GET",
    }


def dataset_reference(reference: Reference) -> JSON:
    """Return a reference to a dataset."""
    return {
        "acronym": reference.acronym,
        "class": "Dataset",
        "id": reference.id,
        "page": f"{SITE}/datasets/{reference.slug}",
        "title": reference.title,
        "uri": f"{SITE}/api/1/datasets/{reference.slug}/",
    }


def _dataservice(reference: Reference | None) -> JSON | None:
    if reference is None:
        return None
    return {
        "class": "Dataservice",
        "id": reference.id,
        "self_api_url": f"{SITE}/api/1/dataservices/{reference.id}/",
        "self_web_url": f"{SITE}/dataservices/{reference.slug}",
        "title": reference.title,
    }
