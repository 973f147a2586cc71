from __future__ import annotations

from datetime import UTC, datetime

import pytest
from udata_portal import Udata, desk, item, job, positions

from gateway.model.entities import HarvestJob, HarvestRecord
from gateway.testing import Interrupted


async def test_jobs_without_items_are_covered_without_a_request_unless_their_counters_are_too_young() -> None:
    no_counters = {"total": 0, "by_status": {}, "by_type": {}, "href": "x"}
    old = datetime(2026, 6, 30, tzinfo=UTC).isoformat()
    zero = {"total": 0, "by_status": {"done": 0}, "by_type": {}, "href": "x"}
    udata = Udata()
    udata.add(
        "s",
        job("empty", hours=1, total=0),
        job("uncounted", hours=2, total=0, items=no_counters),
        job("old", hours=3, total=0, items=zero, created=old),
    )
    async with desk(udata) as at_work:
        made = await at_work.run(settings={"backfill_days": 365})
        assert at_work.asked["/job/empty/items/"] == 0
        assert at_work.asked["/job/uncounted/items/"] == 1
        assert at_work.asked["/job/old/items/"] == 1
        assert at_work.end(made, "records").covers == ("empty",)
        assert await at_work.known.scopes_read("records") == {"empty", "uncounted", "old"}


async def test_items_are_read_of_ended_and_lost_jobs_in_the_window() -> None:
    udata = Udata()
    udata.add(
        "s",
        job("running", hours=1, status="initialized"),
        job("done", hours=2),
        job("lost", hours=49, status="initialized"),
        job("ancient", hours=31 * 24),
    )
    async with desk(udata) as at_work:
        await at_work.run()
        assert await at_work.known.scopes_read("records") == {"done", "lost"}
        assert set(at_work.known.of(HarvestJob)) == {"running", "done", "lost", "ancient"}


async def test_items_are_named_by_their_place() -> None:
    udata = Udata()
    udata.add("s", job("j", total=4))
    udata.items["j"] = [item("same"), item("same"), item(None), item("")]
    async with desk(udata) as at_work:
        await at_work.run()
        rows = at_work.known.of(HarvestRecord)
        assert [rows[f"j/{n}"].remote_id for n in range(4)] == ["same", "same", None, ""]


@pytest.mark.parametrize("poison", [{0}, {4}, {1, 3}, {7}, {0, 1, 2}])
async def test_a_row_that_cannot_be_shown_is_cornered(poison: set[int]) -> None:
    udata = Udata(poison={"j": poison})
    udata.add("s", job("j", total=8))
    async with desk(udata) as at_work:
        made = await at_work.run()
        known = at_work.known
        assert positions(known, "j") == [n for n in range(8) if n not in poison]
        assert {one.position for one in known.rejections} == poison
        assert {one.native_id for one in known.rejections} == {f"j/{n}" for n in poison}
        end = at_work.end(made, "records", "j")
        assert (end.proved, end.covers) == (False, ("j",))


async def test_a_poisoned_page_costs_no_other_page() -> None:
    udata = Udata(poison={"j": {10_004}})
    udata.add("s", job("j", total=10_010))
    async with desk(udata) as at_work:
        await at_work.run()
        assert positions(at_work.known, "j") == [n for n in range(10_010) if n != 10_004]
        assert at_work.asked["/job/j/items/"] < 40


async def test_a_cornered_row_does_not_bury_what_was_known_of_it() -> None:
    udata = Udata()
    udata.add("s", job("j", total=3))
    async with desk(udata) as at_work:
        await at_work.run()
        udata.poison["j"] = {1}
        await at_work.run()
        assert at_work.known.gone == set()
        assert positions(at_work.known, "j") == [0, 1, 2]


async def test_a_job_that_shows_none_of_its_items_is_given_up() -> None:
    udata = Udata(poison={"j": set(range(200))})
    udata.add("s", job("j", hours=2, total=200), job("k", hours=3))
    async with desk(udata) as at_work:
        made = await at_work.run()
        end = at_work.end(made, "records", "j")
        assert (end.proved, end.covers) == (False, ())
        assert at_work.asked["/job/j/items/"] < 80
        assert positions(at_work.known, "k") == [0, 1]


async def test_a_purged_job_stops_nothing_and_is_not_buried() -> None:
    udata = Udata()
    udata.add("s", job("j", hours=2), job("k", hours=3))
    async with desk(udata) as at_work:
        await at_work.run()
        udata.gone.add("j")
        made = await at_work.run()
        assert not at_work.end(made, "records", "j").proved
        assert at_work.end(made, "records", "k").proved
        assert at_work.known.gone == set()


async def test_items_go_on_at_the_page_where_they_stopped() -> None:
    udata = Udata()
    udata.add("s", job("j", total=25_000))
    async with desk(udata) as at_work:
        with pytest.raises(Interrupted):
            await at_work.run(pages=4)
        assert at_work.known.cursors["records", "j"] == {"page": 2}
        made = await at_work.run()
        assert "/harvest/job/j/items/?page=1&page_size=10000" not in at_work.portal.paths
        assert at_work.end(made, "records", "j").proved
        assert positions(at_work.known, "j") == list(range(25_000))


async def test_a_portal_that_ignores_the_page_size_gives_no_item_another_place() -> None:
    udata = Udata(longest=10)
    udata.add("s", job("j", total=35))
    async with desk(udata) as at_work:
        made = await at_work.run()
        end = at_work.end(made, "records", "j")
        assert not end.proved
        assert end.covers == ()
        assert positions(at_work.known, "j") == list(range(10))
        assert at_work.known.of(HarvestRecord)["j/9"].remote_id == "j-9"


async def test_items_that_a_portal_shows_in_short_pages_are_not_gone() -> None:
    udata = Udata()
    udata.add("s", job("j", total=14))
    async with desk(udata) as at_work:
        await at_work.run()
        udata.longest = 10
        await at_work.run()
        assert at_work.known.gone == set()
        assert positions(at_work.known, "j") == list(range(14))


async def test_short_pages_around_a_row_that_cannot_be_shown_are_not_the_whole() -> None:
    udata = Udata(longest=10, poison={"j": {3}})
    udata.add("s", job("j", total=35))
    async with desk(udata) as at_work:
        made = await at_work.run()
        end = at_work.end(made, "records", "j")
        assert (end.proved, end.covers) == (False, ())


async def test_items_that_come_or_go_while_they_are_read_get_no_place() -> None:
    udata = Udata()
    udata.add("s", job("j", total=10_010))

    def removed(path: str, page: int) -> None:
        if path.endswith("/items/") and page == 2 and len(udata.items["j"]) == 10_010:
            del udata.items["j"][0]

    udata.before_page = removed
    async with desk(udata) as at_work:
        made = await at_work.run()
        end = at_work.end(made, "records", "j")
        assert (end.proved, end.covers) == (False, ())
        assert positions(at_work.known, "j") == list(range(10_000))


async def test_a_page_of_items_that_comes_once_more_is_taken_once() -> None:
    udata = Udata()
    udata.add("s", job("j", total=20_000))
    first: list[dict[str, object]] = []

    def again(envelope: dict[str, object]) -> dict[str, object]:
        if envelope["total"] == 20_000:
            first.append(envelope)
            return {**envelope, "data": first[0]["data"]}
        return envelope

    udata.edit = again
    async with desk(udata) as at_work:
        made = await at_work.run()
        end = at_work.end(made, "records", "j")
        assert (end.proved, end.covers) == (False, ())
        assert positions(at_work.known, "j") == list(range(10_000))
