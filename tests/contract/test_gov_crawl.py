"""A pass over Data.gov: the fewest requests, whatever the portal does, and nothing lost or repeated."""

from __future__ import annotations

import json

import pytest
from aiohttp import web
from contract.gov_mirror import FULL, POLL, mirrored, once
from contract.gov_portal import NOW, PATHS, at, empty

from adapters.data_gov import ADAPTER
from gateway.errors import PortalRefused, PortalUnavailable, PortalUnreadable
from gateway.fetch.client import BudgetSpent
from gateway.model.entities import HarvestError, HarvestJob, HarvestRecord
from gateway.testing import FakePortal, Interrupted, MemoryKnown, Reply, client_for, harvest, portal_for


async def test_a_first_load_reads_everything_with_the_fewest_requests() -> None:
    async with mirrored() as mirror:
        for day in range(1, 11):
            mirror.portal.harvested(f"job-{day:02}", 30, days=day)
        mirror.portal.harvested("quiet", 0, days=11)
        mirror.portal.job_error("job-01", days=1)
        made = await mirror.follow(FULL)
        assert mirror.portal.asked == [
            "/organization_list/",
            "/harvest_sources/?paginate=false",
            "/harvest_jobs/?order_by=asc&per_page=100&page=0",
            *(
                "/harvest_records/?facets=date_created ge 2026-11-12T12:00:00,date_created lt 2026-11-21T12:01:07"
                f"&order_by=asc&per_page=100&page={page}"
                for page in range(4)
            ),
            "/harvest_job_errors/?order_by=asc&per_page=100&page=0",
        ]
        mirror.holds("organizations", "sources", "jobs", "records")
        assert all(end.proved for _, end in made.ends)
        assert await mirror.known.scopes_read("records") == mirror.portal.ids("jobs")
        assert await mirror.known.scopes_read("errors") == mirror.portal.ids("jobs")


async def test_a_quiet_poll_is_five_requests() -> None:
    async with mirrored() as mirror:
        mirror.portal.harvested("job-1", 3, days=1)
        await mirror.follow(FULL)
        assert mirror.portal.asked
        await mirror.follow(POLL, hours=1)
        assert mirror.portal.asked == [
            "/organization_list/",
            "/harvest_sources/?paginate=false",
            "/harvest_jobs/?facets=status ne complete,status ne error&order_by=asc&per_page=100&page=0",
            "/harvest_jobs/?facets=date_finished ge 2026-11-22T11:57:00&order_by=asc&per_page=100&page=0",
            "/harvest_job_errors/?facets=date_created ge 2026-11-22T11:57:00&order_by=asc&per_page=100&page=0",
        ]
        mirror.holds("jobs", "records")


async def test_a_poll_reads_the_rows_of_what_ended_meanwhile() -> None:
    async with mirrored() as mirror:
        mirror.portal.harvested("old", 3, days=1)
        running = mirror.portal.job("running", at(hours=1))
        mirror.portal.records("running", 2, days=1 / 24, status=None)
        await mirror.follow(FULL)
        assert set(mirror.known.of(HarvestRecord)) == {"r1", "r2", "r3"}, "rows of running jobs are dropped"
        running.update(status="complete", date_finished=at(hours=-0.5), records_added=2, records_errored=1)
        mirror.portal.records("running", 1, days=0, status="error")
        mirror.portal.errors("running", 4, days=0)
        assert mirror.portal.asked
        await mirror.follow(POLL, hours=1)
        assert [path for path in mirror.portal.asked if "record" in path] == [
            "/harvest_records/?harvest_job_id=running&order_by=asc&per_page=100&page=0",
            "/harvest_record_errors/?harvest_job_id=running&order_by=asc&per_page=100&page=0",
        ]
        mirror.holds("jobs", "records")
        assert set(mirror.known.of(HarvestError)) == mirror.portal.ids("errors")


async def test_rows_of_jobs_that_count_none_are_the_same_by_either_way_of_reading() -> None:
    async with mirrored() as mirror:
        mirror.portal.harvested("job-1", 3, days=3)
        mirror.portal.harvested("quiet", 0, days=2)
        mirror.portal.harvested("job-2", 3, days=1)
        mirror.portal.records("quiet", 1, days=2, action="delete", status="dataset_pending")
        made = await mirror.follow(FULL)
        assert {record.job for record in mirror.known.of(HarvestRecord).values()} == {"job-1", "job-2"}
        assert all(end.proved for _, end in made.ends)


