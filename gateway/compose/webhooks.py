"""Webhooks at work: their events come from the endpoint's own engine, and go out past the guard."""

from __future__ import annotations

import asyncio
import secrets
from base64 import b64encode
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from ipaddress import ip_network
from typing import Any
from uuid import uuid4

import msgspec

from gateway import resources
from gateway.compose.parts import Parts
from gateway.errors import UsageError
from gateway.fetch.guarded import Guarded, Network, Refused, Undelivered, guarded
from gateway.store import webhooks
from gateway.store.webhooks import Webhook
from gateway.sync.delivering import Deliverer, Events, Message, Unanswerable, ensure_taken, signed

OPERATION = "what-changed"
"""The operation that reads what is sent: its variables are the filter, its nodes the messages."""
PAGE = 20
GRACE_SECONDS = 3.0
_SECRET_BYTES = 32
Ask = Callable[[Mapping[str, Any]], Awaitable[Mapping[str, Any]]]


def real_time() -> datetime:
    """Return the time (aware, UTC)."""
    return datetime.now(UTC)


@asynccontextmanager
async def delivering(parts: Parts, stop: asyncio.Event) -> AsyncIterator[None]:
    """Send events to the webhooks for the length of a block, which ends once *stop* is set.

    What is under way then has a moment left; what was not taken by then is sent again, under the same id.
    """
    async with guarded(allowed=_allowed(parts)) as guard:
        deliverer = Deliverer(parts.pool.acquire, partial(read, partial(_ask, parts)), guard.post, real_time)
        task = asyncio.create_task(deliverer.work(stop), name="webhooks")
        try:
            yield
        finally:
            stop.set()
            await asyncio.wait({task}, timeout=GRACE_SECONDS)
            task.cancel()
            await asyncio.wait({task})


class Webhooks:
    """What operators do with webhooks."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def add(self, name: str, url: str, filter_: Mapping[str, Any], after: str | None) -> Webhook:
        """Make a webhook that is sent what comes after a cursor, or from now on; UsageError where it cannot be."""
        async with guarded(allowed=_allowed(self._parts)) as guard:
            await _ensure_outside(guard, url)
        begin = await self._newest(filter_, after)
        secret = f"whsec_{b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()}"
        async with self._parts.pool.acquire() as connection:
            made = await webhooks.add(
                connection, name=name, url=url, secret=secret, filter_=filter_, cursor=begin
            )
        if made is None:
            raise UsageError(
                f"There is a webhook {name!r} already.", hint="Choose another name, or remove it."
            )
        return made

    async def listed(self) -> list[Webhook]:
        """Return all webhooks, by name."""
        async with self._parts.pool.acquire() as connection:
            return await webhooks.every(connection)

    async def remove(self, name: str) -> None:
        """Forget a webhook; UsageError where there is none such."""
        async with self._parts.pool.acquire() as connection:
            if not await webhooks.remove(connection, name):
                raise _unknown(name)

    async def redeliver(self, name: str, after: str | None) -> Webhook:
        """Send again what comes after a cursor, or go on where it stopped; UsageError for none such."""
        if after is not None:
            await self._newest({}, after)
        async with self._parts.pool.acquire() as connection:
            found = await webhooks.rewind(connection, name, after)
        if found is None:
            raise _unknown(name)
        return found

    async def test(self, name: str) -> str | None:
        """Send a webhook a message that says no more than that; return what is wrong where it was not taken."""
        async with self._parts.pool.acquire() as connection:
            found = await webhooks.named(connection, name)
        if found is None:
            raise _unknown(name)
        now = real_time()
        body = _body("harvest.test", now.isoformat(), {"webhook": name})
        async with guarded(allowed=_allowed(self._parts)) as guard:
            try:
                headers = signed(found.secret, f"test.{uuid4().hex}", body, now)
                ensure_taken(await guard.post(found.url, body, headers))
            except (Refused, Undelivered) as trouble:
                return str(trouble)
        return None

    async def _newest(self, filter_: Mapping[str, Any], after: str | None) -> str:
        """Return *after*, or where the newest event is; UsageError where cursor or filter cannot be used."""
        try:
            found = await _ask(self._parts, {**filter_, "since": after, "first": 0})
        except Unanswerable as error:
            raise UsageError(str(error)) from None
        return str(found["newest"]) if after is None else after


async def read(ask: Ask, cursor: str, filter_: Mapping[str, Any]) -> Events:
    """Return what a webhook is sent next; Unanswerable where its filter cannot be used any more."""
    found = await ask({**filter_, "since": cursor, "first": PAGE})
    messages = [
        Message(
            node["id"],
            _body(f"harvest.{node['kind'].lower()}", node["at"], node),
            node["cursor"],
            datetime.fromisoformat(node["at"]),
        )
        for node in found["nodes"]
    ]
    if (gap := found["gap"]) is not None:
        body = _body("harvest.gap", real_time().isoformat(), gap)
        messages.insert(0, Message(f"gap.{gap['until']}", body, gap["until"]))
    return Events(messages, found["endCursor"], found["hasMore"])


async def _ask(parts: Parts, variables: Mapping[str, Any]) -> Mapping[str, Any]:
    text = resources.operations()[OPERATION]
    answer = msgspec.json.decode(await parts.engine.execute(text, variables))
    if "errors" in answer:
        raise Unanswerable(answer["errors"][0]["message"])
    found: Mapping[str, Any] = answer["data"]["changes"]
    return found


async def _ensure_outside(guard: Guarded, url: str) -> None:
    try:
        await guard.ensure_outside(url)
    except (Refused, Undelivered) as error:
        raise UsageError(str(error)) from None


def _allowed(parts: Parts) -> tuple[Network, ...]:
    return tuple(ip_network(each, strict=False) for each in parts.settings.webhook_networks)


def _body(type_: str, at: str, data: Mapping[str, Any]) -> bytes:
    return msgspec.json.encode({"type": type_, "timestamp": at, "data": data})


def _unknown(name: str) -> UsageError:
    return UsageError(f"There is no webhook {name!r}.", hint="`gateway webhooks list` shows them.")
