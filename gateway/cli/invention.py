"""Serves sandbox portals in this process, until a signal or the end of the process that started it."""

from __future__ import annotations

import asyncio
import socket
import sys
import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from aiohttp import web

from gateway.cli.place import note_addresses
from gateway.cli.stopping import stop_on_signals
from gateway.sandbox.control import application

if TYPE_CHECKING:
    from gateway.config import Settings
    from gateway.sandbox.portal import SandboxPortal


async def serve(
    settings: Settings,
    world: Path,
    portals: Mapping[str, SandboxPortal],
    sockets: Mapping[str, socket.socket],
    *,
    live: bool,
    attached: bool,
    dialects: Mapping[str, str],
) -> None:
    """Serve *portals* on their listening *sockets*; *world* is the folder of their clocks.

    *live*: their time passes. *attached*: end when standard input does. *dialects*: what those portals speak that
    are not to go on with what they spoke last.
    """
    runners: list[web.AppRunner] = []
    with stop_on_signals() as stop:
        try:
            for key, listener in sockets.items():
                runners.append(
                    await _runner(settings, portals[key], world, live=live, dialect=dialects.get(key, ""))
                )
                await web.SockSite(runners[-1], listener).start()
                print(f"SANDBOX {key}: http://{settings.host}:{listener.getsockname()[1]}", flush=True)
            if attached:
                _stop_at_end_of_input(stop)
            else:
                origins = {k: f"http://{settings.host}:{s.getsockname()[1]}" for k, s in sockets.items()}
                note_addresses(settings.data_dir, origins)
                print("All of it is invented. Ctrl-C ends it.", flush=True)
            await stop.wait()
        finally:
            for runner in runners:
                await runner.cleanup()


async def _runner(
    settings: Settings, portal: SandboxPortal, world: Path, *, live: bool, dialect: str
) -> web.AppRunner:
    served = application(
        portal,
        seed=settings.sandbox_seed,
        scale=settings.sandbox_scale,
        epoch=datetime.now(UTC).replace(microsecond=0),
        folder=world,
        live=live,
        dialect=dialect,
    )
    runner = web.AppRunner(served, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    return runner


def _stop_at_end_of_input(stop: asyncio.Event) -> None:
    """End with the process that started this one, even where that one was killed: its pipe closes then."""
    loop = asyncio.get_running_loop()

    def wait() -> None:
        sys.stdin.buffer.read()
        loop.call_soon_threadsafe(stop.set)

    threading.Thread(target=wait, daemon=True).start()
