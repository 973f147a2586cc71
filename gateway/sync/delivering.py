"""Sending events to webhooks: in their order, each under the one id that it ever has, until it has been taken.

A message is one event. So whatever is sent again (after a failure, a crash, or because somebody asked) has the id that
it had before, and a receiver that remembers ids sees nothing twice.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import structlog
from standardwebhooks import Webhook as Signing

from gateway.fetch.guarded import Refused, Undelivered
from gateway.store import webhooks
from gateway.store.away import passes
from gateway.store.staging import Connection
from gateway.store.webhooks import Webhook

log = structlog.get_logger()
OK, REDIRECTS = 200, 300
"""Between them are the statuses by which a receiver says that it has taken a message."""
GONE = 410
"""The status by which it says that it wants no more."""
PATIENCE = timedelta(days=5)
"""How long failures may go on before a webhook is disabled."""
PAUSES = tuple(timedelta(seconds=each) for each in (5, 30, 300, 1800, 7200, 18000, 36000))
"""How long is waited after the first failure in a row, the second, and so on; the last is for all that follow."""
TERM = timedelta(seconds=120)
"""How long one message may take before others may think that its sender is dead."""
PAUSE = timedelta(seconds=2)
"""How often is looked for new events."""


@dataclass(frozen=True, slots=True)
class Message:
    """What is sent: an event, or that some are missing."""

    id: str
    body: bytes
    cursor: str
    """Where its receiver is once it has been taken."""
    at: datetime | None = None
    """When the event happened; None where it tells of none."""


@dataclass(frozen=True, slots=True)
class Events:
    """What comes next."""

    messages: Sequence[Message]
    cursor: str
    """Where a receiver is that has taken them all."""
    more: bool


class Unwanted(Undelivered):
    """A receiver wants no more."""


class Unanswerable(Exception):
    """What a webhook asks for cannot be read."""


Read = Callable[[str, Mapping[str, Any]], Awaitable[Events]]
"""Reads what comes after a cursor, by a filter; Unanswerable."""
Post = Callable[[str, bytes, Mapping[str, str]], Awaitable[int]]
"""Sends a body with headers to an address, and returns the status of the answer; Refused, Undelivered."""
Connections = Callable[[], AbstractAsyncContextManager[Connection]]


class Deliverer:
    """Sends to one webhook after the other; any number of them may work beside each other."""

    def __init__(
        self,
        connections: Connections,
        read: Read,
        post: Post,
        now: Callable[[], datetime],
        *,
        pause: timedelta = PAUSE,
        pauses: Sequence[timedelta] = PAUSES,
        patience: timedelta = PATIENCE,
    ) -> None:
        self._connections = connections
        self._read = read
        self._post = post
        self._now = now
        self._pause = pause
        self._pauses = pauses
        self._patience = patience

    async def work(self, stop: asyncio.Event) -> None:
        """Send what there is until *stop* is set."""
        while not stop.is_set():
            try:
                busy = await self.deliver()
            except Exception as error:
                log.warning("webhooks_wait", error=type(error).__name__, exc_info=not passes(error))
                busy = False
            if not busy:
                with suppress(TimeoutError):
                    await asyncio.wait_for(stop.wait(), self._pause.total_seconds())

    async def deliver(self) -> bool:
        """Send the next events to the webhook that has waited for longest; False where none is due."""
        holder = uuid4().hex
        async with self._connections() as connection:
            webhook = await webhooks.take(connection, holder, TERM)
        if webhook is None:
            return False
        try:
            await self._send(webhook, holder)
        except (Refused, Undelivered, Unanswerable) as trouble:
            await self._note(webhook, holder, trouble)
        return True

    async def _send(self, webhook: Webhook, holder: str) -> None:
        """Send what comes next; Refused, Undelivered, Unanswerable where it was not taken."""
        events = await self._read(webhook.cursor, webhook.filter)
        for message in events.messages:
            headers = signed(webhook.secret, message.id, message.body, self._now())
            ensure_taken(await self._post(webhook.url, message.body, headers))
            async with self._connections() as connection:
                if not await webhooks.taken_in(connection, webhook, holder, message.cursor, TERM, message.at):
                    return  # somebody has rewound or removed it
        async with self._connections() as connection:
            pause = timedelta() if events.more else self._pause
            await webhooks.let_go(connection, webhook, holder, events.cursor, pause)

    async def _note(self, webhook: Webhook, holder: str, trouble: Exception) -> None:
        pause = self._pauses[min(webhook.failures, len(self._pauses) - 1)]
        patience = timedelta() if isinstance(trouble, Unwanted) else self._patience
        async with self._connections() as connection:
            await webhooks.failed(connection, webhook, holder, str(trouble), pause, patience)
        log.warning(
            "webhook_failed", webhook=webhook.name, failures=webhook.failures + 1, trouble=str(trouble)
        )


def ensure_taken(status: int) -> None:
    """Raise Undelivered where an answer with *status* does not say that a message was taken."""
    if status == GONE:
        raise Unwanted("It answered 410: it wants no more.")
    if not OK <= status < REDIRECTS:
        raise Undelivered(f"It answered {status}.")


def signed(secret: str, id_: str, body: bytes, now: datetime) -> dict[str, str]:
    """Return the headers of a message by the Standard Webhooks specification."""
    return {
        "Content-Type": "application/json",
        "webhook-id": id_,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Signing(secret).sign(msg_id=id_, timestamp=now, data=body.decode()),
    }
