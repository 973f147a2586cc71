"""What error rows of the Data.gov-style world say: type, message and severity of each."""

from __future__ import annotations

from gateway.sandbox import dice
from gateway.sandbox.changes_cast import Source, valid
from gateway.sandbox.changes_contents import Contents
from gateway.sandbox.changes_faults import OLD_TYPES, WARNINGS
from gateway.sandbox.changes_log import Special, Trouble
from gateway.sandbox.changes_runs import JobFault
from gateway.sandbox.changes_timeline import Timeline

Told = tuple[str | None, str | None, str]
"""Type, message, severity."""

_JOB_MESSAGES = {
    "ExtractExternalException": "{name} {url} could not be fetched. exiting :: ConnectTimeoutError(host='{host}')",
    "ExtractInternalException": "{name} {url} could not read stored records. exiting :: OperationalError('closed')",
    "CompareException": "{name} {url} could not be compared. exiting :: KeyError('identifier')",
    "ClearJobException": "{name} could not be cleared. exiting :: OperationalError('deadlock detected')",
    "SendNotificationException": "The report on {name} could not be mailed :: SMTPServerDisconnected()",
    "FailedJobCleanup": "The job did not report for too long and was cleaned up.",
    "CancelledJob": "The job was cancelled by an operator.",
}


class Troubles:
    """Tells what the error rows of a timeline say."""

    def __init__(self, timeline: Timeline, contents: Contents) -> None:
        self._timeline = timeline
        self._contents = contents

    def job_error(self, number: int) -> str | None:
        """Return a job error's message; now and then it has none."""
        fault: JobFault = self._timeline.job_errors[number]
        if number % 23 == 11:
            return None
        source = self._timeline.publishers.sources[self._timeline.runs[fault.run].source]
        name = valid(source.names, fault.created)
        return _JOB_MESSAGES[fault.type].format(name=name, url=source.url, host=source.host)

    def record_error(self, number: int) -> Told:
        """Return what a record error says."""
        errors = self._timeline.errors
        run = self._timeline.runs[errors.job[number]]
        source = self._timeline.publishers.sources[run.source]
        trouble, nth = errors.trouble[number], errors.nth[number]
        slot, rev, row = errors.slot[number], errors.rev[number], errors.row[number]
        if trouble == Trouble.WARNING:
            return self._warning(source, slot, nth)
        if trouble == Trouble.UNREADABLE:
            return "ExternalRecordToClass", self._unreadable(source, slot), "error"
        special = self._timeline.log.special(row) if row >= 0 else Special.NO
        if special != Special.NO:
            return (*self._strange(source, slot, special), "error")
        type_, message = self._fault(source, slot, rev, nth)
        if run.blind and type_ == "ValidationError":
            old, pattern = OLD_TYPES[(slot + rev) % len(OLD_TYPES)]
            return old, pattern.format(says=message, name=source.names[0][1]), "error"
        odd = dice.number(self._timeline.seed, "odd", number) % 400
        return None if odd == 0 else type_, None if odd == 1 else message, "error"

    def _fault(self, source: Source, slot: int, rev: int, nth: int) -> tuple[str, str]:
        faults = self._contents.faults
        if not faults.unreadable(source, slot, rev):
            return "ValidationError", f"<ValidationError: {faults.of(source, slot, rev)[nth].says!r}>"
        if source.iso:
            return "TransformationException", f"record failed to transform: xsltproc, line {20 + slot % 90}"
        at = 400 + slot
        return "JSONDecodeError", f"Unterminated string starting at: line 1 column {at + 1} (char {at})"

    def _warning(self, source: Source, slot: int, nth: int) -> Told:
        if source.three:
            return (*WARNINGS[(slot + 3 * nth) % len(WARNINGS)], "warning")
        return "SpatialTransformationException", "unable to spatially fix Jefferson (county)", "warning"

    def _strange(self, source: Source, slot: int, special: int) -> tuple[str, str]:
        slots = self._contents.slots
        if special == Special.DOUBLE:
            return (
                "DuplicateIdentifierException",
                f"Duplicate identifier '{slots.identifier(source, slot)}' found",
            )
        return "NoIdentifierException", f"No identifier found for '{slots.nameless(source, slot)}'"

    def _unreadable(self, source: Source, slot: int) -> str:
        return (
            f"{source.names[0][1]} {source.base}/iso/xml/unreadable_{slot}.xml could not be prepared "
            "for harvest :: UnicodeDecodeError('utf-8', b'...', 88, 89, 'invalid start byte')"
        )
