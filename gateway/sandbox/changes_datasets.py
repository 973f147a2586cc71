"""What becomes of a source's datasets in a perfect mirror: state, deciding run, the record that speaks for each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from gateway.sandbox.changes_fields import dataset_of
from gateway.sandbox.changes_log import Action, Fate
from gateway.sandbox.changes_mirror import Mirror
from gateway.sandbox.changes_runs import Run
from gateway.sandbox.changes_seen import GONE
from gateway.sandbox.changes_text import NOTHING, Told, of_dcat, of_iso
from gateway.sandbox.changes_time import seconds, text
from gateway.sandbox.changes_view import View

Order = tuple[int, int, str, str]
"""(created_at, the job's created_at, the job's id, the record's id), dates as the mirror has them."""


@dataclass(frozen=True, slots=True)
class Mention:
    """A record that names a dataset."""

    order: Order
    row: int
    run: Run
    succeeded: bool
    delete: bool
    turn: int
    """Pass in which it vanished, 0 where it has not."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is held of a dataset."""

    slot: int
    native: str
    presence: str
    columns: dict[str, Any]


class Datasets:
    """The datasets of a mirror, source by source; a slot of a catalogue is a dataset."""

    def __init__(self, mirror: Mirror, view: View) -> None:
        self._mirror = mirror
        self._view = view
        """The world late enough that every record is settled."""

    def of(self, source: int) -> Iterator[Verdict]:
        """Yield a source's datasets."""
        slots: dict[int, list[Mention]] = {}
        for slot, mention in self._mentions(source):
            slots.setdefault(slot, []).append(mention)
        verdicts = [self._decide(slot, mentions) for slot, mentions in slots.items()]
        called: dict[str, list[str]] = {}
        for verdict in verdicts:
            called.setdefault(verdict.columns["remote_id"], []).append(verdict.native)
        for verdict in verdicts:
            candidates = called.get(verdict.columns["parent_identifier"], [])
            others = (native for native in candidates if native != verdict.native)
            verdict.columns["parent"] = min(others, default=None)
            yield verdict

    def _mentions(self, source: int) -> Iterator[tuple[int, Mention]]:
        mirror, timeline = self._mirror, self._mirror.timeline
        log, ids, records = timeline.log, mirror.history.record_ids, mirror.records
        for index in timeline.desks[source].runs:
            run, job = timeline.runs[index], mirror.jobs.get(index)
            if job is None:
                continue
            for row in range(run.first_row, run.first_row + run.rows):
                action = log.action(row)
                if not records.read[row] or records.documented(row) or action == Action.NONE:
                    continue
                order = (seconds(log.created[row]), job.created, run.id, ids.of(row))
                turn = records.turn(row) if records.presence(row) == GONE else 0
                succeeded = log.fate(row) == Fate.SUCCESS
                yield log.slot[row], Mention(order, row, run, succeeded, action == Action.DELETE, turn)

    def _decide(self, slot: int, mentions: list[Mention]) -> Verdict:
        standing = [mention for mention in mentions if not mention.turn]
        gone = not standing
        if gone:
            last = max(mention.turn for mention in mentions)
            standing = [mention for mention in mentions if mention.turn == last]
        standing.sort(key=lambda mention: mention.order)
        done = [mention for mention in standing if mention.succeeded]
        voices = [mention for mention in done if not mention.delete]
        speaker, decider = (voices or standing)[-1], (done or standing)[-1]
        deleted = decider.succeeded and decider.delete
        facts = self._view.facts(speaker.row)
        native = dataset_of(facts)
        assert native is not None
        columns = {
            **dict.fromkeys(("portal_url", "acronym", "api_url", "remote_url")),
            **self._told(speaker),
            "deleted_at": text(decider.order[0]) if deleted else None,
            "source": facts["harvest_source_id"],
            "record_type": facts["record_type"].upper(),
            "remote_id": facts["identifier"],
            "parent_identifier": facts["parent_identifier"] or self._view.part_of(speaker.row),
            "state": "UNPUBLISHED" if not done else "DELETED" if deleted else "LIVE",
            "state_job": decider.run.id,
            "latest_record": facts["id"],
        }
        return Verdict(slot, native, GONE if gone else "DELETED" if deleted else "PRESENT", columns)

    def _told(self, speaker: Mention) -> Told:
        content = self._view.content(speaker.row)
        if content is None:
            return dict(NOTHING)
        timeline = self._mirror.timeline
        log, source = timeline.log, timeline.publishers.sources[speaker.run.source]
        if content.transform is None and source.iso:
            slot, rev = log.slot[speaker.row], log.rev[speaker.row]
            return of_iso(self._mirror.history.contents, source, slot, rev)
        return of_dcat(content.payload)
