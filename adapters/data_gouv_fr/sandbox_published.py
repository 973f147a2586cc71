"""What the published reference's generation of the sandbox portal answered otherwise than those after it."""

from __future__ import annotations

from typing import Any

from adapters.data_gouv_fr.sandbox_call import Call, Handler, Refusal
from adapters.data_gouv_fr.sandbox_embedded import jobs_page, owned
from adapters.data_gouv_fr.sandbox_reads import found, page_of_sources

JOB_STATUSES = ("pending", "initializing", "initialized", "processing", "done", "done-errors", "failed")


def job_status(call: Call) -> Any:
    """Return the words of jobs' statuses, bare."""
    del call
    return list(JOB_STATUSES)


def sources(call: Call) -> Any:
    """Return a page of sources: by owner, who may be an organization; nothing looks for words."""
    return page_of_sources(call, owned(call))


def jobs(call: Call) -> Any:
    """Return a page of a source's jobs with all of their items; its links name the source as it was asked for."""
    return jobs_page(call, found(call), call.path)


def failing(handler: Handler) -> Handler:
    """Return *handler* that fails (500) where the path names no source, or one by a slug that it had before."""

    def handle(call: Call) -> Any:
        known = call.desk.find(call.parts["source"], call.at)
        if known is None or known[1]:
            raise Refusal(500, "Internal Server Error")
        return handler(call)

    return handle
