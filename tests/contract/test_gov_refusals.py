"""What a refused source, job or record of Data.gov costs a pass: itself alone, unless the portal refuses all."""

from __future__ import annotations

import pytest
from contract.gov_mirror import FULL, POLL, Mirror, mirrored, once
from contract.gov_portal import ASTRAY, at

from gateway.errors import PortalRefused
from gateway.model.entities import HarvestRecord
from gateway.ports import ADDRESSLESS
from gateway.testing import Reply

PAGE = Reply(b"<!doctype html><title>404 Not Found</title>", 404, "text/html; charset=utf-8")
FORBIDDEN = [Reply({"error": {"code": "API_KEY_UNAUTHORIZED"}}, status) for status in (401, 403)]
REFUSALS = [PAGE, ASTRAY, *FORBIDDEN, *(Reply(b"<html>", status, "text/html") for status in (405, 410, 422))]
IDS = [str(reply.status) for reply in REFUSALS]
ODD = ("..", ".", "a/b", "../..", "%2e%2e", "?x=1", "#f", " ", "\t", "a b", "..;", "%", "é", "\\")


def speaking(mirror: Mirror, *sources: str) -> None:
    """Let the portal speak as documented, of these sources with a job each."""
    mirror.portal.documented = True
    mirror.portal.rows["sources"].clear()
    for name in sources:
        mirror.portal.source(name)
        mirror.portal.harvested(f"job-{name}", 1, days=2, harvest_source_id=name)


@pytest.mark.parametrize("refusal", REFUSALS, ids=IDS)
async def test_one_refused_source_costs_no_other(refusal: Reply) -> None:
    async with mirrored() as mirror:
        speaking(mirror, "s", "t", "u")
        await mirror.follow(FULL)
        mirror.portal.faults.append(once("/harvest_source/t/", refusal, 99))
        mirror.portal.failed("late", 2, days=1)
        made = await mirror.follow(FULL, hours=1)
        assert {scope.key: end.reason != "" for scope, end in made.ends if not end.proved} == {"t": True}
        assert not mirror.known.gone
        assert mirror.known.wire["wire"] == "DOCUMENTED"
        mirror.holds("jobs")
        assert len(mirror.known.of(HarvestRecord)) == 2


@pytest.mark.parametrize("refusal", REFUSALS, ids=IDS)
async def test_a_refused_job_or_record_costs_no_other(refusal: Reply) -> None:
    async with mirrored() as mirror:
        speaking(mirror, "s")
        mirror.portal.failed("job-1", 2, days=3)
        mirror.portal.failed("job-2", 2, days=2)
        first = mirror.portal.rows["records"][-4]["id"]
        mirror.portal.faults.append(once("/harvest_job/job-2/", refusal, 99))
        mirror.portal.faults.append(once(f"/harvest_record/{first}", refusal, 99))
        made = await mirror.follow(FULL)
        assert [scope.stream for scope, end in made.ends if not end.proved] == ["errors", "records"]
        mirror.portal.faults.clear()
        await mirror.follow(POLL, hours=1)
        assert len(mirror.known.of(HarvestRecord)) == 4


@pytest.mark.parametrize("sources", [("s",), ("s", "t"), tuple(f"s{n:02}" for n in range(30))], ids=len)
@pytest.mark.parametrize("refusal", [PAGE, ASTRAY, *FORBIDDEN], ids=["404", "308", "401", "403"])
async def test_a_portal_that_refuses_every_source_is_left(refusal: Reply, sources: tuple[str, ...]) -> None:
    async with mirrored() as mirror:
        speaking(mirror, *sources)
        mirror.portal.faults.append(once("/harvest_source/", refusal, 99))
        with pytest.raises(PortalRefused):
            await mirror.follow(FULL)
        asked = [path for path in mirror.portal.asked if "/harvest_source/" in path]
        assert len(asked) == min(len(sources), 3 if refusal in FORBIDDEN else 25)


