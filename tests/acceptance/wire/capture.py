"""Captures: what the real portals were asked and what they answered, as recorded beside the facts."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from multidict import CIMultiDict, CIMultiDictProxy

ROOT = Path(__file__).parents[3]


def shared() -> Path | None:
    """Return the folder with facts and captures, None where there is none."""
    folder = Path(os.environ.get("GATEWAY_SHARED") or ROOT.parent / "shared")
    return folder if (folder / "portals").is_dir() else None


@dataclass(frozen=True, slots=True)
class Capture:
    """One request and its answer."""

    portal: str
    name: str
    method: str
    path: str
    """With its query, as it was sent."""
    headers: Mapping[str, str]
    """Of the request."""
    sent: Any
    """The request's body: text as it was sent, anything else as JSON; None without one."""
    status: int
    answered: CIMultiDictProxy[str]
    """Headers of the answer."""
    body: Any
    """Decoded where it was JSON, else text."""

    @property
    def is_json(self) -> bool:
        """Return whether the answer was JSON."""
        return not isinstance(self.body, str)

    @property
    def raw(self) -> bytes:
        """Return the answer's body as bytes; JSON in the portals' own way of writing it."""
        return (json.dumps(self.body) if self.is_json else self.body).encode()


def _read(portal: str, path: Path) -> Capture:
    document = json.loads(path.read_bytes())
    request = document["request"]
    body = next((document[key] for key in ("body", "json", "text") if key in document), "")
    return Capture(
        portal=portal,
        name=path.stem,
        method=request["method"],
        path=request.get("path") or request["url"],
        headers=request.get("headers") or {},
        sent=request.get("body", request.get("json")),
        status=document["status"],
        answered=CIMultiDictProxy(CIMultiDict(document["headers"])),
        body=body,
    )


def captures(folder: Path, portal: str, *, without: tuple[str, ...]) -> Iterator[Capture]:
    """Yield the captures of *portal*, but those whose name begins with one of *without*."""
    for path in sorted((folder / "portals" / portal).glob("*.json")):
        if not path.stem.startswith(without):
            yield _read(portal, path)
