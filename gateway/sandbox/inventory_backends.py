"""The backends that the inventory world's portal offers, as it shows them."""

from __future__ import annotations

from typing import Any

_PREFIX = {
    "default": None,
    "description": "A prefix used to build the remote URL of the harvested items.",
    "key": "remote_url_prefix",
    "label": "Remote URL prefix",
}
_GEODCATAP = {
    "default": False,
    "description": "Request GeoDCAT-AP to the CSW server (must be supported by the server).",
    "key": "geodcatap",
    "label": "GeoDCAT-AP",
}


def _filter(key: str, label: str, description: str) -> dict[str, Any]:
    return {"description": description, "key": key, "label": label, "type": "string"}


def _backend(label: str, **parts: list[dict[str, Any]]) -> dict[str, Any]:
    return {"extra_configs": [], "features": [], "filters": [], **parts, "id": label.lower(), "label": label}


OFFERED = (
    _backend(
        "CKAN",
        filters=[
            _filter("organization", "Organization", "A CKAN Organization name"),
            _filter("tags", "Tag", "A CKAN tag name"),
        ],
    ),
    _backend("CSW-DCAT", features=[_GEODCATAP], extra_configs=[_PREFIX]),
    _backend("CSW-ISO-19139", extra_configs=[_PREFIX]),
    _backend("DCAT"),
    _backend("DKAN"),
    _backend("MAAF"),
)
"""In the portal's order: by label."""
