"""The closed words of the common model as GraphQL enums: registered where they stand, each word described."""

from __future__ import annotations

from enum import Enum, StrEnum
from typing import Any

import strawberry

from gateway.model import enums
from gateway.model.mapping import Basis, Clock
from harvest_graphql.plan.operands import Choice

ProvenanceBasis = Basis
InstantClock = Clock


class SyncState(StrEnum):
    """Whether a portal's first load is done."""

    LOADING = "LOADING"
    READY = "READY"


class PassKind(StrEnum):
    """How much of a portal a pass reads."""

    POLL = "POLL"
    RECONCILE = "RECONCILE"
    RENORMALISE = "RENORMALISE"


class PassState(StrEnum):
    """How a pass over a portal stands or ended."""

    RUNNING = "RUNNING"
    DONE = "DONE"
    INCOMPLETE = "INCOMPLETE"
    FAILED = "FAILED"
    INTERRUPTED = "INTERRUPTED"


class BreakerState(StrEnum):
    """Whether the gateway asks a portal at the moment."""

    CLOSED = "CLOSED"
    OPEN = "OPEN"
    HALF_OPEN = "HALF_OPEN"


class Direction(Choice):
    """Which end of an order comes first; what has no value comes last either way."""

    ASC = "ASC"
    DESC = "DESC"


def register(words: type[Enum], said: dict[str, str], *, name: str | None = None) -> None:
    """Make *words* an enum of the schema, once; every word needs its description in *said*."""
    if "__strawberry_definition__" in words.__dict__:
        return
    strawberry.enum(words, name=name, description=(words.__doc__ or "").strip())
    definition: Any = words.__dict__["__strawberry_definition__"]
    for value in definition.values:
        value.description = said[value.name]


def _register_all() -> None:
    for words, said in _WORDS.items():
        register(words, said)
    ways = {"ASC": "The smallest or oldest first.", "DESC": "The greatest or newest first."}
    register(Direction, ways, name="OrderDirection")
    bases = {
        "DIRECT": "The portal's own value.",
        "DERIVED": "Computed from the portal's values.",
        "ASSUMED": "The portal does not say; the gateway's assumption.",
    }
    register(ProvenanceBasis, bases, name="ProvenanceBasis")
    clocks = {
        "ZONED": "The portal's clock, and its words say the zone.",
        "UTC_ASSUMED": "The portal's clock, which says no zone and is taken for UTC.",
        "GATEWAY": "The gateway's own clock.",
    }
    register(InstantClock, clocks, name="InstantClock")


