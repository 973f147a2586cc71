"""Faults that are ordered for a sandbox portal's answers: which answers break, and how often any has."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import datetime

import msgspec
from aiohttp import web

from gateway.sandbox import faults_bytes, faults_paging, faults_rows
from gateway.sandbox.faults_instead import instead
from gateway.sandbox.faults_kinds import KINDS, Fault

SKEW = web.ResponseKey("faults.skew", float)
"""Key of an answer that says by how many days its Date is off."""

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Faults:
    """The orders that are not used up."""

    def __init__(self) -> None:
        self.orders: list[Fault] = []
        self.fired: Counter[str] = Counter()
        """How many answers have broken so far, by kind."""

    def add(self, body: bytes) -> None:
        """Add one order or a list of them; ValueError where the body is neither."""
        self.orders.extend(
            msgspec.json.decode(body, type=list[Fault] | Fault) if body[:1] == b"[" else [_one(body)]
        )

    def clear(self) -> None:
        """Drop every order."""
        self.orders.clear()

    async def answer(self, request: web.Request, handler: Handler, now: datetime) -> web.StreamResponse:
        """Return the portal's answer at its time *now*, broken by the first order that fits and can break it.

        An order for short pages leaves the answer to the others, who break it as it is then: so lists have pages that
        may shift.
        """
        short: list[Fault] = []
        for fault in [order for order in self.orders if _fits(order, request)]:
            if fault.after > 0:
                fault.after -= 1
                break
            if fault.kind == "small-pages":
                short += [fault] if faults_paging.concerns(fault.kind, request) else []
                request = faults_paging.misread(fault.kind, request)
                continue
            answer = await self._broken(fault, request, handler, now)
            if answer is not None:
                self._use(fault, *short)
                return answer
        return await self._unbroken(request, handler, short)

    async def _unbroken(
        self, request: web.Request, handler: Handler, short: list[Fault]
    ) -> web.StreamResponse:
        """Return the portal's own answer; where it has pages that are *short*, that broke it."""
        answer = await handler(request)
        if answer.status == 200:
            self._use(*short)
        return answer

    async def _broken(
        self, fault: Fault, request: web.Request, handler: Handler, now: datetime
    ) -> web.StreamResponse | None:
        """Return the broken answer, None where there is nothing to break."""
        if fault.kind == "drop":
            faults_bytes.drop(request)
            return web.Response(status=503)
        if answer := instead(fault, request, now):
            return answer
        if fault.kind == "delay":
            await asyncio.sleep(fault.seconds)
            return await handler(request)
        answered = await handler(faults_paging.misread(fault.kind, request))
        if not isinstance(answered, web.Response) or answered.status != 200:
            return None
        if fault.kind in faults_rows.KINDS:
            return await self._edited(fault, request, handler, answered)
        if fault.kind == "skew":
            answered[SKEW] = fault.days
        return await faults_bytes.sent(fault, request, answered)

    async def _edited(
        self, fault: Fault, request: web.Request, handler: Handler, answer: web.Response
    ) -> web.Response | None:
        further = await self._further(fault, request, handler)
        listed = faults_paging.list_of(request), faults_paging.page_of(request)
        body = faults_rows.edited(fault, faults_bytes.body_of(answer), listed, further)
        if body is None:
            return None
        answer.body = body
        return answer

    async def _further(self, fault: Fault, request: web.Request, handler: Handler) -> bytes | None:
        if fault.kind != "removed-row":
            return None
        answer = await handler(faults_paging.following(request))
        return faults_bytes.body_of(answer) if isinstance(answer, web.Response) else None

    def _use(self, *faults: Fault) -> None:
        """Note that these have broken an answer."""
        for fault in faults:
            self.fired[fault.kind] += 1
            if fault.times is not None:
                fault.times -= 1
        self.orders = [order for order in self.orders if order.times != 0]


def _one(body: bytes) -> Fault:
    return msgspec.json.decode(body, type=Fault)


def _fits(fault: Fault, request: web.Request) -> bool:
    if fault.times == 0 or not re.search(fault.path, request.path_qs):
        return False
    if fault.kind == "poison-500" and not faults_paging.holds(request, fault.position):
        return False
    return faults_paging.concerns(fault.kind, request)


__all__ = ["KINDS", "SKEW", "Fault", "Faults", "Handler"]
