"""The X-Fields masks of the sandbox portal, with the portal's own grammar and pitfalls."""

from __future__ import annotations

import re
from typing import Any, TypeAlias

Mask: TypeAlias = dict[str, Any]
"""Field -> True, or the mask of what is below it; ``*`` is the rest."""

_SIGNS = re.compile(r"[{},]|[\w_:\-*]+")


class MaskError(ValueError):
    """The mask cannot be read; the message is the portal's."""


def parse(text: str) -> Mask:
    """Return the mask that an X-Fields header holds; MaskError where brackets or commas do not fit."""
    fields: Mask = {}
    above: list[Mask] = []
    previous: str | None = None
    for sign in _SIGNS.findall(_bare(text)):
        if sign == "{":
            if previous not in fields:
                raise MaskError("Unexpected opening bracket")
            above.append(fields)
            fields[previous] = fields = {}
        elif sign == "}":
            if not above:
                raise MaskError("Unexpected closing bracket")
            fields = above.pop()
        elif sign == ",":
            if previous in {",", "{", None}:
                raise MaskError("Unexpected comma")
        else:
            fields[sign] = True
        previous = sign
    if above:
        raise MaskError("Missing closing bracket")
    return fields


def _bare(text: str) -> str:
    text = text.replace("\n", "").strip()
    if not text.startswith("{"):
        return text
    if not text.endswith("}"):
        raise MaskError("Missing closing bracket")
    return text[1:-1]


def apply(mask: Mask, value: Any) -> Any:
    """Return what *mask* leaves of *value*; unknown keys are dropped without a word."""
    if isinstance(value, list):
        return [apply(mask, element) for element in value]
    if not isinstance(value, dict):
        return value
    kept = {
        key: value[key] if below is True else apply(below, value[key])
        for key, below in mask.items()
        if key in value
    }
    if "*" in mask:
        kept |= {key: element for key, element in value.items() if key not in kept}
    return kept


def wants(mask: Mask | None, *path: str) -> bool:
    """Return whether *mask* leaves anything at *path*, so that nobody renders what is cut off."""
    for key in path:
        if mask is None:
            return True
        below = mask.get(key, True if "*" in mask else None)
        if below is None:
            return False
        mask = None if below is True else below
    return True
