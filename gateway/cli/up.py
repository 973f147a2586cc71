"""``gateway up``: everything at once - Postgres, portals, a first sync, the endpoint, and syncing on."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, Protocol

import typer

from gateway.cli.choosing import Choice, choose
from gateway.cli.endpoint import forgotten, graphql, note
from gateway.cli.options import RUN, WAIT_SECONDS, DataDir, Dialects, Host, Sandbox, Scale, Seed, examples
from gateway.cli.place import ensure_database, invented, spoken
from gateway.cli.sandboxes import serving
from gateway.cli.stopping import GRACE_SECONDS, stop_on_signals

if TYPE_CHECKING:
    from gateway.config import Settings
    from gateway.sync.progress import Progress, RunSummary


def register(app: typer.Typer) -> None:
    """Add the command of this module to *app*."""
    app.command(
        "up",
        rich_help_panel=RUN,
        epilog=examples(
            "gateway up",
            "gateway up --sandbox --port 18080 --data /tmp/try",
            "GATEWAY_PORTALS__DATA_GOV__API_KEY=... gateway up",
            "gateway up --sandbox --dialect v16 --once",
        ),
    )(up)


def up(
    *,
    sandbox: Sandbox = None,
    host: Host = None,
    port: Annotated[
        int | None,
        typer.Option(
            "--port",
            min=0,
            max=65_535,
            help="Port to serve on and no other; 0 takes any.",
            show_default="8080 or the next free one",
        ),
    ] = None,
    data: DataDir = None,
    seed: Seed = None,
    scale: Scale = None,
    dialects: Dialects = None,
    once: Annotated[bool, typer.Option("--once", help="End after the first sync.")] = False,
) -> None:
    """Start everything: Postgres, a sync of both portals, the GraphQL endpoint; sync on until Ctrl-C.

    Live portals are read where they answer, with a first slice of requests each; where none does, sandbox
    portals with invented data take their place.
    """
    from gateway.cli.calling import await_result, folder, load, log
    from gateway.cli.listening import free_port
    from gateway.cli.running import exit_code

    settings = load(
        data_dir=folder(data),
        sandbox=sandbox,
        host=host,
        port=port,
        sandbox_seed=seed,
        sandbox_scale=scale,
    )
    log(settings)
    free = free_port(settings.host, settings.port, given="port" in settings.model_fields_set)
    from gateway.compose import opened  # only now: a port in use is said at once

    speaks = spoken(invented(), dialects) if dialects else {}
    raised = Raised(
        settings,
        free,
        once=once,
        open_gateway=lambda chosen: opened(chosen, migrate=True),
        serve_portals=partial(serving, dialects=speaks),
    )
    summaries = await_result(raised.run())
    if once:
        raise typer.Exit(exit_code(summaries))


class Upward(Protocol):
    """What ``gateway up`` needs of an open gateway; ``compose.Gateway`` has it."""

    @property
    def where(self) -> str:
        """Which Postgres it is, for people."""
        ...

    async def sync(
        self,
        keys: Sequence[str] | None,
        *,
        full: bool,
        progress: Progress,
        patience: float = 0.0,
        leave: bool = False,
    ) -> Sequence[RunSummary]:
        """Bring the database up to date, but for portals that are left to other processes."""
        ...

    async def work(self, stop: asyncio.Event, progress: Progress) -> None:
        """Keep it up to date."""
        ...

    async def tend(self, stop: asyncio.Event) -> None:
        """Send events to the webhooks, and prune."""
        ...

    async def serve(self, *, host: str, port: int, stop: asyncio.Event, ready: Callable[[str], None]) -> None:
        """Serve the endpoint."""
        ...

    async def status(self) -> dict[str, Any]:
        """Return what the database holds."""
        ...


def _say(line: str) -> None:
    print(line, flush=True)


@dataclass(frozen=True, slots=True)
class Raised:
    """One ``gateway up``, from the choice of portals to the end of the last child process."""

    settings: Settings
    port: int
    once: bool
    open_gateway: Callable[[Settings], AbstractAsyncContextManager[Upward]]
    choose: Callable[[Settings], Awaitable[Choice]] = choose
    serve_portals: Callable[[Settings], AbstractAsyncContextManager[Settings]] = serving
    say: Callable[[str], None] = _say

    async def run(self) -> Sequence[RunSummary]:
        """Start everything and run it until a signal asks to stop; return how the first sync ended."""
        with stop_on_signals() as stop:
            running = asyncio.ensure_future(self._run())
            asked = asyncio.ensure_future(stop.wait())
            try:
                await asyncio.wait({running, asked}, return_when=asyncio.FIRST_COMPLETED)
                if not running.done():
                    self.say("Stopping ...")
            finally:
                asked.cancel()
                running.cancel()
                await asyncio.wait({running})
            return [] if running.cancelled() else running.result()

    async def _run(self) -> Sequence[RunSummary]:
        choice = await self.choose(self.settings)
        settings = choice.settings
        self._say_choice(choice)
        async with AsyncExitStack() as stack:
            if settings.sandbox:
                settings = await stack.enter_async_context(self.serve_portals(settings))
                await ensure_database(self.settings.database_url, settings.database_url)
            gateway = await stack.enter_async_context(self.open_gateway(settings))
            stack.enter_context(forgotten(settings.data_dir))
            self.say(f"Database  {gateway.where}")
            return await self._serve_and_sync(gateway, choice)

    async def _serve_and_sync(self, gateway: Upward, choice: Choice) -> Sequence[RunSummary]:
        """Serve from the first moment and sync meanwhile: readers see what is committed."""
        ready, end = asyncio.Event(), asyncio.Event()

        def serving(url: str) -> None:
            self._say_serving(url, choice)
            ready.set()

        serve = asyncio.ensure_future(
            gateway.serve(host=self.settings.host, port=self.port, stop=end, ready=serving)
        )
        sync = asyncio.ensure_future(self._sync(gateway, end, ready))
        tend = asyncio.ensure_future(gateway.tend(end))
        try:
            await asyncio.wait({serve, sync}, return_when=asyncio.FIRST_COMPLETED)
            if serve.done():
                await serve
                return []
            return await sync
        finally:
            end.set()
            sync.cancel()
            await asyncio.wait({serve, tend}, timeout=GRACE_SECONDS)
            serve.cancel()
            tend.cancel()
            await asyncio.gather(serve, sync, tend, return_exceptions=True)

    async def _sync(self, gateway: Upward, end: asyncio.Event, ready: asyncio.Event) -> Sequence[RunSummary]:
        from gateway.cli.progress import print_summary, watching
        from gateway.cli.status import print_counts

        await ready.wait()
        with watching() as progress:
            patience = WAIT_SECONDS if self.once else 0.0
            summaries = await gateway.sync(
                None, full=False, progress=progress, patience=patience, leave=not self.once
            )
        print_summary(summaries)
        print_counts(await gateway.status())
        sys.stdout.flush()
        if not self.once:
            self.say(f"Syncing on every {self.settings.poll_seconds:,.0f} s. Ctrl-C ends everything.")
            with watching() as progress:
                await gateway.work(end, progress)
        return summaries

    def _say_choice(self, choice: Choice) -> None:
        for number, line in enumerate(choice.words):
            self.say(f"{'Portals' if number == 0 else '':<9} {line}")

    def _say_serving(self, url: str, choice: Choice) -> None:
        endpoint = graphql(url)
        note(choice.settings.data_dir, endpoint)
        sandbox = "  SANDBOX: all of it is invented" if choice.settings.sandbox else ""
        self.say(f"Data      {choice.settings.data_dir}")
        self.say(f"Serving   {endpoint}{sandbox}")
        self.say("          (in a browser: the explorer; at /docs the reference)")
        for line in choice.examples(endpoint):
            self.say(f"Try       {line}")
        self.say("Stop      Ctrl-C")