async def test_a_poll_reads_many_small_jobs_by_one_window() -> None:
    async with mirrored() as mirror:
        await mirror.follow(FULL)
        for minute in range(5):
            mirror.portal.harvested(f"job-{minute}", 4, days=-0.01 * (minute + 1))
        assert mirror.portal.asked
        await mirror.follow(POLL, hours=2)
        assert len([path for path in mirror.portal.asked if path.startswith("/harvest_records/")]) == 1
        mirror.holds("records")


async def test_a_poll_does_not_read_twice() -> None:
    async with mirrored() as mirror:
        mirror.portal.harvested("job-1", 130, days=1)
        mirror.portal.harvested("job-2", 30, days=2)
        mirror.portal.rows["records"].pop()  # one could not be read by the portal: a count, not a record
        await mirror.follow(FULL)
        counts = [path for path in mirror.portal.asked if "count" in path]
        window = "date_created ge 2026-11-20T12:00:00,date_created lt 2026-11-21T12:01:27"
        assert counts == [f"/harvest_records/?facets={window}&count=true"]
        await mirror.follow(POLL, hours=1)
        assert not [path for path in mirror.portal.asked if "record" in path]


async def test_plans_are_never_a_cursor() -> None:
    async with mirrored() as mirror:
        for number in range(150):
            mirror.portal.job(f"ended-{number:03}", at(days=9), at(days=8), status="error")
        for number in range(60):
            mirror.portal.job(f"plan-{number:02}", at(days=-number), status="new")
        with pytest.raises(Interrupted):
            await mirror.follow(FULL, pages=4)
        assert mirror.known.cursors["jobs", ""] == {
            "since": "2026-11-22T12:00:00",
            "page": 0,
            "at": "2026-11-22T12:00:00",
        }
        await mirror.follow(FULL, hours=1)
        mirror.holds("jobs")
        assert await mirror.known.watermark("jobs") == {"since": "2026-11-22T12:00:00+00:00"}


async def test_what_finishes_while_a_first_load_is_interrupted_is_seen() -> None:
    async with mirrored() as mirror:
        jobs = [mirror.portal.job(f"job-{number:03}", at(hours=30, minutes=-number)) for number in range(250)]
        with pytest.raises(Interrupted):
            await mirror.follow(FULL, pages=3)
        jobs[0].update(status="complete", date_finished=at(hours=-1))
        await mirror.follow(FULL, hours=2)
        await mirror.follow(POLL, hours=1)
        assert mirror.known.of(HarvestJob)["job-000"].native_status == "complete"


async def test_stored_open_jobs_that_no_list_names_are_read_by_id() -> None:
    async with mirrored() as mirror:
        running = mirror.portal.job("running", at(hours=3))
        mirror.portal.job("plan", at(days=-1), status="new")
        mirror.portal.job("dropped", at(days=-2), status="new")
        await mirror.follow(FULL)
        running.update(status="complete", date_finished=at(hours=2))  # written late: before the overlap
        mirror.portal.rows["jobs"] = [row for row in mirror.portal.rows["jobs"] if row["id"] != "dropped"]
        mirror.portal.fake.answers["/harvest_job/dropped"] = Reply({"error": "Not Found"}, 404)
        assert mirror.portal.asked
        made = await mirror.follow(POLL, hours=1)
        assert [path for path in mirror.portal.asked if "/harvest_job/" in path] == [
            "/harvest_job/dropped",
            "/harvest_job/running",
        ]
        assert set(mirror.known.of(HarvestJob)) == {"running", "plan"}
        assert mirror.known.of(HarvestJob)["running"].ended_at is not None
        assert [end.vanished for scope, end in made.ends if scope.stream == "jobs"] == [("dropped",)]


async def test_a_running_job_that_is_not_found_is_left() -> None:
    async with mirrored() as mirror:
        mirror.portal.job("running", at(hours=3))
        await mirror.follow(FULL)
        mirror.portal.rows["jobs"].clear()
        mirror.portal.fake.answers["/harvest_job/running"] = Reply({"error": "Not Found"}, 404)
        await mirror.follow(POLL, hours=1)
        assert set(mirror.known.of(HarvestJob)) == {"running"}


