"""The server of a sandbox portal: the portal's own paths, and ``/_sandbox/`` to move, ask and break it."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import msgspec
from aiohttp import web

from gateway.sandbox.clock import Clock, opened
from gateway.sandbox.faults import SKEW, Faults, Handler
from gateway.sandbox.portal import Passes, SandboxPortal, Step, World
from gateway.sandbox.told import Answers

PREFIX = "/_sandbox/"
REMEMBERED = 200_000
"""How many of the portal's requests are remembered."""
CHUNK = 500
"""Rows of truth written at once."""
KINDS = ("POLL", "RECONCILE")


@dataclass(slots=True)
class Control:
    """What stands beside a sandbox portal."""

    portal: SandboxPortal
    world: World
    clock: Clock
    faults: Faults = field(default_factory=Faults)
    answers: Answers = field(default_factory=Answers)
    requests: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=REMEMBERED))

    @property
    def dialect(self) -> str:
        """Return what the portal speaks."""
        kept = self.clock.kept.dialect
        return kept if kept in self.portal.dialects else self.portal.usual

    def speak(self, dialect: str) -> None:
        """Let the portal speak *dialect* from now on; HTTPBadRequest where it cannot."""
        self.clock.speak(self.known(dialect))

    def passes(self, request: web.Request) -> Passes:
        """Return the passes that a request names (``step:KIND[:dialect],...``), by default one RECONCILE now."""
        text = request.query.get("passes", "")
        if not text:
            return [Step(self.clock.now(), "RECONCILE", self.dialect)]
        return [self._pass(part) for part in text.split(",")]

    def _pass(self, part: str) -> Step:
        step, _, rest = part.partition(":")
        kind, _, dialect = rest.partition(":")
        try:
            at = self.clock.at(float(step))
        except (ValueError, OverflowError) as error:
            raise _refused(f"{step!r} is no number of days after the epoch.") from error
        if kind not in KINDS:
            raise _refused(f"A pass is <days>:POLL or <days>:RECONCILE, not {part!r}.")
        return Step(at, kind, self.known(dialect or self.dialect))

    def known(self, dialect: str) -> str:
        """Return *dialect*; HTTPBadRequest where the portal cannot speak it."""
        if dialect not in self.portal.dialects:
            raise _refused(f"There is no dialect {dialect!r}; there is {', '.join(self.portal.dialects)}.")
        return dialect

    def info(self) -> dict[str, Any]:
        """Return what this sandbox is: name, seed, scale, epoch, days, now."""
        kept = self.clock.kept
        return {
            "name": self.portal.name,
            "title": self.portal.title,
            "api_path": self.portal.dialects[self.dialect],
            "dialect": self.dialect,
            "dialects": dict(self.portal.dialects),
            "seed": kept.seed,
            "scale": kept.scale,
            **self.time(),
        }

    def time(self) -> dict[str, Any]:
        """Return the epoch, the days since and the portal's time."""
        kept = self.clock.kept
        return {"epoch": kept.epoch, "days": kept.days, "now": self.clock.now()}


CONTROL: web.AppKey[Control] = web.AppKey("control", Control)

Action = Callable[[Control, web.Request], Awaitable[web.StreamResponse]]


def _refused(message: str) -> web.HTTPBadRequest:
    return web.HTTPBadRequest(text=message)


def _json(value: Any) -> web.Response:
    return web.Response(body=msgspec.json.encode(value), content_type="application/json")


async def _get_clock(control: Control, request: web.Request) -> web.StreamResponse:
    del request
    return _json(control.time())


async def _get_info(control: Control, request: web.Request) -> web.StreamResponse:
    del request
    return _json(control.info())


async def _advance(control: Control, request: web.Request) -> web.StreamResponse:
    try:
        days = msgspec.json.decode(await request.read() or b"{}", type=dict[str, float]).get("days", 1)
        control.clock.advance(days)
    except (ValueError, OverflowError) as error:
        raise _refused('Send {"days": n}, n not negative.') from error
    return _json(control.time())


