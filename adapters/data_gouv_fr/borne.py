"""Reading one source's runs or one run's items such that a refusal of them costs no neighbour."""

from __future__ import annotations

from contextlib import aclosing

from adapters.data_gouv_fr.paging import Read, Untaken
from gateway.errors import PortalRefused
from gateway.fetch.bearing import UNTAKEN, Bearing
from gateway.ports import ADDRESSLESS, End, Scope, addressable


async def borne(scope: Scope, reading: Read, bearing: Bearing) -> Read:
    """Yield what *reading* brings of *scope*; where the portal refuses it, an End that proves nothing.

    Raises what the portal means where it refuses too many of them in a row.
    """
    if not addressable(scope.key):
        yield End(proved=False, reason=ADDRESSLESS)
        return
    try:
        async with aclosing(reading):
            async for one in reading:
                if isinstance(one, End):
                    bearing.shown()
                yield one
    except PortalRefused as error:
        bearing.refuse(error)
        yield End(proved=False, reason=error.message)
    except Untaken as error:
        bearing.bear(error, most=UNTAKEN)
        yield End(proved=False, reason=error.message)