_WORDS: dict[type[Enum], dict[str, str]] = {
    enums.EntityType: {
        "ORGANIZATION": "An organization.",
        "PERSON": "A person.",
        "HARVEST_BACKEND": "A backend.",
        "HARVEST_SOURCE": "A source.",
        "HARVEST_JOB": "A run of a source.",
        "HARVEST_RECORD": "A record of a run.",
        "HARVEST_ERROR": "An error of a run.",
        "DATASET": "A dataset.",
    },
    enums.Presence: {
        "PRESENT": "The portal has it.",
        "DELETED": "The portal says that it was deleted; `deletedAt` says when, where the portal does.",
        "GONE": "It is proved absent from the portal; `removedAt` says when the gateway found out.",
        "EXPIRED": "It fell out of what the portal keeps: not a deletion, and counted in every rate.",
        "UNKNOWN": "Something refers to it, but the portal has not told about it yet.",
    },
    enums.JobStatus: {
        "SCHEDULED": "It is planned for a later time; it is in no rate and not in lists unless asked for.",
        "PENDING": "It waits for its turn.",
        "RUNNING": "It is under way.",
        "SUCCEEDED": "It ended without an error.",
        "PARTIAL": "It ended, with errors in some records.",
        "FAILED": "It ended with an error of the whole run.",
        "CANCELLED": "Somebody stopped it.",
        "LOST": "It never ended: open for 48 hours, or cleaned up by the portal.",
        "UNKNOWN": "The portal uses a word that the gateway does not know; see `nativeStatus`.",
    },
    enums.JobKind: {
        "HARVEST": "Read what changed.",
        "FORCE_HARVEST": "Read everything again, changed or not.",
        "CLEAR": "Remove everything that came from the source.",
        "VALIDATE": "Check without changing anything.",
        "UNKNOWN": "The portal does not say, or uses a word that the gateway does not know.",
    },
    enums.RecordStatus: {
        "PENDING": "Its run is still under way.",
        "LOST": "Its run ended without saying what became of it.",
        "SUCCEEDED": "It was processed.",
        "SKIPPED": "The portal left it out on purpose.",
        "FAILED": "It could not be processed; see its errors.",
        "ARCHIVED": "The source no longer lists it and the portal archived it.",
        "UNPUBLISHED": "It was accepted but never reached the catalogue.",
        "UNKNOWN": "The portal uses a word that the gateway does not know; see `nativeStatus`.",
    },
    enums.RecordAction: {
        "CREATE": "It was new.",
        "UPDATE": "It had changed.",
        "DELETE": "The source no longer lists it.",
        "ARCHIVE": "The source no longer lists it and the portal keeps it archived.",
    },
    enums.RecordType: {
        "DATASET": "A dataset.",
        "DATA_SERVICE": "A data service or API.",
        "CATALOG_RECORD": "A record about a record.",
        "DATA_SERIES": "A series of datasets.",
        "UNKNOWN": "The portal uses a word that the gateway does not know.",
    },
    enums.Severity: {
        "ERROR": "Something failed; also where the portal gives no severity.",
        "WARNING": "Something is wrong but was accepted.",
        "INFO": "Something worth knowing.",
        "DEBUG": "A detail for developers.",
        "UNKNOWN": "The portal uses a word that the gateway does not know.",
    },
    enums.Protocol: {
        "CKAN": "The API of CKAN.",
        "DKAN": "The API of DKAN.",
        "CSW": "OGC Catalogue Service for the Web.",
        "DCAT": "A DCAT catalogue in RDF.",
        "MAAF": "The catalogue of the French ministry of agriculture.",
        "DOCUMENT": "One document that lists everything.",
        "WAF": "A web-accessible folder of documents.",
        "WAF_COLLECTION": "A web-accessible folder whose documents belong to one collection.",
        "UNKNOWN": "The portal uses a word that the gateway does not know.",
    },
    enums.MetadataStandard: {
        "DCAT": "DCAT in RDF.",
        "DCAT_US_1_1": "DCAT-US 1.1, the schema of Project Open Data.",
        "DCAT_US_3_0": "DCAT-US 3.0.",
        "ISO_19139": "ISO 19139.",
        "ISO_19115_1": "ISO 19115-1.",
        "ISO_19115_2": "ISO 19115-2.",
        "CKAN": "CKAN's own package format.",
        "DKAN": "DKAN's own package format.",
        "MAAF": "The format of the French ministry of agriculture.",
        "UNKNOWN": "The portal uses a word that the gateway does not know.",
    },
    enums.StandardFamily: {
        "DCAT": "Some form of DCAT.",
        "ISO": "Some form of ISO 19115.",
        "CKAN": "CKAN or DKAN.",
        "OTHER": "Anything else.",
    },
    enums.MetadataProfile: {
        "FEDERAL": "The profile for federal publishers.",
        "NON_FEDERAL": "The profile for everybody else.",
    },
    enums.OrganizationKind: {
        "FEDERAL_GOVERNMENT": "A body of the federal government.",
        "CITY_GOVERNMENT": "A city.",
        "STATE_GOVERNMENT": "A state.",
        "COUNTY_GOVERNMENT": "A county.",
        "UNIVERSITY": "A university.",
        "TRIBAL": "A tribal government.",
        "NON_PROFIT": "A non-profit organization.",
        "OTHER": "Another kind; see `nativeKind`.",
        "UNKNOWN": "The portal does not say.",
    },
    enums.ValidationState: {
        "PENDING": "Nobody has decided yet.",
        "ACCEPTED": "The source may run.",
        "REFUSED": "The source may not run.",
        "UNKNOWN": "The portal uses a word that the gateway does not know; see `nativeState`.",
    },
    enums.NotificationFrequency: {
        "ON_ERROR": "When something went wrong.",
        "ALWAYS": "After every run.",
        "ON_ERROR_OR_UPDATE": "When something went wrong or changed.",
        "UNKNOWN": "The portal uses a word that the gateway does not know.",
    },
    enums.DatasetState: {
        "LIVE": "It is published.",
        "ARCHIVED": "The portal keeps it archived.",
        "DELETED": "It was deleted.",
        "UNPUBLISHED": "It never reached the catalogue.",
        "NOT_LISTED": "The newest complete run of its source does not list it.",
    },
    enums.PayloadState: {
        "STORED": "It can be read here.",
        "ABSENT": "The portal says that there is none.",
        "NOT_FETCHED": "The portal does not hand it out in what the gateway reads.",
    },
    SyncState: {
        "LOADING": "The first load is under way: lists are incomplete, and `streams` says how far it is.",
        "READY": "Every stream has been read whole at least once.",
    },
    PassKind: {
        "POLL": "What changed since the last pass, with as few requests as possible.",
        "RECONCILE": "Everything.",
        "RENORMALISE": "Nothing: it reads what is stored again, with today's rules.",
    },
    PassState: {
        "RUNNING": "It is under way.",
        "DONE": "It ended well.",
        "INCOMPLETE": "It ended early or could not prove that it saw everything; the next pass goes on.",
        "FAILED": "It failed; `notice` says why.",
        "INTERRUPTED": "It was stopped; the next pass goes on.",
    },
    BreakerState: {
        "CLOSED": "The portal is asked as usual.",
        "OPEN": "The portal failed too often and is left alone until `breakerUntil`.",
        "HALF_OPEN": "One request is under way as a trial: answered it closes the breaker, else opens it for longer.",
    },
}

_register_all()