async def _speak(control: Control, request: web.Request) -> web.StreamResponse:
    try:
        asked = msgspec.json.decode(await request.read(), type=dict[str, str])["dialect"]
    except (ValueError, KeyError) as error:
        raise _refused('Send {"dialect": "..."}.') from error
    control.speak(asked)
    return _json(control.info())


async def _lines(request: web.Request, rows: Iterator[dict[str, Any]]) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "application/x-ndjson"})
    await response.prepare(request)
    encoder = msgspec.json.Encoder()
    while chunk := [encoder.encode(row) + b"\n" for _, row in zip(range(CHUNK), rows, strict=False)]:
        await response.write(b"".join(chunk))
        await asyncio.sleep(0)
    await response.write_eof()
    return response


async def _truth(control: Control, request: web.Request) -> web.StreamResponse:
    return await _lines(request, iter(control.world.truth(control.passes(request))))


async def _labels(control: Control, request: web.Request) -> web.StreamResponse:
    return await _lines(request, iter(control.world.labels(control.clock.now())))


async def _minimum(control: Control, request: web.Request) -> web.StreamResponse:
    return _json(control.world.minimum(control.passes(request)))


async def _get_requests(control: Control, request: web.Request) -> web.StreamResponse:
    del request
    return _json(list(control.requests))


async def _fired(control: Control, request: web.Request) -> web.StreamResponse:
    del request
    return _json(control.faults.fired)


async def _clear_requests(control: Control, request: web.Request) -> web.StreamResponse:
    del request
    control.requests.clear()
    return web.Response(status=204)


def _told(name: str, what: Callable[[Control], Faults | Answers]) -> dict[tuple[str, str], Action]:
    """Return what ``/_sandbox/<name>`` does with *what* a sandbox was told: shows it, adds to it, forgets it."""

    async def show(control: Control, request: web.Request) -> web.StreamResponse:
        del request
        return _json(what(control).orders)

    async def add(control: Control, request: web.Request) -> web.StreamResponse:
        try:
            what(control).add(await request.read())
        except ValueError as error:
            raise _refused(str(error)) from error
        return _json(what(control).orders)

    async def clear(control: Control, request: web.Request) -> web.StreamResponse:
        del request
        what(control).clear()
        return web.Response(status=204)

    return {("GET", name): show, ("POST", name): add, ("DELETE", name): clear}


ACTIONS: dict[tuple[str, str], Action] = {
    ("GET", "clock"): _get_clock,
    ("GET", "info"): _get_info,
    ("POST", "advance"): _advance,
    ("POST", "dialect"): _speak,
    ("GET", "truth"): _truth,
    ("GET", "labels"): _labels,
    ("GET", "minimum"): _minimum,
    ("GET", "requests"): _get_requests,
    ("DELETE", "requests"): _clear_requests,
    **_told("faults", lambda control: control.faults),
    ("GET", "fired"): _fired,
    **_told("answers", lambda control: control.answers),
}
"""What ``/_sandbox/<name>`` does, by method and name."""


@web.middleware
async def _doorman(request: web.Request, handler: Handler) -> web.StreamResponse:
    control = request.app[CONTROL]
    if not request.path.startswith(PREFIX):
        return await _portal(control, request, handler)
    name = request.path.removeprefix(PREFIX).rstrip("/")
    action = ACTIONS.get((request.method, name))
    if action is None:
        known = ", ".join(f"{method} {PREFIX}{path}" for method, path in ACTIONS)
        return web.Response(status=404, text=f"There is {known}.")
    try:
        return await action(control, request)
    except web.HTTPBadRequest as error:
        return web.Response(status=400, text=error.text)


async def _portal(control: Control, request: web.Request, handler: Handler) -> web.StreamResponse:
    entry = {"method": request.method, "path": request.path_qs, "status": 0}
    control.requests.append(entry)

    async def answered(asked: web.Request) -> web.StreamResponse:
        return control.answers.to(asked) or await handler(asked)

    try:
        response = await control.faults.answer(request, answered, control.clock.now())
    except web.HTTPException as error:
        entry["status"] = error.status
        raise
    entry["status"] = response.status
    return response


