"""What a dataset's text is in the payloads of Data.gov's records, DCAT or ISO, however faulty they are."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from gov_elements import PAYLOAD, RECORD, dataset, raw


def test_a_datasets_text_comes_from_the_raw_dcat() -> None:
    found = raw()
    assert (found.title, found.description, found.publisher) == ("Parking", "Where to park.", "City")
    assert found.keywords == ("parking", "cars")
    assert (found.license, found.landing_page) == (
        "https://example.gov/license",
        "https://example.gov/parking",
    )
    assert found.modified_at == datetime(2025, 11, 27, 17, tzinfo=UTC)
    assert (found.remote_url, found.acronym, found.api_url, found.portal_url) == (None, None, None, None)


def test_the_transformed_payload_comes_first() -> None:
    found = dataset(source_raw="<xml>", source_transform={**PAYLOAD, "title": "Out of the transform"})
    assert found.title == "Out of the transform"


@pytest.mark.parametrize(
    ("modified", "expected"),
    [
        ("2025-09-06", datetime(2025, 9, 6, tzinfo=UTC)),
        ("1900-01-01", datetime(1900, 1, 1, tzinfo=UTC)),
        ("2025-09-06T10:00:00Z", datetime(2025, 9, 6, 10, tzinfo=UTC)),
        ("R/P1Y", None),
        ("", None),
        (20250906, None),
        (["2025-09-06"], None),
        ("2025-13-40", None),
    ],
)
def test_modification_dates(modified: Any, expected: datetime | None) -> None:
    assert raw(modified=modified).modified_at == expected


def test_faulty_payloads_give_what_can_be_read() -> None:
    found = raw(title=None, description=["a"], publisher="City", keyword="parking", license={"a": 1})
    assert (found.title, found.description, found.license) == (None, None, None)
    assert found.landing_page == "https://example.gov/parking"
    assert raw(keyword=["a", None, 3, "b"]).keywords == ("a", "b")
    assert raw(publisher={"name": None}).publisher is None


@pytest.mark.parametrize(
    "text",
    ["", " ", "null", "[]", '"text"', "3", "{", "no payload at all", "<html>", "[" * 100_000, "\x00", "<a/>"],
)
def test_junk_payloads_lose_nothing_but_the_text(text: str) -> None:
    found = dataset(source_raw=text)
    assert found.title is None
    assert found.remote_id == RECORD["identifier"]


def test_what_python_writes_and_strict_readers_refuse_is_read() -> None:
    text = '{"title": "T", "spatial": NaN, "description": "lone \\ud800", "keyword": ["\\u0000x"]}'
    found = dataset(source_raw=text)
    assert (found.title, found.description, found.keywords) == ("T", "lone �", ("�x",))


ISO = """<?xml version="1.0" encoding="UTF-8"?>
<gmi:MI_Metadata xmlns:gmi="http://www.isotc211.org/2005/gmi" xmlns:gco="http://www.isotc211.org/2005/gco"
 xmlns:gmd="http://www.isotc211.org/2005/gmd">
 <gmd:contact><gmd:CI_ResponsibleParty><gmd:organisationName><gco:CharacterString>EPA</gco:CharacterString>
  </gmd:organisationName></gmd:CI_ResponsibleParty></gmd:contact>
 <gmd:dateStamp><gco:Date>2024-01-01</gco:Date></gmd:dateStamp>
 <gmd:identificationInfo><gmd:MD_DataIdentification><gmd:citation><gmd:CI_Citation>
  <gmd:title><gco:CharacterString>Survey: depth &amp; imagery café</gco:CharacterString></gmd:title>
  <gmd:date><gmd:CI_Date><gmd:date><gco:Date>2025-09-06</gco:Date></gmd:date><gmd:dateType>revision</gmd:dateType>
  </gmd:CI_Date></gmd:date></gmd:CI_Citation></gmd:citation>
  <gmd:abstract><gco:CharacterString>Hydrographic survey.</gco:CharacterString></gmd:abstract>
 </gmd:MD_DataIdentification></gmd:identificationInfo>
</gmi:MI_Metadata>"""


def test_a_datasets_text_comes_from_iso_where_it_was_not_transformed() -> None:
    found = dataset(source_raw=ISO, status="error")
    assert found.title == "Survey: depth & imagery café"
    assert found.description == "Hydrographic survey."
    assert found.publisher == "EPA"
    assert found.modified_at == datetime(2025, 9, 6, tzinfo=UTC)
    assert (found.keywords, found.license, found.landing_page) == (None, None, None)


def test_the_newer_iso_is_read_too() -> None:
    text = """<mdb:MD_Metadata xmlns:mdb="http://standards.iso.org/iso/19115/-3/mdb/2.0" xmlns:cit="c"
     xmlns:mri="m" xmlns:gco="g"><mdb:contact><cit:CI_Responsibility><cit:party><cit:CI_Organisation><cit:name>
     <gco:CharacterString>NOAA</gco:CharacterString></cit:name></cit:CI_Organisation></cit:party>
     </cit:CI_Responsibility></mdb:contact><mdb:identificationInfo><mri:MD_DataIdentification><mri:citation>
     <cit:CI_Citation><cit:title><gco:CharacterString>Tides</gco:CharacterString></cit:title><cit:date><cit:CI_Date>
     <cit:date><gco:DateTime>2025-09-06T01:00:00Z</gco:DateTime></cit:date></cit:CI_Date></cit:date>
     </cit:CI_Citation></mri:citation></mri:MD_DataIdentification></mdb:identificationInfo></mdb:MD_Metadata>"""
    found = dataset(source_raw=text)
    assert (found.title, found.publisher) == ("Tides", "NOAA")
    assert found.modified_at == datetime(2025, 9, 6, 1, tzinfo=UTC)


def test_entity_bombs_are_refused() -> None:
    bomb = (
        '<!DOCTYPE a [<!ENTITY b "boom"><!ENTITY c "&b;&b;&b;&b;">]>'
        "<a><identificationInfo><citation><title>&c;</title></citation></identificationInfo></a>"
    )
    assert dataset(source_raw=bomb).title is None
