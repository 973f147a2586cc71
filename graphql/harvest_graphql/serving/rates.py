"""Rates: how much a caller without a key may ask for from one address, and what is said to who has had that."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from functools import lru_cache, partial
from math import ceil
from typing import Any, Protocol

from aiohttp import web
from aiohttp.hdrs import RETRY_AFTER
from aiohttp.typedefs import Handler

from harvest_graphql.engine import Spend
from harvest_graphql.problems import Code, Problem
from harvest_graphql.serving.addresses import Addresses, Sender
from harvest_graphql.serving.purses import MOST_PURSES, Purses, Spent
from harvest_graphql.serving.refusals import Unusable, refusal

ENTRY = 1
"""What every request costs."""
REFUSED = 100
"""What a request costs that is refused: to find that out takes time, whatever it asked for."""
FILE = 100
"""What a payload costs that is asked for as a file, with a key or without."""
PERSISTED_PART = 5
"""A public persisted document costs this part of what it would cost otherwise."""
POLICY = "RateLimit-Policy"
REMAINING = "RateLimit"


class Caller(Protocol):
    """Who sent a request, as far as limits go."""

    def enter(self) -> Awaitable[None] | None:
        """Pay for a request before it is looked at; Unusable (429) where nothing is left. None: it is paid already."""
        ...

    def pays(self, cost: int, *, persisted: bool) -> bool:
        """Pay for a request and its operation at once, where that takes no question to anybody; whether it did."""
        ...

    def spending(self, *, persisted: bool) -> Spend | None:
        """Return how an operation is paid for before it runs; None where it is free."""
        ...

    def refused(self) -> None:
        """Pay for a request that was refused."""
        ...

    def limited(self) -> Unusable:
        """Return what is answered (429) to an operation that could not be paid for."""
        ...

    def headers(self) -> Mapping[str, str]:
        """Return the headers that tell what may still be spent."""
        ...

    def lines(self) -> str:
        """Return the same as they are written."""
        ...


Callers = Callable[[Sender], Caller]
"""Tells who sent a request."""


class Unlimited:
    """A caller who may ask as much as he likes."""

    def enter(self) -> None:
        """Let it in."""

    def pays(self, cost: int, *, persisted: bool) -> bool:  # noqa: ARG002 - the protocol's
        """Take nothing."""
        return True

    def spending(self, *, persisted: bool) -> Spend | None:  # noqa: ARG002 - the protocol's
        """Return that nothing has to be paid."""
        return None

    def refused(self) -> None:
        """Take nothing."""

    def limited(self) -> Unusable:
        """Return nothing: it never comes to that."""
        raise AssertionError("who pays nothing lacks nothing")

    def headers(self) -> Mapping[str, str]:
        """Return nothing to be told."""
        return {}

    def lines(self) -> str:
        """Return nothing to be told."""
        return ""


UNLIMITED = Unlimited()


def unlimited(_: Sender) -> Caller:
    """Limit nobody."""
    return UNLIMITED


class Rates:
    """Tells callers apart by *addresses* and lets each spend from *purses*: *cost* in *seconds*."""

    def __init__(self, purses: Purses, addresses: Addresses, *, cost: int, seconds: int) -> None:
        self._purses = purses
        self._addresses = addresses
        self._policy = f'"cost";q={cost};w={seconds}'
        self._first = f"{POLICY}: {self._policy}\r\n{REMAINING}: "
        self._known = lru_cache(MOST_PURSES)(partial(_Address, self))
        self._words = (
            f"Without a key, one address may ask for a cost of {cost:,} in {seconds} s, and this one has"
        )

    def caller(self, request: Sender) -> Caller:
        """Return who sent *request*."""
        return self._known(self._addresses.of(request))

    def spend(self, address: str, amount: int) -> bool:
        """Spend *amount* for *address* where that takes no question to anybody; whether it did."""
        return self._purses.spend(address, amount)

    async def pay(self, address: str, amount: int) -> None:
        """Spend *amount* for *address*; Problem where it is not left."""
        try:
            await self._purses.pay(address, amount)
        except Spent as spent:
            raise self._problem(spent.seconds) from None

    def owe(self, address: str, amount: int) -> None:
        """Spend *amount* for *address*, whether it is left or not."""
        self._purses.owe(address, amount)

    def limited(self, address: str) -> Unusable:
        """Return what is answered to *address* until its window ends."""
        seconds = self._purses.remaining(address)[1]
        problem = self._problem(seconds)
        headers = {RETRY_AFTER: str(_whole(seconds)), **self.headers(address)}
        return Unusable(429, problem.message, code=problem.code, headers=headers)

    def headers(self, address: str) -> dict[str, str]:
        """Return what *address* may still spend, in the words of the IETF's draft on limits of rates."""
        return {POLICY: self._policy, REMAINING: self._remaining(address)}

    def lines(self, address: str) -> str:
        """Return ``headers`` as they are written."""
        return f"{self._first}{self._remaining(address)}\r\n"

    def _remaining(self, address: str) -> str:
        left, seconds = self._purses.remaining(address)
        return f'"cost";r={left};t={_whole(seconds)}'

    def _problem(self, seconds: float) -> Problem:
        words = f"{self._words}. Try again in {_whole(seconds)} s, ask for less at once, or send a key."
        return Problem(Code.RATE_LIMITED, words)