async def test_a_running_job_that_cannot_be_read_is_no_job_that_is_gone() -> None:
    async with mirrored() as mirror:
        mirror.portal.job("running", at(hours=3))
        await mirror.follow(FULL)
        mirror.portal.rows["jobs"].clear()
        mirror.portal.fake.answers["/harvest_job/running"] = Reply(b"", 500)
        with pytest.raises(PortalUnavailable):
            await mirror.follow(POLL, hours=1)
        assert set(mirror.known.of(HarvestJob)) == {"running"}


async def test_a_job_that_ends_between_the_lists_is_taken_as_ended() -> None:
    async with mirrored() as mirror:
        running = mirror.portal.job("running", at(hours=3))
        await mirror.follow(FULL)

        def ends(request: web.Request) -> None:
            if "date_finished" in request.raw_path:
                running.update(status="complete", date_finished=at(hours=-1))

        mirror.portal.faults.append(ends)
        await mirror.follow(POLL, hours=1)
        assert mirror.known.of(HarvestJob)["running"].native_status == "complete"


async def test_what_vanished_is_found_by_a_reconcile_and_proved_by_the_lists() -> None:
    async with mirrored() as mirror:
        mirror.portal.source("t")
        mirror.portal.harvested("job-1", 3, days=2)
        mirror.portal.harvested("job-2", 3, days=1, harvest_source_id="t")
        await mirror.follow(FULL)
        for name in ("jobs", "records"):
            mirror.portal.rows[name] = [
                row
                for row in mirror.portal.rows[name]
                if "job-2" not in (row["id"], row.get("harvest_job_id"))
            ]
        mirror.portal.rows["sources"].pop()
        assert mirror.portal.asked
        made = await mirror.follow(FULL, hours=1)
        assert not [path for path in mirror.portal.asked if "count" in path]
        assert all(end.proved for _, end in made.ends)
        mirror.holds("sources", "jobs")


async def test_a_single_job_that_is_missed_is_counted() -> None:
    async with mirrored() as mirror:
        mirror.portal.harvested("job-1", 0, days=2)
        mirror.portal.harvested("job-2", 0, days=1)
        await mirror.follow(FULL)
        mirror.portal.rows["jobs"].pop()
        assert mirror.portal.asked
        await mirror.follow(FULL, hours=1)
        assert "/harvest_jobs/?count=true" in mirror.portal.asked
        mirror.holds("jobs")


async def test_a_list_that_ends_too_soon_proves_nothing() -> None:
    async with mirrored() as mirror:
        for number in range(250):
            mirror.portal.harvested(f"job-{number:03}", 0, days=3 - number / 1000)
        await mirror.follow(FULL)
        mirror.portal.faults.append(once("&page=1", empty("jobs")))
        made = await mirror.follow(FULL, hours=1)
        assert [end.proved for scope, end in made.ends if scope.stream == "jobs"] == [False]
        mirror.holds("jobs")


async def test_empty_lists_of_sources_prove_nothing() -> None:
    async with mirrored() as mirror:
        mirror.portal.harvested("job-1", 1, days=2)
        await mirror.follow(FULL)
        mirror.portal.faults.append(once("/organization_list/", empty("organizations")))
        mirror.portal.faults.append(once("/harvest_sources/", empty("sources")))
        made = await mirror.follow(POLL, hours=1)
        assert [end.proved for scope, end in made.ends][:2] == [False, False]
        mirror.holds("sources", "organizations")


async def test_an_empty_portal_is_read_too() -> None:
    async with mirrored() as mirror:
        for rows in mirror.portal.rows.values():
            rows.clear()
        made = await mirror.follow(FULL)
        assert all(end.proved for _, end in made.ends)
        assert len(mirror.portal.asked) == 4


async def test_ties_at_page_borders_are_taken_once_and_counted() -> None:
    async with mirrored() as mirror:
        mirror.portal.harvested("job-1", 250, days=1)
        honest = mirror.portal.reply

        def swapped(request: web.Request) -> Reply | None:
            if "/harvest_records/" not in request.path or request.query.get("page") != "1":
                return None
            rows = honest("records", dict(request.query)).body
            before = honest("records", {**request.query, "page": "0"}).body
            return Reply([before[-1], *rows[1:]])  # a tie that changed places: one row twice, one never

        mirror.portal.faults.append(swapped)
        made = await mirror.follow(FULL)
        (end,) = [end for scope, end in made.ends if scope.stream == "records"]
        assert not end.proved
        assert end.covers == ()
        assert len(mirror.known.of(HarvestRecord)) == 249
        mirror.portal.faults.clear()
        await mirror.follow(POLL, hours=1)
        mirror.holds("records")


