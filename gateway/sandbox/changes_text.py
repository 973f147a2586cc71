"""What a record of the Data.gov-style world says of its dataset, in the words of the common model."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

from gateway.sandbox.changes_cast import Source
from gateway.sandbox.changes_contents import Contents

Told = dict[str, Any]

NOTHING: Told = {
    "title": None,
    "description": None,
    "publisher": None,
    "keywords": None,
    "license": None,
    "landing_page": None,
    "modified_at": None,
}
"""What a record without a payload says."""

_INSTANT = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)(?:T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,6}))?(Z|[+-]\d\d:\d\d)?)?", re.ASCII
)


def of_dcat(payload: Any) -> Told:
    """Return what a DCAT-US payload says; what is of the wrong type says nothing."""
    if not isinstance(payload, dict):
        return dict(NOTHING)
    publisher, keywords = payload.get("publisher"), payload.get("keyword")
    return {
        "title": _string(payload.get("title")),
        "description": _string(payload.get("description")),
        "publisher": _string(publisher.get("name")) if isinstance(publisher, dict) else None,
        "keywords": [word for word in keywords if isinstance(word, str)]
        if isinstance(keywords, list)
        else None,
        "license": _string(payload.get("license")),
        "landing_page": _string(payload.get("landingPage")),
        "modified_at": instant(payload.get("modified")),
    }


def of_iso(contents: Contents, source: Source, slot: int, rev: int) -> Told:
    """Return what an ISO document says that was not transformed."""
    facts = contents.folders.facts(source, slot, rev)
    return NOTHING | {
        "title": facts["title"],
        "description": facts["abstract"],
        "publisher": facts["publisher"],
        "modified_at": instant(facts["date"]),
    }


def _string(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def instant(value: Any) -> str | None:
    """Return an ISO 8601 date or date with time as a UTC instant with microseconds, None for anything else."""
    found = _INSTANT.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        return None
    year, month, day, hour, minute, second = (int(part or 0) for part in found.groups()[:6])
    fraction = int((found[7] or "0").ljust(6, "0"))
    try:
        at = datetime(year, month, day, hour, minute, second, fraction, tzinfo=UTC) - _offset(found[8])
    except (ValueError, OverflowError):
        return None
    return at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _offset(zone: str | None) -> timedelta:
    if zone in {None, "Z"}:
        return timedelta()
    assert zone is not None
    size = timedelta(hours=int(zone[1:3]), minutes=int(zone[4:6]))
    return -size if zone[0] == "-" else size
