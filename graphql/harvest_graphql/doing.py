"""What mutations do, and who does it: the seam between the schema and the gateway.

The schema says which mutations there are, what each needs and what its payload tells; an ``Act``, given by whoever
opens the gateway, does it and returns once it is committed. The payload is read then, by the planner, as any answer is.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, NamedTuple

from gateway.errors import (
    DatabaseError,
    LeaseHeld,
    PortalError,
    PortalRefused,
    PortalUnreadable,
    UsageError,
)
from harvest_graphql.problems import Code, Problem, internal

_log = logging.getLogger(__name__)
VERSION = "min_version"
"""The column of a payload's row that holds the data version."""


class Done(NamedTuple):
    """What was done."""

    told: Mapping[str, Any]
    """The columns of the payload's row (JSON values), from which the payload's fields are read."""
    version: int
    """The data version after it: whoever has seen this number, or a later one, has seen what was done."""


Act = Callable[[Mapping[str, Any], str | None], Awaitable[Done]]
"""Does one mutation with its arguments, for whose key has that name; raises GatewayError where it cannot be done."""
Acts = Mapping[str, Act]
"""What does each mutation, by its name in the schema."""


async def do(acts: Acts, name: str, given: Mapping[str, Any], by: str | None) -> str:
    """Do the mutation *name* for the key *by*; return its payload's row as JSON. Problem where it cannot be done."""
    if name not in acts:
        raise Problem(Code.OPERATION_NOT_ALLOWED, f"This endpoint answers questions alone: no `{name}`.")
    try:
        done = await acts[name](given, by)
    except UsageError as error:
        raise Problem(Code.BAD_USER_INPUT, error.message) from error
    except LeaseHeld as error:
        raise Problem(Code.PORTAL_BUSY, str(error)) from error
    except PortalError as error:
        raise Problem(_of_portal(error), error.message) from error
    except DatabaseError as error:
        _log.warning("the mutation %s could not be done: %s", name, error)
        raise Problem(Code.UNAVAILABLE, "The gateway's database cannot do this now. Try again.") from error
    except (Problem, asyncio.CancelledError):
        raise
    except Exception as error:  # noqa: BLE001 - whatever it is, its text is for the log alone
        raise internal(_log, f"the mutation {name}", error) from None
    return json.dumps({**done.told, VERSION: done.version})


def _of_portal(error: PortalError) -> Code:
    if isinstance(error, PortalRefused):
        return Code.PORTAL_REFUSED
    return Code.PORTAL_UNREADABLE if isinstance(error, PortalUnreadable) else Code.PORTAL_UNAVAILABLE