@pytest.mark.parametrize("matches", ["/harvest_job/", "/harvest_record/"])
@pytest.mark.parametrize("refusal", FORBIDDEN, ids=["401", "403"])
async def test_a_portal_that_refuses_all_jobs_or_records_is_left(refusal: Reply, matches: str) -> None:
    async with mirrored() as mirror:
        speaking(mirror, "s")
        mirror.portal.failed("job-1", 2, days=3)
        mirror.portal.faults.append(once(matches, refusal, 99))
        with pytest.raises(PortalRefused):
            await mirror.follow(FULL)


async def test_ids_that_no_path_holds_well_cost_nobody_anything() -> None:
    """Of dots alone nothing is asked: that would be another list's address."""
    async with mirrored() as mirror:
        speaking(mirror, "s", *ODD, "u")
        mirror.portal.failed("late", 2, days=1)
        for name in ODD:  # a 404 that is none of the portal's own words
            mirror.portal.fake.answers.pop(f"/harvest_source/{name}/jobs")
        for kind in (FULL, POLL):
            made = await mirror.follow(kind, hours=1)
            unproved = {scope.key: end.reason for scope, end in made.ends if not end.proved}
            assert set(unproved) == set(ODD)
            assert {unproved.pop(name) for name in ("..", ".")} == {ADDRESSLESS}
            assert ADDRESSLESS not in unproved.values()
            assert not {"/jobs", "/harvest_source/jobs"} & {
                path.partition("?")[0] for path in mirror.portal.asked
            }
            assert {"job-s", "job-u", "late"} <= {key for _, key in mirror.known.documents}
            assert len(mirror.known.of(HarvestRecord)) == 2
            assert not mirror.known.gone


async def test_jobs_and_records_whose_ids_are_dots_cost_no_neighbour() -> None:
    async with mirrored() as mirror:
        speaking(mirror, "s")
        for name in ("..", "job-1"):
            mirror.portal.job(name, at(days=1), at(days=0.9), status="error", records_errored=1)
        mirror.portal.records("job-1", 1, days=1, status="error")
        for record in ("..", mirror.portal.rows["records"][-1]["id"]):
            mirror.portal.errors("job-1", 1, days=1)
            mirror.portal.rows["errors"][-1]["harvest_record_id"] = record
        made = await mirror.follow(FULL)
        unproved = {(scope.stream, scope.key): end.reason for scope, end in made.ends if not end.proved}
        assert unproved == {("errors", ".."): ADDRESSLESS, ("records", ""): ADDRESSLESS}
        assert len(mirror.known.of(HarvestRecord)) == 1


@pytest.mark.parametrize("name", ["..", "odd"])
@pytest.mark.parametrize("refusal", [PAGE, *FORBIDDEN, Reply(b"", 500), Reply(b"", 414)])
async def test_in_the_real_dialect_a_vanished_open_job_that_cannot_be_read_costs_no_poll(
    refusal: Reply, name: str
) -> None:
    async with mirrored() as mirror:
        mirror.portal.job(name, at(hours=3))
        await mirror.follow(FULL)
        mirror.portal.rows["jobs"].clear()
        mirror.portal.fake.answers[f"/harvest_job/{name}"] = refusal
        mirror.portal.harvested("next", 1, days=-0.02)
        made = await mirror.follow(POLL, hours=1)
        assert [end.proved for scope, end in made.ends if scope.stream == "jobs"] == [False]
        assert not mirror.known.gone
        mirror.holds("records")
        assert mirror.portal.asked
        await mirror.follow(POLL, hours=1)
        assert "date_finished ge 2026-11-22T12:57:00" in " ".join(mirror.portal.asked), "it got on"


async def test_a_portal_that_answers_no_job_by_its_id_is_left() -> None:
    async with mirrored() as mirror:
        for number in range(4):
            mirror.portal.job(f"open-{number}", at(hours=3))
        await mirror.follow(FULL)
        mirror.portal.rows["jobs"].clear()
        mirror.portal.harvested("next", 1, days=-0.02)
        for number in range(4):
            mirror.portal.fake.answers[f"/harvest_job/open-{number}"] = FORBIDDEN[1]
        with pytest.raises(PortalRefused):
            await mirror.follow(POLL, hours=1)
        assert len([path for path in mirror.portal.asked if "/harvest_job/" in path]) == 3