def paid(routes: Iterable[web.RouteDef], callers: Callers, cost: int) -> list[web.RouteDef]:
    """Return *routes* for whose requests *callers* pay *cost* each."""
    return [
        web.RouteDef(each.method, each.path, _paid(each.handler, callers, cost), each.kwargs)
        for each in routes
    ]


def _paid(handler: Any, callers: Callers, cost: int) -> Handler:
    async def handle(request: web.Request) -> web.StreamResponse:
        caller = callers(request)
        try:
            if (paying := caller.enter()) is not None:
                await paying
            spend = caller.spending(persisted=False)
            if spend is not None and (paying := spend(cost)) is not None:
                await paying
        except Unusable as limited:
            return refusal(limited)
        except Problem:
            return refusal(caller.limited())
        answer: web.StreamResponse = await handler(request)
        return answer

    return handle


class _Address:
    """A caller without a key, who is known by an address alone."""

    __slots__ = ("_address", "_rates")

    def __init__(self, rates: Rates, address: str) -> None:
        self._rates = rates
        self._address = address

    def enter(self) -> Awaitable[None] | None:
        return None if self._rates.spend(self._address, ENTRY) else self._enter()

    async def _enter(self) -> None:
        try:
            await self._rates.pay(self._address, ENTRY)
        except Problem:
            raise self.limited() from None

    def pays(self, cost: int, *, persisted: bool) -> bool:
        return self._rates.spend(self._address, max(ENTRY, _price(cost, persisted=persisted)))

    def spending(self, *, persisted: bool) -> Spend | None:
        return self._spend_part if persisted else self._spend

    def _spend_part(self, cost: int) -> Awaitable[None] | None:
        return self._spend(_price(cost, persisted=True))

    def _spend(self, cost: int) -> Awaitable[None] | None:
        more = cost - ENTRY
        if more <= 0 or self._rates.spend(self._address, more):
            return None
        return self._rates.pay(self._address, more)

    def refused(self) -> None:
        self._rates.owe(self._address, REFUSED - ENTRY)

    def limited(self) -> Unusable:
        return self._rates.limited(self._address)

    def headers(self) -> Mapping[str, str]:
        return self._rates.headers(self._address)

    def lines(self) -> str:
        return self._rates.lines(self._address)


def _price(cost: int, *, persisted: bool) -> int:
    return cost // PERSISTED_PART if persisted else cost


def _whole(seconds: float) -> int:
    return max(1, ceil(seconds))
