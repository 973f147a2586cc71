"""The tables of what is counted ahead: each run's records, and those of all of a portal's runs together."""

# pyright: reportIncompatibleVariableOverride=false
# SQLModel declares __tablename__ as a declared_attr; naming a table with a string is its documented way.

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from sqlalchemy import BigInteger, SmallInteger
from sqlmodel import Field, SQLModel

from gateway.model import enums
from gateway.store import columns as c


class JobRollup(SQLModel, table=True):
    """One row per job: what reports and dashboards count."""

    __tablename__: ClassVar[str] = "job_rollup"

    job_id: int = Field(primary_key=True, sa_type=BigInteger, sa_column_kwargs={"autoincrement": False})
    portal: int = c.small()
    source_id: int | None = c.refers("harvest_source")
    organization_id: int | None = c.refers("organization")
    backend_id: int | None = c.refers("harvest_backend")
    presence: str = c.word(enums.Presence)
    status: str = c.word(enums.JobStatus)
    kind: str = c.word(enums.JobKind)
    created_at: datetime | None = c.instant()
    duration_seconds: float | None = c.real()
    records: int = c.number(null=False)
    records_pending: int = c.number(null=False)
    records_lost: int = c.number(null=False)
    records_succeeded: int = c.number(null=False)
    records_skipped: int = c.number(null=False)
    records_failed: int = c.number(null=False)
    records_archived: int = c.number(null=False)
    records_unpublished: int = c.number(null=False)
    records_unknown: int = c.number(null=False)
    created: int = c.number(null=False)
    updated: int = c.number(null=False)
    deleted: int = c.number(null=False)
    errors: int = c.number(null=False)
    warnings: int = c.number(null=False)


class PortalRollup(SQLModel, table=True):
    """One row per portal: its runs' counts of records summed up, so that no count of all grows with them."""

    __tablename__: ClassVar[str] = "portal_rollup"

    portal: int = Field(primary_key=True, sa_type=SmallInteger, sa_column_kwargs={"autoincrement": False})
    records: int = c.big(null=False)
    records_pending: int = c.big(null=False)
    records_lost: int = c.big(null=False)
    records_succeeded: int = c.big(null=False)
    records_skipped: int = c.big(null=False)
    records_failed: int = c.big(null=False)
    records_archived: int = c.big(null=False)
    records_unpublished: int = c.big(null=False)
    records_unknown: int = c.big(null=False)


c.finish(
    JobRollup,
    c.index("job_rollup_source", "source_id", "created_at"),
    c.index("job_rollup_portal", "portal", "created_at"),
)
