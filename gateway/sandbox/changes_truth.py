"""What a perfect mirror of the Data.gov-style world holds: every row, in the words of the common model."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from gateway.sandbox import changes_fields as fields
from gateway.sandbox import changes_shown as shown
from gateway.sandbox.changes_datasets import Datasets
from gateway.sandbox.changes_mirror import Mirror
from gateway.sandbox.changes_seen import EXPIRED, PRESENT
from gateway.sandbox.changes_shown import hidden
from gateway.sandbox.changes_time import DAY
from gateway.sandbox.changes_view import View

Row = dict[str, Any]
At = Callable[[int], View]
"""The world at an instant (microseconds)."""


def _row(type_: str, native: str, presence: str, columns: dict[str, Any]) -> Row:
    return {"type": type_, "nativeId": native, "presence": presence, "fields": columns}


class Truth:
    """Tells what *mirror* holds after its last pass."""

    def __init__(self, mirror: Mirror, at: At) -> None:
        self._mirror = mirror
        self._at = at
        self._timeline = mirror.timeline
        self._final = View(mirror.history, mirror.now + DAY)
        """Late enough that the rows of every job that was read are settled."""

    def rows(self) -> Iterator[Row]:
        """Yield every row."""
        yield from self._organizations()
        for pair in self._mirror.backends:
            yield _row("HarvestBackend", fields.backend_id(*pair), PRESENT, fields.backend(*pair))
        yield from self._sources()
        yield from self._jobs()
        datasets = Datasets(self._mirror, self._final)
        for source in self._mirror.sources:
            named: dict[int, str] = {}
            for verdict in datasets.of(source):
                named[verdict.slot] = verdict.native
                yield _row("Dataset", verdict.native, verdict.presence, verdict.columns)
            yield from self._records(source, named)
        yield from self._errors()

    def _organizations(self) -> Iterator[Row]:
        for index, seen in self._mirror.organizations.items():
            view, found = self._at(seen.read), self._timeline.publishers.organizations[index]
            columns = fields.organization(view.organization(found), view.source_count(found))
            yield _row("Organization", found.id, seen.presence, columns)

    def _sources(self) -> Iterator[Row]:
        last: dict[int, tuple[int, str]] = {}
        planned: dict[int, int] = {}
        for index, job in self._mirror.jobs.items():
            run = self._timeline.runs[index]
            if job.status == "SCHEDULED":
                planned[run.source] = min(job.created, planned.get(run.source, job.created))
            elif job.presence in {PRESENT, EXPIRED}:
                last[run.source] = max((job.created, run.id), last.get(run.source, (job.created, run.id)))
        for index, seen in self._mirror.sources.items():
            found = self._timeline.publishers.sources[index]
            newest = last[index][1] if index in last else None
            row = found.row(seen.read)
            row = hidden(row, shown.SOURCE) if seen.documented else row
            columns = fields.source(row, newest, planned.get(index))
            yield _row("HarvestSource", found.id, seen.presence, columns)

    def _jobs(self) -> Iterator[Row]:
        for index, job in self._mirror.jobs.items():
            run = self._timeline.runs[index]
            row = self._at(job.read).job(run)
            row = hidden(row, shown.JOB) if job.documented else row
            columns = fields.job(row, job.wire, job.status)
            yield _row("HarvestJob", run.id, job.presence, columns)

    def _records(self, source: int, named: dict[int, str]) -> Iterator[Row]:
        """Yield the records of a source; *named*: its datasets, by slot."""
        records = self._mirror.records
        for index in self._timeline.desks[source].runs:
            run, job = self._timeline.runs[index], self._mirror.jobs.get(index)
            for row in range(run.first_row, run.first_row + run.rows) if job else ():
                if job and records.read[row]:
                    facts, dataset = self._record(row, named)
                    columns = fields.record(facts, dataset, over=job.over)
                    yield _row("HarvestRecord", facts["id"], records.presence(row), columns)

    def _record(self, row: int, named: dict[int, str]) -> tuple[dict[str, Any], str | None]:
        """Return a record as it was read, and its dataset: none where its type is not known."""
        view = self._final
        if self._mirror.records.documented(row):
            return shown.record(view, row) | {"record_type": None}, None
        facts = view.facts(row)
        facts["parent_identifier"] = facts["parent_identifier"] or view.part_of(row)
        return facts, named[self._timeline.log.slot[row]] if facts["action"] else None

    def _errors(self) -> Iterator[Row]:
        errors = self._mirror.record_errors
        for number, read in enumerate(errors.read):
            if read:
                row = self._at(read).record_error(number)
                row = hidden(row, shown.ERROR) if errors.documented(number) else row
                yield _row("HarvestError", row["id"], errors.presence(number), fields.error(row))
        for number, seen in self._mirror.job_errors.items():
            row = self._final.job_error(number)
            yield _row("HarvestError", row["id"], seen.presence, fields.error(row))