async def test_a_window_that_is_not_proved_covers_the_jobs_whose_counters_agree() -> None:
    async with mirrored() as mirror:
        mirror.portal.harvested("job-1", 60, days=2)
        mirror.portal.harvested("job-2", 60, days=1)
        honest = mirror.portal.reply

        def short(request: web.Request) -> Reply | None:
            if "/harvest_records/" in request.path and request.query.get("page") == "1":
                return Reply(honest("records", dict(request.query)).body[1:])
            return None

        mirror.portal.faults.append(short)
        await mirror.follow(FULL)
        assert await mirror.known.scopes_read("records") == {"job-1"}
        mirror.portal.faults.clear()
        assert mirror.portal.asked
        await mirror.follow(POLL, hours=1)
        assert [path for path in mirror.portal.asked if "/harvest_records/" in path] == [
            "/harvest_records/?harvest_job_id=job-2&order_by=asc&per_page=100&page=0"
        ]
        mirror.holds("records")


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


async def test_a_row_that_cannot_be_read_costs_no_neighbour() -> None:
    async with mirrored() as mirror:
        mirror.portal.harvested("job-1", 120, days=1)
        honest = mirror.portal.reply

        def poisoned(request: web.Request) -> Reply | None:
            if "/harvest_records/" not in request.path or "count" in request.query:
                return None
            reply = honest("records", dict(request.query))
            if reply.status != 200:
                return None
            return Reply(json.dumps(reply.body).encode().replace(b'"i57"', b"NaN"))

        mirror.portal.faults.append(poisoned)
        made = await mirror.follow(FULL)
        assert set(mirror.known.of(HarvestRecord)) == mirror.portal.ids("records") - {"r57"}
        (rejection,) = mirror.known.rejections
        assert rejection.position == 56
        assert b"r57" in rejection.body
        assert not [end for scope, end in made.ends if scope.stream == "records" and not end.covers]


@pytest.mark.parametrize("body", [b"{}", b"7", b'{"error": "no"}', b'"' + b"x" * 10, b"[NaN]", b""])
async def test_a_portal_of_rubbish_is_unreadable(body: bytes) -> None:
    async with mirrored() as mirror:
        mirror.portal.faults.append(once("/harvest_jobs/", Reply(body), times=99))
        with pytest.raises(PortalUnreadable):
            await mirror.follow(FULL)


async def test_rows_that_are_no_elements_are_rejected_alone() -> None:
    async with mirrored() as mirror:
        mirror.portal.harvested("job-1", 2, days=1)
        rows = [*mirror.portal.rows["jobs"], 7, None, {"id": None}, {"name": "no id"}]
        mirror.portal.faults.append(once("/harvest_jobs/", Reply(rows)))
        await mirror.follow(FULL)
        mirror.holds("jobs", "records")
        assert [rejection.position for rejection in mirror.known.rejections] == [1, 2, 3, 4]


@pytest.mark.parametrize("name", ["organization_list", "harvest_sources", "harvest_jobs", "harvest_records"])
async def test_a_list_with_a_row_that_cannot_be_read_buries_nothing(name: str) -> None:
    async with mirrored() as mirror:
        mirror.portal.harvested("job-1", 3, days=1)
        await mirror.follow(FULL)

        def poisoned(request: web.Request) -> Reply | None:
            if name not in request.path or "count" in request.query:
                return None
            stream = next(stream for stream, path in PATHS.items() if name in path)
            return Reply(["poison", *mirror.portal.reply(stream, dict(request.query)).body[1:]])

        mirror.portal.faults.append(poisoned)
        await mirror.follow(FULL, hours=1)
        assert mirror.known.rejections
        assert not mirror.known.gone


async def test_errors_are_not_counted_where_none_are_stored() -> None:
    async with mirrored() as mirror:
        for day in range(1, 5):
            mirror.portal.harvested(f"job-{day}", 1, days=day, records_errored=9)
            mirror.portal.records(f"job-{day}", 9, days=day, status="error")
            mirror.portal.errors(f"job-{day}", 60, days=day)
        made = await mirror.follow(FULL)
        assert [path.partition("asc")[2] for path in mirror.portal.asked if "record_errors" in path] == [
            f"&per_page=100&page={page}" for page in range(3)
        ]
        assert all(end.proved for _, end in made.ends)
        await mirror.follow(FULL, hours=1)
        assert [path for path in mirror.portal.asked if "record_errors" in path and "count=true" in path]


