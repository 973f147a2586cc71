"""How the sandbox portal wrote its world before it gave a job's items an address of their own."""

from __future__ import annotations

from dataclasses import dataclass

from adapters.data_gouv_fr.sandbox_whole import whole_service
from adapters.data_gouv_fr.sandbox_wire import JSON, Pen
from gateway.sandbox.instants import Millis
from gateway.sandbox.inventory import Progress, View
from gateway.sandbox.inventory_cast import Organization
from gateway.sandbox.inventory_items import Item
from gateway.sandbox.inventory_runs import Run
from gateway.sandbox.inventory_services import service

UNTOLD = ("kwargs", "remote_url")
"""What items of udata 9 did not tell."""


@dataclass(frozen=True, slots=True)
class EmbeddedPen(Pen):
    """Writes as udata 10 to 16 did: sources have no slug, a source's newest job shows no items."""

    def source(self, view: View, last_job: JSON | None) -> JSON:
        """Return a source."""
        return _without(Pen.source(self, view, last_job), "slug")

    def last_job(self, run: Run, progress: Progress) -> JSON:
        """Return a job as its source shows it: without items, without errors, without the source."""
        return {**self.ran(run, progress), "errors": [], "items": [], "source": None}


@dataclass(frozen=True, slots=True)
class PublishedPen(EmbeddedPen):
    """Writes as udata 9 did and the published reference says: no permissions, data services whole in items."""

    def organization(self, body: Organization | None) -> JSON | None:
        """Return a reference to an organization."""
        found = Pen.organization(self, body)
        return found and _without(found, "permissions")

    def source(self, view: View, last_job: JSON | None) -> JSON:
        """Return a source."""
        return _without(EmbeddedPen.source(self, view, last_job), "permissions")

    def item(self, item: Item) -> JSON:
        """Return an item; a data service comes with all that is known of it."""
        written = _without(Pen.item(self, item), *UNTOLD)
        if item.reference is None or not item.reference.service:
            return written
        found = service(self.world.items.remote, item.home, item.number, self.at)
        return {**written, "dataservice": whole_service(self, found)}

    def errors(self, errors: list[tuple[Millis, str]]) -> list[JSON]:
        """Return errors: how bad they are, and their words."""
        return [{"level": "ERROR", "message": message} for _, message in errors]


def _without(written: JSON, *keys: str) -> JSON:
    return {key: value for key, value in written.items() if key not in keys}
