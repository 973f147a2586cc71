"""What is said on one socket: the client begins, asks for operations, and wants no more of them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from typing import Any

from aiohttp.hdrs import AUTHORIZATION
from multidict import CIMultiDict, MultiMapping

from harvest_graphql.problems import Code, internal
from harvest_graphql.serving.callers import API_KEY, STRANGER, Admit, Admitted, admitted
from harvest_graphql.serving.rates import UNLIMITED, Caller
from harvest_graphql.serving.refusals import Unusable
from harvest_graphql.sockets import closing, messages
from harvest_graphql.sockets.bounds import Bounds
from harvest_graphql.sockets.closing import Closing
from harvest_graphql.sockets.messages import Complete, Init, Message, Ping, Subscribe
from harvest_graphql.sockets.operations import Operations, Service
from harvest_graphql.sockets.wire import Wire

_log = logging.getLogger(__name__)


class Conversation:
    """One client's socket, from its beginning to its end; *headers* are those that it came with."""

    def __init__(
        self,
        wire: Wire,
        service: Service,
        admit: Admit,
        bounds: Bounds,
        *,
        headers: MultiMapping[str],
        caller: Caller,
    ) -> None:
        self._wire = wire
        self._admit = admit
        self._bounds = bounds
        self._keys = _keys(headers)
        self.caller = caller
        """Who pays for what is asked: nobody once a key is known."""
        self._operations = Operations(service, self, bounds.operations)
        self._begun = False
        self._acknowledged = False
        self._fate: Closing | None = None
        self._patience: asyncio.Timeout | None = None

    async def run(self) -> None:
        """Talk until one side ends it."""
        try:
            ending = await self._talk()
        except Exception as error:  # noqa: BLE001 - whatever it is, its text is for the log alone
            internal(_log, "a socket", error)
            ending = closing.broken()
        finally:
            self._patience = None
            ids = self._operations.stop_all()
        if ending is not None and closing.is_refusal(ending):
            self.caller.refused()
        for id_ in ids if ending is not None and ending.code == closing.GOING_AWAY else ():
            await self._wire.send(messages.complete(id_))
        await self._wire.close(ending)
        await self._operations.ended()

    async def entered(self) -> Admitted:
        """Return who the client is now; Closing or Unusable where it may ask nothing."""
        known = await self._known()
        if (paying := self.caller.enter()) is not None:
            await paying
        return known or STRANGER

    async def send(self, message: bytes) -> None:
        """Send a message."""
        await self._wire.send(message)

    def end(self, ending: Closing) -> None:
        """End it for a reason of ours, wherever it is."""
        if self._patience is not None and self._fate is None:
            self._fate = ending
            self._patience.reschedule(asyncio.get_running_loop().time())

    async def _talk(self) -> Closing | None:
        """Take what the client says; return why we end it, None where the client does."""
        self._patience = patience = asyncio.timeout(self._bounds.init_seconds)
        try:
            async with patience:
                while (data := await self._wire.receive()) is not None:
                    await self._take(messages.read(data, id_characters=self._bounds.id_characters))
        except Closing as ending:
            return ending
        except TimeoutError:
            if not patience.expired():
                raise
            return self._fate or closing.late()
        return None

    async def _take(self, message: Message) -> None:
        match message:
            case Init(parameters):
                await self._begin(parameters)
            case Ping():
                await self._wire.send(messages.PONG)
            case Subscribe(id_, request):
                if not self._acknowledged:
                    raise closing.unauthorized()
                await self._operations.begin(id_, request)
            case Complete(id_):
                self._operations.stop(id_)
            case _:
                pass  # a pong: that anything came is enough

    async def _begin(self, parameters: Mapping[str, Any]) -> None:
        """Acknowledge the connection; Closing where the client has begun before, or its key opens nothing."""
        if self._begun:
            raise closing.repeated()
        self._begun = True
        if self._patience is not None and self._fate is None:
            self._patience.reschedule(None)
        self._keys.extend(_named(parameters))
        try:
            if await self._known() is not None:
                self.caller = UNLIMITED
        except Unusable as unavailable:
            raise closing.try_again() from unavailable
        self._acknowledged = True
        await self._wire.send(messages.ACK)

    async def _known(self) -> Admitted | None:
        """Return whose key the client has, None without one; Unusable (503) where nobody knows."""
        try:
            return await admitted(self._keys, self._admit)
        except Unusable as unusable:
            if unusable.problem.code is Code.UNAVAILABLE:
                raise
            if unusable.problem.code is Code.UNAUTHENTICATED:
                raise closing.forbidden() from unusable
            raise closing.invalid(unusable.problem.message) from unusable


def _keys(headers: MultiMapping[str]) -> CIMultiDict[str]:
    """Return those of *headers* that hold keys: browsers cannot set any, other clients can."""
    return CIMultiDict((name, value) for name, value in headers.items() if name.lower() in _NAMES)


def _named(parameters: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the keys in the parameters of a connection, by name; Closing (4403) for one that is no text."""
    found = []
    for name, value in parameters.items():
        if name.lower() in _NAMES and value is not None:
            if not isinstance(value, str):
                raise closing.forbidden()
            found.append((name, value))
    return found


_NAMES = {AUTHORIZATION.lower(), API_KEY.lower()}
