"""Which dialect a Data.gov portal speaks: told by its list of organizations, remembered, asked anew where need be."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from adapters.data_gov.answers import Absent, Asking
from adapters.data_gov.lists import everything
from adapters.data_gov.rows import Query, Sheet
from gateway.model.entities import JSON
from gateway.model.enums import EntityType
from gateway.ports import WIRE

WHOLE = {"paginate": "false"}
"""Asks for a list in one answer; who does not page takes no notice."""


class Dialect(StrEnum):
    """How the portal is asked."""

    REAL = "REAL"
    """As the harvester answers today: generic lists with filters."""
    DOCUMENTED = "DOCUMENTED"
    """As its published documentation has it: lists of one source, errors of one job, records one by one."""


LISTS = {
    "/organization_list/": Dialect.REAL,
    "/organizations/": Dialect.DOCUMENTED,
    "/organization/": Dialect.DOCUMENTED,
}
"""Where organizations may be listed, in the order in which a strange portal is asked; who has the first is REAL."""
REAL_LIST = next(iter(LISTS))


class Wire:
    """What is known of one portal's wire by now; *noted* is what earlier passes found out.

    Only an answer that a list is there, or that it is not, tells anything: refusals and failures change nothing.
    """

    def __init__(self, asking: Asking, noted: Mapping[str, JSON]) -> None:
        self._asking = asking
        self._list = _remembered(noted)
        self._the_same = False
        """Whether this pass has found it to speak as documented, though it lacks what was asked for by one id."""

    @property
    def dialect(self) -> Dialect | None:
        """Return what the portal speaks, None where that is not known yet."""
        return None if self._list is None else LISTS[self._list]

    @property
    def noted(self) -> dict[str, JSON]:
        """Return what later passes need to know."""
        if self._list is None:
            return {}
        real = self._list == REAL_LIST
        return {WIRE: LISTS[self._list].value, **({} if real else {"organizations": self._list})}

    async def organizations(self) -> tuple[Query, Sheet | None]:
        """Return the list of organizations, None where it is empty, and how it was asked for.

        Where it is not known, or no more, the places are tried in their order. Raises Absent where there is none.
        """
        absent: list[Absent] = []
        for place in sorted(LISTS, key=lambda place: place != self._list):
            try:
                return await self._listed(place)
            except Absent as error:
                absent.append(error)
        raise absent[0]

    async def settle(self) -> None:
        """Find out what the portal speaks where that is not known yet."""
        if self._list is None:
            await self.organizations()

    async def upgraded(self) -> bool:
        """Whether the portal speaks the real dialect by now: asked where an answer contradicts the documented, once."""
        if self._the_same:
            return False
        try:
            await self._listed(REAL_LIST)
        except Absent:
            self._the_same = True
        return not self._the_same

    async def _listed(self, place: str) -> tuple[Query, Sheet | None]:
        query = Query(place) if place == REAL_LIST else Query(place, WHOLE)
        sheet = await everything(self._asking, query, EntityType.ORGANIZATION)
        self._list = place
        return query, sheet


def _remembered(noted: Mapping[str, JSON]) -> str | None:
    """Return where organizations are listed, None where *noted* does not tell."""
    if noted.get(WIRE) == Dialect.REAL:
        return REAL_LIST
    place = noted.get("organizations")
    documented = noted.get(WIRE) == Dialect.DOCUMENTED
    if not documented or not isinstance(place, str) or LISTS.get(place) is not Dialect.DOCUMENTED:
        return None
    return place