async def _dated(request: web.Request, response: web.StreamResponse) -> None:
    now = request.app[CONTROL].clock.now().astimezone(UTC) + timedelta(days=response.get(SKEW, 0.0))
    response.headers["Date"] = format_datetime(now, usegmt=True)


def application(
    portal: SandboxPortal,
    *,
    seed: int,
    scale: int,
    epoch: datetime,
    folder: Path | None = None,
    live: bool = False,
    dialect: str = "",
) -> web.Application:
    """Return the server of *portal*: its own paths and ``/_sandbox/``.

    Clock, seed, scale and dialect are kept in *folder*; *live* lets the clock run with the real time. *dialect* is
    what the portal speaks at first; "": what is kept, else the usual one.
    """
    clock = opened(portal.name, seed=seed, scale=scale, epoch=epoch, folder=folder, live=live)
    world = portal.build(seed, scale, clock.kept.epoch)
    control = Control(portal, world, clock)
    if dialect:
        control.speak(dialect)
    routes = portal.routes(world, clock.now, lambda: control.dialect)
    app = routes if isinstance(routes, web.Application) else web.Application()
    if not isinstance(routes, web.Application):
        app.add_routes(routes)
    app.middlewares.insert(0, _doorman)
    app.on_response_prepare.append(_dated)
    app[CONTROL] = control
    return app


@dataclass(slots=True)
class Running:
    """A sandbox portal that is being served."""

    origin: str
    control: Control
    runner: web.AppRunner

    @property
    def base_url(self) -> str:
        """Return the address below which an adapter asks."""
        return self.origin + self.control.portal.dialects[self.control.dialect]

    @property
    def control_url(self) -> str:
        """Return the address of the control's paths."""
        return self.origin + PREFIX.rstrip("/")

    @property
    def world(self) -> World:
        """Return the world that is served."""
        return self.control.world

    @property
    def faults(self) -> Faults:
        """Return the faults that are ordered."""
        return self.control.faults

    @property
    def requests(self) -> deque[dict[str, Any]]:
        """Return the portal's requests so far: ``{method, path, status}`` each."""
        return self.control.requests

    def clock(self) -> datetime:
        """Return the portal's time."""
        return self.control.clock.now()

    def advance(self, days: float) -> datetime:
        """Move the world on by *days* and return the portal's time."""
        return self.control.clock.advance(days)

    def speak(self, dialect: str) -> None:
        """Let the portal speak another of its dialects from now on, as after an upgrade."""
        self.control.speak(dialect)

    async def stop(self) -> None:
        """Stop serving."""
        await self.runner.cleanup()


async def start(
    portal: SandboxPortal,
    *,
    seed: int,
    scale: int,
    epoch: datetime,
    host: str = "127.0.0.1",
    port: int = 0,
    folder: Path | None = None,
    live: bool = False,
    dialect: str = "",
) -> Running:
    """Serve *portal* on *host* and *port* (0: one that the system picks) until ``stop`` is called."""
    app = application(portal, seed=seed, scale=scale, epoch=epoch, folder=folder, live=live, dialect=dialect)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, host, port)
    try:
        await site.start()
    except OSError:
        await runner.cleanup()
        raise
    address = runner.addresses[0]
    return Running(f"http://{host}:{address[1]}", app[CONTROL], runner)


@asynccontextmanager
async def running(
    portal: SandboxPortal, *, seed: int, scale: int, epoch: datetime, dialect: str = ""
) -> AsyncIterator[Running]:
    """Serve *portal* on a free loopback port for the length of a ``with`` block."""
    server = await start(portal, seed=seed, scale=scale, epoch=epoch, dialect=dialect)
    try:
        yield server
    finally:
        await server.stop()
