from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from udata_elements import ORGANIZATION, SOURCE, USER, one

from gateway.model.document import Rejection
from gateway.model.entities import (
    HarvestBackend,
    HarvestSource,
    Organization,
    Person,
)
from gateway.model.enums import (
    EntityType,
    MetadataStandard,
    OrganizationKind,
    Protocol,
    StandardFamily,
    ValidationState,
)


def test_an_organization() -> None:
    assert one(EntityType.ORGANIZATION, ORGANIZATION) == Organization(
        native_id="650000000000000000000001",
        name="Cartes du Nord",
        slug="cartes-du-nord",
        acronym="CDN",
        kind=OrganizationKind.UNKNOWN,
        badges=("public-service", "certified"),
        logo_thumbnail="https://static.example/100.png",
        portal_url="https://www.data.gouv.fr/organizations/cartes-du-nord",
        api_url="https://www.data.gouv.fr/api/1/organizations/cartes-du-nord/",
    )


def test_a_person() -> None:
    assert one(EntityType.PERSON, USER) == Person(
        native_id="650000000000000000000002",
        first_name="Jeanne",
        last_name="Petit",
        slug="jeanne-petit",
        portal_url="https://www.data.gouv.fr/users/jeanne-petit",
        api_url="https://www.data.gouv.fr/api/1/users/jeanne-petit/",
    )


def test_a_source() -> None:
    assert one(EntityType.HARVEST_SOURCE, SOURCE) == HarvestSource(
        native_id="650000000000000000000003",
        name="Catalogue des rives",
        slug="catalogue-des-rives",
        description="**Catalogue**",
        url="https://rives.example.fr/csw",
        backend="csw-dcat",
        organization="650000000000000000000001",
        protocol=Protocol.CSW,
        metadata_standard=MetadataStandard.DCAT,
        standard_family=StandardFamily.DCAT,
        config={"features": {"geodcatap": True}, "free": 1},
        schedule_raw="0 0 * * *",
        active=True,
        auto_archive=True,
        validation_state=ValidationState.REFUSED,
        validation_native_state="refused",
        validation_by="650000000000000000000002",
        validation_on=datetime(2026, 11, 11, 2, 1, tzinfo=UTC),
        validation_comment="ok",
        created_at=datetime(2026, 10, 21, 2, 3, 0, 57000, tzinfo=UTC),
    )


def test_a_deleted_source_says_when() -> None:
    found = one(EntityType.HARVEST_SOURCE, {**SOURCE, "deleted": "2026-11-11T02:01:00.059000+00:00"})
    assert found.deleted_at == datetime(2026, 11, 11, 2, 1, 0, 59000, tzinfo=UTC)


def test_a_source_of_nobody_has_no_organization_and_no_owner() -> None:
    found = one(EntityType.HARVEST_SOURCE, {**SOURCE, "organization": None, "owner": None, "last_job": None})
    assert (found.organization, found.owner) == (None, None)


def test_keys_that_no_field_reads_are_kept_and_the_callers_rights_are_not() -> None:
    found = one(EntityType.HARVEST_SOURCE, {**SOURCE, "colour": "blue"})
    assert found.native == {"colour": "blue"}


@pytest.mark.parametrize(
    ("backend", "words"),
    [
        ("ckan", (Protocol.CKAN, MetadataStandard.CKAN, StandardFamily.CKAN)),
        ("csw-dcat", (Protocol.CSW, MetadataStandard.DCAT, StandardFamily.DCAT)),
        ("csw-iso-19139", (Protocol.CSW, MetadataStandard.ISO_19139, StandardFamily.ISO)),
        ("dcat", (Protocol.DCAT, MetadataStandard.DCAT, StandardFamily.DCAT)),
        ("dkan", (Protocol.DKAN, MetadataStandard.DKAN, StandardFamily.CKAN)),
        ("maaf", (Protocol.MAAF, MetadataStandard.MAAF, StandardFamily.OTHER)),
        ("plugin", (Protocol.UNKNOWN, MetadataStandard.UNKNOWN, StandardFamily.OTHER)),
    ],
)
def test_backends(backend: str, words: tuple[Any, ...]) -> None:
    filters = [{"key": "tags", "label": "Tag", "type": "string", "description": "A tag"}]
    element = {"id": backend, "label": "L", "filters": filters, "features": [], "extra_configs": []}
    protocol, standard, family = words
    assert one(EntityType.HARVEST_BACKEND, element) == HarvestBackend(
        native_id=backend,
        label="L",
        protocol=protocol,
        metadata_standard=standard,
        standard_family=family,
        filters=filters,
        features=[],
        extra_configs=[],
    )
    source = one(EntityType.HARVEST_SOURCE, {**SOURCE, "backend": backend})
    assert (source.protocol, source.metadata_standard, source.standard_family) == words


def test_an_element_that_does_not_say_its_id_is_rejected() -> None:
    for element in ({}, {"id": None}, {"id": ""}, {"id": 5}, {"id": "another"}):
        found = one(EntityType.HARVEST_SOURCE, element, native_id="x")
        assert isinstance(found, Rejection)
        assert (found.native_id, found.type) == ("x", EntityType.HARVEST_SOURCE)
