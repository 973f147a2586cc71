"""The rendered world: every answer that a first load and a full pass ask a sandbox portal for, on disk.

A changed world is the same with one record in a hundred changed, in a folder of its own beside it.
"""

from __future__ import annotations

import json
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import ProxyHandler, build_opener

import msgspec

sys.path.insert(0, str(Path(__file__).parents[1]))  # the rest of the bench

import served
from child import Child
from serving import name_of

from gateway.postgres import Server

SEED = 1
EVERY = 100
"""One record in so many is changed."""
PER_SCALE = {"data-gouv-fr": 19_800, "data-gov": 17_600}
"""About how many records a world has for each unit of its scale."""
TABLES = {
    "data-gouv-fr": {
        "backend": r"/harvest/backends/",
        "source": r"/harvest/sources/",
        "job": r"/harvest/source/[^/]+/jobs/",
        "item": r"/harvest/job/(?P<parent>[^/]+)/items/",
    },
    "data-gov": {
        "organization": r"/organizations?(_list)?/",
        "source": r"/harvest_sources/",
        "job": r"/harvest_jobs/",
        "record": r"/harvest_records/",
        "record_error": r"/harvest_record_errors/",
        "job_error": r"/harvest_job_errors/",
    },
}
"""The lists of a portal by what their rows are."""
RECORDS = {"data-gouv-fr": "item", "data-gov": "record"}


@dataclass(frozen=True)
class World:
    """A world on disk."""

    folder: Path
    portal: str
    path: str
    """Below which the portal's paths lie."""
    pages: list[dict[str, Any]]
    """What a first load asks for, in its order: table, target, mask, parent, rows."""
    minimum: int
    """The requests that a full pass needs at least."""
    changed: int
    """Records that differ in the changed world."""

    @property
    def records(self) -> int:
        """Return how many records it has."""
        return sum(page["rows"] for page in self.pages if page["table"] == RECORDS[self.portal])


def made(data: Path, portal: str, records: int) -> World:
    """Return the world of about *records* records in *data*, rendered where it is not there yet."""
    folder = data / f"{portal}-{records}"
    if not (folder / "about.json").exists():
        _render(folder, portal, max(1, round(records / PER_SCALE[portal])))
    about = json.loads((folder / "about.json").read_text("utf-8"))
    return World(
        folder,
        portal,
        about["path"],
        json.loads((folder / "list.json").read_text()),
        about["minimum"],
        about["changed"],
    )


def _render(folder: Path, portal: str, scale: int) -> None:
    """Let the gateway load a sandbox portal through what keeps its answers."""
    print(f"Rendering {portal} at scale {scale}", flush=True)
    answers = folder / portal
    server = Server(folder / "rendering", durable=False)
    server.start()
    try:
        with served.portals([portal], seed=SEED, scale=scale, folder=folder) as urls:
            url = urls[portal]
            origin, path = re.fullmatch(r"(https?://[^/]+)(.*)", url).groups()  # type: ignore[union-attr]
            with Child.gateway(server.url, portal, url, connections=1) as gateway:
                gateway.do("first")
                asked = gateway.do("list")["asked"]
            now = _told(f"{origin}{served.CONTROL}clock")["now"]
            minimum = sum(_told(f"{origin}{served.CONTROL}minimum?passes=0:RECONCILE,0:RECONCILE").values())
    finally:
        server.stop()
    answers.rename(folder / "pages")
    pages = [_page(folder, portal, path, endpoint, mask) for endpoint, mask in asked]
    (folder / "list.json").write_text(json.dumps(pages), "utf-8")
    changed = _change(folder, portal, pages)
    about = {"now": now, "path": path, "minimum": minimum, "changed": changed}
    (folder / "about.json").write_text(json.dumps(about), "utf-8")


def _told(url: str) -> Any:
    with build_opener(ProxyHandler({})).open(url, timeout=600) as response:
        return json.load(response)


def _page(folder: Path, portal: str, path: str, endpoint: str, mask: str | None) -> dict[str, Any]:
    """Return what is known of the page at *endpoint*."""
    target, only = f"{path}{endpoint}", endpoint.partition("?")[0]
    for table, pattern in TABLES[portal].items():
        if found := re.fullmatch(pattern, only):
            _, body = _answer(folder, target, mask or "")
            parent = found.groupdict().get("parent")
            rows = len(_rows(body))
            return {"table": table, "target": target, "mask": mask, "parent": parent, "rows": rows}
    raise LookupError(f"{endpoint} is no list that the bench knows")


def _answer(folder: Path, target: str, mask: str) -> tuple[bytes, bytes]:
    head, _, body = (folder / "pages" / name_of(target, mask)).read_bytes().partition(b"\n")
    return head, body


def _rows(body: bytes) -> list[Any]:
    found = msgspec.json.decode(body)
    rows = found["data"] if isinstance(found, dict) else found
    assert isinstance(rows, list)
    return rows


def _change(folder: Path, portal: str, pages: list[dict[str, Any]]) -> int:
    """Render the pages of the changed world that differ; return how many records do."""
    (folder / "changed").mkdir(exist_ok=True)
    seen = changed = 0
    for page in pages:
        if page["table"] != RECORDS[portal]:
            continue
        head, body = _answer(folder, page["target"], page["mask"] or "")
        found = msgspec.json.decode(body)
        rows = found["data"] if isinstance(found, dict) else found
        touched = [row for place, row in enumerate(rows, seen) if place % EVERY == EVERY // 2]
        seen += len(rows)
        for row in touched:
            _alter(portal, row)
        if touched:
            file = folder / "changed" / name_of(page["target"], page["mask"] or "")
            file.write_bytes(head + b"\n" + msgspec.json.encode(found))
            changed += len(touched)
    return changed


def _alter(portal: str, row: dict[str, Any]) -> None:
    """Change what a portal could have changed: where a record lies, or what its payload says."""
    if portal == "data-gouv-fr":
        row["remote_url"] = f"{row.get('remote_url') or 'https://moved.example'}#moved"
        return
    row["source_hash"] = f"{row.get('source_hash') or ''}0"
    if isinstance(row.get("source_raw"), str):
        row["source_raw"] = row["source_raw"].replace('"title": "', '"title": "New: ', 1)
