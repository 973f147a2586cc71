"""Memory of reading one run whose items come inside of it, of 5,000 and of 50,000 items.

``python tests/bench/embedded_job.py`` prints the figures; its last line is one JSON object. The portal is one of udata
16 with a single source and a single run, served by a process of its own.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from subprocess import PIPE, Popen
from typing import Any

import measured
from aiohttp import web

SIZES = (5_000, 50_000)
SOURCE, JOB = "650000000000000000000003", "650000000000000000000004"
SITE = "https://udata.example"


def _item(number: int, at: str) -> dict[str, Any]:
    title = f"Zones humides de la commune {number}"
    return {
        "args": [],
        "created": at,
        "dataservice": None,
        "dataset": {
            "acronym": None,
            "class": "Dataset",
            "id": f"66{number:022x}",
            "page": f"{SITE}/datasets/zones-humides-{number}",
            "title": title,
            "uri": f"{SITE}/api/1/datasets/zones-humides-{number}/",
        },
        "ended": at,
        "errors": [],
        "kwargs": {"page": number // 20},
        "logs": [{"level": "INFO", "message": f"{title}: rien de neuf"}],
        "remote_id": f"fr-120066022-jdd-{number:06d}",
        "remote_url": f"https://geo.example.fr/catalogue/{number:06d}",
        "started": at,
        "status": "done",
    }


class Portal:
    """The portal's answers."""

    def __init__(self, items: int) -> None:
        self._items = items
        self._at = (datetime.now(UTC) - timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%S+00:00")

    def routes(self) -> list[web.RouteDef]:
        """Return the paths that a first load asks for."""
        api = "/api/1/harvest"
        return [
            web.get(f"{api}/backends/", self._backends),
            web.get(f"{api}/sources/", self._sources),
            web.get(f"{api}/source/{SOURCE}/jobs/", self._jobs),
            web.get(f"{api}/job/{JOB}/", self._job),
        ]

    async def _backends(self, _: web.Request) -> web.Response:
        return web.json_response([])

    async def _sources(self, _: web.Request) -> web.Response:
        source = {
            "active": True,
            "autoarchive": True,
            "backend": "dcat",
            "config": {},
            "created_at": self._at,
            "deleted": None,
            "description": None,
            "id": SOURCE,
            "last_job": self._element([]),
            "name": "Catalogue",
            "organization": None,
            "owner": None,
            "permissions": {},
            "schedule": None,
            "url": "https://geo.example.fr/catalogue",
            "validation": {"by": None, "comment": None, "on": None, "state": "accepted"},
        }
        return self._page(source)

    async def _jobs(self, _: web.Request) -> web.Response:
        return self._page(self._element([{"status": "done"}] * self._items))

    async def _job(self, _: web.Request) -> web.Response:
        return web.json_response(self._element([_item(number, self._at) for number in range(self._items)]))

    def _element(self, items: list[Any]) -> dict[str, Any]:
        return {
            "created": self._at,
            "ended": self._at,
            "errors": [],
            "id": JOB,
            "items": items,
            "source": "Catalogue",
            "started": self._at,
            "status": "done",
        }

    @staticmethod
    def _page(row: dict[str, Any]) -> web.Response:
        page = {"data": [row], "next_page": None, "page": 1, "page_size": 1000, "previous_page": None}
        return web.json_response({**page, "total": 1})


async def _serve(items: int) -> None:
    app = web.Application()
    app.add_routes(Portal(items).routes())
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        print(f"http://127.0.0.1:{runner.addresses[0][1]}/api/1", flush=True)
        await asyncio.to_thread(sys.stdin.read)
    finally:
        await runner.cleanup()


@contextmanager
def _served(items: int) -> Iterator[str]:
    with Popen([sys.executable, __file__, str(items)], stdin=PIPE, stdout=PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.communicate()


def measure() -> dict[str, Any]:
    """Return peak memory (MB) and seconds of the first load by number of items, and the ratio of memories."""
    found: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(prefix="gateway-bench-") as name:
        Path(name).chmod(0o755)  # Postgres may run as another user, who passes through
        for items in SIZES:
            with _served(items) as url:
                load = measured.run(Path(name) / str(items), {"data-gouv-fr": url})
            assert load["rows"]["harvest_record"] == items, load
            first = load["first_load"]
            found[f"{items}_items"] = {"peak_mb": first["peak_memory_mb"], "seconds": first["seconds"]}
    small, large = (found[f"{items}_items"]["peak_mb"] for items in SIZES)
    return {**found, "memory_ratio": round(large / small, 2)}


def main() -> None:
    """Measure and print."""
    found = measure()
    for items in SIZES:
        print(f"{items:>7,} items: {found[f'{items}_items']}")
    print(json.dumps(found))


if __name__ == "__main__":
    if len(sys.argv) > 1:
        asyncio.run(_serve(int(sys.argv[1])))
    else:
        main()
