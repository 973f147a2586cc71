"""Asks the portal, once, for the words that its jobs' statuses have: portals before udata 14 told them."""

from __future__ import annotations

from collections.abc import Sequence

from adapters.data_gouv_fr import wire
from adapters.data_gouv_fr.noted import Noted, words
from gateway.errors import PortalRefused, PortalUnavailable, PortalUnreadable
from gateway.fetch.client import Client
from gateway.fetch.decode import DecodeError, storable

DOWN = frozenset({502, 503, 504})
"""Statuses that are tried again: a 500 is how old portals said that they have no such list."""


async def ask_statuses(client: Client, noted: Noted) -> None:
    """Note the words where the portal may tell them and was not asked; a portal that is away is asked again."""
    if not noted.ways.embedded or noted.slash is None or noted.asked_statuses:
        return
    try:
        noted.saw_statuses(await _told(client, slash=noted.slash))
    except (PortalRefused, PortalUnreadable):
        noted.saw_statuses(None)
    except PortalUnavailable:
        return


async def _told(client: Client, *, slash: bool) -> Sequence[str] | None:
    """Return the words, None where the portal does not tell them."""
    answer = await client.get(wire.job_status_path(slash=slash), retry=DOWN)
    if answer.status != 200:
        return None
    try:
        return words(storable(answer.body))
    except DecodeError:
        return None
