"""A page in a browser, and everything that it asks and complains of."""

from __future__ import annotations

from urllib.parse import urlsplit

from playwright.async_api import ConsoleMessage, Page

PATIENCE = 30_000
"""Milliseconds: a slow machine is no failure."""


class Watched:
    """A page, with what it asked and what its console said."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.requests: list[str] = []
        self.complaints: list[str] = []
        page.set_default_timeout(PATIENCE)
        page.context.on("request", lambda request: self.requests.append(request.url))
        page.on("websocket", lambda socket: self.requests.append(socket.url))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", self._hear)

    @property
    def elsewhere(self) -> list[str]:
        """What was asked of other hosts."""
        here = {"127.0.0.1", "", None}
        return [url for url in self.requests if urlsplit(url).hostname not in here]

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.complaints.append(message.text)