async def test_a_database_that_is_down_is_asked_again() -> None:
    async with mirrored() as mirror:
        mirror.portal.harvested("job-1", 2, days=1)
        mirror.portal.faults.append(once("/harvest_jobs/", Reply(b"Error with query", 400, "text/html"), 2))
        await mirror.follow(FULL)
        mirror.holds("jobs", "records")
        mirror.portal.faults.append(once("/harvest_jobs/", Reply(b"Error with query", 400, "text/html"), 9))
        with pytest.raises(PortalUnavailable, match="Error with query"):
            await mirror.follow(POLL, hours=1)


@pytest.mark.parametrize("status", [301, 302, 308])
async def test_a_redirect_means_that_there_is_no_such_endpoint(status: int) -> None:
    async with mirrored() as mirror:
        mirror.portal.faults.append(
            once("/harvest_sources/", Reply(b"<html>", status, "text/html", {"Location": "/api/v1/v1/"}), 9)
        )
        with pytest.raises(PortalRefused, match="redirects"):
            await mirror.follow(FULL)
        assert len(mirror.portal.asked) == 2, "it is not followed"


async def test_pages_for_people_are_unreadable() -> None:
    async with mirrored() as mirror:
        mirror.portal.faults.append(once("/harvest_jobs/", Reply(b"<html>", 200, "text/html"), 9))
        with pytest.raises(PortalUnreadable, match="text/html"):
            await mirror.follow(FULL)


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


async def test_a_server_that_ignores_pages_is_read_once() -> None:
    async with mirrored() as mirror:
        for number in range(150):
            mirror.portal.harvested(f"job-{number:03}", 0, days=3)
        mirror.portal.faults.append(
            lambda request: (
                Reply(mirror.portal.rows["jobs"]) if request.path.endswith("/harvest_jobs/") else None
            )
        )
        await mirror.follow(FULL)
        mirror.holds("jobs")
        assert len([path for path in mirror.portal.asked if "/harvest_jobs/" in path]) == 2


@pytest.mark.parametrize("pages", range(1, 12))
async def test_a_first_load_goes_on_wherever_it_was_interrupted(pages: int) -> None:
    async with mirrored() as mirror:
        for number in range(6):
            mirror.portal.harvested(f"job-{number}", 77, days=9 - number)
            mirror.portal.errors(f"job-{number}", 40, days=9 - number)
            mirror.portal.rows["jobs"][-1]["records_warned"] = 40
        try:
            await mirror.follow(FULL, pages=pages)
        except Interrupted:
            mirror.portal.harvested("late", 5, days=-0.01)
            await mirror.follow(FULL, hours=1)
        mirror.holds("jobs", "records")
        assert set(mirror.known.of(HarvestError)) == mirror.portal.ids("errors")
        assert not mirror.known.gone
        assert await mirror.known.scopes_read("records") == mirror.portal.ids("jobs")


async def test_a_resumed_window_is_not_read_again() -> None:
    async with mirrored() as mirror:
        mirror.portal.harvested("job-1", 350, days=4)
        mirror.portal.harvested("job-2", 350, days=2)
        with pytest.raises(Interrupted):
            await mirror.follow(FULL, pages=3 + 5)
        assert mirror.portal.asked
        await mirror.follow(FULL, hours=1)
        read = [path for path in mirror.portal.asked if "/harvest_records/" in path]
        assert len(read) == 4, "the last page's second again, the rest, and one count"
        mirror.holds("records")


async def test_rows_that_vanish_while_a_load_is_interrupted_shift_nothing() -> None:
    async with mirrored() as mirror:
        mirror.portal.harvested("job-1", 350, days=4)
        mirror.portal.harvested("job-2", 350, days=2)
        with pytest.raises(Interrupted):
            await mirror.follow(FULL, pages=3 + 5)
        mirror.portal.rows["jobs"] = [row for row in mirror.portal.rows["jobs"] if row["id"] != "job-1"]
        mirror.portal.rows["records"] = mirror.portal.rows["records"][350:]
        await mirror.follow(FULL, hours=1)
        assert mirror.portal.ids("records") <= set(mirror.known.of(HarvestRecord))


