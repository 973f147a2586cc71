"""The vocabularies: which words a leaf may have, and under which names an answer shows them.

What each word means is written down here once more, after the portals' documentation and not after the adapters.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from acceptance.walking.leaves import Leaf


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The legal words of some leaves.

    *native*: the ends of the GraphQL paths that show the portal's own word, besides the leaf's own key.
    *shown*: by path from the same object, what the common model makes of each word.
    """

    name: str
    words: tuple[str, ...]
    native: tuple[str, ...] = ()
    shown: Mapping[str, Mapping[str, str | int]] = field(default_factory=dict)


def _pairs(**meanings: str) -> dict[str, str | int]:
    return {word.replace("_", "-"): meaning for word, meaning in meanings.items()}


def _vocabulary(name: str, native: str, path: str, meanings: Mapping[str, str | int]) -> Vocabulary:
    return Vocabulary(name, tuple(meanings), (native,), {path: meanings})


_LEVELS: dict[str, str | int] = {
    "DEBUG": "DEBUG",
    "INFO": "INFO",
    "WARNING": "WARNING",
    "ERROR": "ERROR",
    "CRITICAL": "ERROR",
}

GOUV: tuple[tuple[str, Vocabulary], ...] = (
    (
        "/status",
        # a run whose items are listed has ended
        _vocabulary(
            "job status",
            "nativeStatus",
            "status",
            {"done": "SUCCEEDED", "done-errors": "PARTIAL", "failed": "FAILED"},
        ),
    ),
    (
        "/items/status",
        _vocabulary(
            "item status",
            "nativeStatus",
            "status",
            _pairs(done="SUCCEEDED", skipped="SKIPPED", failed="FAILED", archived="ARCHIVED"),
        ),
    ),
    ("(/items)?/errors/level", _vocabulary("error level", "nativeSeverity", "severity", _LEVELS)),
    ("/items/logs/level", _vocabulary("log level", "nativeLevel", "level", _LEVELS)),
    (
        "/validation/state",
        _vocabulary(
            "validation",
            "nativeState",
            "state",
            _pairs(pending="PENDING", accepted="ACCEPTED", refused="REFUSED"),
        ),
    ),
    (
        "/backend",
        Vocabulary(
            "backend",
            ("csw-dcat", "csw-iso-19139", "dcat", "ckan", "dkan", "maaf"),
            ("backend.nativeId", "nativeId"),
            {
                "protocol": {
                    **_pairs(csw_dcat="CSW", dcat="DCAT", ckan="CKAN", dkan="DKAN", maaf="MAAF"),
                    "csw-iso-19139": "CSW",
                },
                "metadataStandard": {
                    **_pairs(csw_dcat="DCAT", dcat="DCAT", ckan="CKAN", dkan="DKAN", maaf="MAAF"),
                    "csw-iso-19139": "ISO_19139",
                },
            },
        ),
    ),
    ("/items/dataservice/format", Vocabulary("service", ("REST", "WMS", "WSL"))),
    (".*/checksum/type", Vocabulary("checksum", ("sha1", "sha2", "sha256", "md5", "crc"))),
    (".*resources/filetype", Vocabulary("file type", ("file", "remote"))),
    (".*resources/type", Vocabulary("resource", ("main", "documentation", "update", "api", "code", "other"))),
    ("/items/dataset/frequency", Vocabulary("frequency", ("unknown", "annual", "weekly", "daily"))),
    ("/items/dataset/license", Vocabulary("licence", ("notspecified", "lov2", "fr-lo", "odc-odbl"))),
    (".*/spatial/geom/type", Vocabulary("geometry", ("Point", "LineString", "MultiPoint"))),
    (".*/spatial/granularity", Vocabulary("granularity", ("other", "country", "poi", "fr:commune"))),
)
"""By the way to a leaf without places in lists, as a regular expression."""

_DAY = 86_400
GOV: tuple[tuple[str, Vocabulary], ...] = (
    (
        "/frequency",
        Vocabulary(
            "frequency",
            ("daily", "weekly", "biweekly", "monthly"),
            ("schedule.raw",),
            {
                "schedule.everySeconds": {
                    "daily": _DAY,
                    "weekly": 7 * _DAY,
                    "biweekly": 14 * _DAY,
                    "monthly": 2_629_746,
                }
            },
        ),
    ),
    (
        "/schema_type",
        Vocabulary(
            "schema",
            ("dcatus1.1: federal", "dcatus1.1: non-federal", "iso19115_1", "iso19115_2"),
            ("nativeSchemaType",),
            {
                "metadataStandard": {
                    "dcatus1.1: federal": "DCAT_US_1_1",
                    "dcatus1.1: non-federal": "DCAT_US_1_1",
                    "iso19115_1": "ISO_19115_1",
                    "iso19115_2": "ISO_19115_2",
                }
            },
        ),
    ),
    (
        "/source_type",
        _vocabulary(
            "source type",
            "nativeSourceType",
            "protocol",
            _pairs(document="DOCUMENT", waf="WAF", waf_collection="WAF_COLLECTION"),
        ),
    ),
    (
        "/notification_frequency",
        _vocabulary(
            "notification",
            "nativeNotificationFrequency",
            "notificationFrequency",
            {"on_error": "ON_ERROR", "always": "ALWAYS", "on_error_or_update": "ON_ERROR_OR_UPDATE"},
        ),
    ),
    (
        "/organization_type",
        _vocabulary(
            "organization",
            "nativeKind",
            "kind",
            {
                "Federal Government": "FEDERAL_GOVERNMENT",
                "State Government": "STATE_GOVERNMENT",
                "City Government": "CITY_GOVERNMENT",
                "County Government": "COUNTY_GOVERNMENT",
                "University": "UNIVERSITY",
                "Tribal": "TRIBAL",
                "Non-Profit": "NON_PROFIT",
            },
        ),
    ),
    ("/action", _vocabulary("action", "nativeAction", "action", _pairs(create="CREATE", update="UPDATE"))),
)
_GOV_JOB = _vocabulary("job status", "nativeStatus", "status", _pairs(complete="PARTIAL", error="FAILED"))
"""A complete run that counted errors, as all of the walk's do."""
_GOV_RECORD = _vocabulary(
    "record status", "nativeStatus", "status", _pairs(success="SUCCEEDED", error="FAILED")
)


def vocabulary(portal: str, leaf: Leaf) -> Vocabulary | None:
    """Return the vocabulary of a leaf, None where it takes any text."""
    if portal == "data-gov" and leaf.keys == "/status":
        return _GOV_RECORD if "harvest_record" in leaf.address.example else _GOV_JOB
    rules = GOUV if portal == "data-gouv-fr" else GOV
    return next((words for form, words in rules if re.fullmatch(form, leaf.keys)), None)
