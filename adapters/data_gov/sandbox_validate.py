"""The validator of the sandbox portal: the required fields of DCAT-US, and the faults in asking for it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from adapters.data_gov import sandbox_answers as answers

SCHEMAS = ("dcatus1.1: federal dataset", "dcatus1.1: non-federal dataset")
_REQUIRED = (
    "accessLevel",
    "contactPoint",
    "description",
    "identifier",
    "keyword",
    "modified",
    "publisher",
    "title",
)
_FEDERAL = ("bureauCode", "programCode")
_TYPES: dict[str, tuple[type, str]] = {
    "title": (str, "string"),
    "description": (str, "string"),
    "modified": (str, "string"),
    "keyword": (list, "array"),
    "publisher": (dict, "object"),
    "contactPoint": (dict, "object"),
}


@dataclass(frozen=True, slots=True)
class Validator:
    """Answers ``POST /validate``; *inline* is the word for a catalogue that comes in the question."""

    inline: str = "paste"
    schemas: tuple[str, ...] = SCHEMAS
    named: bool = False
    """Whether an address or a catalogue that is not there is a fault of the question."""

    async def answer(self, request: web.Request) -> web.Response:
        """Return 422 where it is asked wrongly, 500 where there is no catalogue to read: a sandbox fetches none."""
        asked = _decoded(await request.read())
        asked = asked if isinstance(asked, dict) else {}
        if faults := self._faults(asked):
            return answers.data(request, {"detail": {"json": faults}, "message": "Validation error"}, 422)
        catalogue = _decoded(asked.get("json_text")) if asked["fetch_method"] == self.inline else None
        if not isinstance(catalogue, dict) or not isinstance(catalogue.get("dataset"), list):
            message = "API Validator error: failed to validate dcatus catalog"
            return answers.data(request, {"error": message}, 500)
        federal = asked["schema"] == SCHEMAS[0]
        found = [error for dataset in catalogue["dataset"] for error in _errors(dataset, federal=federal)]
        return answers.data(request, {"validation_errors": found})

    def _faults(self, asked: dict[str, Any]) -> dict[str, list[str]]:
        faults = {}
        for field, choices in {"fetch_method": ("url", self.inline), "schema": self.schemas}.items():
            if field not in asked:
                faults[field] = ["Missing data for required field."]
            elif asked[field] not in choices:
                faults[field] = [f"Must be one of: {', '.join(choices)}."]
        given = "url" if asked.get("fetch_method") == "url" else "json_text"
        if self.named and not faults and not isinstance(asked.get(given), str):
            faults[given] = ["Missing data for required field."]
        return faults


def _decoded(body: Any) -> Any:
    try:
        return json.loads(body)
    except (ValueError, TypeError, RecursionError):
        return None


def _errors(dataset: Any, *, federal: bool) -> list[list[Any]]:
    if not isinstance(dataset, dict):
        return [[None, f"$, {dataset!r} is not of type 'object'"]]
    name = dataset.get("identifier")
    wanted = _REQUIRED + (_FEDERAL if federal else ())
    missing = [[name, f"$, '{field}' is a required property"] for field in wanted if field not in dataset]
    wrong = [
        [name, f"$.{field}, {dataset[field]!r} is not of type '{word}'"]
        for field, (type_, word) in _TYPES.items()
        if field in dataset and not isinstance(dataset[field], type_)
    ]
    return missing + wrong
