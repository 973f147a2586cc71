"""Rows as they were known at an instant: each table that a statement reads of the past, as a query ahead of it.

Of organizations, backends, sources and jobs each version is kept with the range in which it was current. Records and
errors are frozen once their job has ended: one that has changed since is told with what never changes, unless all that
came later was its removal. Persons are told as they are now, where they were known by then.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from gateway.model.enums import EntityType
from gateway.store import derive, tables
from gateway.store.shape import stub_values
from harvest_graphql.plan.relations import table_of
from harvest_graphql.problems import Code, Problem

_FROZEN = (EntityType.HARVEST_RECORD, EntityType.HARVEST_ERROR)
LASTING = frozenset(
    {
        "id", "portal", "native_id", "portal_url", "first_seen_at", "job_id", "source_id", "record_id", "dataset_id",
        "remote_id", "remote_url", "record_type", "native_record_type", "created_at", "position",
    }
)  # fmt: skip
"""What a record or an error is told with that has changed since: what names it."""
_LIFE: Mapping[str, str] = {
    "presence": "CASE WHEN v.removed_at > {at} THEN CASE WHEN v.deleted_at IS NULL THEN 'PRESENT' ELSE 'DELETED' END"
    " ELSE v.presence END",
    "removed_at": "CASE WHEN v.removed_at <= {at} THEN v.removed_at END",
    "last_seen_at": "CASE WHEN v.removed_at <= {at} THEN v.last_seen_at END",
    "changed_at": "CASE WHEN v.changed_at <= {at} THEN v.changed_at ELSE v.first_seen_at END",
}
"""What is known of the life of a row whose versions are not kept, by column."""


class Past:
    """What one statement reads as it was known at the instant *at*, the SQL of a parameter."""

    def __init__(self, at: str) -> None:
        self.at = at
        self.read: set[EntityType] = set()
        """The types whose rows the statement itself reads in any call."""
        self._queries: dict[EntityType, str] = {}

    def rows(self, type_: EntityType) -> str:
        """Return the name of the rows of *type_* as of then, to stand after FROM; Problem where they have no past."""
        ensure_kept(type_)
        self.read.add(type_)
        return self._named(type_)

    def chosen(self, type_: EntityType) -> str:
        """Return the same, where the call's ids say whether any of these rows is read."""
        ensure_kept(type_)
        return self._named(type_)

    def ahead(self) -> str:
        """Return what stands before the statement's SELECT: the queries that it names."""
        queries = ", ".join(
            f"{_name(type_)} AS NOT MATERIALIZED ({sql})" for type_, sql in self._queries.items()
        )
        return f"WITH {queries} " if queries else ""

    def _named(self, type_: EntityType) -> str:
        if type_ not in self._queries:
            written = self._versions(type_) if type_ in tables.HISTORY else self._kept_once(type_)
            self._queries[type_] = written  # after those that it reads itself
        return _name(type_)

    def _versions(self, type_: EntityType) -> str:
        """Return the query of the versions that were current then."""
        table, past = table_of(type_), tables.HISTORY[type_].__table__  # type: ignore[attr-defined]
        names = [column.name for column in table.columns if column.name in past.columns]
        columns = ", ".join(f'"{name}"' for name in names)
        versions = (
            f"SELECT {columns}, changed_at AS valid_from, 'infinity'::timestamptz AS valid_to FROM {table.name}"
            f" UNION ALL SELECT {columns}, valid_from, valid_to FROM {past.name}"
        )
        listed = _listed(names, self._derived() if type_ is EntityType.HARVEST_SOURCE else {})
        current = f"v.valid_from <= {self.at} AND v.valid_to > {self.at}"
        return f"SELECT {listed} FROM ({versions}) v WHERE {current} AND {self._known()}"

    def _derived(self) -> dict[str, str]:
        """Return what follows, for a source, from its jobs as of then."""
        jobs = self._named(EntityType.HARVEST_JOB)
        planned = "(SELECT NOT w.inventory FROM portal w WHERE w.number = v.portal)"
        return {
            "last_job_id": derive.last_job(jobs, "v"),
            "next_run_at": f"CASE WHEN {planned} THEN {derive.next_run(jobs, 'v')} END",
            "consecutive_failures": derive.failures(jobs, "v"),
        }

    def _kept_once(self, type_: EntityType) -> str:
        """Return the query of rows of which no versions are kept."""
        table = table_of(type_)
        settled, lost = "true", {}
        if type_ in _FROZEN:
            settled, lost = self._settled(), self._unknown(type_)
        told = {name: sql.format(at=self.at) for name, sql in _LIFE.items()}
        told |= {name: f"CASE WHEN v.settled THEN v.{name} ELSE {sql} END" for name, sql in lost.items()}
        rows = f"SELECT r.*, {settled} AS settled FROM {table.name} r WHERE r.first_seen_at <= {self.at}"
        return f"SELECT {_listed(table.columns.keys(), told)} FROM ({rows}) v WHERE {self._known()}"

    def _settled(self) -> str:
        """Return whether a row is as it was then: no change since, or none but its removal once its job had ended."""
        jobs = self._named(EntityType.HARVEST_JOB)
        ended = f"j.status NOT IN {derive.OPEN} AND j.presence <> 'UNKNOWN'"
        frozen = f"EXISTS (SELECT FROM {jobs} j WHERE j.id = r.job_id AND {ended})"
        return f"(r.changed_at <= {self.at} OR (r.removed_at = r.changed_at AND {frozen}))"

    def _unknown(self, type_: EntityType) -> dict[str, str]:
        """Return what is said of a row that has changed since, by column: its word for that, or nothing."""
        table = table_of(type_)
        words = stub_values(table.name)
        names = [each.name for each in table.columns if each.name not in LASTING and each.name not in _LIFE]
        document = (
            f"(SELECT d.hash FROM document d JOIN fetch_log f ON f.id = d.fetch_id WHERE d.entity_type = '{type_}'"
            f" AND d.entity_id = v.id AND f.fetched_at <= {self.at} ORDER BY f.fetched_at DESC, d.id DESC LIMIT 1)"
        )
        lost = {name: words.get(name, "NULL") for name in names if name not in {"deleted_at", "row_hash"}}
        return lost | {"document_hash": document}

    def _known(self) -> str:
        """Return the condition that the past of a row's portal is known as far back."""
        kept = f"w.known_since <= {self.at} AND coalesce(w.pruned_until <= {self.at}, true)"
        return f"v.portal = ANY (ARRAY(SELECT w.portal FROM portal_past w WHERE {kept}))"


def ensure_kept(type_: EntityType | None) -> None:
    """Raise Problem where nothing is kept of what things of *type_* were."""
    if type_ is EntityType.DATASET:
        words = "What datasets were is not kept: with `asOf`, ask for their records instead."
        raise Problem(Code.BAD_USER_INPUT, words)


def _name(type_: EntityType) -> str:
    return f"{table_of(type_).name}_then"


def _listed(names: Iterable[str], told: Mapping[str, str]) -> str:
    return ", ".join(f'{told[name]} AS "{name}"' if name in told else f'v."{name}"' for name in names)
