"""Live or sandbox: which portals `gateway up` reads, and how that is said."""

from __future__ import annotations

import shlex
import shutil
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gateway.cli.calling import with_changes
from gateway.cli.place import place
from gateway.cli.reaching import Reached, reach

if TYPE_CHECKING:
    from gateway.config import Settings
    from gateway.ports import Portal


@dataclass(frozen=True, slots=True)
class Choice:
    """The settings that the portals were chosen with, and the words for it."""

    settings: Settings
    words: Sequence[str]

    def examples(self, endpoint: str) -> Sequence[str]:
        """Return commands that ask *endpoint* something."""
        ask = f"{_program()} query"
        where = f"--url {shlex.quote(endpoint)}"
        return [
            f"{ask} {where}  (lists what can be asked)",
            *(f"{ask} {n} {where}" for n in _free_operations()),
        ]


async def choose(settings: Settings) -> Choice:
    """Return the live portals where one answers within the probe's time, else the sandbox."""
    if settings.sandbox:
        return _sandbox(settings, "as was asked for")
    from gateway.registry import portals

    configured = {key: portal for key, portal in portals(settings).items() if portal.settings.enabled}
    reached = await reach(configured.values(), seconds=settings.probe_seconds)
    if not any(found.answers for found in reached):
        why = ", ".join(f"{found.key}: {found.words}" for found in reached) or "none is enabled"
        return _sandbox(settings, f"since no live portal answers ({why})")
    return Choice(_sliced(settings, configured), list(_live_words(settings, configured, reached)))


def _sandbox(settings: Settings, why: str) -> Choice:
    chosen = place(settings)
    titles = " and ".join(str(portal["title"]) for portal in chosen.portals.values())
    return Choice(chosen, [f"SANDBOX, {why}: {titles}", "Their data is invented; no live portal is asked."])


def _sliced(settings: Settings, portals: Mapping[str, Portal]) -> Settings:
    """Return *settings* with a first slice of requests for each portal whose passes have no limit yet."""
    slices: dict[str, dict[str, Any]] = {key: dict(value) for key, value in settings.portals.items()}
    for key, portal in portals.items():
        if portal.settings.max_requests is None:
            slices.setdefault(key, {})["max_requests"] = settings.first_slice_requests
    return with_changes(settings, portals=slices)


def _live_words(
    settings: Settings, portals: Mapping[str, Portal], reached: Iterable[Reached]
) -> Iterable[str]:
    for found in reached:
        portal = portals[found.key].settings
        words = "LIVE" if found.answers else "does not answer now, is tried again"
        yield f"{portal.title or found.key} ({portal.base_url}): {words}, {found.words}"
    for key, configured in portals.items():
        yield from _key_words(key, configured)
    limit = settings.first_slice_requests
    yield f"A pass sends at most {limit} requests to a portal; the next one goes on where it ended."


def _key_words(key: str, portal: Portal) -> Iterable[str]:
    """Yield what a portal that gives out keys does without one, and where to get one."""
    source = getattr(portal.settings, "key_url", "")
    if source and portal.settings.api_key is None:
        title = portal.settings.title or key
        name = f"GATEWAY_PORTALS__{key.upper().replace('-', '_')}__API_KEY"
        yield f"{title} is read without a key, at its origin, which serves the same lists;"
        yield f"a key for its documented address is free at {source}: set it as {name}."


def _free_operations(most: int = 2) -> Sequence[str]:
    """Return the names of operations that run without a variable."""
    from gateway.cli.query import subscribes
    from gateway.resources import operations

    free = (
        name
        for name, text in operations().items()
        if "!" not in text.partition("{")[0].replace("!]", "]") and not subscribes(text)
    )
    return list(islice(free, most))


def _program() -> str:
    """Return how this program is called from here: by its name where that is found, else by its path."""
    script = Path(sys.executable).parent / "gateway"
    found = shutil.which("gateway")
    if found is not None and Path(found) == script:
        return "gateway"
    if not script.exists():
        return f"{shlex.quote(sys.executable)} -m gateway"
    here = Path.cwd()
    return shlex.quote(str(script.relative_to(here) if script.is_relative_to(here) else script))
