"""The rules by which the sandbox portal takes any request: keys, slashes, masks, errors, headers."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

import msgspec

from adapters.data_gouv_fr.sandbox_mask import Mask, MaskError, apply, parse
from adapters.data_gouv_fr.sandbox_wire import Caller, Pen
from gateway.sandbox.instants import Millis
from gateway.sandbox.inventory_desk import Desk

NOT_FOUND = (
    "The requested URL was not found on the server. "
    "If you entered the URL manually please check your spelling and try again."
)
UNAUTHORIZED = (
    "The server could not verify that you are authorized to access the URL requested. You either supplied the "
    "wrong credentials (e.g. a bad password), or your browser doesn't understand how to supply the credentials "
    "required."
)
CHALLENGE = {"WWW-Authenticate": 'Bearer realm="uData"'}
PAGE_FOR_PEOPLE = (
    '<!DOCTYPE html>\n<html lang="fr">\n<head>\n    <meta charset="UTF-8">\n    <title>404 - Page not found</title>\n'
    "</head>\n<body>\n    <h1>404</h1>\n    <p>The page you are looking for does not exist.</p>\n</body>\n</html>"
)
MOVED = (
    "<!doctype html>\n<html lang=en>\n<title>Redirecting...</title>\n<h1>Redirecting...</h1>\n"
    '<p>You should be redirected automatically to the target URL: <a href="{0}">{0}</a>. If not, click the link.\n'
)


class Refusal(Exception):
    """A request that is answered with an error."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        errors: Mapping[str, str] | None = None,
        headers: Mapping[str, str] = {},
    ) -> None:
        super().__init__(message)
        self.status = status
        self.body: dict[str, Any] = {"message": message}
        if errors is not None:
            self.body["errors"] = dict(errors)
        self.headers = headers


class Missing(Refusal):
    """What the path names does not exist."""

    def __init__(self, path: str, rules: tuple[str, ...]) -> None:
        close = get_close_matches(path, rules, n=3, cutoff=0.3) or rules[:1]
        hint = f"You have requested this URI [{path}] but did you mean {' or '.join(close)} ?"
        super().__init__(404, f"{NOT_FOUND} {hint}")


class Moved(Exception):
    """What the path names has another address now."""

    def __init__(self, location: str) -> None:
        super().__init__(location)
        self.location = location


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer whose status is not 200."""

    status: int
    value: Any = None


@dataclass(frozen=True, slots=True)
class Call:
    """A request, understood."""

    method: str
    path: str
    query: list[tuple[str, str]]
    body: bytes
    media_type: str
    origin: str
    desk: Desk
    at: Millis
    caller: Caller
    mask: Mask | None
    rules: tuple[str, ...]
    """The texts of every path, for the 404 answers."""
    writer: type[Pen]
    """Writes elements as the portal's generation does."""
    parts: Mapping[str, str] = field(default_factory=dict)

    @property
    def pen(self) -> Pen:
        """Return what writes elements for this caller, at this instant."""
        return self.writer(self.desk.world, self.at, self.caller)

    def argument(self, name: str) -> str | None:
        """Return a query argument, the first of that name."""
        return next((value for key, value in self.query if key == name), None)

    def missing(self) -> Missing:
        """Return the 404 for this call."""
        return Missing(self.path, self.rules)


Handler = Callable[[Call], Any]


@dataclass(frozen=True, slots=True)
class Rule:
    """One path of the portal and what its methods do."""

    text: str
    """The path as the portal's 404 answers name it; ``<...:name>`` is a part."""
    methods: Mapping[str, Handler]

    @property
    def pattern(self) -> re.Pattern[str]:
        """Return the expression that the path must match."""
        return re.compile(re.sub(r"<\w+:(\w+)>", r"(?P<\1>[^/]+)", self.text.replace(".", r"\.")))

    @property
    def allow(self) -> str:
        """Return the methods in the portal's order."""
        known = {*self.methods, "OPTIONS"} | ({"HEAD"} if "GET" in self.methods else set())
        return ", ".join(
            name for name in ("GET", "OPTIONS", "PUT", "POST", "DELETE", "HEAD") if name in known
        )


@dataclass(slots=True)
class Answer:
    """An answer as it is sent."""

    status: int
    body: bytes
    headers: dict[str, str]


JSON_TYPE = {"Content-Type": "application/json"}
PAGE_TYPE = {"Content-Type": "text/html; charset=utf-8"}


def finished(call: Call, value: Any) -> Answer:
    """Return the answer to a call: masked, encoded with sorted keys."""
    reply = value if isinstance(value, Reply) else Reply(200, value)
    left = reply.value if call.mask is None else apply(call.mask, reply.value)
    body = b"" if reply.status == 204 else msgspec.json.encode(left, order="sorted")
    return Answer(reply.status, body, {**JSON_TYPE})


def refused(refusal: Refusal, *, masked: bool, for_people: bool) -> Answer:
    """Return the answer to a request that is refused; a mask hides the errors of its fields."""
    if refusal.status == 404 and for_people:
        return Answer(404, PAGE_FOR_PEOPLE.encode(), {**PAGE_TYPE})
    body = {key: value for key, value in refusal.body.items() if not (masked and key == "errors")}
    return Answer(refusal.status, msgspec.json.encode(body, order="sorted"), {**JSON_TYPE, **refusal.headers})


def moved(location: str) -> Answer:
    """Return the 308 to another address."""
    return Answer(308, MOVED.format(location).encode(), {**PAGE_TYPE, "Location": location})


def options(rule: Rule) -> Answer:
    """Return the methods of a path."""
    return Answer(200, b"", {**PAGE_TYPE, "Allow": rule.allow})


def masked(text: str | None) -> Mask | None:
    """Return the mask of an X-Fields header; Refusal where it cannot be read."""
    if not text:
        return None
    try:
        return parse(text)
    except MaskError as error:
        raise Refusal(400, f"Mask parse error: {error}") from error
