"""When a follower of events is told the next page: as soon as it has taken the last one, and there is more."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from time import monotonic

from harvest_graphql.envelope import Answer
from harvest_graphql.events import Changes, Heard, Tell, Unheard
from harvest_graphql.held import TooSlow, Unreachable
from harvest_graphql.listening import DATA
from harvest_graphql.plan.cursors import Position
from harvest_graphql.problems import Code

_log = logging.getLogger(__name__)
Read = Callable[[Position | None, int | None], Awaitable[Answer]]
"""Reads the page after a place (None: after the one that the client has said), of so many events at most."""
_LARGEST = 100
"""How many events a page holds at most."""
Newest = Callable[[], Awaitable[tuple[str, int]]]
"""Reads where the newest event is: the series and its id."""


async def _nowhere() -> tuple[str, int]:
    return "", 0


class Feed:
    """Lets followers page through events, each at its own pace: a page is read once the one before has been taken.

    So nothing is queued for anybody. Who has read all waits for *changes* to be heard; one statement then finds out for
    all of them whether there are new events (*newest*), at most every *pause* seconds, and pages that several ask for
    alike are one statement, too, as the answers that are kept. Where nothing is heard that is looked for every *blind*
    seconds. What is too large for one answer is told in smaller pages. Who is told nothing for *silent* seconds, since
    a filter leaves all out, is told its new place then.
    """

    def __init__(
        self,
        changes: Changes | None = None,
        newest: Newest = _nowhere,
        *,
        pause: float = 0.2,
        blind: float = 3.0,
        silent: float = 60.0,
    ) -> None:
        self._changes: Changes = changes or Unheard()
        self._newest = newest
        self._pause = pause
        self._blind = blind
        self._silent = silent
        self._turn = asyncio.Lock()
        """One reads at a time, so that followers, however many, take one connection from those who ask."""
        self._known: tuple[str, int] | None = None
        self._moved = asyncio.Event()
        self._watching: asyncio.Task[None] | None = None
        self.followers = 0
        """How many subscriptions are running."""

    async def follow(self, read: Read, tell: Tell, begin: Position | None = None) -> Answer:
        """Tell page after page, the first at once; return the answer to who cannot begin or go on, else never.

        *begin* is where the follower is, None where its operation says that. Who follows events of which a single one
        is too large for an answer cannot go on. What else goes wrong meanwhile
        (too much was asked for, the database was away) is tried again from the same place.
        """
        async with self._following():
            return await self._follow(read, tell, begin)

    @asynccontextmanager
    async def _following(self) -> AsyncIterator[None]:
        self.followers += 1
        if self._watching is None:
            self._watching = asyncio.create_task(self._watch(), name="newest event")
        try:
            yield
        finally:
            self.followers -= 1
            if not self.followers:
                self._watching.cancel()
                self._watching = self._known = None

    async def _follow(self, read: Read, tell: Tell, at: Position | None) -> Answer:
        begun = False
        shown: Position | None = None
        failed: str | None = None
        late = 0.0
        most: int | None = None
        while True:
            async with self._turn:
                answer = await read(at, most)
            mark = answer.mark
            if mark is None:
                if answer.code == Code.ANSWER_TOO_LARGE and most != 1:
                    most = (most or _LARGEST) // 2
                    continue
                if (answer.refused and not begun) or answer.code == Code.ANSWER_TOO_LARGE:
                    return answer
                if not answer.refused and answer.code != failed:
                    failed = answer.code
                    await tell(answer)
                await asyncio.sleep(self._blind)
                continue
            if not begun or failed or mark.number or mark.gap or (monotonic() >= late and mark.at != shown):
                await tell(answer)
                shown, late = mark.at, monotonic() + self._silent
            at, failed, begun = mark.at, None, True
            if not mark.more:
                most = None
                await asyncio.sleep(self._pause)
                await self._beyond(at, None if at == shown else late - monotonic())

    async def _beyond(self, at: Position, seconds: float | None) -> None:
        """Return once the newest event is another than the one *at*, or after so many *seconds*."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while self._known is None or self._known == (at.direction, at.id):
                    await self._moved.wait()

    async def _watch(self) -> None:
        """Know where the newest event is, for the length of a subscription."""
        async with self._changes.hearing(DATA) as heard:
            while True:
                found = False
                try:
                    async with self._turn:
                        self._learn(await self._newest())
                    found = True
                except (TooSlow, Unreachable) as error:
                    _log.warning("the newest event cannot be read: %s", type(error).__name__)
                except Exception:  # noqa: BLE001 - it is read again
                    _log.exception("the newest event cannot be read")
                await asyncio.sleep(self._pause)
                await self._heard(heard, found=found)

    def _learn(self, newest: tuple[str, int]) -> None:
        if newest != self._known:
            self._known = newest
            self._moved.set()
            self._moved = asyncio.Event()

    async def _heard(self, heard: Heard, *, found: bool) -> None:
        """Return when something was told, or when it is time to look without: also where nothing was *found*."""
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._blind):
                    await heard.__anext__()
                return
            if not found or self._changes.version is None:
                return
