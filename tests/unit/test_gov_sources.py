"""What Data.gov's sources and organizations say in the common model."""

from __future__ import annotations

from typing import Any

import pytest
from gov_elements import SOURCE, entities

from gateway.model import enums
from gateway.model.entities import HarvestBackend, HarvestSource, Organization
from gateway.model.enums import EntityType


def test_a_source_brings_its_backend() -> None:
    source, backend = entities(EntityType.HARVEST_SOURCE, SOURCE)
    assert isinstance(source, HarvestSource)
    assert isinstance(backend, HarvestBackend)
    assert source.backend == backend.native_id == backend.label == "document/dcatus1.1: non-federal"
    assert source.protocol is backend.protocol is enums.Protocol.DOCUMENT
    assert source.metadata_standard is backend.metadata_standard is enums.MetadataStandard.DCAT_US_1_1
    assert source.standard_family is backend.standard_family is enums.StandardFamily.DCAT
    assert source.metadata_profile is enums.MetadataProfile.NON_FEDERAL
    assert source.schedule_raw == "weekly"
    assert source.notification_frequency is enums.NotificationFrequency.ON_ERROR_OR_UPDATE
    assert source.notification_emails == ("data@example.gov",)
    assert source.organization == "organization-1"
    assert (source.native_source_type, source.native_schema_type) == ("document", "dcatus1.1: non-federal")
    assert (source.active, source.created_at, source.config) == (None, None, None)
    assert source.native_notification_frequency == "on_error_or_update"
    assert source.native is backend.native is None
    assert (backend.filters, backend.features, backend.extra_configs) == ((), (), ())


@pytest.mark.parametrize(
    ("schema", "standard", "family", "profile"),
    [
        ("iso19115_1", "ISO_19115_1", "ISO", None),
        ("iso19115_2", "ISO_19115_2", "ISO", None),
        ("dcatus1.1: federal", "DCAT_US_1_1", "DCAT", "FEDERAL"),
        ("dcatus3.0", "DCAT_US_3_0", "DCAT", None),
        ("dcatus4.0", "UNKNOWN", "OTHER", None),
        (None, "UNKNOWN", "OTHER", None),
    ],
)
def test_schema_types(schema: Any, standard: str, family: str, profile: str | None) -> None:
    source = entities(EntityType.HARVEST_SOURCE, {**SOURCE, "schema_type": schema})[0]
    assert isinstance(source, HarvestSource)
    assert (source.metadata_standard, source.standard_family) == (standard, family)
    assert source.metadata_profile == profile
    assert source.native_schema_type == schema


def test_a_source_without_its_types_has_no_backend() -> None:
    (source,) = entities(EntityType.HARVEST_SOURCE, {"id": "source-1"})
    assert isinstance(source, HarvestSource)
    assert source.backend is None
    assert source.notification_frequency is None
    assert source.notification_emails is None


def test_a_sources_emails_are_never_in_native() -> None:
    source = entities(EntityType.HARVEST_SOURCE, {**SOURCE, "notification_emails": "data@example.gov"})[0]
    assert isinstance(source, HarvestSource)
    assert source.notification_emails is None
    assert source.native is source.native_private is None


def test_an_organization() -> None:
    (found,) = entities(
        EntityType.ORGANIZATION,
        {
            "id": "organization-1",
            "name": "NASA",
            "slug": "nasa",
            "aliases": ["NASA", ""],
            "organization_type": "Federal Government",
            "logo": "https://example.gov/nasa.png",
            "description": None,
            "source_count": 5,
            "code_repo_url": None,
            "code_repo_exempt": False,
        },
    )
    assert found == Organization(
        native_id="organization-1",
        name="NASA",
        slug="nasa",
        aliases=("NASA", ""),
        kind=enums.OrganizationKind.FEDERAL_GOVERNMENT,
        native_kind="Federal Government",
        logo="https://example.gov/nasa.png",
        native_source_count=5,
        native={"code_repo_url": None, "code_repo_exempt": False},
    )


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("Non-Profit", enums.OrganizationKind.NON_PROFIT),
        ("Tribal", enums.OrganizationKind.TRIBAL),
        ("Guild", enums.OrganizationKind.OTHER),
        (None, enums.OrganizationKind.UNKNOWN),
    ],
)
def test_organization_kinds(word: Any, kind: enums.OrganizationKind) -> None:
    (found,) = entities(EntityType.ORGANIZATION, {"id": "o", "organization_type": word})
    assert isinstance(found, Organization)
    assert (found.kind, found.native_kind) == (kind, word)
