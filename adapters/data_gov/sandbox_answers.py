"""The answers of the sandbox portal: statuses, media types and the headers that every answer has."""

from __future__ import annotations

from html import escape
from typing import Any

from aiohttp import web

from adapters.data_gov.sandbox_wire import text

HTML = "text/html; charset=utf-8"
JSON = "application/json"
SAFE = ("GET", "HEAD")
_PAGE = "<!doctype html>\n<html lang=en>\n<title>{title}</title>\n<h1>{title}</h1>\n<p>{words}\n"


def headers(method: str, status: int) -> dict[str, str]:
    """Return the headers that an answer has beside its own."""
    common = {
        "Server": "gunicorn",
        "Permissions-Policy": "browsing-topics=()",
        "X-Frame-Options": "SAMEORIGIN",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "strict-origin-when-cross-origin",
        "Vary": "Cookie",
    }
    if method in SAFE and status < 400:
        return common | {"Cache-Control": "public, max-age=60, s-maxage=60"}
    return common | {"Cache-Control": "private, no-store, max-age=0", "Pragma": "no-cache", "Expires": "0"}


def answer(
    request: web.Request, body: bytes, media: str, status: int = 200, location: str | None = None
) -> web.Response:
    """Return an answer with all its headers."""
    own = {"Content-Type": media} | ({"Location": location} if location is not None else {})
    return web.Response(body=body, status=status, headers=headers(request.method, status) | own)


def data(request: web.Request, value: Any, status: int = 200) -> web.Response:
    """Return a JSON answer."""
    return answer(request, text(value), JSON, status)


def words(request: web.Request, message: str, status: int) -> web.Response:
    """Return an answer of a few words, which the portal calls HTML."""
    return answer(request, message.encode(), HTML, status)


def page(request: web.Request, title: str, status: int = 200) -> web.Response:
    """Return a page for people."""
    return answer(
        request, _PAGE.format(title=escape(title), words="A sandbox has no pages.").encode(), HTML, status
    )


def moved(request: web.Request, target: str, status: int = 308) -> web.Response:
    """Return a redirect to *target*."""
    shown = escape(target)
    link = f'You should be redirected automatically to the target URL: <a href="{shown}">{shown}</a>.'
    body = _PAGE.format(title="Redirecting...", words=f"{link} If not, click the link.")
    return answer(request, body.encode(), HTML, status, target)


def missing(request: web.Request) -> web.Response:
    """Return the 404 of an item."""
    return data(request, {"error": "Not Found"}, 404)
