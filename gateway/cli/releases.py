"""The schemas of releases: kept beside the schema, and what the schema of today may not break in silence."""

from __future__ import annotations

import re
from pathlib import Path

from gateway.errors import GatewayError, UsageError

_VERSION = re.compile(r"(\d+)\.(\d+)\.(\d+)")
_SHOWN = 20


def keep(schema: Path, version: str, text: str) -> Path:
    """Keep *text* as the schema that *version* releases; return its file. UsageError where that says something else."""
    if not _VERSION.fullmatch(version):
        raise UsageError(f"{version!r} is no version.", hint="Give it as in 1.2.3.")
    file = _folder(schema) / f"{version}.graphql"
    if file.exists() and file.read_text("utf-8") != text:
        raise UsageError(
            f"{version} is released with another schema.", hint="A changed schema needs a new version."
        )
    file.parent.mkdir(exist_ok=True)
    file.write_text(text, "utf-8")
    return file


def check(schema: Path, text: str) -> list[str]:
    """Return what is to be said of *text* beside the newest release; GatewayError where it breaks that in silence.

    What it breaks on purpose is named in CHANGELOG.md, in the section Unreleased.
    """
    from harvest_graphql.promises import between

    newest = _newest(schema)
    if newest is None:
        return ["No schema was released yet: nothing can be broken."]
    found = between(newest.read_text("utf-8"), text)
    changelog = schema.parent.parent / "CHANGELOG.md"
    silent = found.unnamed(changelog.read_text("utf-8") if changelog.exists() else "")
    if silent:
        listed = " ".join(change.words for change in silent[:_SHOWN])
        more = f" And {len(silent) - _SHOWN} more." if len(silent) > _SHOWN else ""
        raise GatewayError(
            f"The schema breaks what {newest.stem} promised: {listed}{more}",
            hint=f"Name each under Unreleased in CHANGELOG.md, as in `{silent[0].coordinate}`, or keep the old one.",
        )
    return [
        *(f"Broken, and the changelog says so: {change.words}" for change in found.broken),
        *(f"Warning: may surprise clients of {newest.stem}: {change.words}" for change in found.risky),
        f"The schema keeps what {newest.stem} promised."
        if not found.broken
        else f"The schema breaks {newest.stem} where the changelog says so alone.",
    ]


def _newest(schema: Path) -> Path | None:
    """Return the schema of the newest release, None where there is none."""
    versions = {
        tuple(int(part) for part in found.groups()): file
        for file in _folder(schema).glob("*.graphql")
        if (found := _VERSION.fullmatch(file.stem))
    }
    return versions[max(versions)] if versions else None


def _folder(schema: Path) -> Path:
    return schema.parent / "released"
