"""The pages over HTTP: what they may do, what is kept of them, what is handed out and what never is."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient as Client
from api.conftest import Serve
from yarl import URL

from gateway.resources import operations
from harvest_graphql.engine import Engine
from harvest_graphql.pages.explorer import PLACE
from harvest_graphql.pages.mounting import Pages
from harvest_graphql.view import routes

BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
SCRIPT = "console.log('é')"
Visit = Callable[[Path], Awaitable[Client]]


@pytest.fixture
def visit(aiohttp_client: Any, engine: Engine) -> Visit:
    """Serve the endpoint and its pages, with the explorer of a folder; return a client."""

    async def start(built: Path) -> Client:
        pages = Pages(operations(), built=built)
        app = web.Application()
        app.add_routes([*routes(engine, page=pages.front), *pages.routes()])
        client: Client = await aiohttp_client(app)
        return client

    return start


def build(folder: Path) -> None:
    """Write what looks like an explorer."""
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text(f"<title>Built</title>{PLACE}", "utf-8")
    (folder / "secret.js").write_text("secret", "utf-8")
    assets = folder / "assets"
    (assets / "main-1a_B.js").write_text(SCRIPT, "utf-8")
    (assets / "main-1a_B.js.map").write_text("map", "utf-8")
    (assets / ".hidden.js").write_text("hidden", "utf-8")
    (assets / "link.js").symlink_to(folder / "secret.js")
    (assets / "folder.js").mkdir()


def policy(answer: Any) -> dict[str, str]:
    """Return the sources of each directive of an answer's policy."""
    parts = answer.headers["Content-Security-Policy"].split("; ")
    return {name: sources for name, _, sources in (part.partition(" ") for part in parts)}


async def test_the_explorer_is_shown_as_soon_as_it_is_there(visit: Visit, tmp_path: Path) -> None:
    client = await visit(tmp_path / "explorer")
    async with client.get("/graphql", headers=BROWSER) as answer:
        assert "<title>Harvest gateway</title>" in await answer.text()
    build(tmp_path / "explorer")
    async with client.get("/graphql", headers=BROWSER) as answer:
        page = await answer.text()
        assert page.startswith("<title>Built</title>")
        assert '<aside class="sandbox"' in page
        assert all(f'"name": "{name}"' in page for name in operations())
        assert answer.headers.getall("Vary") == ["Accept", "Accept-Encoding"]


async def test_pages_may_ask_nobody_else_and_are_framed_by_nobody(visit: Visit, tmp_path: Path) -> None:
    client = await visit(tmp_path / "explorer")
    for path in ("/graphql", "/docs", "/graphql"):
        async with client.get(path, headers=BROWSER) as answer:
            found = policy(answer)
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert found["default-src"] == found["frame-ancestors"] == found["base-uri"] == "'none'"
        assert "unsafe" not in found["script-src"]
        assert not re.search(r"https?:|\*", "".join(found.values()))
        if path == "/docs":
            build(tmp_path / "explorer")
    assert found["connect-src"] == "'self'"
    assert found["worker-src"] == "'self'"


async def test_an_asset_is_kept_for_good(visit: Visit, tmp_path: Path) -> None:
    build(tmp_path)
    (tmp_path / "assets" / "main-1a_B.js.gz").write_bytes(b"\x1f\x8b squeezed")
    client = await visit(tmp_path)
    async with client.get("/assets/main-1a_B.js", headers={"Accept-Encoding": "identity"}) as answer:
        assert answer.status == 200
        assert await answer.text() == SCRIPT
        assert answer.headers["Content-Type"] == "text/javascript; charset=utf-8"
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
    async with client.head("/assets/main-1a_B.js", headers={"Accept-Encoding": "gzip"}) as answer:
        assert answer.headers["Content-Encoding"] == "gzip"


@pytest.mark.parametrize(
    "name",
    [
        "../secret.js",
        "..%2Fsecret.js",
        "..%5Csecret.js",
        "%2e%2e/secret.js",
        "%2E%2E%2Fsecret.js",
        "%2Fetc%2Fpasswd",
        "....//secret.js",
        "link.js",
        "folder.js",
        ".hidden.js",
        "main-1a_B.js.map",
        "main-1a_B.js%00",
        "main-1a_B.js%0A",
        "absent.js",
        "",
        quote("é.js"),
    ],
)
async def test_nothing_else_is_handed_out(visit: Visit, tmp_path: Path, name: str) -> None:
    build(tmp_path)
    client = await visit(tmp_path)
    async with client.get(URL(f"/assets/{name}", encoded=True)) as answer:
        assert answer.status == 404
        assert "secret" not in await answer.text()
        assert "immutable" not in answer.headers.get("Cache-Control", "")


async def test_the_reference_is_sent_once_while_it_is_the_same(visit: Visit, tmp_path: Path) -> None:
    client = await visit(tmp_path)
    async with client.get("/docs", headers={"Accept-Encoding": "gzip"}) as answer:
        assert answer.status == 200
        assert answer.content_type == "text/html"
        assert answer.headers["Content-Encoding"] == "gzip"
        tag = answer.headers["ETag"]
        page = await answer.text()
    assert "<html" in page
    async with client.get("/docs", headers={"If-None-Match": tag}) as answer:
        assert answer.status == 304
    assert "<script" not in page.partition('id="operations"')[2].partition("</main>")[0]


async def test_pages_are_small_and_name_nobody_else(visit: Visit, tmp_path: Path) -> None:
    client = await visit(tmp_path)
    async with client.get("/graphql", headers=BROWSER) as answer:
        page = await answer.text()
    assert not re.search(r"(src|href)=\"(?!docs|#|graphql)", page)
    assert len(page.splitlines()) < 100
    async with client.get("/favicon.ico") as answer:
        assert answer.content_type == "image/svg+xml"


async def test_no_page_where_none_is_wanted(serve: Serve) -> None:
    client = await serve(page=None)
    async with client.get("/graphql", headers=BROWSER) as answer:
        assert answer.status in {400, 405, 406}
        assert "json" in answer.content_type