async def test_one_second_of_many_rows_is_no_dead_end() -> None:
    async with mirrored() as mirror:
        mirror.portal.job("job-1", at(days=1), at(days=1, seconds=-9), records_added=450)
        mirror.portal.records("job-1", 450, days=1)
        for row in mirror.portal.rows["records"]:
            row["date_created"] = at(days=1, seconds=-1)
        for _ in range(20):
            try:
                await mirror.follow(FULL, max_requests=6)
                break
            except BudgetSpent:
                continue
        else:
            pytest.fail("it never ends")
        mirror.holds("records")


async def test_a_rationed_load_costs_hardly_more() -> None:
    async with mirrored() as mirror:
        for number in range(8):
            mirror.portal.harvested(f"job-{number}", 150, days=20 - number)
        spent = 0
        for _ in range(20):
            try:
                await mirror.follow(FULL, hours=1, max_requests=7)
                break
            except BudgetSpent:
                spent += 1
        mirror.holds("records")
        assert (
            len([path for path in mirror.portal.asked if "/harvest_records/" in path]) <= 13 + 2 * spent + 2
        )


async def test_a_reconcile_reads_all_jobs_again() -> None:
    async with mirrored() as mirror:
        mirror.portal.harvested("job-1", 2, days=3)
        mirror.portal.harvested("job-2", 2, days=1)
        await mirror.follow(FULL)
        mirror.portal.rows["records"][0]["status"] = "error"  # an administrator's hand
        await mirror.follow(FULL, hours=1)
        assert mirror.known.of(HarvestRecord)["r1"].native_status == "error"


async def test_errors_without_an_end_are_counted_where_some_are_stored() -> None:
    async with mirrored() as mirror:
        mirror.portal.harvested("job-1", 1, days=1, records_errored=1, records_updated=0)
        mirror.portal.errors("job-1", 3, days=1)
        await mirror.follow(FULL)
        mirror.portal.faults.append(once("/harvest_record_errors/", empty("errors")))
        made = await mirror.follow(FULL, hours=1)
        assert [end.proved for scope, end in made.ends if scope.stream == "errors"] == [False]
        assert set(mirror.known.of(HarvestError)) == mirror.portal.ids("errors")


async def test_job_errors_without_an_end_are_counted() -> None:
    async with mirrored() as mirror:
        mirror.portal.harvested("job-1", 0, days=1, status="error")
        mirror.portal.job_error("job-1", days=1)
        await mirror.follow(FULL)
        mirror.portal.faults.append(once("/harvest_job_errors/", empty("job_errors")))
        made = await mirror.follow(FULL, hours=1)
        assert [end.proved for scope, end in made.ends if scope.stream == "job_errors"] == [False]
        assert set(mirror.known.of(HarvestError)) == mirror.portal.ids("job_errors")


async def test_a_count_without_a_number_is_unreadable() -> None:
    async with mirrored() as mirror:
        mirror.portal.harvested("job-1", 130, days=1)
        mirror.portal.rows["records"].pop()
        mirror.portal.faults.append(once("count=true", Reply({"count": "3"})))
        with pytest.raises(PortalUnreadable):
            await mirror.follow(FULL)


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


async def test_the_documented_portal_of_old_dates_is_read() -> None:
    """Lists that ignore pages, ISO dates, no counters but four: what the published documentation describes."""
    job = {
        "id": "job-1",
        "harvest_source_id": "source-1",
        "status": "complete",
        "date_created": "2026-04-29T06:00:00.000Z",
        "date_finished": "2026-04-29T06:05:23.000Z",
        "records_added": 1,
        "records_updated": 0,
        "records_deleted": 0,
        "records_errored": 0,
    }
    record = {
        "id": "record-1",
        "identifier": "i",
        "status": "success",
        "action": "create",
        "date_created": "2026-04-29T06:02:45.000Z",
        "harvest_job_id": "job-1",
        "harvest_source_id": "source-1",
        "ckan_name": "example",
    }
    answers = {
        "/organization_list/": [{"id": "o"}],
        "/harvest_sources/": [{"id": "source-1"}],
        "/harvest_jobs/": [job],
        "/harvest_records/": [record],
        "/harvest_record_errors/": empty("errors"),
        "/harvest_job_errors/": empty("job_errors"),
    }
    known = MemoryKnown(ADAPTER, NOW)
    async with FakePortal(answers, api_path="/v2") as fake:
        portal = portal_for(ADAPTER, fake.base_url)
        async with client_for(portal, NOW) as client:
            await harvest(ADAPTER, portal, client, known, FULL)
    assert set(known.of(HarvestRecord)) == {"record-1"}
    assert known.of(HarvestRecord)["record-1"].catalog_name == "example"
