"""Every table that there is: the modules that declare tables, looked at together."""

from __future__ import annotations

from sqlalchemy import MetaData
from sqlmodel import SQLModel

from gateway.store import (
    callers,
    drift,
    feed,
    forgotten,
    ledger,
    past,
    refreshed,
    tables,
    timetable,
    totals,
    upkeep,
    webhooks,
)

DECLARING = (
    callers,
    drift,
    feed,
    forgotten,
    ledger,
    past,
    refreshed,
    tables,
    timetable,
    totals,
    upkeep,
    webhooks,
)
"""The modules that declare tables."""
METADATA: MetaData = SQLModel.metadata
"""All of their tables."""
