"""In which orders lists can be read: one input per list, whose defaults are the list's own order.

The value of a key is the column that it compares.
"""

from __future__ import annotations

import strawberry

from harvest_graphql.plan.operands import Choice
from harvest_graphql.words import Direction, register


class HarvestSourceOrderField(Choice):
    """Keys by which sources can be ordered."""

    CREATED_AT = "created_at"
    NAME = "name"
    NEXT_RUN_AT = "next_run_at"
    CONSECUTIVE_FAILURES = "consecutive_failures"
    FIRST_SEEN_AT = "first_seen_at"
    CHANGED_AT = "changed_at"


class OrganizationOrderField(Choice):
    """Keys by which organizations can be ordered."""

    NAME = "name"
    NATIVE_SOURCE_COUNT = "native_source_count"
    FIRST_SEEN_AT = "first_seen_at"
    CHANGED_AT = "changed_at"


class HarvestBackendOrderField(Choice):
    """Keys by which backends can be ordered."""

    LABEL = "label"
    FIRST_SEEN_AT = "first_seen_at"
    CHANGED_AT = "changed_at"


class HarvestJobOrderField(Choice):
    """Keys by which jobs can be ordered."""

    CREATED_AT = "created_at"
    STARTED_AT = "started_at"
    ENDED_AT = "ended_at"
    TOTAL = "total"
    FAILED = "failed"
    CHANGED_AT = "changed_at"


class HarvestRecordOrderField(Choice):
    """Keys by which records can be ordered."""

    CREATED_AT = "created_at"
    ENDED_AT = "ended_at"
    POSITION = "position"
    CHANGED_AT = "changed_at"


class HarvestErrorOrderField(Choice):
    """Keys by which errors can be ordered."""

    CREATED_AT = "created_at"
    POSITION = "position"
    CHANGED_AT = "changed_at"


class DatasetOrderField(Choice):
    """Keys by which datasets can be ordered."""

    MODIFIED_AT = "modified_at"
    TITLE = "title"
    FIRST_SEEN_AT = "first_seen_at"
    CHANGED_AT = "changed_at"
    REMOVED_AT = "removed_at"
    DELETED_AT = "deleted_at"


_MOVES = " This key changes: rows can move while one pages."
_RENAMED = " What is renamed moves."
_RUNS = " This key changes while the run goes on: rows can move then."
_RETURNS = " What comes back loses this key: rows can move then."
_SAID = {
    "CREATED_AT": "When it was made or asked for.",
    "STARTED_AT": "When it began." + _RUNS,
    "ENDED_AT": "When it ended." + _RUNS,
    "NEXT_RUN_AT": "When it is harvested next." + _MOVES,
    "CONSECUTIVE_FAILURES": "How many of its runs in a row ended badly." + _MOVES,
    "NAME": "Its name, without capitals and accents, by code points." + _RENAMED,
    "TITLE": "Its title, without capitals and accents, by code points." + _RENAMED,
    "LABEL": "Its name for people, without capitals and accents, by code points." + _RENAMED,
    "NATIVE_SOURCE_COUNT": "How many sources the portal says it has." + _MOVES,
    "TOTAL": "How many records it looked at." + _RUNS,
    "FAILED": "How many records could not be processed." + _RUNS,
    "POSITION": "Its place in its list at the portal.",
    "MODIFIED_AT": "When its publisher last changed it." + _MOVES,
    "FIRST_SEEN_AT": "When the gateway first saw it.",
    "CHANGED_AT": "When the gateway last saw it change." + _MOVES,
    "REMOVED_AT": "When the gateway found that it was no longer there." + _RETURNS,
    "DELETED_AT": "When it was deleted, as the portal says." + _RETURNS,
}

for _keys in (
    HarvestSourceOrderField,
    OrganizationOrderField,
    HarvestBackendOrderField,
    HarvestJobOrderField,
    HarvestRecordOrderField,
    HarvestErrorOrderField,
    DatasetOrderField,
):
    register(_keys, _SAID)

_KEY = "The key. Rows of the same key are in the order of their ids."
_WAY = "Which end of the key comes first; rows without the key come last either way."


@strawberry.input(description="The order of a list of sources; without it: the newest first.")
class HarvestSourceOrder:
    """Order of sources."""

    field: HarvestSourceOrderField = strawberry.field(
        description=_KEY, default=HarvestSourceOrderField.CREATED_AT
    )
    direction: Direction = strawberry.field(description=_WAY, default=Direction.DESC)


@strawberry.input(description="The order of a list of organizations; without it: by name.")
class OrganizationOrder:
    """Order of organizations."""

    field: OrganizationOrderField = strawberry.field(description=_KEY, default=OrganizationOrderField.NAME)
    direction: Direction = strawberry.field(description=_WAY, default=Direction.ASC)


@strawberry.input(description="The order of a list of backends; without it: by label.")
class HarvestBackendOrder:
    """Order of backends."""

    field: HarvestBackendOrderField = strawberry.field(
        description=_KEY, default=HarvestBackendOrderField.LABEL
    )
    direction: Direction = strawberry.field(description=_WAY, default=Direction.ASC)


@strawberry.input(description="The order of a list of jobs; without it: the newest first.")
class HarvestJobOrder:
    """Order of jobs."""

    field: HarvestJobOrderField = strawberry.field(description=_KEY, default=HarvestJobOrderField.CREATED_AT)
    direction: Direction = strawberry.field(description=_WAY, default=Direction.DESC)


@strawberry.input(description="The order of a list of records; without it: the newest first.")
class HarvestRecordOrder:
    """Order of records."""

    field: HarvestRecordOrderField = strawberry.field(
        description=_KEY, default=HarvestRecordOrderField.CREATED_AT
    )
    direction: Direction = strawberry.field(description=_WAY, default=Direction.DESC)


@strawberry.input(description="The order of a list of errors; without it: the newest first.")
class HarvestErrorOrder:
    """Order of errors."""

    field: HarvestErrorOrderField = strawberry.field(
        description=_KEY, default=HarvestErrorOrderField.CREATED_AT
    )
    direction: Direction = strawberry.field(description=_WAY, default=Direction.DESC)


@strawberry.input(description="The order of a list of datasets; without it: what was changed last first.")
class DatasetOrder:
    """Order of datasets."""

    field: DatasetOrderField = strawberry.field(description=_KEY, default=DatasetOrderField.MODIFIED_AT)
    direction: Direction = strawberry.field(description=_WAY, default=Direction.DESC)
