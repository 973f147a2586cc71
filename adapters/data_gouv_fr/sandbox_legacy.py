"""How the sandbox portal wrote its world before it gave a job's items an address of their own."""

from __future__ import annotations

from dataclasses import dataclass

from adapters.data_gouv_fr.sandbox_wire import JSON, Pen
from gateway.sandbox.inventory import Progress, View
from gateway.sandbox.inventory_runs import Run


@dataclass(frozen=True, slots=True)
class EmbeddedPen(Pen):
    """Writes as udata 10 to 16 did: sources have no slug, a source's newest job shows no items."""

    def source(self, view: View, last_job: JSON | None) -> JSON:
        """Return a source."""
        source = Pen.source(self, view, last_job)
        return {key: value for key, value in source.items() if key != "slug"}

    def last_job(self, run: Run, progress: Progress) -> JSON:
        """Return a job as its source shows it: without items, without errors, without the source."""
        return {**self.ran(run, progress), "errors": [], "items": [], "source": None}
