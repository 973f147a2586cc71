"""The errors of jobs, and the records that they name: all that the documented dialect shows of what a job did."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from adapters.data_gov.answers import TooMuch, Unread
from adapters.data_gov.jobs import FAILED
from adapters.data_gov.lists import DIFFERS, REPEATED, UNNAMED
from adapters.data_gov.rows import Row, page, sheet_of
from adapters.data_gov.single import MARK, Single, of, unnamed
from gateway.errors import PortalError
from gateway.model.document import Document, Fetch, Rejection
from gateway.model.enums import EntityType
from gateway.ports import ADDRESSLESS, End, Known, KnownJob, Page, Scope, addressable

PARTIAL = "Of its records the portal shows only those that errors name."


def nothing(name: str) -> str:
    """Return what is noted of a job whose errors, or a record that, the portal says it does not have."""
    return f"nothing/{name}"


class Errors:
    """Reads the errors of jobs that have ended, a job's own and its records' in one list."""

    def __init__(self, single: Single, known: Known) -> None:
        self._single = single
        self._known = known
        self._read: frozenset[str] = frozenset()

    async def scopes(self, *, whole: bool) -> AsyncIterator[Scope]:
        """Yield a scope for each job that may have errors; *whole*: also for those that have been read."""
        self._read = await self._known.scopes_read("errors")
        for job in await self._known.ended_jobs(unread=None if whole else "errors"):
            if _may_have_some(job):
                key = job.native_id
                yield Scope("errors", EntityType.HARVEST_ERROR, key, EntityType.HARVEST_JOB, whole=True)

    async def read(self, scope: Scope) -> AsyncIterator[Page | End]:
        """Yield the errors of a job; a 404 or no rows prove nothing where some are stored."""
        sheet = await self._single.rows(of("harvest_job", scope.key, "/errors"), scope.member)
        if sheet is not None and sheet.rows:
            yield page(sheet, scope.member)
            reason = REPEATED if sheet.repeats else UNNAMED if unnamed([sheet]) else ""
            yield End(proved=not reason, reason=reason, covers=(scope.key,), watermark=MARK)
        elif scope.key in self._read and nothing(scope.key) not in self._read:
            yield End(proved=False, reason=DIFFERS, watermark=MARK)
        else:
            yield End(proved=True, covers=(scope.key, nothing(scope.key)), watermark=MARK)


class Records:
    """Reads the records that stored errors name and that were never read."""

    def __init__(self, single: Single, known: Known) -> None:
        self._single = single
        self._known = known
        self._names: Sequence[str] = ()
        self.stopped: PortalError | None = None
        """Why they were left in their middle."""

    async def scope(self, *, whole: bool) -> Scope:
        """Return their scope; unless *whole*, it leaves out those that the portal did not have when asked."""
        stubs = await self._known.stubs(EntityType.HARVEST_RECORD)
        absent = frozenset[str]() if whole else await self._known.scopes_read("records")
        self._names = [name for name in stubs if nothing(name) not in absent]
        return Scope("records", EntityType.HARVEST_RECORD, total=len(self._names))

    async def read(self) -> AsyncIterator[Page | End]:
        """Yield the records one by one; where the pass cannot go on, what was found by then is kept."""
        absent: list[str] = []
        reason = ""
        for name in self._names:
            if not addressable(name):
                reason = ADDRESSLESS
                continue
            try:
                found = await self._one(name)
            except TooMuch as failure:
                reason = failure.error.message
                continue
            except PortalError as error:
                self.stopped = error
                if isinstance(error, Unread):
                    yield Page([_of_answer(name, error)])
                break
            if found is not None:
                yield Page([found])
            if not isinstance(found, Document):
                absent.append(nothing(name))
        yield End(proved=not reason, reason=reason, partial=PARTIAL, covers=absent, watermark=MARK)

    async def _one(self, name: str) -> Document | Rejection | None:
        """Return a record, None where the portal has none of that id; TooMuch where it fails at this one."""
        try:
            found = await self._single.item(of("harvest_record", name))
        except TooMuch as reason:
            self._single.bear(reason)
            raise
        return None if found is None else _of_record(name, *found)


def _may_have_some(job: KnownJob) -> bool:
    """Whether an ended job may have errors."""
    return job.status in FAILED or job.counts.get("failed") != 0


def _of_answer(name: str, error: Unread) -> Rejection:
    """Return the answer that should have been a record and is nothing of the kind."""
    answer = error.answer
    return Rejection(EntityType.HARVEST_RECORD, error.message, answer.body, answer.fetch, native_id=name)


def _of_record(name: str, body: bytes, fetch: Fetch) -> Document | Rejection:
    """Return the document of a record, a rejection where the answer is another thing."""
    (row,) = sheet_of(([body], fetch), EntityType.HARVEST_RECORD, set()).rows
    if isinstance(row, Row) and row.native_id == name:
        return Document.of(EntityType.HARVEST_RECORD, name, body, fetch)
    reason = row.reason if isinstance(row, Rejection) else f"it is {row.native_id}"
    return Rejection(EntityType.HARVEST_RECORD, reason, body, fetch, native_id=name)
