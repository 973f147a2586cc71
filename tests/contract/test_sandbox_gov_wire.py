"""The sandbox Data.gov answers like the harvester, its quirks included."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import aiohttp
import pytest

from adapters.data_gov.sandbox import SANDBOX
from gateway.sandbox.changes import Changes
from gateway.sandbox.changes_view import View
from gateway.sandbox.control import Running, running

EPOCH = datetime(2026, 11, 22, 8, tzinfo=UTC)
NOBODY = "00000000-0000-4000-8000-000000000000"
LISTS = ("organizations", "harvest_sources", "harvest_jobs", "harvest_records", "harvest_job_errors")


class Browser:
    """Asks the portal and keeps nothing."""

    def __init__(self, session: aiohttp.ClientSession, server: Running) -> None:
        self.session = session
        self.server = server
        world = server.world
        assert isinstance(world, Changes)
        self.view: View = world.at(EPOCH)

    async def ask(
        self, path: str, method: str = "GET", **options: Any
    ) -> tuple[aiohttp.ClientResponse, bytes]:
        url = self.server.origin + path
        async with self.session.request(method, url, allow_redirects=False, **options) as response:
            return response, await response.read()

    async def rows(self, path: str, **query: Any) -> Any:
        response, body = await self.ask(
            f"/api/v1/{path}", params={key: str(value) for key, value in query.items()}
        )
        assert response.status == 200, body
        return json.loads(body)

    async def count(self, path: str, facets: str = "") -> int:
        response, body = await self.ask(f"/api/v1/{path}/", params={"count": "true", "facets": facets})
        return int(json.loads(body)["count"]) if response.status == 200 else 0


@pytest.fixture(scope="module")
def world() -> Changes:
    return Changes(7, 1, EPOCH)


@pytest.fixture
async def portal(world: Changes) -> AsyncIterator[Browser]:
    shared = SANDBOX.__class__(
        SANDBOX.name, SANDBOX.title, SANDBOX.dialects, lambda *_: world, SANDBOX.routes
    )
    async with running(shared, seed=7, scale=1, epoch=EPOCH) as server, aiohttp.ClientSession() as session:
        yield Browser(session, server)


async def test_lists_are_bare_arrays_of_ten_newest_first(portal: Browser) -> None:
    for name in LISTS:
        assert len(await portal.rows(f"{name}/")) == 10
    records = await portal.rows("harvest_records/", per_page=100)
    created = [parsedate_to_datetime(row["date_created"]) for row in records]
    assert created == sorted(created, reverse=True)
    jobs = await portal.rows("harvest_jobs/", order_by="asc")
    assert [list(job) for job in jobs] == [sorted(jobs[0])] * 10


@pytest.mark.parametrize(
    ("query", "size"),
    [
        ("per_page=1000", 100),
        ("per_page=0", 1),
        ("per_page=abc&page=-3", 10),
        ("per_page=-5", 1),
        ("page=x", 10),
    ],
)
async def test_sizes_are_clamped_in_silence(portal: Browser, query: str, size: int) -> None:
    _, body = await portal.ask(f"/api/v1/harvest_jobs/?{query}")
    assert len(json.loads(body)) == size


async def test_pages_together_are_the_list(portal: Browser) -> None:
    total = await portal.count("harvest_jobs")
    paged = [
        job["id"]
        for page in range(total // 100 + 1)
        for job in await portal.rows("harvest_jobs/", order_by="asc", per_page=100, page=page)
    ]
    everything = await portal.rows("harvest_jobs/", order_by="asc", paginate="false")
    assert paged == [job["id"] for job in everything]
    assert len(set(paged)) == total


@pytest.mark.parametrize(
    "query",
    [
        "per_page=100&page=999",
        "count=true&facets=date_created%20ge%202099-01-01",
        "harvest_source_id=no-uuid",
    ],
)
async def test_nothing_is_a_404_in_html(portal: Browser, query: str) -> None:
    response, body = await portal.ask(f"/api/v1/harvest_jobs/?{query}")
    assert (response.status, response.content_type) == (404, "text/html")
    assert body == b"No harvest_jobs found for this query"


@pytest.mark.parametrize(
    "query",
    [
        "facets=nope",
        "facets=bogus%20eq%201",
        "facets=status%20eq%20bogus",
        "facets=status%20in_op%20complete",
        "facets=date_finished%20is_%20null",
        "facets=date_created%20ge%20yesterday",
        "facets=records_total%20gt%20many",
        "facets=dcatus_catalog%20eq%20x",
        "page=99999999999999999999",
        "harvest_job_id=x",
    ],
)
async def test_what_the_database_refuses_is_a_400_in_html(portal: Browser, query: str) -> None:
    response, body = await portal.ask(f"/api/v1/harvest_jobs/?{query}")
    assert (response.status, response.content_type, body) == (400, "text/html", b"Error with query")


async def test_facets_select_and_leave_out_nulls(portal: Browser) -> None:
    total = await portal.count("harvest_records")
    deletes = await portal.count("harvest_records", "action eq delete")
    others = await portal.count("harvest_records", "action ne delete")
    assert deletes > 0
    assert others + deletes < total
    both = await portal.rows("harvest_records/", facets="action eq delete,status eq dataset_pending")
    assert {(row["action"], row["status"]) for row in both} == {("delete", "dataset_pending")}
    assert await portal.count("harvest_jobs", "job_type like_op %harvest%") > 400
    assert await portal.count("harvest_jobs", "records_errored gt 0") > 100
    assert await portal.count("organizations", "source_count gt 4") > 0
    source = portal.view.sources[3]
    assert [row["id"] for row in await portal.rows("harvest_sources/", facets=f"id eq {source.id}")] == [
        source.id
    ]


async def test_dates_are_cut_on_the_wire_and_compared_with_microseconds(portal: Browser) -> None:
    row = portal.view.records[500]
    created = portal.view.history.timeline.log.created[row]
    second, fraction = divmod(created, 1_000_000)
    at = datetime.fromtimestamp(second, UTC).replace(microsecond=fraction, tzinfo=None).isoformat()
    facet = f"date_created ge {at},date_created le {at}Z"
    found = await portal.rows("harvest_records/", facets=facet)
    assert [parsedate_to_datetime(one["date_created"]).timestamp() for one in found] == [second]


async def test_windows_and_jobs_hold_the_same_rows(portal: Browser) -> None:
    run = next(r for r in portal.view.runs if r.rows > 150 and r.status(portal.view.at) == "complete")
    number = len(portal.view.records_of(run))
    query = {"harvest_job_id": run.id, "order_by": "asc", "per_page": 100}
    pages = [
        await portal.rows("harvest_records/", page=page, **query) for page in range((number + 99) // 100)
    ]
    rows = [row for page in pages for row in page]
    assert {row["harvest_job_id"] for row in rows} == {run.id}
    assert (
        len({row["id"] for row in rows})
        == number
        == await portal.count("harvest_records", f"harvest_job_id eq {run.id}")
    )


async def test_severity_is_asked_of_record_errors_alone(portal: Browser) -> None:
    warnings = await portal.rows("harvest_record_errors/", severity="warning")
    assert {row["severity"] for row in warnings} == {"warning"}
    response, body = await portal.ask("/api/v1/harvest_record_errors/?severity=info")
    assert (response.status, json.loads(body)) == (
        400,
        {"error": "Invalid severity. Must be one of: error, warning."},
    )
    response, _ = await portal.ask("/api/v1/harvest_record_errors/?harvest_source_id=x")
    assert response.status == 400


async def test_a_job_that_ran_is_answered_by_its_id_alone(portal: Browser) -> None:
    run = portal.view.runs[5]
    _, body = await portal.ask(f"/api/v1/harvest_job/{run.id}")
    assert json.loads(body)["id"] == run.id
    for other in (run.id.upper(), "abc", NOBODY):
        response, body = await portal.ask(f"/api/v1/harvest_job/{other}")
        assert (response.status, json.loads(body)) == (404, {"error": "Not Found"})


async def test_organizations_answer_to_id_slug_and_alias(portal: Browser) -> None:
    organization = next(o for o in portal.view.organizations if o.aliases and o.aliases[0])
    for word in (organization.id, organization.slug, (organization.aliases or [""])[0]):
        _, body = await portal.ask(f"/api/v1/organization/{word}")
        found = json.loads(body)
        assert found["id"] == organization.id
        assert "source_count" not in found
    response, body = await portal.ask("/api/v1/organization/nobody")
    assert (response.status, json.loads(body)) == (404, {"message": "Organization not found"})
    listed = await portal.rows("organization_list/")
    assert listed == await portal.rows("organizations/", paginate="false")


async def test_raw_is_called_what_the_source_is_and_null_is_empty(portal: Browser) -> None:
    seen = set()
    for row in portal.view.records[::3]:
        facts = portal.view.facts(row)
        source = portal.view.source_of(facts["harvest_source_id"])
        assert source is not None
        kind = (source.iso, facts["action"] in {"create", "update"})
        if kind in seen:
            continue
        seen.add(kind)
        response, body = await portal.ask(f"/api/v1/harvest_record/{facts['id']}/raw")
        assert response.status == 200
        assert response.content_type == ("application/xml" if source.iso else "application/json")
        assert bool(body) is kind[1]
    assert len(seen) == 4


async def test_raw_is_sorted_and_in_ascii(portal: Browser) -> None:
    found = await portal.rows(
        "harvest_records/", facets="identifier contains_op résumé,status eq success", per_page=1
    )
    _, body = await portal.ask(f"/api/v1/harvest_record/{found[0]['id']}/raw")
    assert body.isascii()
    assert list(json.loads(body)) == sorted(json.loads(body))
    assert json.loads(body) == json.loads(found[0]["source_raw"])


async def test_only_iso_records_are_transformed(portal: Browser) -> None:
    iso = next(s for s in portal.view.sources if s.iso)
    rows = await portal.rows(
        "harvest_records/", harvest_source_id=iso.id, facets="status eq success,action ne delete"
    )
    _, body = await portal.ask(f"/api/v1/harvest_record/{rows[0]['id']}/transformed")
    assert json.loads(body) == rows[0]["source_transform"]
    assert json.loads(body)["identifier"] == rows[0]["identifier"]
    plain = next(s for s in portal.view.sources if not s.iso)
    rows = await portal.rows("harvest_records/", harvest_source_id=plain.id)
    response, body = await portal.ask(f"/api/v1/harvest_record/{rows[0]['id']}/transformed")
    assert (response.status, json.loads(body)) == (404, {"error": "Not Found"})


async def test_errors_of_a_record_and_of_a_job(portal: Browser) -> None:
    error = (await portal.rows("harvest_record_errors/", facets="type eq ValidationError"))[0]
    assert error in await portal.rows(f"harvest_record/{error['harvest_record_id']}/errors")
    assert await portal.rows(f"harvest_error/{error['id']}") == error
    response, _ = await portal.ask(
        f"/api/v1/harvest_record/{error['harvest_record_id']}/errors?severity=warning"
    )
    assert response.status == 404
    job_error = (await portal.rows("harvest_job_errors/"))[0]
    assert await portal.rows(f"harvest_error/{job_error['id']}") == job_error
    assert job_error.keys() == {"date_created", "harvest_job_id", "id", "message", "type"}


async def test_errors_are_downloaded_in_chunks(portal: Browser) -> None:
    error = (await portal.rows("harvest_record_errors/"))[0]
    response, body = await portal.ask(f"/api/v1/harvest_job/{error['harvest_job_id']}/errors/record")
    assert response.headers["Transfer-Encoding"] == "chunked"
    assert body.startswith(b"record_error_id,identifier,title,")
    assert error["id"].encode() in body
    response, body = await portal.ask(f"/api/v1/harvest_job/{NOBODY}/errors/record")
    assert (response.status, body.count(b"\n")) == (200, 1)
    response, _ = await portal.ask(f"/api/v1/harvest_job/{NOBODY}/errors/zzz")
    assert response.status == 400
    with pytest.raises(aiohttp.ClientPayloadError):
        await portal.ask(f"/api/v1/harvest_job/{NOBODY}/errors/job")


async def test_unknown_paths_lead_round_and_round(portal: Browser) -> None:
    path = "/api/v1/nope?x=1"
    for turn in range(2, 5):
        response, _ = await portal.ask(path)
        path = response.headers["Location"]
        assert (response.status, path) == (308, "/api/" + "v1/" * turn + "nope?x=1")
    response, _ = await portal.ask("/api/harvest_jobs/?per_page=1")
    assert response.headers["Location"] == "/api/v1/harvest_jobs/?per_page=1"
    response, _ = await portal.ask("/api/v1/harvest_source/1/jobs")
    assert response.headers["Location"] == "/api/v1/v1/harvest_source/1/jobs"


async def test_a_missing_slash_leads_to_the_whole_address(portal: Browser) -> None:
    response, _ = await portal.ask("/api/v1/harvest_sources?per_page=1")
    assert response.status == 308
    assert response.headers["Location"] == f"{portal.server.origin}/api/v1/harvest_sources/?per_page=1"


async def test_strangers_write_nothing(portal: Browser) -> None:
    path = f"/api/v1/harvest_job/{portal.view.runs[0].id}"
    response, _ = await portal.ask(path, "DELETE")
    assert (response.status, response.headers["Location"]) == (302, "/login")
    response, body = await portal.ask(path, "PUT")
    assert (response.status, body) == (401, b"error: X-API-Key header missing")
    response, body = await portal.ask(path, "PUT", headers={"X-Api-Key": "wrong"})
    assert (response.status, body) == (401, b"error: Unauthorized")
    response, _ = await portal.ask("/api/v1/harvest_sources/", "DELETE")
    assert response.headers["Location"] == "/api/v1/v1/harvest_sources/"


async def test_caches_are_told_what_to_keep(portal: Browser) -> None:
    response, _ = await portal.ask("/api/v1/harvest_jobs/")
    assert response.headers["Cache-Control"] == "public, max-age=60, s-maxage=60"
    assert "Pragma" not in response.headers
    response, _ = await portal.ask("/api/v1/harvest_job/abc")
    assert response.headers["Cache-Control"] == "private, no-store, max-age=0"
    assert (response.headers["Pragma"], response.headers["Expires"]) == ("no-cache", "0")
    assert {"ETag", "Last-Modified"}.isdisjoint(response.headers)


async def test_head_tells_the_length(portal: Browser) -> None:
    path = "/api/v1/harvest_jobs/?order_by=asc"
    _, body = await portal.ask(path)
    response, nothing = await portal.ask(path, "HEAD")
    assert (int(response.headers["Content-Length"]), nothing) == (len(body), b"")


@pytest.mark.parametrize(
    ("asked", "status", "fields"),
    [
        (None, 422, {"fetch_method", "schema"}),
        ({"fetch_method": "json_text", "schema": "dcatus1.1: federal dataset"}, 422, {"fetch_method"}),
        ({"fetch_method": "paste", "json_text": "{}", "schema": "dcatus3.0 catalog"}, 422, {"schema"}),
        (
            {"fetch_method": "url", "url": "https://x.example", "schema": "dcatus1.1: federal dataset"},
            500,
            None,
        ),
        ({"fetch_method": "paste", "json_text": "{", "schema": "dcatus1.1: federal dataset"}, 500, None),
    ],
)
async def test_the_validator_is_particular(
    portal: Browser, asked: Any, status: int, fields: set[str] | None
) -> None:
    response, body = await portal.ask("/api/v1/validate", "POST", json=asked)
    assert response.status == status
    if fields is not None:
        assert json.loads(body)["detail"]["json"].keys() == fields
    else:
        assert "error" in json.loads(body)


async def test_the_validator_names_what_is_missing(portal: Browser) -> None:
    text = json.dumps({"dataset": [{"identifier": "a", "title": "A", "keyword": "x"}]})
    asked = {"fetch_method": "paste", "json_text": text, "schema": "dcatus1.1: non-federal dataset"}
    _, body = await portal.ask("/api/v1/validate", "POST", json=asked)
    errors = json.loads(body)["validation_errors"]
    assert ["a", "$, 'description' is a required property"] in errors
    assert ["a", "$.keyword, 'x' is not of type 'array'"] in errors
    assert not any("bureauCode" in message for _, message in errors)


async def test_the_interface_describes_itself(portal: Browser) -> None:
    _, body = await portal.ask("/openapi.json")
    assert json.loads(body).keys() == {"components", "info", "openapi", "paths", "servers", "tags"}


async def test_the_same_question_has_the_same_answer_until_the_clock_moves(portal: Browser) -> None:
    path = "/api/v1/harvest_jobs/?per_page=100"
    _, first = await portal.ask(path)
    assert (await portal.ask(path))[1] == first
    portal.server.advance(1)
    assert (await portal.ask(path))[1] != first
