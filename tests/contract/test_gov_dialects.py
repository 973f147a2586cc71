"""Which dialect of Data.gov is spoken: told by its answers, remembered, and switched over when contradicted."""

from __future__ import annotations

from typing import Any

import pytest
from contract.gov_mirror import FULL, POLL, Mirror, mirrored, once
from contract.gov_portal import ASTRAY, NOT_FOUND, empty

from gateway.errors import PortalError, PortalRefused, PortalUnavailable
from gateway.model.entities import Dataset, HarvestError, HarvestJob, HarvestRecord
from gateway.testing import Interrupted, Reply

REAL = {"wire": "REAL"}
DOCUMENTED = {"wire": "DOCUMENTED", "organizations": "/organizations/"}
HTML = Reply(b"<html>not found</html>", 404, "text/html")
GATEWAY = Reply({"error": {"code": "NOT_FOUND", "message": "The requested URL was not found."}}, 404)
NEVER_MIND = [Reply({"error": {"code": "API_KEY_INVALID"}}, status) for status in (401, 403)] + [
    Reply(b"", 429),
    Reply(b"<html>", 429, "text/html"),
    Reply(b"", 500),
    Reply(b"<html>", 503, "text/html"),
    Reply(b"<html>", 200, "text/html"),
    Reply({}),
]
"""Answers that tell nothing of the dialect."""


def ended_badly(mirror: Mirror, *names: str) -> None:
    """Let jobs have failed records, one with an error of its own."""
    for day, name in enumerate(names, start=1):
        mirror.portal.failed(name, 3, days=day)
    mirror.portal.job_error(names[0], days=1)
    mirror.portal.harvested("fine", 2, days=9)


async def test_a_portal_with_a_whole_list_of_organizations_is_real() -> None:
    async with mirrored() as mirror:
        await mirror.follow(FULL)
        assert mirror.known.wire == REAL
        assert mirror.portal.asked[0] == "/organization_list/"
        await mirror.follow(POLL, hours=1)
        assert [path for path in mirror.portal.asked if "organization" in path] == ["/organization_list/"]


async def test_an_empty_real_list_is_a_list() -> None:
    async with mirrored() as mirror:
        mirror.portal.rows["organizations"].clear()
        await mirror.follow(FULL)
        assert mirror.known.wire == REAL


@pytest.mark.parametrize("absent", [ASTRAY, HTML, NOT_FOUND, GATEWAY], ids=["308", "html", "json", "gateway"])
async def test_a_portal_without_it_is_documented_and_that_is_remembered(absent: Reply) -> None:
    async with mirrored() as mirror:
        mirror.portal.documented, mirror.portal.absent = True, absent
        await mirror.follow(FULL)
        assert mirror.known.wire == DOCUMENTED
        assert mirror.portal.asked == [
            "/organization_list/",
            "/organizations/?paginate=false",
            "/harvest_sources/?paginate=false",
            "/harvest_source/s/jobs?paginate=false",
        ]
        await mirror.follow(POLL, hours=1)
        assert mirror.portal.asked == [
            "/organizations/?paginate=false",
            "/harvest_sources/?paginate=false",
            "/harvest_source/s/jobs?paginate=false",
        ]


async def test_organizations_are_looked_for_in_both_documented_places() -> None:
    async with mirrored() as mirror:
        mirror.portal.documented, mirror.portal.organizations = True, "/organization/"
        await mirror.follow(FULL)
        assert mirror.known.wire == {"wire": "DOCUMENTED", "organizations": "/organization/"}
        assert mirror.portal.asked[:3] == [
            "/organization_list/",
            "/organizations/?paginate=false",
            "/organization/?paginate=false",
        ]
        await mirror.follow(POLL, hours=1)
        assert mirror.portal.asked[0] == "/organization/?paginate=false"


