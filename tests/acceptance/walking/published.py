"""The examples of the portals' published documentation, read out of its files.

The files are prose, copied from web pages: JSON stands between paragraphs, after ``JSON.stringify(`` and in
commands, and a file may end in the middle of a sentence.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

FOUND = {
    "data-gouv-fr-endpoints.md": 0,
    "data-gouv-fr-reference.txt": 6,
    "data-gov-harvester-api.txt": 9,
}
"""How many examples each file has: a reader that misses some must not pass for a complete walk."""

_PORTALS = ("data-gouv-fr", "data-gov")
_ENDPOINT = re.compile(
    r"^(?:Endpoint: )?(GET|POST|PUT|DELETE) ?(?://www\.data\.gouv\.fr/api/1)?(/\S*)$", re.MULTILINE
)
_BEGINNING = re.compile(r"(?:^|(?<=JSON\.stringify\()|(?<=-d '))[{\[]", re.MULTILINE)
"""Where an example may begin: at the start of a line, or inside of a call or command."""
_FIELD = re.compile(
    r"^(\w+?)\*?(?: ?)(?:string|boolean|integer|number|enum|object|array|all of)\b(?! \(UUID\) Yes)",
    re.MULTILINE,
)
"""A line of a list of fields; a parameter's line says besides that it is required."""
_SENT = ("JSON.stringify(", "-d '", "Request Body:")
_ANSWERED = ("Response", "Example Response:")


class Role(StrEnum):
    """What an example is an example of."""

    ANSWER = "answer"
    REQUEST = "request"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Example:
    """One JSON value of the documentation."""

    portal: str
    file: str
    endpoint: str
    """Method and path; "" of an error, which any endpoint may answer."""
    role: Role
    number: int
    """1 for the first of that endpoint and role, 2 for the second."""
    body: Any

    @property
    def name(self) -> str:
        """Return endpoint, role and, from the second on, the number."""
        words = (self.endpoint, self.role.value, str(self.number) if self.number > 1 else "")
        return " ".join(word for word in words if word)


def published(folder: Path) -> list[Example]:
    """Return the examples of every file in *folder*; FileNotFoundError for a file that is not there."""
    return [
        example for name in FOUND for example in examples(name, (folder / name).read_text(encoding="utf-8"))
    ]


def fields(folder: Path, portal: str) -> set[str]:
    """Return the names of the fields that the documentation of *portal* lists in words."""
    texts = [(folder / name).read_text(encoding="utf-8") for name in FOUND if _portal(name) == portal]
    return {name for text in texts for name in _FIELD.findall(text) if f"{{{name}}}" not in text}


def missing(found: list[Example]) -> Iterator[str]:
    """Yield a sentence for each file that did not yield as many examples as it has."""
    counts = Counter(example.file for example in found)
    for name, wanted in FOUND.items():
        if counts[name] != wanted:
            yield f"{name}: {counts[name]} examples found, {wanted} expected"


def examples(name: str, text: str) -> Iterator[Example]:
    """Yield the examples in the *text* of the file *name*, in its order."""
    portal = _portal(name)
    numbers: Counter[tuple[str, Role]] = Counter()
    end = 0
    for start, stop, body in _values(text):
        role = _role(text[end:start])
        endpoint = "" if role is Role.ERROR else _endpoint(text[:start])
        numbers[endpoint, role] += 1
        yield Example(portal, name, endpoint, role, numbers[endpoint, role], body)
        end = stop


def _portal(name: str) -> str:
    return next(key for key in _PORTALS if name.startswith(key))


def _values(text: str) -> Iterator[tuple[int, int, Any]]:
    """Yield start, end and value of each JSON object or array that is not empty."""
    decoder = json.JSONDecoder()
    position = 0
    while beginning := _BEGINNING.search(text, position):
        start = beginning.start()
        position = beginning.end()
        try:
            body, position = decoder.raw_decode(text, start)
        except json.JSONDecodeError:
            if text[position : position + 1] == "\n":
                return  # an example that is cut off: what is inside of it are no examples
            continue
        if body:
            yield start, position, body


def _endpoint(before: str) -> str:
    found = _ENDPOINT.findall(before)
    return " ".join(found[-1]) if found else ""


def _role(between: str) -> Role:
    """Return what the text between an example and the one before it announces."""
    announced = between.rstrip()
    last = announced.rsplit("\n", 1)[-1].strip()
    if announced.endswith(_SENT):
        return Role.REQUEST
    if last in _ANSWERED:
        return Role.ANSWER
    return Role.ERROR if "error" in last else Role.ANSWER
