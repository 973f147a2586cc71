"""The paths of the sandbox portal in each of its generations, and what they do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from adapters.data_gouv_fr import sandbox_actions as actions
from adapters.data_gouv_fr import sandbox_embedded as embedded
from adapters.data_gouv_fr import sandbox_forms as forms
from adapters.data_gouv_fr import sandbox_previews as previews
from adapters.data_gouv_fr import sandbox_published as published
from adapters.data_gouv_fr import sandbox_reads as reads
from adapters.data_gouv_fr.sandbox_call import Rule
from adapters.data_gouv_fr.sandbox_forms import by_form
from adapters.data_gouv_fr.sandbox_legacy import EmbeddedPen, PublishedPen
from adapters.data_gouv_fr.sandbox_published import failing
from adapters.data_gouv_fr.sandbox_wire import Pen

API = "/api/1"

_BACKENDS = f"{API}/harvest/backends"
_SOURCES = f"{API}/harvest/sources/"
_PREVIEW = f"{API}/harvest/source/preview"
_SOURCE = f"{API}/harvest/source/<harvest_source:source>"
_IDENT = f"{API}/harvest/source/<string:source>"
_JOB = f"{API}/harvest/job/<string:ident>/"

_SAME = (
    Rule(f"{_SOURCE}/run/", {"POST": actions.run}),
    Rule(f"{_SOURCE}/schedule/", {"POST": actions.schedule, "DELETE": actions.unschedule}),
)
_EXPORT = Rule(f"{API}/site/harvests.csv", {"GET": reads.nothing})


@dataclass(frozen=True, slots=True)
class Generation:
    """One generation of the portal."""

    rules: tuple[Rule, ...]
    """Every path; the first that fits answers."""
    pen: type[Pen]


_TODAY = Generation(
    (
        Rule(f"{_BACKENDS}/", {"GET": reads.backends}),
        Rule(_SOURCES, {"GET": reads.sources, "POST": actions.create}),
        Rule(f"{_PREVIEW}/", {"POST": actions.preview_new}),
        Rule(f"{_SOURCE}/", {"GET": reads.source, "PUT": actions.update, "DELETE": actions.delete}),
        Rule(f"{_SOURCE}/validate/", {"POST": actions.validate}),
        *_SAME,
        Rule(f"{_SOURCE}/preview/", {"GET": actions.preview}),
        Rule(f"{_SOURCE}/jobs/", {"GET": reads.jobs}),
        Rule(_JOB, {"GET": reads.job}),
        Rule(f"{_JOB}items/", {"GET": reads.items}),
        _EXPORT,
    ),
    Pen,
)
_EMBEDDED = Generation(
    (
        Rule(f"{_BACKENDS}/", {"GET": reads.backends}),
        Rule(_SOURCES, {"GET": embedded.sources, "POST": by_form(actions.create)}),
        Rule(f"{_PREVIEW}/", {"POST": by_form(previews.preview_new)}),
        Rule(f"{_SOURCE}/", {"GET": reads.source, "PUT": by_form(forms.replace), "DELETE": actions.delete}),
        Rule(f"{_SOURCE}/validate/", {"POST": by_form(actions.validate)}),
        *_SAME,
        Rule(f"{_SOURCE}/preview/", {"GET": previews.preview}),
        Rule(f"{_SOURCE}/jobs/", {"GET": embedded.jobs}),
        Rule(_JOB, {"GET": embedded.job}),
        _EXPORT,
    ),
    EmbeddedPen,
)
_PUBLISHED = Generation(
    (
        Rule(_BACKENDS, {"GET": reads.backends}),
        Rule(f"{API}/harvest/job_status", {"GET": published.job_status}),
        Rule(_SOURCES, {"GET": published.sources, "POST": by_form(actions.create)}),
        Rule(_PREVIEW, {"POST": by_form(previews.published_preview_new)}),
        Rule(
            _IDENT,
            {
                "GET": failing(reads.source),
                "PUT": failing(by_form(forms.replace)),
                "DELETE": failing(actions.delete),
            },
        ),
        Rule(f"{_IDENT}/validate", {"POST": failing(by_form(actions.validate))}),
        Rule(
            f"{_IDENT}/schedule",
            {"POST": failing(actions.schedule), "DELETE": failing(actions.unschedule)},
        ),
        Rule(f"{_IDENT}/preview", {"GET": failing(previews.published_preview)}),
        Rule(f"{_IDENT}/jobs/", {"GET": failing(published.jobs)}),
        Rule(_JOB, {"GET": embedded.job}),
        _EXPORT,
    ),
    PublishedPen,
)

GENERATIONS: Mapping[str, Generation] = {"v17": _TODAY, "v16": _EMBEDDED, "v9": _PUBLISHED}
"""By the dialect that the sandbox speaks, the usual one first."""
