"""What a sandbox portal's world holds, read from its own lists: where fitting ids are chosen from."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import aiohttp

from adapters.data_gouv_fr.sandbox import USER_KEY

Row = dict[str, Any]


class NothingFitsError(LookupError):
    """The sandbox's world holds nothing of the kind that a capture shows."""


def first(rows: Iterable[Row], what: str, fits: Callable[[Row], Any] = bool) -> Row:
    """Return the first of *rows* that *fits*; NothingFitsError, naming *what* was sought, where none does."""
    for row in rows:
        if fits(row):
            return row
    raise NothingFitsError(f"the sandbox has no {what}")


async def read(session: aiohttp.ClientSession, url: str, key: str | None = None) -> Any:
    """Return the JSON at *url*, None where there is none; *key* is sent as X-API-KEY."""
    headers = {"Accept": "application/json", **({} if key is None else {"X-API-KEY": key})}
    async with session.get(url, headers=headers, allow_redirects=False) as response:
        return await response.json() if response.status == 200 and "json" in response.content_type else None


@dataclass(frozen=True, slots=True)
class GouvWorld:
    """data.gouv.fr's lists."""

    sources: list[Row]
    """All, deleted ones included; newest first."""
    jobs: dict[str, list[Row]]
    """By source id, newest first."""
    edited: set[str]
    """Organizations that the editor's key may edit."""
    dangling: tuple[str, int] | None
    """A job with an item that names a dataset which is gone, and the item's position."""

    def every_job(self) -> Iterable[Row]:
        """Yield all jobs."""
        for jobs in self.jobs.values():
            yield from jobs

    def job(self, what: str, fits: Callable[[Row], Any]) -> Row:
        """Return a job that fits."""
        return first(self.every_job(), what, fits)

    def source(self, what: str, fits: Callable[[Row], Any]) -> Row:
        """Return a source that fits."""
        return first(self.sources, what, fits)

    def source_of(self, job: Row) -> Row:
        """Return the source of a job."""
        return self.source("source of its own job", lambda source: source["id"] == job["source"]["id"])


async def survey_gouv(session: aiohttp.ClientSession, base: str) -> GouvWorld:
    """Read the lists of the sandbox data.gouv.fr at *base* (with its interface's path)."""
    every = f"{base}/harvest/sources/?deleted=1&page_size=1000"
    listed = await read(session, every)
    mine = await read(session, every, USER_KEY)
    owners = [source["organization"] for source in mine["data"] if source["permissions"]["edit"]]
    jobs = {}
    for source in listed["data"]:
        page = await read(session, f"{base}/harvest/source/{source['id']}/jobs/?page_size=1000")
        jobs[source["id"]] = page["data"] if page else []
    edited = {owner["id"] for owner in owners if owner}
    return GouvWorld(listed["data"], jobs, edited, await _dangling(session, base, jobs))


async def _dangling(
    session: aiohttp.ClientSession, base: str, jobs: dict[str, list[Row]]
) -> tuple[str, int] | None:
    """Return the first job that cannot show all of its items, and the place of the one that it cannot show."""
    for job in (job for each in jobs.values() for job in each):
        items = f"{base}/harvest/job/{job['id']}/items/"
        if await read(session, f"{items}?page_size=100000") is None:
            shown = [
                await read(session, f"{items}?page={page}&page_size=1") is not None for page in range(1, 50)
            ]
            return (job["id"], shown.index(False)) if any(shown) else None
    return None


@dataclass(frozen=True, slots=True)
class GovWorld:
    """Data.gov's lists; records are samples of 100 by what was asked for."""

    organizations: list[Row]
    sources: list[Row]
    jobs: list[Row]
    job_errors: list[Row]
    record_errors: list[Row]
    records: dict[str, list[Row]]

    def standard(self, row: Row) -> str:
        """Return the schema type of the source of a job or a record."""
        return next(str(s["schema_type"]) for s in self.sources if s["id"] == row["harvest_source_id"])


SAMPLES = {
    "deleted": "action eq delete",
    "failed": "status eq error",
    "created": "action eq create,status eq success",
    "series": "record_type eq data_series",
}
"""Which records are sampled, by facets."""


async def survey_gov(session: aiohttp.ClientSession, base: str) -> GovWorld:
    """Read the lists of the sandbox Data.gov at *base*."""
    sources = await read(session, f"{base}/harvest_sources/?paginate=false") or []
    records = {}
    for name, facets in SAMPLES.items():
        records[name] = (
            await read(session, f"{base}/harvest_records/?per_page=100&facets={quote(facets)}") or []
        )
    for source in sources:
        if source["schema_type"].startswith("iso"):
            query = f"{base}/harvest_records/?per_page=100&harvest_source_id={source['id']}"
            records.setdefault("iso", []).extend(await read(session, query) or [])
    return GovWorld(
        organizations=await read(session, f"{base}/organization_list/") or [],
        sources=sources,
        jobs=await _pages(session, f"{base}/harvest_jobs/?order_by=asc"),
        job_errors=await _pages(session, f"{base}/harvest_job_errors/?order_by=asc"),
        record_errors=await _pages(session, f"{base}/harvest_record_errors/?order_by=asc"),
        records=records,
    )


async def _pages(session: aiohttp.ClientSession, url: str) -> list[Row]:
    rows: list[Row] = []
    page = 0
    while part := await read(session, f"{url}&per_page=100&page={page}"):
        rows.extend(part)
        page += 1
    return rows
