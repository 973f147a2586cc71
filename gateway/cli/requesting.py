"""One request of ours to a GraphQL endpoint, with a key that nobody else sees."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from gateway.errors import GatewayError, UsageError

DEFAULT_URL = "http://127.0.0.1:8080/graphql"
SECONDS = 60.0


def key_in(file: Path) -> str:
    """Return the key that *file* holds; UsageError for none. Everybody would see a key that is an option."""
    try:
        key = file.read_text("utf-8").strip()
    except (OSError, ValueError):
        key = ""
    if not key:
        raise UsageError(f"No key can be read from {file}.", hint="It holds a key and nothing else.")
    return key


def _credentials(key: str) -> str:
    """Return the value of the header that carries *key*; UsageError for what no header can carry."""
    if not key.isascii() or not key.isprintable() or " " in key:
        raise UsageError("This is no key.", hint="`gateway keys create` makes one, of letters and digits.")
    return f"Bearer {key}"


def request(url: str, document: str, variables: dict[str, Any], key: str | None) -> dict[str, Any]:
    """Return the endpoint's answer to a caller with *key*; GatewayError where none that is GraphQL comes."""
    from urllib.error import HTTPError
    from urllib.request import ProxyHandler, Request, build_opener

    body = json.dumps({"query": document, "variables": variables}).encode()
    if not url.startswith(("http://", "https://")):
        raise UsageError(f"{url!r} is no address of an endpoint.", hint=f"It looks like {DEFAULT_URL}.")
    credentials = _credentials(key) if key else None
    try:
        asked = Request(url, data=body, headers={"Content-Type": "application/json"})  # noqa: S310 - checked above
        if credentials:
            asked.add_unredirected_header("Authorization", credentials)  # it is for this host alone
        with build_opener(ProxyHandler({})).open(asked, timeout=SECONDS) as answer:
            return _graphql(url, answer.read())
    except HTTPError as error:
        return _graphql(url, error.read())
    except (OSError, ValueError) as error:
        raise GatewayError(
            f"No endpoint answers at {url}.",
            hint="Start one with `gateway up` or `gateway serve`, name it with --url, or use --database.",
        ) from error


def _graphql(url: str, body: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(body)
    except ValueError:
        answer = None
    if not isinstance(answer, dict) or not {"data", "errors"} & answer.keys():
        raise GatewayError(
            f"What answers at {url} is no GraphQL endpoint.", hint="Name the endpoint with --url."
        )
    return answer
