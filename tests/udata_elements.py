"""Elements as udata gives them, and what the adapter says of them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from adapters.data_gouv_fr import ADAPTER
from gateway.model.document import Document, Fetch, Rejection
from gateway.model.entities import (
    Entity,
)
from gateway.model.enums import (
    EntityType,
)

FETCH = Fetch("/x", None, datetime(2026, 11, 21, tzinfo=UTC), b"0" * 16)
ORGANIZATION = {
    "acronym": "CDN",
    "badges": [{"kind": "public-service"}, {"kind": "certified"}],
    "class": "Organization",
    "id": "650000000000000000000001",
    "logo": None,
    "logo_thumbnail": "https://static.example/100.png",
    "name": "Cartes du Nord",
    "page": "https://www.data.gouv.fr/organizations/cartes-du-nord",
    "permissions": {"edit": False},
    "slug": "cartes-du-nord",
    "uri": "https://www.data.gouv.fr/api/1/organizations/cartes-du-nord/",
}
USER = {
    "avatar": None,
    "avatar_thumbnail": None,
    "class": "User",
    "first_name": "Jeanne",
    "id": "650000000000000000000002",
    "last_name": "Petit",
    "page": "https://www.data.gouv.fr/users/jeanne-petit",
    "slug": "jeanne-petit",
    "uri": "https://www.data.gouv.fr/api/1/users/jeanne-petit/",
}
SOURCE = {
    "active": True,
    "autoarchive": True,
    "backend": "csw-dcat",
    "config": {"features": {"geodcatap": True}, "free": 1},
    "created_at": "2026-10-21T02:03:00.057000+00:00",
    "deleted": None,
    "description": "**Catalogue**",
    "id": "650000000000000000000003",
    "last_job": {"id": "j", "errors": [], "source": {"class": "NoneType", "id": None}},
    "name": "Catalogue des rives",
    "organization": ORGANIZATION,
    "owner": None,
    "permissions": {"edit": False, "run": False},
    "schedule": "0 0 * * *",
    "slug": "catalogue-des-rives",
    "url": "https://rives.example.fr/csw",
    "validation": {"by": USER, "comment": "ok", "on": "2026-11-11T02:01:00+00:00", "state": "refused"},
}
JOB = {
    "created": "2026-11-20T00:59:10+00:00",
    "ended": "2026-11-20T01:05:52.800000+00:00",
    "errors": [],
    "id": "650000000000000000000004",
    "items": {
        "by_status": {
            "archived": 104,
            "done": 1580,
            "failed": 156,
            "pending": 14,
            "skipped": 110,
            "started": 26,
        },
        "by_type": {"dataservice": 170, "dataset": 1514},
        "href": "/api/1/harvest/job/650000000000000000000004/items/",
        "rel": "subsection",
        "total": 1990,
        "type": "GET",
    },
    "source": {"class": "HarvestSource", "id": "650000000000000000000005"},
    "started": "2026-11-20T00:59:10.012000+00:00",
    "status": "done-errors",
}
DATASET = {
    "acronym": "ACR",
    "class": "Dataset",
    "id": "650000000000000000000006",
    "page": "https://www.data.gouv.fr/datasets/zones-humides",
    "title": "Zones humides",
    "uri": "https://www.data.gouv.fr/api/1/datasets/zones-humides/",
}
DATASERVICE = {
    "class": "Dataservice",
    "id": "650000000000000000000007",
    "self_api_url": "https://www.data.gouv.fr/api/1/dataservices/a/",
    "self_web_url": "https://www.data.gouv.fr/dataservices/a/",
    "title": "A service",
}
ITEM = {
    "args": ["a", "0"],
    "created": "2026-11-20T00:59:12+00:00",
    "dataservice": None,
    "dataset": DATASET,
    "ended": "2026-11-20T00:59:12.187000+00:00",
    "errors": [],
    "kwargs": {"nested": {"x": 1}, "page": 0},
    "logs": [{"level": "WARNING", "message": "Unknown license"}, {"level": "CRITICAL", "message": "no"}],
    "remote_id": "rives-17",
    "remote_url": "https://rives.example.fr/fiche/17",
    "started": "2026-11-20T00:59:12.007000+00:00",
    "status": "done",
}


def said(kind: EntityType, element: Any, **options: Any) -> list[Entity | Rejection]:
    native_id = options.pop("native_id", element.get("id", "job/3") if isinstance(element, dict) else "x")
    body = json.dumps(element).encode()
    return list(ADAPTER.normalise(Document.of(kind, native_id, body, FETCH, **options)))


def one(kind: EntityType, element: Any, **options: Any) -> Any:
    (found,) = said(kind, element, **options)
    return found


def item(**changes: Any) -> list[Entity | Rejection]:
    return said(EntityType.HARVEST_RECORD, {**ITEM, **changes}, native_id="job/3", parent="job", position=3)
