"""The page at the endpoint's address: the explorer where it is built, else the plain one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from aiohttp import web
from aiohttp.hdrs import CACHE_CONTROL, VARY

from harvest_graphql.pages import explorer
from harvest_graphql.pages.explorer import Explorer
from harvest_graphql.pages.named import Named, as_script
from harvest_graphql.pages.policy import SELF, hashed, headers

Page = Callable[[bool], web.Response]
"""Makes the page; told whether any portal is a sandbox."""
ASSETS = "/assets/{name}"
ICON = "/favicon.ico"
_HERE = Path(__file__).resolve().parent
_SANDBOX = '<aside class="sandbox">SANDBOX: portals that do not exist, with invented data.</aside>'


class Front:
    """What a browser sees at the endpoint, with *operations* to begin with.

    Without an *explorer* (it asks for the schema, which not every endpoint tells) it is always the plain page.
    """

    def __init__(self, operations: Sequence[Named], explorer: Explorer | None) -> None:
        self._told = f'<script type="application/json" id="gateway">{as_script(operations)}</script>'
        self._explorer = explorer
        self._plain, self._policy = _plain()
        self._icon = (_HERE / "icon.svg").read_bytes()

    def page(self, sandbox: bool) -> web.Response:
        """Return the page."""
        filled = f"{_SANDBOX if sandbox else ''}{self._told}"
        built = self._explorer.page(filled) if self._explorer else None
        if built is not None:
            return _html(built, explorer.POLICY)
        return _html(self._plain.replace(explorer.PLACE, filled, 1), self._policy)

    def routes(self) -> list[web.RouteDef]:
        """Return the routes of what the page needs beside the endpoint."""
        assets = [web.get(ASSETS, self._explorer.asset)] if self._explorer else []
        return [*assets, web.get(ICON, self._favicon)]

    async def _favicon(self, _: web.Request) -> web.Response:
        kept = {**headers(), CACHE_CONTROL: "public, max-age=86400"}
        return web.Response(body=self._icon, content_type="image/svg+xml", headers=kept)


def _plain() -> tuple[str, Mapping[str, str]]:
    """Return the plain page and what it may do."""
    page = (_HERE / "plain.html").read_text("utf-8")
    style = page.partition("<style>")[2].partition("</style>")[0]
    script = page.partition("<script>")[2].partition("</script>")[0]
    return page, headers(style_src=hashed(style), script_src=hashed(script), connect_src=SELF)


def _html(page: str, policy: Mapping[str, str]) -> web.Response:
    kept = {**policy, CACHE_CONTROL: "no-cache", VARY: "Accept"}
    return web.Response(text=page, content_type="text/html", charset="utf-8", headers=kept)
