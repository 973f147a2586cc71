"""A Data.gov that fails or refuses: asked for less, asked again, left alone, or named as what it is."""

from __future__ import annotations

import pytest
from aiohttp import web
from contract.gov_mirror import FULL, POLL, mirrored, once

from gateway.errors import PortalRefused, PortalUnavailable
from gateway.testing import Reply


async def test_pages_that_are_too_much_are_halved_without_losing_a_row() -> None:
    async with mirrored() as mirror:
        mirror.portal.harvested("job-1", 230, days=1)

        def heavy(request: web.Request) -> Reply | None:
            if "/harvest_records/" not in request.path or request.query.get("page") == "0":
                return None
            return Reply(b"", 413) if int(request.query["per_page"]) > 25 else None

        mirror.portal.faults.append(heavy)
        await mirror.follow(FULL)
        mirror.holds("records")
        assert [path.partition("asc&")[2] for path in mirror.portal.asked if "/harvest_records/" in path] == [
            "per_page=100&page=0",
            "per_page=100&page=1",
            "per_page=50&page=2",
            *(f"per_page=25&page={page}" for page in range(4, 10)),
        ]


@pytest.mark.parametrize("status", [500, 502, 504])
async def test_a_broken_portal_is_asked_for_less(status: int) -> None:
    async with mirrored() as mirror:
        mirror.portal.harvested("job-1", 130, days=1)
        mirror.portal.faults.append(once("/harvest_records/", Reply(b"<html>", status, "text/html")))
        await mirror.follow(FULL, attempts=1)
        mirror.holds("records")
        assert any("per_page=50" in path for path in mirror.portal.asked)


async def test_a_slow_portal_is_asked_for_less() -> None:
    async with mirrored() as mirror:
        mirror.portal.harvested("job-1", 30, days=1)
        honest = mirror.portal.fake.answers["/harvest_records/"]

        async def slow(request: web.Request) -> web.StreamResponse:
            if request.query["per_page"] == "100":
                import asyncio

                await asyncio.sleep(2)
            answered: web.StreamResponse = await honest(request)
            return answered

        mirror.portal.fake.answers["/harvest_records/"] = slow
        await mirror.follow(FULL, attempts=1, timeout_seconds=0.5)
        mirror.holds("records")


async def test_answers_larger_than_the_client_reads_are_asked_for_in_parts() -> None:
    async with mirrored() as mirror:
        mirror.portal.harvested("job-1", 100, days=1)
        await mirror.follow(FULL, max_body_bytes=20_000)
        mirror.holds("records")


async def test_a_portal_that_breaks_at_a_single_row_is_unavailable() -> None:
    async with mirrored() as mirror:
        mirror.portal.harvested("job-1", 3, days=1)
        mirror.portal.faults.append(once("/harvest_records/", Reply(b"", 500), times=99))
        with pytest.raises(PortalUnavailable):
            await mirror.follow(FULL, attempts=1)


async def test_a_database_that_is_down_is_asked_again() -> None:
    async with mirrored() as mirror:
        mirror.portal.harvested("job-1", 2, days=1)
        mirror.portal.faults.append(once("/harvest_jobs/", Reply(b"Error with query", 400, "text/html"), 2))
        await mirror.follow(FULL)
        mirror.holds("jobs", "records")
        mirror.portal.faults.append(once("/harvest_jobs/", Reply(b"Error with query", 400, "text/html"), 9))
        with pytest.raises(PortalUnavailable, match="Error with query"):
            await mirror.follow(POLL, hours=1)


async def test_a_portal_that_wants_to_be_left_alone_is() -> None:
    async with mirrored() as mirror:
        mirror.portal.harvested("job-1", 3, days=1)
        later = Reply({"error": {"code": "OVER_RATE_LIMIT"}}, 429, headers={"Retry-After": "3600"})
        mirror.portal.faults.append(once("/harvest_records/", later))
        with pytest.raises(PortalUnavailable) as caught:
            await mirror.follow(FULL)
        assert caught.value.retry_after == 3600
        assert len([path for path in mirror.portal.asked if "/harvest_records/" in path]) == 1


async def test_a_limit_without_a_time_is_no_reason_to_ask_for_less() -> None:
    async with mirrored() as mirror:
        mirror.portal.harvested("job-1", 3, days=1)
        mirror.portal.faults.append(once("/harvest_records/", Reply(b"<html>", 429, "text/html"), 99))
        with pytest.raises(PortalUnavailable):
            await mirror.follow(FULL)
        assert len([path for path in mirror.portal.asked if "/harvest_records/" in path]) == 3


@pytest.mark.parametrize("status", [301, 302, 308])
async def test_a_redirect_means_that_there_is_no_such_endpoint(status: int) -> None:
    async with mirrored() as mirror:
        mirror.portal.faults.append(
            once("/harvest_sources/", Reply(b"<html>", status, "text/html", {"Location": "/api/v1/v1/"}), 9)
        )
        with pytest.raises(PortalRefused, match="redirects"):
            await mirror.follow(FULL)
        assert len(mirror.portal.asked) == 2, "it is not followed"


@pytest.mark.parametrize(
    "reply",
    [
        Reply({"error": {"code": "NOT_FOUND", "message": "The requested URL was not found."}}, 404),
        Reply(b"<html>not found</html>", 404, "text/html"),
        Reply({"error": {"code": "HTTPS_REQUIRED", "message": "Use HTTPS."}}, 400),
    ],
)
async def test_other_refusals_are_no_ends_of_lists(reply: Reply) -> None:
    async with mirrored() as mirror:
        mirror.portal.faults.append(once("/harvest_jobs/", reply, 9))
        with pytest.raises(PortalRefused):
            await mirror.follow(FULL)
        assert not mirror.known.gone


@pytest.mark.parametrize("keyed", [False, True])
async def test_the_key_goes_out_only_where_one_is_set(keyed: bool) -> None:
    async with mirrored() as mirror:
        settings = {"api_key": "k" * 40} if keyed else {}
        await mirror.follow(FULL, settings=settings)
        keys = {request.headers.get("X-Api-Key") for request in mirror.portal.fake.requests}
        assert keys == {"k" * 40 if keyed else None}


@pytest.mark.parametrize(("settings", "words"), [({}, "want a key"), ({"api_key": "k" * 40}, "key right")])
async def test_a_refused_key_says_where_keys_come_from(settings: dict[str, str], words: str) -> None:
    async with mirrored() as mirror:
        refusal = Reply({"error": {"code": "API_KEY_MISSING", "message": "No api_key"}}, 403)
        mirror.portal.faults.append(once("/organization_list/", refusal))
        with pytest.raises(PortalRefused) as caught:
            await mirror.follow(FULL, settings=settings)
        assert words in str(caught.value)
        assert "https://api.data.gov/signup/" in str(caught.value)
        assert "kkk" not in str(caught.value)
