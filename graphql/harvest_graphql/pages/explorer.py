"""The built explorer: its page and its assets, as they are in a folder that may come, go and change."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from aiohttp import web
from aiohttp.hdrs import CACHE_CONTROL, CONTENT_TYPE

from harvest_graphql.pages.policy import SELF, headers

BUILT = Path(__file__).resolve().parent.parent / "_explorer"
"""Where ``make explorer`` puts it."""
PLACE = "<!--gateway-->"
"""What of the page the server fills in."""
POLICY = headers(
    script_src=SELF,
    style_src=f"{SELF} 'unsafe-inline'",  # the editor makes its styles as it goes
    font_src=SELF,
    img_src=f"{SELF} data:",
    connect_src=SELF,
    worker_src=SELF,
)
_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]*(\.[a-z]+)")
_TYPES: Mapping[str, str] = {
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".ttf": "font/ttf",
}
_KEPT = {
    **headers(script_src=SELF, connect_src=SELF),  # a worker lives by the policy of its own script
    CACHE_CONTROL: "public, max-age=31536000, immutable",
}


class Explorer:
    """The explorer in *folder*, looked for at every request."""

    def __init__(self, folder: Path = BUILT) -> None:
        self._folder = folder

    def page(self, filled: str) -> str | None:
        """Return the page with *filled* in its place; None where it is not built."""
        try:
            page = (self._folder / "index.html").read_text("utf-8")
        except OSError:
            return None
        return page.replace(PLACE, filled, 1)

    async def asset(self, request: web.Request) -> web.StreamResponse:
        """Send a file of the explorer; its name changes with its content, so it may be kept for good."""
        name = request.match_info["name"]
        match = _NAME.fullmatch(name)
        type_ = _TYPES.get(match[1]) if match else None
        file = self._folder / "assets" / name
        if type_ is None or file.is_symlink() or not file.is_file():
            return web.Response(status=404, text="There is no such file.")
        return web.FileResponse(file, headers={**_KEPT, CONTENT_TYPE: type_})
