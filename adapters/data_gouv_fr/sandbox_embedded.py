"""What could be read from the sandbox portal while its jobs held their items: jobs, and lists of jobs and sources."""

from __future__ import annotations

from typing import Any

from adapters.data_gouv_fr.sandbox_call import Call, Refusal
from adapters.data_gouv_fr.sandbox_mask import wants
from adapters.data_gouv_fr.sandbox_reads import (
    found,
    known_id,
    named_run,
    numbers,
    page_of_sources,
    paged,
    spoken_of,
    visible,
)
from gateway.sandbox.inventory import View
from gateway.sandbox.inventory_runs import Run

MEMBERS = (
    "args",
    "created",
    "dataservice",
    "dataset",
    "ended",
    "errors",
    "kwargs",
    "logs",
    "remote_id",
    "remote_url",
    "started",
    "status",
)
"""What an item may have."""
REFERENCES = frozenset({"dataservice", "dataset"})


def sources(call: Call) -> Any:
    """Return a page of sources: by owner, who may be an organization, and words."""
    return page_of_sources(call, spoken_of(call, owned(call)))


def owned(call: Call) -> list[View]:
    """Return the sources of the person or organization that the call asks for, of everybody without one."""
    views, owner = visible(call), call.argument("owner")
    if not owner:
        return views
    wanted = known_id(owner, "owner")
    return [
        view for view in views if any(one and one.id == wanted for one in (view.owner, view.organization))
    ]


def jobs(call: Call) -> Any:
    """Return a page of a source's jobs with all of their items; its links name the source by its slug."""
    return jobs_page(call, found(call), f"/api/1/harvest/source/{found(call).slug}/jobs/")


def jobs_page(call: Call, view: View, path: str) -> dict[str, Any]:
    """Return the page of a source's jobs that the call asks for; its links have that *path*."""
    page, size = numbers(call)
    runs = call.desk.runs(view, call.at)
    return paged(call, runs, page, size, lambda run: _job(call, run, "data"), path)


def job(call: Call) -> Any:
    """Return one job with all of its items."""
    return _job(call, named_run(call))


def _job(call: Call, run: Run, *within: str) -> dict[str, Any]:
    """Return a job; its ``source`` is the source's name."""
    view = call.desk.view(run.source.id, call.at)
    return {
        **call.pen.ran(run, call.desk.world.progress(run, call.at)),
        "items": _items(call, run, *within) if wants(call.mask, *within, "items") else [],
        "source": view.name if view else None,
    }


def _items(call: Call, run: Run, *within: str) -> list[dict[str, Any]]:
    """Return a job's items, no more of them than the mask leaves.

    Looking at a reference that dangles fails; a mask that leaves references out does not look.
    """
    wanted = {name for name in MEMBERS if wants(call.mask, *within, "items", name)}
    entries = call.desk.world.entries(run, call.at)
    if wanted <= {"status"}:
        return [{"status": entry.status} for entry in entries]
    items = [call.desk.world.item(run, position, entry, call.at) for position, entry in enumerate(entries)]
    if wanted & REFERENCES and any(item.dangling for item in items):
        raise Refusal(500, "Internal Server Error")
    return [call.pen.item(item) for item in items]
