"""What was read of the portals' state last, and when it is read again."""

from __future__ import annotations

import asyncio
import logging
import time
from contextlib import suppress

from harvest_graphql.held import Held, TooSlow, Unreachable
from harvest_graphql.status import SQL, Status

_log = logging.getLogger(__name__)
_PATIENCE_SECONDS = 0.5
"""How long an answer that needs nothing else of the database waits for the state."""


class Current:
    """The portals' state, at most *seconds* old where it matters."""

    def __init__(self, held: Held, seconds: float) -> None:
        self._held = held
        self._seconds = seconds
        self._stale_at = 0.0
        self._text = ""
        self._reading: asyncio.Task[None] | None = None
        self.status = Status()
        """What was known last; another one only where it says something else."""

    @property
    def is_fresh(self) -> bool:
        """Whether it need not be read again yet."""
        return time.monotonic() < self._stale_at

    def learn(self, text: str) -> None:
        """Take what ``status.SQL`` has answered."""
        if text != self._text:
            self._text, self.status = text, Status.read(text)
        self._stale_at = time.monotonic() + self._seconds

    async def read(self) -> None:
        """Read it now; TooSlow or Unreachable where that fails."""
        self.learn((await self._held.row(f"SELECT {SQL}", ()))[0])

    async def soon(self) -> Status:
        """Return it without a statement of one's own: one for all reads it, beside them unless it is too old for that.

        Where it cannot be read it is what was known last.
        """
        if self.is_fresh:
            return self.status
        reading = self._reading = self._reading or asyncio.create_task(self._read_once())
        if time.monotonic() >= self._stale_at + self._seconds:
            await asyncio.wait({reading}, timeout=_PATIENCE_SECONDS)
        return self.status

    async def close(self) -> None:
        """Stop what is under way."""
        if self._reading is not None:
            self._reading.cancel()
            with suppress(asyncio.CancelledError):
                await self._reading

    async def _read_once(self) -> None:
        try:
            await self.read()
        except (TooSlow, Unreachable) as error:
            _log.warning("the portals' state cannot be read: %s", type(error).__name__)
        except Exception:  # noqa: BLE001 - it is read again, and what was known last is told until then
            _log.exception("the portals' state cannot be read")
        finally:
            self._reading = None
