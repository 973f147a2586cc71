"""The paths of the sandbox portal in each of its generations, and what they do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from adapters.data_gouv_fr import sandbox_actions as actions
from adapters.data_gouv_fr import sandbox_embedded as embedded
from adapters.data_gouv_fr import sandbox_reads as reads
from adapters.data_gouv_fr.sandbox_call import Rule
from adapters.data_gouv_fr.sandbox_legacy import EmbeddedPen
from adapters.data_gouv_fr.sandbox_wire import Pen

API = "/api/1"

_BACKENDS = f"{API}/harvest/backends"
_SOURCES = f"{API}/harvest/sources/"
_PREVIEW = f"{API}/harvest/source/preview"
_SOURCE = f"{API}/harvest/source/<harvest_source:source>/"
_JOB = f"{API}/harvest/job/<string:ident>/"

_SAME = (
    Rule(f"{_SOURCE}validate/", {"POST": actions.validate}),
    Rule(f"{_SOURCE}run/", {"POST": actions.run}),
    Rule(f"{_SOURCE}schedule/", {"POST": actions.schedule, "DELETE": actions.unschedule}),
    Rule(f"{_SOURCE}preview/", {"GET": actions.preview}),
    Rule(f"{API}/site/harvests.csv", {"GET": reads.nothing}),
)


@dataclass(frozen=True, slots=True)
class Generation:
    """One generation of the portal."""

    rules: tuple[Rule, ...]
    """Every path; the first that fits answers."""
    pen: type[Pen]


GENERATIONS: Mapping[str, Generation] = {
    "v17": Generation(
        (
            Rule(f"{_BACKENDS}/", {"GET": reads.backends}),
            Rule(_SOURCES, {"GET": reads.sources, "POST": actions.create}),
            Rule(f"{_PREVIEW}/", {"POST": actions.preview_new}),
            Rule(_SOURCE, {"GET": reads.source, "PUT": actions.update, "DELETE": actions.delete}),
            *_SAME,
            Rule(f"{_SOURCE}jobs/", {"GET": reads.jobs}),
            Rule(_JOB, {"GET": reads.job}),
            Rule(f"{_JOB}items/", {"GET": reads.items}),
        ),
        Pen,
    ),
    "v16": Generation(
        (
            Rule(f"{_BACKENDS}/", {"GET": reads.backends}),
            Rule(_SOURCES, {"GET": embedded.sources, "POST": actions.create}),
            Rule(f"{_PREVIEW}/", {"POST": actions.preview_new}),
            Rule(_SOURCE, {"GET": reads.source, "PUT": actions.update, "DELETE": actions.delete}),
            *_SAME,
            Rule(f"{_SOURCE}jobs/", {"GET": embedded.jobs}),
            Rule(_JOB, {"GET": embedded.job}),
        ),
        EmbeddedPen,
    ),
}
"""By the dialect that the sandbox speaks."""
