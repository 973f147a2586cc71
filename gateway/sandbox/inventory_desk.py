"""What users of a sandbox portal write: kept in memory beside the pure world, and laid over it when it is read."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from gateway.sandbox.instants import Millis
from gateway.sandbox.inventory import Inventory, View
from gateway.sandbox.inventory_items import FIRST_ITEM
from gateway.sandbox.inventory_runs import Run
from gateway.sandbox.inventory_sources import Source

FIRST_INDEX = 0xF00000
"""Numbers of sources that users create begin here."""
QUICK = 20
"""Milliseconds from one item to the next in a run that a user asked for."""


class Desk:
    """The world with what users wrote; the truth knows nothing of what is written here."""

    def __init__(self, world: Inventory) -> None:
        self.world = world
        self.version = 0
        """Moves with every write."""
        self._created: dict[str, tuple[Source, View]] = {}
        self._changed: dict[str, dict[str, Any]] = {}
        self._aliases: dict[str, str] = {}
        self._launched: list[Run] = []

    def views(self, at: Millis) -> list[View]:
        """Return every source, soft-deleted ones too, newest first."""
        views = [self._laid(self.world.view(source, at)) for source in self.world.existing(at)]
        made = [self._laid(view) for _, view in self._created.values() if view.created <= at]
        return sorted([*made, *views], key=lambda view: -view.created) if made else views

    def find(self, name: str, at: Millis) -> tuple[View, bool] | None:
        """Return the source with that id or slug, and whether the name is an old slug of it."""
        if found := self.view(name, at):
            return found, False
        for view in self.views(at):
            if view.slug == name:
                return view, False
        source = self.world.slugged(name, at)
        native_id = self._aliases.get(name) or (source.id if source else "")
        renamed = self.view(native_id, at)
        return (renamed, True) if renamed else None

    def view(self, native_id: str, at: Millis) -> View | None:
        """Return the source with that id."""
        if native_id in self._created:
            return self._laid(self._created[native_id][1])
        source = self.world.source(native_id, at)
        return self._laid(self.world.view(source, at)) if source else None

    def runs(self, view: View, at: Millis) -> list[Run]:
        """Return the jobs of a source, newest first."""
        source = self._source(view.id, at)
        runs = [run for run in self._launched if run.source.id == view.id]
        if view.id not in self._created and source:
            limit = view.deleted or at + 1
            runs += [run for run in self.world.runs(source, at) if run.created < limit]
        return sorted(runs, key=lambda run: (-run.created, run.id))

    def run(self, native_id: str, at: Millis) -> Run | None:
        """Return the job with that id."""
        launched = next((run for run in self._launched if run.id == native_id), None)
        return launched or self.world.run(native_id, at)

    def create(self, at: Millis, name: str, url: str, backend: str, **fields: Any) -> View:
        """Make a source that waits for its validation, and return it."""
        self.version += 1
        source = self.world.nursery.invent(FIRST_INDEX + len(self._created), at, backend, url)
        given: dict[str, Any] = {
            "description": None,
            "config": {},
            "active": True,
            "autoarchive": True,
            "owner": None,
            "organization": None,
            **fields,
        }
        view = View(
            id=source.id,
            slug=self.world.nursery.slug(name),
            name=name,
            url=url,
            backend=backend,
            created=at,
            deleted=None,
            schedule=None,
            state="pending",
            judge=None,
            judged=None,
            comment=None,
            **given,
        )
        self._created[source.id] = (source, view)
        return view

    def change(self, view: View, **fields: Any) -> View:
        """Change a source, its slug with its name, and return it."""
        self.version += 1
        if fields.get("name", view.name) != view.name:
            fields["slug"] = self.world.nursery.slug(fields["name"])
            self._aliases[view.slug] = view.id
        self._changed.setdefault(view.id, {}).update(fields)
        return replace(view, **fields)

    def launch(self, view: View, at: Millis) -> Run | None:
        """Run a source at once: the job is there, and over, when the portal is asked again."""
        source = self._source(view.id, at)
        if source is None:
            return None
        self.version += 1
        number = 100 + len(self._launched)
        trial = self.world.timetable.begin(source, at, "ok", number, step=QUICK)
        took = FIRST_ITEM + len(self.world.items.plan(trial)) * QUICK + 800
        run = self.world.timetable.begin(source, at - took, "ok", number, step=QUICK)
        self._launched.append(run)
        return run

    def _source(self, native_id: str, at: Millis) -> Source | None:
        made = self._created.get(native_id)
        return made[0] if made else self.world.source(native_id, at)

    def _laid(self, view: View) -> View:
        changed = self._changed.get(view.id)
        return replace(view, **changed) if changed else view