async def test_a_portal_that_lists_no_organizations_anywhere_is_refused_and_nothing_is_noted() -> None:
    async with mirrored() as mirror:
        mirror.portal.documented, mirror.portal.organizations = True, "/elsewhere/"
        with pytest.raises(PortalRefused, match="Not Found"):
            await mirror.follow(FULL)
        assert mirror.known.wire == {}
        assert len(mirror.portal.asked) == 3


@pytest.mark.parametrize("noted", [{"wire": "KLINGON"}, {"wire": "DOCUMENTED"}, {"wire": 7}, REAL])
async def test_notes_that_are_none_are_not_minded(noted: dict[str, Any]) -> None:
    async with mirrored() as mirror:
        mirror.known.wire = noted
        await mirror.follow(FULL)
        assert mirror.known.wire == REAL


@pytest.mark.parametrize("answer", NEVER_MIND, ids=lambda reply: f"{reply.status}")
@pytest.mark.parametrize("noted", [{}, REAL, DOCUMENTED], ids=["strange", "real", "documented"])
async def test_refusals_and_failures_tell_nothing(answer: Reply, noted: dict[str, Any]) -> None:
    async with mirrored() as mirror:
        mirror.portal.documented = noted == DOCUMENTED
        mirror.known.wire = noted
        mirror.portal.faults.append(once("/organization", answer, 99))
        with pytest.raises(PortalError):
            await mirror.follow(POLL)
        assert mirror.known.wire == noted


@pytest.mark.parametrize("answer", NEVER_MIND, ids=lambda reply: f"{reply.status}")
async def test_a_source_that_cannot_be_read_changes_no_dialect(answer: Reply) -> None:
    async with mirrored() as mirror:
        mirror.portal.documented = True
        ended_badly(mirror, "job-1")
        await mirror.follow(FULL)
        mirror.portal.faults.append(once("/harvest_source/", answer, 99))
        try:
            made = await mirror.follow(POLL, hours=1)
        except PortalError:
            pass
        else:
            assert not all(end.proved for _, end in made.ends)
        assert mirror.known.wire == DOCUMENTED
        assert not mirror.known.gone


@pytest.mark.parametrize("kind", [POLL, FULL])
async def test_a_documented_portal_that_is_upgraded_is_read_on_in_the_same_pass(kind: Any) -> None:
    async with mirrored() as mirror:
        mirror.portal.documented = True
        ended_badly(mirror, "job-1", "job-2")
        await mirror.follow(FULL)
        before = set(mirror.known.rows)
        mirror.portal.documented = False
        assert mirror.portal.asked
        made = await mirror.follow(kind, hours=1)
        asked = mirror.portal.asked
        assert asked[:6] == [
            "/organizations/?paginate=false",
            "/harvest_sources/?paginate=false",
            "/harvest_source/s/jobs?paginate=false",
            "/organization_list/",
            "/harvest_jobs/?harvest_source_id=s&order_by=asc&per_page=100&page=0",
            "/harvest_jobs/?order_by=asc&per_page=100&page=0",
        ]
        assert "/organization_list/" not in asked[4:]
        assert mirror.known.wire == REAL
        assert all(end.proved for _, end in made.ends)
        assert before <= set(mirror.known.rows)
        assert not mirror.known.gone
        mirror.holds("organizations", "sources", "jobs", "records")
        assert len(mirror.known.of(Dataset)) == len(mirror.portal.rows["records"])
        severities = {
            error.native_severity for error in mirror.known.of(HarvestError).values() if error.record
        }
        assert severities == ({"error"} if kind is FULL else {None}), "a reconcile reads errors again"
        await mirror.follow(POLL, hours=1)
        assert not [path for path in mirror.portal.asked if "record" in path]


