"""The api.data.gov gateway of the sandbox: whose requests reach the harvester, and what it answers to the others."""

from __future__ import annotations

import json
import time
from base64 import b64decode
from binascii import Error as NoBase64
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from aiohttp import web
from yarl import URL

from adapters.data_gov.sandbox_cache import Cache
from adapters.data_gov.sandbox_limits import Allowance, Clock, Quota, Verdict
from gateway.sandbox.portal import Dialect, Now

PATH = "/technology/datagov_harvest/v2"
"""What lies below this is asked of the harvester."""
BEHIND = "/api/v1"
"""Where the harvester has it."""
DESCRIPTION = "/openapi.json"
"""What lies at the harvester's root."""
PLACE = "/technology/"
"""Below this the gateway knows every path there is."""

OPEN_KEY = "SandboxKeyWithRoomForEveryTestOfTheWire0"
HOURLY_KEY = "SandboxKeyWith1000RequestsInARollingHour"
SCARCE_KEY = "SandboxKeyWith60RequestsInAnHourNoMore00"
DISABLED_KEY = "SandboxKeyThatSomebodyHasDisabledOnce000"
UNVERIFIED_KEY = "SandboxKeyWhoseOwnerWasNeverVerified0000"
UNAUTHORIZED_KEY = "SandboxKeyThatIsForQuiteOtherServices000"
DEMO_KEY = "DEMO_KEY"


ALLOWANCES: Mapping[str, Allowance] = {
    OPEN_KEY: Allowance(hourly=1_000_000, bursts=()),
    HOURLY_KEY: Allowance(hourly=1000),
    SCARCE_KEY: Allowance(hourly=60),
    DEMO_KEY: Allowance(hourly=30, daily=50, by_address=True),
}
"""What the keys that are good may send."""
TURNED_AWAY: Mapping[str, str] = {
    DISABLED_KEY: "API_KEY_DISABLED",
    UNVERIFIED_KEY: "API_KEY_UNVERIFIED",
    UNAUTHORIZED_KEY: "API_KEY_UNAUTHORIZED",
}
"""Why the other keys are refused."""
REFUSALS = {
    "API_KEY_MISSING": (403, "This wants a key, and came without one."),
    "API_KEY_INVALID": (403, "Nobody has the key that this came with."),
    "API_KEY_DISABLED": (403, "The key that this came with was disabled."),
    "API_KEY_UNVERIFIED": (403, "The owner of this key has not answered the e-mail that came with it."),
    "API_KEY_UNAUTHORIZED": (403, "The key that this came with is good for other services."),
    "NOT_FOUND": (404, "The gateway knows no service at this path."),
    "OVER_RATE_LIMIT": (429, "This key has sent as many requests as it may for now."),
}
"""Status and message of the gateway's own answers, by their codes."""

VERDICT: web.RequestKey[Verdict] = web.RequestKey("verdict", Verdict)
"""What the gateway has judged of a request."""

Origin = Callable[[web.Request], Awaitable[web.StreamResponse]]
"""What stands behind the gateway."""


class Gateway:
    """Asks *origin* on behalf of those who have a key.

    Hours and days are *now*'s, bursts are *monotonic*'s: real seconds.
    """

    def __init__(self, origin: Origin, now: Now, dialect: Dialect, monotonic: Clock = time.monotonic) -> None:
        self._origin = origin
        self._now = now
        self._dialect = dialect
        self._monotonic = monotonic
        self._quotas: dict[tuple[str, str | None], Quota] = {}
        self._cache = Cache()

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Return the answer to a request below ``PLACE``."""
        if not (request.path == PATH or request.path.startswith(f"{PATH}/")):
            return _refused("NOT_FOUND")
        key = _key_of(request)
        if not key:
            return _refused("API_KEY_MISSING")
        allowance = ALLOWANCES.get(key)
        if allowance is None:
            return _refused(TURNED_AWAY.get(key, "API_KEY_INVALID"))
        verdict = request[VERDICT] = self._quota(key, allowance, request.remote).ask()
        if verdict.retry_after is not None:
            return _refused("OVER_RATE_LIMIT", {"Retry-After": str(verdict.retry_after)})
        return await self._cached(request, key)

    def _quota(self, key: str, allowance: Allowance, address: str | None) -> Quota:
        owner = (key, address if allowance.by_address else None)
        if owner not in self._quotas:
            self._quotas[owner] = Quota(allowance, lambda: self._now().timestamp(), self._monotonic)
        return self._quotas[owner]

    async def _cached(self, request: web.Request, key: str) -> web.StreamResponse:
        """Return what is kept of an earlier answer, else the harvester's own, which may be kept."""
        passed = _passed_on(request)
        name = (self._dialect(), str(passed.rel_url))
        kept = self._cache.get(name, self._now()) if request.method == "GET" else None
        if kept is not None:
            return kept
        answer = await self._origin(passed)
        if answer.prepared:
            return answer
        if request.method == "GET":
            self._cache.put(name, answer, self._now())
        answer.headers["X-Cache"] = "MISS"
        if "Location" in answer.headers:
            answer.headers["Location"] = _outside(request, answer.headers["Location"], key)
        return answer


async def mark(request: web.Request, response: web.StreamResponse) -> None:
    """Say in an answer to a request that was judged what is left of the limit."""
    verdict = request.get(VERDICT)
    if verdict is not None:
        response.headers["X-RateLimit-Limit"] = str(verdict.limit)
        response.headers["X-RateLimit-Remaining"] = str(verdict.remaining)


def _key_of(request: web.Request) -> str | None:
    """Return the key of a request: its header's, its query's, or the user of its basic authentication."""
    return request.headers.get("X-Api-Key") or request.query.get("api_key") or _user(request)


def _user(request: web.Request) -> str | None:
    scheme, _, coded = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        return b64decode(coded, validate=True).decode().partition(":")[0]
    except (NoBase64, UnicodeDecodeError):
        return None


def _passed_on(request: web.Request) -> web.Request:
    """Return the request as the harvester gets it: at its own path, without the key."""
    rest = request.rel_url.raw_path.removeprefix(PATH)
    path = rest if rest == DESCRIPTION else BEHIND + rest
    pairs = request.rel_url.raw_query_string.split("&")
    query = "&".join(pair for pair in pairs if pair.partition("=")[0] != "api_key")
    headers = request.headers.copy()
    headers.popall("X-Api-Key", None)
    if _user(request) is not None:
        headers.popall("Authorization", None)
    return request.clone(rel_url=URL(f"{path}?{query}" if query else path, encoded=True), headers=headers)


def _outside(request: web.Request, target: str, key: str) -> str:
    """Return where a redirect of the harvester leads to from outside; a key that came in the query goes along."""
    path = target.removeprefix(str(request.url.origin()))
    if not path.startswith(f"{BEHIND}/"):
        return target
    found = PATH + path.removeprefix(BEHIND)
    if "api_key" not in request.query:
        return found
    return f"{found}{'&' if '?' in found else '?'}api_key={key}"


def _refused(code: str, headers: Mapping[str, str] | None = None) -> web.Response:
    status, message = REFUSALS[code]
    body: dict[str, Any] = {"error": {"code": code, "message": message}}
    return web.Response(
        text=json.dumps(body), status=status, content_type="application/json", headers=headers
    )
