"""The stored open jobs that no list named any more, read by their ids."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import quote

from adapters.data_gov.answers import Absent, Asking, TooMuch
from gateway.fetch.bearing import Bearing
from gateway.model.document import Document, Fetch
from gateway.model.enums import EntityType, JobStatus
from gateway.ports import ADDRESSLESS, KnownJob, addressable

WAITING = (JobStatus.SCHEDULED, JobStatus.PENDING)
"""A job that waits is only a plan: the portal drops and rewrites them."""


class Absentees:
    """What the portal shows of them; one that cannot be had stays as it is stored, and costs no other."""

    def __init__(self, asking: Asking) -> None:
        self._asking = asking
        self._bearing = Bearing()
        self.found: list[Document] = []
        self.vanished: list[str] = []
        """Ids of plans that are no more."""
        self.unread = ""
        """Why one of them could not be had; "" where all could."""

    async def read(self, jobs: Iterable[KnownJob]) -> Absentees:
        """Ask for each job; raise what its answers mean where too many in a row cannot be had."""
        for job in jobs:
            if not addressable(job.native_id):
                self.unread = ADDRESSLESS
                continue
            try:
                self._take(job, await self._asking.one(f"/harvest_job/{quote(job.native_id, safe='')}"))
            except Absent as error:
                self._bear(TooMuch(error))
            except TooMuch as reason:
                self._bear(reason)
        return self

    def _take(self, job: KnownJob, answer: tuple[bytes, Fetch] | None) -> None:
        self._bearing.shown()
        if answer is not None:
            self.found.append(Document.of(EntityType.HARVEST_JOB, job.native_id, *answer))
        elif job.status in WAITING:
            self.vanished.append(job.native_id)

    def _bear(self, reason: TooMuch) -> None:
        self.unread = reason.error.message
        reason.bear(self._bearing)
