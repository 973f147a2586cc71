"""The sandbox Data.gov answers as its published documentation says, where it speaks as documented."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
from contract.gov_sandbox import EPOCH, NOBODY, Visitor, visiting

from adapters.data_gov.sandbox_gateway import BEHIND
from gateway.sandbox.changes import Changes
from gateway.sandbox.changes_runs import Run
from gateway.sandbox.changes_view import View

ORGANIZATION = ["id", "name", "slug", "organization_type", "aliases", "logo", "description", "source_count"]
SOURCE = [
    "id",
    "name",
    "url",
    "organization_id",
    "frequency",
    "schema_type",
    "source_type",
    "notification_emails",
    "notification_frequency",
]
JOB = [
    "id",
    "harvest_source_id",
    "status",
    "date_created",
    "date_finished",
    "records_added",
    "records_updated",
    "records_deleted",
    "records_errored",
]
ERROR = ["id", "harvest_job_id", "harvest_record_id", "date_created", "type", "message"]
RECORD = [
    "id",
    "identifier",
    "status",
    "action",
    "date_created",
    "date_finished",
    "harvest_job_id",
    "harvest_source_id",
    "source_hash",
    "ckan_id",
    "ckan_name",
    "parent_identifier",
]
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000Z")
SCHEMA = "dcatus1.1: federal dataset"


@pytest.fixture(scope="module")
def world() -> Changes:
    return Changes(7, 1, EPOCH)


@pytest.fixture
async def portal(world: Changes) -> AsyncIterator[Visitor]:
    async with visiting(world, "documented") as visitor:
        yield visitor


def with_errors(view: View) -> Run:
    """Return a job with errors of its own and of records."""
    return next(run for run in view.runs if view.errors_of(run) and view.job_errors_of(run))


@pytest.mark.parametrize("path", ["/organizations/", "/organization/"])
async def test_organizations_are_listed_at_both_paths(portal: Visitor, path: str) -> None:
    rows = await portal.rows(path)
    assert {row["id"] for row in rows} == {one.id for one in portal.view.organizations}
    assert {tuple(sorted(row)) for row in rows} == {tuple(sorted(ORGANIZATION))}
    assert await portal.rows(f"/organization/{rows[0]['id']}") == rows[0]
    assert (await portal.ask(f"/organization/{rows[0]['slug']}")).status == 404


async def test_sources_are_listed_at_once_whatever_is_asked(portal: Visitor) -> None:
    rows = await portal.rows("/harvest_sources/?page=3&per_page=2&paginate=maybe&nothing=1&facets=nope")
    assert {row["id"] for row in rows} == {source.id for source in portal.view.sources}
    assert {tuple(sorted(row)) for row in rows} == {tuple(sorted(SOURCE))}
    assert await portal.rows(f"/harvest_source/{rows[5]['id']}") == rows[5]


async def test_a_source_has_all_its_jobs(portal: Visitor) -> None:
    listed: list[dict[str, Any]] = []
    for source in portal.view.sources:
        listed += await portal.rows(f"/harvest_source/{source.id}/jobs")
    assert {row["id"] for row in listed} == {run.id for run in portal.view.runs}
    assert {tuple(sorted(row)) for row in listed} == {tuple(sorted(JOB))}
    assert {row["status"] for row in listed} == {"new", "in_progress", "complete", "error"}
    assert await portal.rows(f"/harvest_job/{listed[9]['id']}") == listed[9]
    for row in listed:
        assert INSTANT.fullmatch(row["date_created"])
        assert row["date_finished"] is None or INSTANT.fullmatch(row["date_finished"])


async def test_instants_are_the_real_ones_to_the_second(portal: Visitor) -> None:
    job = await portal.rows(f"/harvest_job/{portal.view.runs[3].id}")
    portal.server.speak("gateway")
    real = await portal.rows(f"/harvest_job/{job['id']}")
    for name in ("date_created", "date_finished"):
        at = parsedate_to_datetime(real[name])
        assert job[name] == at.strftime("%Y-%m-%dT%H:%M:%S.000Z")
    assert {name: real[name] for name in JOB if "date" not in name} == {
        name: job[name] for name in JOB if "date" not in name
    }


async def test_errors_of_a_job_and_of_its_records_come_together(portal: Visitor) -> None:
    run = with_errors(portal.view)
    rows = await portal.rows(f"/harvest_job/{run.id}/errors")
    assert {tuple(sorted(row)) for row in rows} == {tuple(sorted(ERROR))}
    assert len(rows) == len(portal.view.errors_of(run)) + len(portal.view.job_errors_of(run))
    assert None in {row["harvest_record_id"] for row in rows}
    assert len({row["harvest_record_id"] for row in rows}) > 1
    assert [row["date_created"] for row in rows] == sorted(row["date_created"] for row in rows)


async def test_a_job_without_errors_has_an_empty_list_of_them(portal: Visitor) -> None:
    view = portal.view
    run = next(run for run in view.runs if not view.errors_of(run) and not view.job_errors_of(run))
    assert await portal.rows(f"/harvest_job/{run.id}/errors") == []


async def test_a_record_has_neither_type_nor_payload(portal: Visitor) -> None:
    view = portal.view
    old = next(row for row in view.records if view.facts(row)["ckan_id"])
    new = next(row for row in view.records if view.action(row) == "update" and not view.facts(row)["ckan_id"])
    for row in (old, new):
        facts = view.facts(row)
        record = await portal.rows(f"/harvest_record/{facts['id']}")
        assert sorted(record) == sorted(RECORD)
        assert INSTANT.fullmatch(record["date_created"])
        assert {name: record[name] for name in ("identifier", "ckan_id", "action")} == {
            name: facts[name] for name in ("identifier", "ckan_id", "action")
        }
        assert (record["ckan_name"] is None) == (record["ckan_id"] is None)


async def test_raw_is_called_what_it_is_and_not_there_where_there_is_none(portal: Visitor) -> None:
    view, found = portal.view, dict[str, int]()
    for row in view.records[::2]:
        content = view.content(row)
        if content is None:
            kind = "none"
        elif content.raw.startswith("<"):
            kind = "application/xml"
        else:
            kind = "application/json" if content.payload is not None else "text/plain"
        found.setdefault(kind, row)
    assert found.keys() == {"none", "application/xml", "application/json", "text/plain"}
    for kind, row in found.items():
        content = view.content(row)
        said = await portal.ask(f"/harvest_record/{view.facts(row)['id']}/raw")
        if content is None:
            assert (said.status, said.json) == (404, {"error": "Not Found"})
        else:
            assert (said.status, said.media_type, said.body) == (200, kind, content.raw.encode())


async def test_transformed_is_there_for_what_was_transformed(portal: Visitor) -> None:
    view = portal.view
    contents = ((row, view.content(row)) for row in view.records)
    row, content = next((row, content) for row, content in contents if content and content.transform)
    assert await portal.rows(f"/harvest_record/{view.facts(row)['id']}/transformed") == content.transform
    plain = next(row for row in view.records if (found := view.content(row)) and not found.transform)
    assert (await portal.ask(f"/harvest_record/{view.facts(plain)['id']}/transformed")).status == 404


@pytest.mark.parametrize(
    "path",
    [
        *("/", "", "/nope", "/organization_list/", "/harvest_jobs/", "/harvest_records/", "/openapi.json"),
        *("/harvest_sources", "/organizations", "/harvest_record_errors/", "/v1/harvest_sources/"),
        *(f"/harvest_job/{NOBODY}", f"/harvest_job/{NOBODY}/errors", f"/harvest_source/{NOBODY}"),
        *(f"/harvest_source/{NOBODY}/jobs", f"/harvest_record/{NOBODY}", f"/harvest_record/{NOBODY}/raw"),
        *(f"/harvest_record/{NOBODY}/transformed", f"/organization/{NOBODY}", "/harvest_job/no-uuid"),
        *(f"/harvest_job/{NOBODY}/errors/record", f"/harvest_error/{NOBODY}"),
    ],
)
async def test_everything_else_is_a_404_in_json(portal: Visitor, path: str) -> None:
    said = await portal.ask(path)
    assert (said.status, said.media_type, said.json) == (404, "application/json", {"error": "Not Found"})


async def test_nothing_is_written(portal: Visitor) -> None:
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        said = await portal.ask("/harvest_sources/", method)
        assert (said.status, said.json) == (404, {"error": "Not Found"})


async def test_head_tells_the_length(portal: Visitor) -> None:
    length = len((await portal.ask("/harvest_sources/")).body)
    said = await portal.ask("/harvest_sources/", "HEAD")
    assert (said.status, int(said.headers["Content-Length"]), said.body) == (200, length, b"")


@pytest.mark.parametrize(
    ("asked", "status", "fields"),
    [
        ({}, 422, {"fetch_method", "schema"}),
        ({"fetch_method": "paste", "json_text": "{}", "schema": SCHEMA}, 422, {"fetch_method"}),
        (
            {"fetch_method": "json_text", "json_text": "{}", "schema": "dcatus1.1: non-federal dataset"},
            422,
            {"schema"},
        ),
        ({"fetch_method": "json_text", "schema": SCHEMA}, 422, {"json_text"}),
        ({"fetch_method": "url", "schema": SCHEMA}, 422, {"url"}),
        ({"fetch_method": "url", "url": "https://x.example/data.json", "schema": SCHEMA}, 500, None),
        ({"fetch_method": "json_text", "json_text": "[", "schema": SCHEMA}, 500, None),
    ],
)
async def test_the_validator_is_as_documented(
    portal: Visitor, asked: dict[str, str], status: int, fields: set[str] | None
) -> None:
    said = await portal.ask("/validate", "POST", json=asked)
    assert said.status == status
    if fields is None:
        assert isinstance(said.json["error"], str)
    else:
        assert said.json["message"] == "Validation error"
        assert said.json["detail"]["json"].keys() == fields


async def test_the_validator_names_what_is_missing(portal: Visitor) -> None:
    text = json.dumps({"dataset": [{"identifier": "a", "title": "A"}]})
    said = await portal.ask(
        "/validate", "POST", json={"fetch_method": "json_text", "json_text": text, "schema": SCHEMA}
    )
    assert ["a", "$, 'bureauCode' is a required property"] in said.json["validation_errors"]


async def test_the_harvester_itself_speaks_so_too(portal: Visitor) -> None:
    async with portal.session.get(f"{portal.server.origin}{BEHIND}/organization_list/") as response:
        assert response.status == 404
    async with portal.session.get(f"{portal.server.origin}{BEHIND}/organizations/") as response:
        assert len(await response.json()) == len(portal.view.organizations)
    async with portal.session.get(f"{portal.server.origin}/elsewhere") as response:
        assert (response.status, await response.json()) == (404, {"error": "Not Found"})


async def test_a_moved_clock_shows_a_moved_world(portal: Visitor) -> None:
    before = await portal.rows("/organizations/")
    source = portal.view.sources[0]
    jobs = await portal.rows(f"/harvest_source/{source.id}/jobs")
    portal.server.advance(30)
    assert len(await portal.rows(f"/harvest_source/{source.id}/jobs")) > len(jobs)
    assert await portal.rows("/organizations/") != before
