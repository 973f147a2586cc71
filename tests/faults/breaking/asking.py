"""Somebody who asks the endpoint all the time: whether it answers soon, in words, and again after a fault."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import aiohttp

SOON = 10.0
"""Seconds within which any answer has to come."""
AGAIN = 5.0
"""Seconds after a fault within which data has to come again."""
PAUSE = 0.05
QUESTION = (
    "query Q{0} {{ portals {{ key }} harvestJobs(first: 5) {{ nodes {{ id status source {{ id }} }} }} }}"
)
"""Under a new name each time, so that no kept answer will do."""


@dataclass
class Asker:
    """Asks *url*; what is wrong is told to *found*, a count and words each."""

    session: aiohttp.ClientSession
    url: str
    found: list[tuple[str, str]] = field(default_factory=list)
    asked: int = 0
    refused: int = 0
    """Answers that were errors with a code."""
    _numbers: Any = field(default_factory=count)

    async def go_on(self) -> None:
        """Ask until cancelled."""
        while True:
            await self.ask()
            await asyncio.sleep(PAUSE)

    async def ask(self) -> bool:
        """Ask once; return whether data came."""
        began = time.monotonic()
        body = {"query": QUESTION.format(next(self._numbers))}
        try:
            async with self.session.post(
                self.url, json=body, timeout=aiohttp.ClientTimeout(total=SOON * 3)
            ) as response:
                text = await response.text()
                answer = await response.json(content_type=None) if text[:1] == "{" else {}
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            self.found.append(("api_late", f"no answer after {time.monotonic() - began:.1f} s: {error!r}"))
            return False
        self.asked += 1
        if (took := time.monotonic() - began) > SOON:
            self.found.append(("api_late", f"{response.status} after {took:.1f} s"))
        if answer.get("data") and not answer.get("errors"):
            return True
        self.refused += 1
        if not _coded(answer):
            self.found.append(("api_uncoded", f"{response.status}: {text[:300]}"))
        return False

    async def recovers(self) -> float | None:
        """Return after how many seconds data came, None where it did not in time."""
        began = time.monotonic()
        while not await self.ask():
            if time.monotonic() - began > AGAIN:
                return None
            await asyncio.sleep(PAUSE)
        took = time.monotonic() - began
        return took if took <= AGAIN else None


def _coded(answer: dict[str, Any]) -> bool:
    errors = answer.get("errors") or []
    return bool(errors) and all(error.get("extensions", {}).get("code") for error in errors)
