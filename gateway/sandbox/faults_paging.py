"""How a sandbox portal misreads which page it is asked for."""

from __future__ import annotations

from aiohttp import web

FIRST = {"page_size": 1, "per_page": 0}
"""The number of a list's first page, by the name of the argument that says how long its pages are."""
SMALL = 10
"""Rows of a page whose length is ignored."""
KINDS = frozenset({"small-pages", "same-page", "page-loop", "removed-row"})
"""Faults that concern a page of a list."""


def holds(request: web.Request, position: int) -> bool:
    """Whether the page that is asked for holds the row at *position*, from 0."""
    size = _number(request, "page_size", 20)
    page = _number(request, "page", 1)
    return size is not None and page is not None and (page - 1) * size <= position < page * size


def concerns(kind: str, request: web.Request) -> bool:
    """Whether a fault of *kind* would change the answer: for most a later page than the first has to be asked for."""
    if kind not in KINDS:
        return True
    argument, page = _paged(request)
    if argument is None:
        return False
    if kind == "small-pages":
        return (_number(request, argument, 0) or 0) > SMALL
    return page > FIRST[argument]


def misread(kind: str, request: web.Request) -> web.Request:
    """Return the request as the portal takes it, broken by a fault of *kind*."""
    argument, page = _paged(request)
    if argument is None:
        return request
    if kind == "small-pages":
        return request.clone(rel_url=request.rel_url.update_query({argument: SMALL}))
    if kind == "same-page":
        return other(request, page - 1)
    return other(request, FIRST[argument]) if kind == "page-loop" else request


def following(request: web.Request) -> web.Request:
    """Return the request for the page after the one that *request* asks for."""
    return other(request, _paged(request)[1] + 1)


def other(request: web.Request, page: int) -> web.Request:
    """Return the request for another *page* of the same list."""
    return request.clone(rel_url=request.rel_url.update_query({"page": page}))


def page_of(request: web.Request) -> int:
    """Return the number of the page that is asked for."""
    return _paged(request)[1]


def list_of(request: web.Request) -> str:
    """Return what tells one list from another: the path and the query without the page's number."""
    query = sorted((name, value) for name, value in request.query.items() if name != "page")
    return f"{request.path}?{query}"


def _paged(request: web.Request) -> tuple[str | None, int]:
    """Return the argument that says how long pages are, None where none does; and the number of the page."""
    argument = next((name for name in FIRST if name in request.query), None)
    if argument is None:
        return None, _number(request, "page", 0) or 0
    return argument, _number(request, "page", FIRST[argument]) or FIRST[argument]


def _number(request: web.Request, name: str, otherwise: int) -> int | None:
    try:
        return int(request.query.get(name, otherwise))
    except ValueError:
        return None
