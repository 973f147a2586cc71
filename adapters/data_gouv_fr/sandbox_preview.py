"""What a preview on the sandbox portal shows: a job that is not stored, with whole datasets in its items."""

from __future__ import annotations

from typing import Any

from adapters.data_gouv_fr.sandbox_wire import JSON, Pen, stamp
from gateway.sandbox import dice, words
from gateway.sandbox.inventory import SITE, View

MOST = 20
"""Items that a preview shows at most."""
SHOWN = 3

_METRICS = (
    "dataservices",
    "discussions",
    "discussions_open",
    "followers",
    "followers_by_months",
    "resources_downloads",
    "reuses",
    "reuses_by_months",
    "views",
)
_QUALITY = (
    "all_resources_available",
    "dataset_description_quality",
    "has_open_format",
    "has_resources",
    "license",
    "resources_documentation",
    "spatial",
    "temporal_coverage",
    "update_frequency",
)
_NULL = (
    "access_type_reason",
    "access_type_reason_category",
    "acronym",
    "archived",
    "authorization_request_url",
    "deleted",
    "description_short",
    "frequency_date",
    "page",
    "schema",
    "slug",
    "spatial",
    "uri",
)


def preview_job(pen: Pen, view: View | None, source: str, *, url: str = "", backend: str = "") -> JSON:
    """Return the job that a run of a source would be; *view* is None where the source is not stored."""
    address, kind = (view.url, view.backend) if view else (url, backend)
    items = [_item(pen, view, source, address, kind, number) for number in range(1, SHOWN + 1)]
    return {
        "created": _micro(pen.at, 0),
        "ended": _micro(pen.at, SHOWN + 1),
        "errors": [],
        "id": None,
        "items": items[:MOST],
        "source": {"class": "HarvestSource", "id": source if view else None},
        "started": _micro(pen.at, 0),
        "status": "done",
    }


def _item(pen: Pen, view: View | None, source: str, url: str, backend: str, number: int) -> JSON:
    return {
        "args": [],
        "created": _micro(pen.at, number),
        "dataservice": None,
        "dataset": _dataset(pen, view, source, url, backend, number),
        "ended": _micro(pen.at, number + 1),
        "errors": [],
        "kwargs": {"page_number": 0},
        "logs": [],
        "remote_id": str(number),
        "remote_url": f"{url}#{number}",
        "started": _micro(pen.at, number),
        "status": "done",
    }


def _dataset(pen: Pen, view: View | None, source: str, url: str, backend: str, number: int) -> JSON:
    now, key = _micro(pen.at, number), (url, number)
    edits = view is None or pen.caller.edits(view)
    title = f"{dice.pick(words.THEMES, *key)} de {dice.pick(words.COMMUNES, *key)}"
    return {
        **dict.fromkeys(_NULL),
        "access_audiences": [],
        "access_type": "open",
        "badges": [],
        "community_resources": [],
        "contact_points": [],
        "created_at": now,
        "description": f"{title}: aperçu",
        "extras": {},
        "featured": False,
        "frequency": "unknown",
        "harvest": {
            "backend": backend.upper(),
            "dct_identifier": str(number),
            "domain": url.split("/")[2] if "//" in url else url,
            "issued_at": now,
            "last_update": now,
            "modified_at": now,
            "remote_id": str(number),
            "remote_url": f"{url}#{number}",
            "source_id": source,
            "uri": f"{url}#{number}",
        },
        "id": dice.hexadecimal(24, *key),
        "internal": {"created_at_internal": now, "last_modified_internal": now},
        "last_modified": now,
        "last_update": now,
        "license": "notspecified",
        "metrics": dict.fromkeys(_METRICS, 0),
        "organization": pen.organization(view.organization) if view else None,
        "owner": pen.person(view.owner if view else pen.caller.person),
        "permissions": {"delete": edits, "edit": edits, "edit_resources": edits},
        "private": False,
        "quality": {**dict.fromkeys(_QUALITY, False), "score": 0.4444444444444444},
        "resources": [_resource(url, now, part) for part in (1, 2)],
        "tags": ["apercu"],
        "temporal_coverage": {"end": None, "start": now},
        "title": title,
    }


def _resource(url: str, now: str, number: int) -> JSON:
    native_id = dice.uuid(url, "resource", number)
    nothing = dict.fromkeys(("checksum", "filesize", "mime", "preview_url", "schema"))
    return {
        **nothing,
        "created_at": now,
        "description": "A JSON resource",
        "extras": {},
        "filetype": "remote",
        "format": "json",
        "harvest": {"last_update": now, "uri": f"{url}#resource-{number}"},
        "id": native_id,
        "internal": {"created_at_internal": now, "last_modified_internal": now},
        "last_modified": now,
        "latest": f"{SITE}/api/1/datasets/r/{native_id}",
        "metrics": {},
        "title": f"Resource {number}",
        "type": "main",
        "url": f"{url}/file-{number}.json",
    }


def _micro(at: int, number: int) -> str:
    """Return an instant with microseconds, as objects have that never went through the portal's database."""
    second: Any = stamp(at // 1000 * 1000)
    return f"{second[:19]}.{100_000 * number + 37:06d}+00:00"
