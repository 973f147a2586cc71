"""Who reads a thing anew before an answer: whether that may be, once for all who wish for it, within a time."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import NamedTuple

import asyncpg

from gateway import postgres
from gateway.access.scopes import SYNC
from gateway.config import Settings
from gateway.errors import ConfigurationError, DatabaseError, LeaseLost
from gateway.model.enums import EntityType
from gateway.ports import Adapter, Portal, Refreshing, Wanted
from gateway.store import refreshed
from gateway.store.absence import Cap
from gateway.store.away import LOST, passes, spoken
from gateway.store.keeping import Keeper
from gateway.store.lease import this_process
from gateway.store.refreshed import Standing
from gateway.sync.asking import asked
from gateway.sync.refreshing import BUSY, Outcome, Reason, Refresh
from harvest_graphql.consistency import Told, Wish
from harvest_graphql.problems import internal
from harvest_graphql.visibility import Scopes

_log = logging.getLogger(__name__)
ClockOf = Callable[[Portal], Awaitable[Callable[[], datetime]]]
LIVE = "LIVE"
"""What a refresh is counted as that brought what there is."""
_FORGOTTEN = Outcome(reason=Reason.NOT_CONFIGURED, message="The gateway does not read this portal.")
_UNABLE = Outcome(reason=Reason.NOT_SUPPORTED, message="The adapter of this portal reads whole lists alone.")
_FORBIDDEN = Outcome(
    reason=Reason.NOT_ALLOWED, message="To have it read anew takes a key with the scope sync."
)
_NOWHERE = Outcome(reason=Reason.NOT_ALLOWED, message="This endpoint reads nothing anew for anybody.")
_STRANGE = Outcome(
    reason=Reason.NOT_KNOWN,
    message="The gateway does not know it yet: a new run comes with its source, a source by its native id.",
)
_AWAY = Outcome(reason=Reason.UNAVAILABLE, message="The gateway's database cannot do this now.")


class _Thing(NamedTuple):
    portal: str
    type: EntityType
    native_id: str | None
    slug: str | None


@dataclass(frozen=True, slots=True)
class _Ended:
    """What a refresh came to, and what was stored before it."""

    outcome: Outcome
    standing: Standing


class Refresher:
    """Reads things of the configured portals anew; *numbers* may be filled in later than this is made.

    *clock* returns a portal's clock.
    """

    def __init__(
        self,
        settings: Settings,
        url: str,
        pool: asyncpg.Pool,
        portals: Mapping[str, Portal],
        adapters: Mapping[str, Adapter],
        numbers: Mapping[str, int],
        clock: ClockOf,
    ) -> None:
        self._settings = settings
        self._pool = pool
        self._connect = partial(postgres.connect, url)
        self._portals = portals
        self._adapters = adapters
        self._numbers = numbers
        self._clock_of = clock
        self._flights: dict[_Thing, asyncio.Task[_Ended]] = {}
        self._turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self.outcomes: Counter[str] = Counter()
        """How many refreshes ended how: LIVE or a reason."""

    async def ask(self, wish: Wish, scopes: Scopes) -> Told:
        """See to it that *wish* comes true, as far as a caller with *scopes* may have it; whatever hinders is told."""
        if wish.portal not in self._portals:
            return _told(_Ended(_FORGOTTEN, Standing(None, None, None)))
        try:
            hindered = self._hindered(wish, scopes)
            if wish.seconds is None and hindered is None:
                return _told(await self._shared(wish))
            standing = await self._standing(wish)
            if await self._is_fresh(wish, standing):
                return Told(at=standing.at)
            if hindered is not None:
                self.outcomes[hindered.reason or LIVE] += 1
                return _told(_Ended(hindered, standing))
            return _told(await self._shared(wish))
        except (DatabaseError, asyncpg.PostgresError, *LOST) as error:
            return _told(_Ended(self._of_database(error), Standing(None, None, None)))

    async def close(self) -> None:
        """Give up what is under way."""
        flights = list(self._flights.values())
        for flight in flights:
            flight.cancel()
        await asyncio.gather(*flights, return_exceptions=True)

    def _hindered(self, wish: Wish, scopes: Scopes) -> Outcome | None:
        """Return why nothing is read anew for this caller, None where it may be."""
        callers = self._settings.refresh_callers
        if callers == "nobody":
            return _NOWHERE
        if callers == "sync" and SYNC not in scopes:
            return _FORBIDDEN
        adapter = self._adapters[self._portals[wish.portal].settings.adapter]
        return None if isinstance(adapter, Refreshing) else _UNABLE

    async def _standing(self, wish: Wish) -> Standing:
        name = wish.slug if wish.native_id is None else wish.native_id
        assert name is not None, "a look-up names one thing"
        async with self._pool.acquire() as connection:
            number = self._numbers[wish.portal]
            return await refreshed.standing(connection, number, wish.type, name, slug=wish.native_id is None)

    async def _is_fresh(self, wish: Wish, standing: Standing) -> bool:
        """Whether what is stored is no older than was wished."""
        if wish.seconds is None or standing.native_id is None or standing.at is None:
            return False
        now = await self._clock_of(self._portals[wish.portal])
        return (now() - standing.at).total_seconds() <= wish.seconds

    async def _shared(self, wish: Wish) -> _Ended:
        """Return what the one refresh comes to that all wait for who wish for the same at the same time."""
        thing = _Thing(wish.portal, wish.type, wish.native_id, wish.slug)
        flight = self._flights.get(thing)
        if flight is None:
            flight = self._flights[thing] = asyncio.create_task(self._fly(wish))
            flight.add_done_callback(lambda _: self._flights.pop(thing, None))
        return await asyncio.shield(flight)

    async def _fly(self, wish: Wish) -> _Ended:
        standing = Standing(None, None, None)
        try:
            async with asyncio.timeout(self._settings.refresh_seconds):
                began = await self._time()
                standing = await self._standing(wish)
                async with self._turns[wish.portal]:  # whoever waits here holds no connection
                    with spoken():
                        outcome = await self._refreshed(wish, standing, began)
        except TimeoutError:
            words = f"It took longer than {self._settings.refresh_seconds:g} s to read it anew."
            outcome = Outcome(reason=Reason.TIMED_OUT, message=words)
        except LeaseLost:
            outcome = BUSY
        except ConfigurationError:
            outcome = _FORGOTTEN
        except (DatabaseError, asyncpg.PostgresError, *LOST) as error:
            outcome = self._of_database(error)
        except Exception as error:  # noqa: BLE001 - whatever it is, its text is for the log alone
            problem = internal(_log, f"a refresh of {wish.portal}", error)
            outcome = Outcome(reason=Reason.INTERNAL, message=problem.message)
        self.outcomes[outcome.reason or LIVE] += 1
        return _Ended(outcome, standing)

    async def _time(self) -> datetime:
        async with self._pool.acquire() as connection:
            return await refreshed.clock(connection)

    async def _refreshed(self, wish: Wish, standing: Standing, began: datetime) -> Outcome:
        native_id = standing.native_id
        if native_id is None and wish.type is EntityType.HARVEST_SOURCE:
            native_id = wish.native_id
        if native_id is None:
            return _STRANGE
        portal, number = self._portals[wish.portal], self._numbers[wish.portal]
        now = await self._clock_of(portal)
        connection = await self._connect()
        try:
            reading = Refresh(
                portal=portal,
                number=number,
                adapter=self._adapters[portal.settings.adapter],
                connection=connection,
                asked=partial(asked, self._connect, portal, number, now),
                keeper=Keeper(self._connect, this_process(), self._settings.heartbeat_seconds),
                now=now,
                cap=Cap(self._settings.deletion_cap_percent, self._settings.deletion_cap_rows),
            )
            return await reading.run(Wanted(wish.type, native_id, standing.source), began)
        finally:
            connection.terminate()

    def _of_database(self, error: Exception) -> Outcome:
        """Return what Postgres' failure means to the caller; what is wrong rather than away is logged in full."""
        if isinstance(error, DatabaseError) or passes(error):
            _log.warning("nothing can be read anew: %s", type(error).__name__)
            return _AWAY
        return Outcome(reason=Reason.INTERNAL, message=internal(_log, "a refresh", error).message)


def _told(ended: _Ended) -> Told:
    outcome = ended.outcome
    if outcome.reason is None:
        return Told(live=True, at=outcome.at)
    return Told(
        at=ended.standing.at,
        reason=outcome.reason.value,
        message=outcome.message,
        retry_at=outcome.retry_at,
    )
