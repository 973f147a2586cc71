"""The sandbox portal that stands in for data.gouv.fr: its paths, its keys, and how a request finds its answer.

Keys: ``udata_sandbox_admin`` administers the site, ``udata_sandbox_user`` the first organization,
``udata_sandbox_guest`` nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple, Self

from aiohttp import web

from adapters.data_gouv_fr.sandbox_call import (
    CHALLENGE,
    NOT_FOUND,
    Answer,
    Call,
    Moved,
    Refusal,
    Rule,
    finished,
    masked,
    moved,
    options,
    refused,
)
from adapters.data_gouv_fr.sandbox_rules import API, GENERATIONS, Generation
from adapters.data_gouv_fr.sandbox_wire import Caller, Pen
from gateway.sandbox import dice
from gateway.sandbox.instants import millis
from gateway.sandbox.inventory import Inventory
from gateway.sandbox.inventory_desk import Desk
from gateway.sandbox.inventory_world import InventoryWorld
from gateway.sandbox.portal import Dialect, Now, SandboxPortal

ADMIN_KEY = "udata_sandbox_admin"
USER_KEY = "udata_sandbox_user"
GUEST_KEY = "udata_sandbox_guest"


class Spoken(NamedTuple):
    """A generation of the portal, ready to answer."""

    pen: type[Pen]
    rules: Sequence[tuple[Rule, re.Pattern[str]]]
    texts: tuple[str, ...]

    @classmethod
    def of(cls, generation: Generation) -> Self:
        """Return *generation*, ready."""
        rules = generation.rules
        return cls(
            generation.pen, [(rule, rule.pattern) for rule in rules], tuple(rule.text for rule in rules)
        )


class Surface:
    """The portal's HTTP surface over a world, at its clock, in its dialect."""

    def __init__(self, world: Inventory, now: Now, dialect: Dialect) -> None:
        self.desk = Desk(world)
        self.now = now
        self.dialect = dialect
        self.spoken = {name: Spoken.of(generation) for name, generation in GENERATIONS.items()}
        first = world.people.organizations[0].id
        admin, user, guest = world.people.persons[:3]
        self.keys = {
            ADMIN_KEY: Caller(admin, admin=True),
            USER_KEY: Caller(user, member_of=(first,)),
            GUEST_KEY: Caller(guest),
        }

    async def answer(self, request: web.Request) -> web.Response:
        """Return the answer to any request, with the headers that every answer has."""
        body = await request.read()
        mask = request.headers.get("X-Fields")
        try:
            answer = self._answered(request, body, mask)
        except Refusal as refusal:
            answer = refused(refusal, masked=bool(mask), for_people=_is_for_people(request))
        except Moved as where:
            answer = moved(where.location)
        answer.headers |= self._signature(request, answer.status)
        return web.Response(status=answer.status, body=answer.body, headers=answer.headers)

    def _answered(self, request: web.Request, body: bytes, mask: str | None) -> Answer:
        caller = self._caller(request)
        spoken = self.spoken[self.dialect()]
        rule, parts = _rule(spoken, request)
        if request.method == "OPTIONS":
            return options(rule)
        handler = rule.methods.get("GET" if request.method == "HEAD" else request.method)
        if handler is None:
            message = "The method is not allowed for the requested URL."
            raise Refusal(405, message, headers={"Allow": rule.allow})
        call = Call(
            method=request.method,
            path=request.path,
            query=list(request.query.items()),
            body=body,
            media_type=request.content_type if "Content-Type" in request.headers else "",
            origin=_origin(request),
            desk=self.desk,
            at=millis(self.now()),
            caller=caller,
            mask=masked(mask),
            rules=spoken.texts,
            writer=spoken.pen,
            parts=parts,
        )
        return finished(call, handler(call))

    def _caller(self, request: web.Request) -> Caller:
        key = request.headers.get("X-API-KEY")
        if key is None:
            return Caller()
        if key not in self.keys:
            raise Refusal(401, "Invalid API token", headers=CHALLENGE)
        return self.keys[key]

    def _signature(self, request: web.Request, status: int) -> dict[str, str]:
        vary = (
            "Access-Control-Request-Method, Origin, Cookie"
            if request.method == "OPTIONS"
            else "Origin, Cookie"
        )
        headers = {"Server": "gunicorn", "Vary": vary}
        if "Origin" in request.headers:
            headers["Access-Control-Allow-Origin"] = "*"
        key = request.headers.get("X-API-KEY")
        if key in self.keys and status != 405:  # a wrong method is refused before the key is looked at
            session = dice.hexadecimal(40, key, self.now())
            headers["Set-Cookie"] = f"session=.{session}; Secure; HttpOnly; Path=/; SameSite=Lax"
        return headers


def _rule(spoken: Spoken, request: web.Request) -> tuple[Rule, Mapping[str, str]]:
    for rule, pattern in spoken.rules:
        if match := pattern.fullmatch(request.path):
            return rule, match.groupdict()
    if any(pattern.fullmatch(f"{request.path}/") for _, pattern in spoken.rules):
        query = f"?{request.query_string}" if request.query_string else ""
        raise Moved(f"{_origin(request)}{request.path}/{query}")
    refusal = Refusal(404, NOT_FOUND)
    refusal.body = {"error": NOT_FOUND, "status": 404}
    raise refusal


def _origin(request: web.Request) -> str:
    return f"{request.headers.get('X-Forwarded-Proto', 'http')}://{request.host}"


def _is_for_people(request: web.Request) -> bool:
    accepted = request.headers.get("Accept", "*/*")
    page, data = accepted.find("text/html"), accepted.find("application/json")
    return page >= 0 and (data < 0 or page < data)


def surface(world: Inventory, now: Now, dialect: Dialect) -> web.Application:
    """Return the portal's application over *world*, which shows its state at *now*."""
    app = web.Application(client_max_size=16 * 1024 * 1024)
    app.router.add_route("*", "/{path:.*}", Surface(world, now, dialect).answer)
    return app


SANDBOX = SandboxPortal(
    name="data-gouv-fr",
    title="data.gouv.fr (sandbox)",
    dialects=dict.fromkeys(GENERATIONS, API),
    build=InventoryWorld,
    routes=surface,
)

__all__ = ["ADMIN_KEY", "GUEST_KEY", "SANDBOX", "USER_KEY", "surface"]
