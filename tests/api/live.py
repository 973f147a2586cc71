"""A small portal, a gateway that has read it, and questions that want it read anew."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from udata_portal import NOW, Udata, job

from gateway.compose import Gateway, opened
from gateway.config import Settings
from gateway.sync.progress import Silent
from gateway.testing import FakePortal

PORTAL = "data-gouv-fr"
SYNC = frozenset({"sync"})
SOURCE = """query($name: String, $slug: String, $how: Consistency = LIVE, $age: Float) {
  harvestSource(portal: "data-gouv-fr", nativeId: $name, slug: $slug, consistency: $how, maxAgeSeconds: $age) {
    name presence lastJob { nativeId status } } }"""
JOB = """query($name: String!) { harvestJob(portal: "data-gouv-fr", nativeId: $name, consistency: LIVE) {
    status nativeStatus presence endedAt counts { total } } }"""
CLOCK = "/_sandbox/clock"


@dataclass
class Place:
    """The portal, and how gateways on one database ask it."""

    udata: Udata
    portal: FakePortal
    database_url: str
    folder: Path
    stack: AsyncExitStack
    settings: dict[str, Any] = field(default_factory=dict)
    now: datetime = NOW

    @property
    def asked(self) -> list[str]:
        """What the portal was asked, without the question for its clock."""
        return [path for path in self.portal.paths if path != CLOCK]

    def later(self, **by: float) -> None:
        """Move the portal's clock."""
        self.now += timedelta(**by)
        self.portal.answers[CLOCK] = {"now": self.now.isoformat()}

    async def gateway(self, **settings: Any) -> Gateway:
        """Open a gateway."""
        chosen = {
            "database_url": self.database_url,
            "data_dir": self.folder,
            "portals": {
                PORTAL: {
                    "base_url": self.portal.base_url,
                    "sandbox": True,
                    "requests_per_second": 1000,
                    **self.settings,
                },
                "data-gov": {"enabled": False},
            },
            **settings,
        }
        return await self.stack.enter_async_context(opened(Settings.model_validate(chosen)))

    async def loaded(self, **settings: Any) -> Gateway:
        """Open a gateway and let it read the portal."""
        gateway = await self.gateway(**settings)
        (summary,) = await gateway.sync(None, full=True, progress=Silent(), clock=lambda: self.now)
        assert summary.state == "DONE"
        self.portal.requests.clear()
        return gateway


async def ask(
    gateway: Gateway, text: str = SOURCE, *, scopes: frozenset[str] = SYNC, **variables: Any
) -> tuple[Any, Any]:
    """Return the value of an answer's one field, and what it says of its consistency."""
    answer = json.loads(await gateway.engine.execute(text, variables, scopes=scopes))
    assert "errors" not in answer, answer["errors"]
    (value,) = answer["data"].values()
    told = answer["extensions"].get("consistency")
    return value, None if told is None else told[0]


@asynccontextmanager
async def place(database_url: str, folder: Path) -> AsyncIterator[Place]:
    """Serve a portal with a source ``s``, whose run ``j`` is done and ``i`` open, and one ``t`` without runs."""
    udata = Udata()
    udata.add("t")
    udata.add("s", job("i", hours=1, status="initialized"), job("j", hours=12))
    async with FakePortal({}) as portal, AsyncExitStack() as stack:
        made = Place(udata, portal, database_url, folder, stack)
        made.later()
        names = (
            "backends/",
            "sources/",
            "source/s/",
            "source/t/",
            "source/n/",
            "source/s/jobs/",
            "source/n/jobs/",
        )
        runs = [f"job/{name}/" for name in "ijk"] + [f"job/{name}/items/" for name in "ijk"]
        portal.answers.update({f"/harvest/{name}": udata.answer for name in (*names, *runs)})
        yield made


def fails(reason: str, told: Any) -> None:
    """Hold an answer of ``consistency`` against what is served, and why, where the portal is not heard."""
    assert (told["served"], told["reason"]) == ("CACHED", reason), told
    assert told["message"]
