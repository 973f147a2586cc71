"""What becomes of a source's datasets in a perfect mirror: state, deciding run, the record that speaks for each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from gateway.sandbox.changes_fields import dataset_of, record
from gateway.sandbox.changes_log import Action
from gateway.sandbox.changes_mirror import GONE, Mirror
from gateway.sandbox.changes_text import NOTHING, Told, of_dcat, of_iso
from gateway.sandbox.changes_time import seconds, text
from gateway.sandbox.changes_view import View

Order = tuple[int, int, str, str]


@dataclass(frozen=True, slots=True)
class Mention:
    """A record that names a dataset, in the order that decides."""

    order: Order
    row: int
    facts: dict[str, Any]
    turn: int
    """Pass in which it vanished, 0 where it has not."""

    @property
    def succeeded(self) -> bool:
        """Return whether the record did what it was to do."""
        return bool(self.facts["status"] == "SUCCEEDED")


class Datasets:
    """The datasets of a mirror, source by source."""

    def __init__(self, mirror: Mirror, view: View) -> None:
        self.mirror = mirror
        self.view = view
        """The world late enough that every record is settled."""

    def of(self, source: int) -> Iterator[tuple[str, str, dict[str, Any]]]:
        """Yield (id, presence, columns) of a source's datasets."""
        grouped: dict[str, list[Mention]] = {}
        for native, mention in self._mentions(source):
            grouped.setdefault(native, []).append(mention)
        decided = {native: self._decide(mentions) for native, mentions in grouped.items()}
        parents: dict[str, str] = {}
        for native in sorted(decided, reverse=True):
            parents[decided[native][1]["remote_id"]] = native
        for native, (presence, columns) in decided.items():
            columns["parent"] = self._parent(native, columns, decided, parents)
            yield native, presence, columns

    def _parent(
        self,
        native: str,
        columns: dict[str, Any],
        decided: dict[str, tuple[str, dict[str, Any]]],
        parents: dict[str, str],
    ) -> str | None:
        wanted = columns["parent_identifier"]
        found = parents.get(wanted) if wanted is not None else None
        if found != native:
            return found
        same = (other for other, (_, theirs) in decided.items() if theirs["remote_id"] == wanted)
        return min((other for other in same if other != native), default=None)

    def _mentions(self, source: int) -> Iterator[tuple[str, Mention]]:
        mirror, timeline = self.mirror, self.mirror.timeline
        for index in timeline.desks[source].runs:
            run, job = timeline.runs[index], mirror.jobs.get(index)
            if job is None:
                continue
            for row in range(run.first_row, run.first_row + run.rows):
                if not mirror.records.read[row] or timeline.log.action(row) == Action.NONE:
                    continue
                facts = self.view.facts(row)
                native = dataset_of(facts)
                assert native is not None
                order = (seconds(facts["date_created"]), job.created, run.id, facts["id"])
                gone = mirror.records.presence(row) == GONE
                turn = mirror.records.turn(row) if gone else 0
                yield native, Mention(order, row, facts | record(facts, over=job.over), turn)

    def _decide(self, mentions: list[Mention]) -> tuple[str, dict[str, Any]]:
        standing = [mention for mention in mentions if not mention.turn]
        gone = not standing
        if gone:
            last = max(mention.turn for mention in mentions)
            standing = [mention for mention in mentions if mention.turn == last]
        standing.sort(key=lambda mention: mention.order)
        done = [mention for mention in standing if mention.succeeded]
        voices = [mention for mention in done if mention.facts["action"] != "DELETE"]
        speaker = (voices or standing)[-1]
        decider = (done or standing)[-1]
        deleted = bool(done) and decider.facts["action"] == "DELETE"
        state = "UNPUBLISHED" if not done else "DELETED" if deleted else "LIVE"
        columns = {
            **dict.fromkeys(("portal_url", "acronym", "api_url", "remote_url")),
            **self._told(speaker.row),
            "deleted_at": text(decider.facts["date_created"]) if deleted else None,
            "source": speaker.facts["source"],
            "record_type": speaker.facts["record_type"],
            "remote_id": speaker.facts["remote_id"],
            "parent_identifier": speaker.facts["parent_identifier"],
            "state": state,
            "state_job": decider.facts["job"],
            "latest_record": speaker.facts["id"],
        }
        return GONE if gone else "DELETED" if deleted else "PRESENT", columns

    def _told(self, row: int) -> Told:
        content = self.view.content(row)
        if content is None:
            return dict(NOTHING)
        log, timeline = self.mirror.timeline.log, self.mirror.timeline
        source = timeline.publishers.sources[timeline.runs[log.job[row]].source]
        if content.transform is None and source.iso:
            return of_iso(self.mirror.history.contents, source, log.slot[row], log.rev[row])
        return of_dcat(content.payload)

