"""dlt's side: ``python loading.py DATABASE ORIGIN LIST FOLDER SETUP`` in its own environment, then orders.

Each order is a run of a pipeline that merges the same pages by primary key. It is told which pages there are, so that
it need not find out. NUL, which Postgres refuses and dlt does not replace, is replaced before it sees it.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import threading
import time
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import groupby
from pathlib import Path
from typing import Any

DATABASE, ORIGIN, LIST, FOLDER, SETUP = sys.argv[1:6]
SETTINGS = json.loads(SETUP)
os.environ.update(SETTINGS["environment"])
os.environ["DLT_DATA_DIR"] = FOLDER
os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"
os.environ["RUNTIME__LOG_LEVEL"] = "ERROR"

import dlt  # noqa: E402 - it reads the environment as it is imported
import requests  # noqa: E402
from dlt.common.json import json as fast  # noqa: E402


class Asking:
    """Answers of the portal, so many asked for at once, in their order."""

    def __init__(self, connections: int) -> None:
        self._connections = connections
        self._mine = threading.local()

    def bodies(self, pages: list[dict[str, Any]]) -> Iterator[bytes]:
        """Yield the body of each page."""
        if self._connections == 1:
            yield from map(self._body, pages)
            return
        with ThreadPoolExecutor(self._connections) as pool:
            begun: deque[Future[bytes]] = deque()
            for page in pages:
                begun.append(pool.submit(self._body, page))
                if len(begun) >= self._connections:
                    yield begun.popleft().result()
            while begun:
                yield begun.popleft().result()

    def _body(self, page: dict[str, Any]) -> bytes:
        if not hasattr(self._mine, "session"):
            self._mine.session = requests.Session()
            self._mine.session.trust_env = False
        headers = {"X-Fields": page["mask"]} if page["mask"] else {}
        content: bytes = self._mine.session.get(f"{ORIGIN}{page['target']}", headers=headers).content
        return content


def rows(pages: list[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    """Yield the rows of *pages*, a page at a time."""
    for page, body in zip(pages, Asking(SETTINGS["connections"]).bodies(pages), strict=True):
        found = fast.loadb(body.replace(b"\\u0000", b"\\ufffd"))
        listed = found["data"] if isinstance(found, dict) else found
        if page["parent"] is not None:  # items have no id: their place in the run is their name
            for place, row in enumerate(listed):
                row["id"] = f"{page['parent']}/{place}"
        yield listed


def resources() -> list[Any]:
    """Return a resource for each list."""
    pages = sorted(json.loads(Path(LIST).read_text("utf-8")), key=lambda page: page["table"])
    return [
        dlt.resource(
            rows(list(each)),
            name=table,
            write_disposition={"disposition": "merge", "strategy": SETTINGS["strategy"]},
            primary_key="id",
            max_table_nesting=0,
        )
        for table, each in groupby(pages, key=lambda page: page["table"])
    ]


def cpu() -> float:
    """Return the seconds of CPU of this process and its workers."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def main() -> None:
    """Do what is told."""
    for _ in sys.stdin:
        pipeline = dlt.pipeline("bench", destination=dlt.destinations.postgres(DATABASE), dataset_name="peer")
        began, spent = time.perf_counter(), cpu()
        pipeline.extract(resources(), loader_file_format=SETTINGS["format"])
        pipeline.normalize()
        pipeline.load().raise_on_failed_jobs()
        found = {
            "seconds": round(time.perf_counter() - began, 3),
            "cpu": round(cpu() - spent, 2),
            "memory_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
        }
        print(json.dumps(found), flush=True)


if __name__ == "__main__":
    main()
