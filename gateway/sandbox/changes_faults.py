"""What is wrong with the faulty contents of the Data.gov-style world: the damage, and what the portal says of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from gateway.sandbox import dice
from gateway.sandbox.changes_cast import Source

Payload = dict[str, Any]
Damage = Callable[[Payload], None]

_DATES = r"'^([\+-]?\d{4})(-\d{2}(-\d{2}(T.*)?)?)?$', '^R\/P.*$', '^(\[\[REDACTED).*?(\]\])$'"
_ANY = "does not match any of the acceptable formats:"


class Fault(NamedTuple):
    """A fault of a content: what the validator says, and what it does to the payload."""

    says: str
    damage: Damage


def _without(key: str) -> Fault:
    def damage(payload: Payload) -> None:
        payload.pop(key, None)

    return Fault(f"$, '{key}' is a required property", damage)


def _with(key: str, value: Any, says: str) -> Fault:
    def damage(payload: Payload) -> None:
        payload[key] = value

    return Fault(f"$.{key}, {value!r} {says}", damage)


def _email(payload: Payload) -> None:
    payload["contactPoint"] = {"fn": "", "hasEmail": "not-an-email"}


FAULTS = (
    _without("description"),
    _with("keyword", [], f"{_ANY} non-empty, 'string'"),
    _with("modified", "", f"{_ANY} {_DATES}"),
    _without("publisher"),
    _with("license", "n/a", rf"{_ANY} 'uri', 'null', '^(\[\[REDACTED).*?(\]\])$'"),
    _with("keyword", "water, rivers, maps", "is not of type 'array'"),
    _with("title", None, "is not of type 'string'"),
    _with("publisher", "Office of Records", "is not of type 'object'"),
    Fault(f"$.contactPoint.hasEmail, 'not-an-email' {_ANY} '^mailto:.+@.+$'", _email),
    _with("accrualPeriodicity", "Annually", rf"{_ANY} constant value 'irregular' was expected, '^R\/P.*$'"),
    _without("title"),
    _with("distribution", {"downloadURL": "ftp://files.example.gov/all.zip"}, "is not of type 'array'"),
    _with("description", ["First part.", "Second part."], "is not of type 'string'"),
    _with("keyword", ["maps", None, 7, "roads"], f"{_ANY} non-empty, 'string'"),
    _with("license", {"@id": "https://www.usa.gov/government-works"}, "is not of type 'string'"),
    _with("modified", "Spring 2019", f"{_ANY} {_DATES}"),
    _with(
        "landingPage", ["https://www.example.gov/a", "https://www.example.gov/b"], "is not of type 'string'"
    ),
    _with("modified", None, f"{_ANY} {_DATES}"),
)
"""What DCAT-US catalogues get wrong; the first ``TRANSFORMED`` also happen to transforms."""

TRANSFORMED = 3

WARNINGS = (
    ("duplicate_keyword", '`keyword` value "maps" is listed more than once.'),
    ("invalid_media_type", '`mediaType` value "text/commas" is no registered media type.'),
    ("date_out_of_order", '`issued` value "2031-01-01" is later than `modified` value "2021-01-01".'),
    ("invalid_spatial_resolution", '`spatialResolutionInMeters` value "ten" is no decimal.'),
    ("invalid_temporal_resolution", '`temporalResolution` value "1 day" is no ISO 8601 duration.'),
    ("invalid_byte_size", '`byteSize` value "12 MB" is no whole number.'),
    ("legacy_access_rights", '`accessRights` value "public" is of the old vocabulary.'),
    ("invalid_tel", '`tel` value "call us" is no telephone number.'),
    ("invalid_expected_data_type", "`describedBy` is a text, an object is expected."),
    ("unresolvable_spatial_value", '`spatial` value "the valley" names no place that is known.'),
    ("invalid_postal_code", '`postal-code` value "ABC" is no postal code.'),
    ("invalid_cui_banner_marking", '`cuiBannerMarking` value "SECRET-ish" is not listed.'),
    ("invalid_language", '`language` value "english" is no language tag.'),
    ("invalid_character_encoding", '`characterEncoding` value "latin" is not registered.'),
    ("invalid_restriction_status", '`restrictionStatus` value "some" is not listed.'),
    ("invalid_specific_restriction", '`specificRestriction` value "other" is not listed.'),
)
"""What DCAT-US 3.0 catalogues get almost right: type, message."""

OLD_TYPES = (
    ("ValidationException", "metadata record failed validation: {says}"),
    ("SynchronizeException", "{name} failed to synchronize record :: CKANAPIError(409)"),
    ("DCATUSToCKANException", "{name} failed to convert record to a package :: KeyError('publisher')"),
    ("CKANRejectionException", "{name} record was refused by the catalog: {says}"),
    ("CKANDownException", "{name} catalog did not answer :: ReadTimeout()"),
)
"""What record errors were called in old runs."""


class Faults:
    """Tells what is wrong with the content of a slot at a revision, where it is faulty."""

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def number(self, source: Source, slot: int, rev: int) -> int:
        """Return how many errors a faulty content gives."""
        if self.unreadable(source, slot, rev):
            return 1
        return (1, 1, 2, 1, 3)[dice.number(self.seed, "faults", source.index, slot, rev) % 5]

    def of(self, source: Source, slot: int, rev: int) -> list[Fault]:
        """Return the faults of a faulty content that can be read, as many as ``number`` says."""
        first = dice.number(self.seed, "fault", source.index, slot, rev)
        choice = FAULTS if not source.iso else FAULTS[:TRANSFORMED]
        return [choice[(first + 5 * nth) % len(choice)] for nth in range(self.number(source, slot, rev))]

    def unreadable(self, source: Source, slot: int, rev: int) -> bool:
        """Return whether a faulty content is no JSON at all, or an XML that cannot be transformed."""
        share = 2 if source.iso else 25
        return dice.number(self.seed, "torn", source.index, slot, rev) % share == 0