async def test_an_upgrade_between_jobs_and_errors_is_read_on_too() -> None:
    async with mirrored() as mirror:
        mirror.portal.documented = True
        ended_badly(mirror, "job-1", "job-2")
        ids = mirror.portal.ids("errors") | mirror.portal.ids("job_errors")

        def upgrade(request: Any) -> None:
            mirror.portal.documented = mirror.portal.documented and "/errors" not in request.path

        mirror.portal.faults.append(upgrade)
        made = await mirror.follow(FULL)
        assert mirror.known.wire == REAL
        assert all(end.proved for _, end in made.ends)
        mirror.holds("organizations", "sources", "jobs", "records")
        assert set(mirror.known.of(HarvestError)) == ids


async def test_a_documented_list_that_is_no_more_is_looked_for_anew() -> None:
    async with mirrored() as mirror:
        mirror.portal.documented, mirror.portal.organizations = True, "/organization/"
        ended_badly(mirror, "job-1")
        await mirror.follow(FULL)
        mirror.portal.documented = False
        assert mirror.portal.asked
        await mirror.follow(POLL, hours=1)
        assert mirror.portal.asked[:3] == [
            "/organization/?paginate=false",
            "/organization_list/",
            "/harvest_sources/?paginate=false",
        ]
        assert mirror.known.wire == REAL
        mirror.holds("organizations", "sources", "jobs", "records")


@pytest.mark.parametrize("absent", [ASTRAY, HTML, NOT_FOUND], ids=["308", "html", "json"])
async def test_a_real_portal_that_becomes_documented_is_read_on(absent: Reply) -> None:
    async with mirrored() as mirror:
        ended_badly(mirror, "job-1", "job-2")
        await mirror.follow(FULL)
        mirror.portal.documented, mirror.portal.absent = True, absent
        assert mirror.portal.asked
        made = await mirror.follow(POLL, hours=1)
        assert mirror.portal.asked == [
            "/organization_list/",
            "/organizations/?paginate=false",
            "/harvest_sources/?paginate=false",
            "/harvest_source/s/jobs?paginate=false",
        ]
        assert mirror.known.wire == DOCUMENTED
        assert all(end.proved for _, end in made.ends)
        assert not mirror.known.gone
        mirror.holds("organizations", "sources", "jobs", "records")


async def test_a_portal_may_change_its_dialect_again_and_again() -> None:
    async with mirrored() as mirror:
        ended_badly(mirror, "job-1", "job-2")
        for hour in range(4):
            mirror.portal.documented = hour % 2 == 0
            mirror.portal.failed(f"later-{hour}", 2, days=-0.01 * hour)
            await mirror.follow(FULL if hour == 0 else POLL, hours=1)
            mirror.holds("organizations", "sources", "jobs")
            assert not mirror.known.gone
        mirror.holds("records")
        kinds = {job.native_kind for job in mirror.known.of(HarvestJob).values()}
        assert kinds == {"harvest"}, "what was read as documented is read again"


async def test_documented_source_lists_that_redirect_are_refused_while_nothing_else_is_spoken() -> None:
    async with mirrored() as mirror:
        mirror.portal.documented = True
        ended_badly(mirror, "job-1")
        await mirror.follow(FULL)
        mirror.portal.faults.append(once("/harvest_source/", ASTRAY, 99))
        with pytest.raises(PortalRefused, match="redirects"):
            await mirror.follow(POLL, hours=1)
        assert mirror.known.wire == DOCUMENTED
        assert not mirror.known.gone


async def test_an_upgrade_that_is_interrupted_goes_on_in_the_new_dialect() -> None:
    async with mirrored() as mirror:
        mirror.portal.documented = True
        ended_badly(mirror, "job-1", "job-2")
        await mirror.follow(FULL)
        mirror.portal.documented = False
        with pytest.raises(Interrupted):
            await mirror.follow(POLL, hours=1, pages=3)
        assert mirror.known.wire == REAL
        await mirror.follow(POLL, hours=1)
        mirror.holds("organizations", "sources", "jobs", "records")


