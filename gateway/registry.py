"""Which adapters, sandboxes and portals there are: by entry point and by settings. None found is an error."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from pydantic import ValidationError

from gateway.config import Settings
from gateway.errors import ConfigurationError
from gateway.ports import Adapter, Portal

ADAPTERS = "harvest_gateway.adapters"
SANDBOXES = "harvest_gateway.sandboxes"


def _load(group: str) -> dict[str, Any]:
    found = {entry.name: _loaded(entry) for entry in entry_points(group=group)}
    if not found:
        raise ConfigurationError(
            f"No entry point of the group {group} is installed.",
            hint="Install the project with pip (an editable install will do), so that its adapters are found.",
        )
    return found


def _loaded(entry: EntryPoint) -> Any:
    try:
        return entry.load()
    except (ImportError, AttributeError) as error:
        raise ConfigurationError(
            f"The adapter {entry.name!r} ({entry.value}) cannot be imported: {error}.",
            hint="Install its package again, or remove it.",
        ) from error


def adapters() -> dict[str, Adapter]:
    """Return the installed adapters by name."""
    return _load(ADAPTERS)


def sandboxes() -> dict[str, Any]:
    """Return the installed sandbox portals (``gateway.sandbox.portal.SandboxPortal``) by adapter name."""
    return _load(SANDBOXES)


def portals(settings: Settings) -> dict[str, Portal]:
    """Return the enabled portals: one per adapter, and one per key that *settings* name besides."""
    found = adapters()
    keys = dict.fromkeys([*found, *settings.portals])
    configured = {key: _portal(key, settings, found) for key in keys}
    return {key: portal for key, portal in configured.items() if portal.settings.enabled}


def _portal(key: str, settings: Settings, found: Mapping[str, Adapter]) -> Portal:
    values = settings.portals.get(key, {})
    variable = f"GATEWAY_PORTALS__{key.upper().replace('-', '_')}__ADAPTER"
    name = values.get("adapter", key)
    if name not in found:
        raise ConfigurationError(
            f"The portal {key!r} names the adapter {name!r}, which is not installed.",
            hint=f"Set {variable} to one of: {', '.join(sorted(found))}.",
        )
    general: dict[str, Any] = {"adapter": name, "contact": settings.contact}
    if settings.backfill_days is not None:
        general["backfill_days"] = settings.backfill_days
    try:
        return Portal(key, found[name].settings.model_validate({**general, **values}))
    except ValidationError as error:
        faults = "; ".join(
            f"{'.'.join(map(str, fault['loc'])) or 'settings'}: {fault['msg']}" for fault in error.errors()
        )
        raise ConfigurationError(f"The settings of the portal {key!r} are not right: {faults}.") from None
