"""Who does what mutations ask for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gateway.compose.deciding import Desk
from harvest_graphql.doing import Acts, Done
from harvest_graphql.mutation import MOST_IDS


def acts(desk: Desk) -> Acts:
    """Return what does each mutation of the schema, by its name."""
    doer = _Doer(desk)
    return {
        "approveDeletion": doer.approve_deletion,
        "rejectDeletion": doer.reject_deletion,
        "retryQuarantine": doer.retry_quarantine,
        "forgetPerson": doer.forget_person,
    }


class _Doer:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def approve_deletion(self, given: Mapping[str, Any], by: str | None) -> Done:
        [decided] = await self._desk.approve([given["id"]], by)
        return await self._done(ids=[decided.id], gone=decided.gone)

    async def reject_deletion(self, given: Mapping[str, Any], by: str | None) -> Done:
        [decided] = await self._desk.reject([given["id"]], by)
        return await self._done(ids=[decided.id])

    async def retry_quarantine(self, given: Mapping[str, Any], by: str | None) -> Done:
        told = await self._desk.retry(by, given.get("ids"), given.get("portals"))
        left, well = [*told.refused, *told.unreadable], told.read
        return await self._done(
            ids=[*left, *well][:MOST_IDS],
            read=len(well),
            refused=len(told.refused),
            unreadable=len(told.unreadable),
        )

    async def forget_person(self, given: Mapping[str, Any], by: str | None) -> Done:
        told = await self._desk.forget(given["who"], by)
        noted = await self._desk.forgotten(given["who"])
        return await self._done(
            told=[
                {
                    "portal": key,
                    **rows,
                    "forgotten_at": noted[key]["at"].isoformat(),
                    "forgotten_by": noted[key]["by"],
                }
                for key, rows in told.items()
            ]
        )

    async def _done(self, **told: Any) -> Done:
        return Done(told, await self._desk.version())
