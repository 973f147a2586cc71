"""What a record's payload says of its dataset: DCAT-US as JSON, or ISO 19115 as XML, however faulty.

The portal stores what publishers sent: wrong types, nulls, text for arrays, junk. Nothing here raises; what
cannot be read is None.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any
from xml.etree import ElementTree as ET

import msgspec

Text = dict[str, Any]
"""The keys of DCAT that a dataset is read from, with whatever values the payload has."""

KEYS = ("title", "description", "publisher", "keyword", "license", "landingPage", "modified", "isPartOf")
NOTHING: Text = {}
DEPTH = 4
"""Levels of a payload that a dataset is read from: the text, its keys, a list, an object in it, that object's id."""

_SURROGATE = re.compile("[\ud800-\udfff\0]")


class _Dcat(msgspec.Struct):
    """The keys of DCAT that are read; the others are skipped without being built."""

    title: Any = None
    description: Any = None
    publisher: Any = None
    keyword: Any = None
    license: Any = None
    landingPage: Any = None  # noqa: N815 - the wire's name
    modified: Any = None
    isPartOf: Any = None  # noqa: N815


_DECODER = msgspec.json.Decoder(_Dcat)


def read(raw: Any, transformed: Any) -> Text:
    """Return what a payload says, by DCAT's keys: of *transformed* where it is there, else of *raw*."""
    if isinstance(transformed, Mapping):
        return {key: transformed.get(key) for key in KEYS}
    if not isinstance(raw, str):
        return NOTHING
    found = dcat(raw)
    return iso(raw) if found is None else found


def dcat(raw: str) -> Text | None:
    """Return what a JSON text says, None where it is no JSON."""
    try:
        found = _DECODER.decode(raw)
    except msgspec.ValidationError:
        return NOTHING
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return _lenient(raw)
    text = msgspec.structs.asdict(found)
    return _clean(text) if "\\u0000" in raw else text


def _lenient(raw: str) -> Text | None:
    """Read what Python writes and strict readers refuse: NaN, lone surrogates."""
    try:
        found = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    return {key: _clean(found.get(key)) for key in KEYS} if isinstance(found, dict) else NOTHING


def _clean(found: Any, depth: int = DEPTH) -> Any:
    """Return *found* with U+FFFD for what Postgres refuses, as deep as a dataset is read."""
    if isinstance(found, str):
        return _SURROGATE.sub("\N{REPLACEMENT CHARACTER}", found)
    if depth and isinstance(found, list):
        return [_clean(item, depth - 1) for item in found]
    if depth and isinstance(found, dict):
        return {key: _clean(item, depth - 1) for key, item in found.items()}
    return found


def iso(raw: str) -> Text:
    """Return what an ISO 19115 text says, by DCAT's keys; nothing where it is no such XML.

    A document type is refused: it is the only place where entities can be declared.
    """
    if "<!DOCTYPE" in raw:
        return NOTHING
    try:
        root = ET.fromstring(raw)  # noqa: S314 - no document type, so no entities
    except (ET.ParseError, ValueError, RecursionError):
        return NOTHING
    about = next(_named(root, "identificationInfo"), root)
    citation = next(_named(about, "citation"), about)
    return {
        "title": _words(citation, "title"),
        "description": _words(about, "abstract"),
        "publisher": {"name": _words(root, "organisationName") or _organisation(root)},
        "modified": _words(citation, "Date", "DateTime") or _words(root, "dateStamp"),
    }


def _named(node: ET.Element, *names: str) -> Iterator[ET.Element]:
    """Yield the elements of these local names, whatever their namespace."""
    return (child for child in node.iter() if child.tag.rpartition("}")[2] in names)


def _words(node: ET.Element, *names: str) -> str | None:
    """Return the first text below the first element of these names that has any."""
    texts = (text.strip() for found in _named(node, *names) for text in found.itertext())
    return next(filter(None, texts), None)


def _organisation(root: ET.Element) -> str | None:
    """Return the first organisation's name, as ISO 19115-1 writes it."""
    named = (_words(found, "name") for found in _named(root, "CI_Organisation"))
    return next(filter(None, named), None)
