"""What can be read from the sandbox portal: sources, jobs, items, with the portal's paging and its pitfalls."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from typing import Any, TypeVar
from urllib.parse import urlencode

from adapters.data_gouv_fr.sandbox_call import Call, Moved, Refusal
from adapters.data_gouv_fr.sandbox_mask import wants
from gateway.sandbox.inventory import View
from gateway.sandbox.inventory_backends import OFFERED
from gateway.sandbox.inventory_runs import Run

T = TypeVar("T")

LARGEST = 1 << 63
"""Numbers from here on are too large for the portal's database."""
STATUSES = ("pending", "started", "done", "failed", "skipped", "archived")
PAGE_WORDS = {"page": "The page to fetch", "page_size": "The page size to fetch"}


def backends(call: Call) -> Any:
    """Return the backends, bare."""
    del call
    return list(OFFERED)


def sources(call: Call) -> Any:
    """Return a page of sources: by owner, organization, words; ``deleted`` with any value adds the deleted."""
    views = visible(call)
    if owner := call.argument("owner"):
        views = [view for view in views if view.owner and view.owner.id == known_id(owner, "owner")]
    if body := call.argument("organization"):
        views = [
            view
            for view in views
            if view.organization and view.organization.id == known_id(body, "organization")
        ]
    return page_of_sources(call, spoken_of(call, views))


def source(call: Call) -> Any:
    """Return one source, soft-deleted or not."""
    return written(call, found(call))


def jobs(call: Call) -> Any:
    """Return a page of a source's jobs, newest first; its links name the source by its slug."""
    page, size = numbers(call)
    view = found(call)
    path = f"/api/1/harvest/source/{view.slug}/jobs/"
    return paged(call, call.desk.runs(view, call.at), page, size, lambda run: _job(call, run), path)


def job(call: Call) -> Any:
    """Return one job; one that does not exist is the portal's own fault (500)."""
    return _job(call, named_run(call))


def items(call: Call) -> Any:
    """Return a page of a job's items; a page with a dangling reference is a 500."""
    page, size = numbers(call)
    status = call.argument("status")
    if status is not None and status not in STATUSES:
        choice = f"The value '{status}' is not a valid choice for 'status'."
        raise Refusal(400, "Input payload validation failed", errors={"status": choice})
    run = named_run(call)
    entries = list(enumerate(call.desk.world.entries(run, call.at)))
    if status is not None:
        entries = [(position, entry) for position, entry in entries if entry.status == status]

    def write(numbered: tuple[int, Any]) -> Any:
        item = call.desk.world.item(run, *numbered, call.at)
        if item.dangling:
            raise Refusal(500, "Internal Server Error")
        return call.pen.item(item)

    return paged(call, entries, page, size, write, call.path)


def nothing(call: Call) -> Any:
    """Refuse a path that the portal knows but has nothing for."""
    raise call.missing()


def found(call: Call) -> View:
    """Return the source that the path names by id or slug; an old slug is moved."""
    known = call.desk.find(call.parts["source"], call.at)
    if known is None:
        raise call.missing()
    view, old = known
    if old:
        rest = call.path.removeprefix(f"/api/1/harvest/source/{call.parts['source']}/")
        raise Moved(f"/api/1/harvest/source/{view.slug}/{rest}")
    return view


def named_run(call: Call) -> Run:
    """Return the job that the path names; Refusal (500) where there is none."""
    native_id = known_id(call.parts["ident"], "")
    run = call.desk.run(native_id, call.at)
    if run is None:
        raise Refusal(500, "Internal Server Error")
    return run


def written(call: Call, view: View, *within: str) -> Any:
    """Return a source with its newest job, which is left out where the mask cuts it off."""
    runs = call.desk.runs(view, call.at)[:1] if wants(call.mask, *within, "last_job") else []
    last = [call.pen.last_job(run, call.desk.world.progress(run, call.at)) for run in runs]
    return call.pen.source(view, last[0] if last else None)


def visible(call: Call) -> list[View]:
    """Return the sources, the deleted ones where the call asks for them."""
    views = call.desk.views(call.at)
    return views if call.argument("deleted") else [view for view in views if view.deleted is None]


def spoken_of(call: Call, views: list[View]) -> list[View]:
    """Return those of *views* in which every word that the call looks for occurs."""
    words = call.argument("q")
    return [view for view in views if _speaks_of(view, words)] if words else views


def page_of_sources(call: Call, views: Sequence[View]) -> dict[str, Any]:
    """Return the page of *views* that the call asks for."""
    page, size = numbers(call)
    return paged(call, views, page, size, lambda view: written(call, view, "data"), call.path)


def known_id(text: str, name: str) -> str:
    """Return an id as it is; Refusal where it is none."""
    if re.fullmatch(r"[0-9a-fA-F]{24}", text):
        return text.lower()
    message = f"'{text}' is not a valid ObjectId, it must be a 12-byte input or a 24-character hex string"
    raise Refusal(400, message, errors={name: message} if name else {})


def numbers(call: Call) -> tuple[int, int]:
    """Return (page, page size); Refusal where one is no positive number."""
    return _number(call, "page", 1), _number(call, "page_size", 20)


def paged(
    call: Call, rows: Sequence[T], page: int, size: int, write: Callable[[T], Any], path: str
) -> dict[str, Any]:
    """Return the envelope of a page; past the end is a 404, but the first page may be empty."""
    first = (page - 1) * size
    if first >= LARGEST or size >= LARGEST:
        raise Refusal(500, "Internal Server Error")
    if first >= len(rows) and page > 1:
        raise call.missing()
    shown = rows[first : first + size]
    return {
        "data": [write(row) for row in shown] if wants(call.mask, "data") else [],
        "next_page": _link(call, path, page + 1) if first + size < len(rows) else None,
        "page": page,
        "page_size": size,
        "previous_page": _link(call, path, page - 1) if page > 1 else None,
        "total": len(rows),
    }


def _number(call: Call, name: str, default: int) -> int:
    text = call.argument(name)
    if text is None:
        return default
    if re.fullmatch(r"\d+", text) and int(text) > 0:
        return int(text)
    reason = f"{PAGE_WORDS[name]} Invalid {name}: {text}. {name} must be a positive integer"
    raise Refusal(400, "Input payload validation failed", errors={name: reason})


def _link(call: Call, path: str, page: int) -> str:
    arguments = dict(call.query) | {"page": str(page)}
    return f"{call.origin}{path}?{urlencode(arguments)}"


def _job(call: Call, run: Run) -> Any:
    return call.pen.job(run, call.desk.world.progress(run, call.at))


def _speaks_of(view: View, words: str) -> bool:
    text = _plain(f"{view.name} {view.description or ''} {view.url}")
    return all(word in text for word in _plain(words).split())


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