async def test_lists_that_come_in_pages_are_read_on_and_bury_nothing() -> None:
    async with mirrored() as mirror:
        mirror.portal.documented = True
        for number in range(24):
            mirror.portal.source(f"s{number:02}")
        await mirror.follow(FULL)
        mirror.portal.rows["organizations"][0]["source_count"] = 25
        mirror.portal.faults.append(lambda request: _paged(mirror, request))
        assert mirror.portal.asked
        made = await mirror.follow(POLL, hours=1)
        ends = {scope.stream: end for scope, end in made.ends if scope.stream in {"organizations", "sources"}}
        assert (ends["organizations"].proved, ends["sources"].proved) == (True, False)
        assert [path for path in mirror.portal.asked if "sources" in path] == [
            "/harvest_sources/?paginate=false",
            *(f"/harvest_sources/?paginate=false&page={page}" for page in (1, 2, 3)),
        ]
        mirror.holds("sources")


async def test_lists_that_came_in_pages_are_read_again_where_the_portal_was_upgraded() -> None:
    async with mirrored() as mirror:
        mirror.portal.documented = True
        for number in range(9):
            mirror.portal.source(f"s{number:02}")
        await mirror.follow(FULL)
        for number in range(9, 14):
            mirror.portal.source(f"s{number:02}")
        mirror.portal.documented = False
        pages = 2

        def paged(request: Any) -> Reply | None:
            nonlocal pages
            pages -= "sources" in request.path
            return _paged(mirror, request) if pages >= 0 else None

        mirror.portal.faults.append(paged)
        made = await mirror.follow(POLL, hours=1)
        assert [end.proved for scope, end in made.ends if scope.stream == "sources"] == [False, True]
        mirror.holds("sources")


async def test_one_page_of_the_usual_size_is_asked_for_more() -> None:
    async with mirrored() as mirror:
        mirror.portal.documented = True
        for number in range(9):
            mirror.portal.source(f"s{number:02}")
        made = await mirror.follow(FULL)
        assert [path for path in mirror.portal.asked if "sources/" in path] == [
            "/harvest_sources/?paginate=false",
            "/harvest_sources/?paginate=false&page=1",
        ]
        assert all(end.proved for _, end in made.ends)


def _paged(mirror: Mirror, request: Any) -> Reply | None:
    """Answer a list of sources by tens, whatever was asked."""
    if not request.path.endswith("/harvest_sources/"):
        return None
    start = 10 * int(request.query.get("page", "0"))
    rows = mirror.portal.rows["sources"][start : start + 10]
    return Reply(rows) if rows else empty("sources")


async def test_a_limit_stops_a_probe_as_it_stops_everything() -> None:
    async with mirrored() as mirror:
        later = Reply({"error": {"code": "OVER_RATE_LIMIT"}}, 429, headers={"Retry-After": "3600"})
        mirror.portal.faults.append(once("/organization_list/", later))
        with pytest.raises(PortalUnavailable) as caught:
            await mirror.follow(FULL)
        assert caught.value.retry_after == 3600
        assert len(mirror.portal.asked) == 1


@pytest.mark.parametrize("documented", [False, True])
@pytest.mark.parametrize("key", [None, "k" * 40])
async def test_no_request_bears_a_key_that_nobody_has_set(documented: bool, key: str | None) -> None:
    async with mirrored() as mirror:
        mirror.portal.documented = documented
        ended_badly(mirror, "job-1")
        for kind in (FULL, POLL):
            await mirror.follow(kind, hours=1, settings={} if key is None else {"api_key": key})
        requests = mirror.portal.fake.requests
        assert len(requests) > 8
        assert {request.headers.get("X-Api-Key") for request in requests} == {key}
        told = "".join(f"{request.path} {dict(request.headers)}" for request in requests)
        assert "DEMO_KEY" not in told
        assert "api_key" not in told
        assert "Authorization" not in told
        assert mirror.known.of(HarvestRecord)
