"""What a sandbox portal answers in the place of what was asked for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

from aiohttp import web

from gateway.sandbox.faults_kinds import CODED, Fault

_YEAR = 365 * 86400
_HTML = "<!doctype html><title>{0}</title><h1>{0}</h1>"


def instead(fault: Fault, request: web.Request, now: datetime) -> web.Response | None:
    """Return the answer in the place of the portal's, None where *fault* wants the portal's own; *now* is its time."""
    if found := CODED.fullmatch(fault.kind):
        return _coded(found[1], int(found[2]))
    if fault.kind == "429-html":
        return web.Response(text=_HTML.format("Too Many Requests"), status=429, content_type="text/html")
    if fault.kind.startswith("429"):
        return _limited(_retry_after(fault, now))
    return _plain(fault.kind, request)


def _plain(kind: str, request: web.Request) -> web.Response | None:
    if kind == "poison-500":
        return web.json_response({"message": "Internal Server Error"}, status=500)
    if kind == "garbage":
        return web.Response(body=b'{"data": [{"id": ', content_type="application/json")
    if kind == "no-content":
        return web.Response(status=204)
    if kind.startswith("redirect"):
        where = request.path_qs if kind == "redirect-loop" else "/elsewhere"
        return web.Response(status=302, headers={"Location": where})
    return None


def _coded(form: str, status: int) -> web.Response:
    if form == "html":
        return web.Response(text=_HTML.format("Maintenance"), status=status, content_type="text/html")
    return web.json_response({"message": "Ordered by the sandbox"}, status=status)


def _limited(retry_after: str | None) -> web.Response:
    headers = {} if retry_after is None else {"Retry-After": retry_after}
    return web.json_response({"message": "Too Many Requests"}, status=429, headers=headers)


def _retry_after(fault: Fault, now: datetime) -> str | None:
    if fault.kind == "429-date":
        return _date(now + timedelta(seconds=fault.seconds))
    said = {"429-past": _date(now - timedelta(days=1)), "429-year": str(_YEAR), "429-text": "in a while"}
    return said.get(fault.kind, str(max(0, round(fault.seconds))) if fault.kind == "429" else None)


def _date(when: datetime) -> str:
    return format_datetime(when.astimezone(UTC), usegmt=True)
