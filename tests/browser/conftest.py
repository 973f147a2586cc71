from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from api.world import seed
from browser.watching import PATIENCE, Watched
from listening import listening
from playwright.async_api import Browser, async_playwright, expect

from gateway.compose import opened
from gateway.config import Settings
from gateway.postgres import connect
from harvest_graphql.pages.explorer import BUILT

Serve = Callable[..., Awaitable[str]]
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
expect.set_options(timeout=PATIENCE)
INVENTED = {"data-gov": {"sandbox": True}}
ARGUMENTS = ["--disable-gpu", "--disable-dev-shm-usage", *(["--no-sandbox"] if os.geteuid() == 0 else [])]


def missing(what: str) -> None:
    """Skip the test where something is missing; in CI nothing may be."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"{what} is missing.")
    pytest.skip(f"{what} is missing: what people see in a browser is not tested")


@pytest.fixture
async def served(database_url: str, tmp_path: Path) -> AsyncIterator[Serve]:
    """Serve a gateway on a seeded database, with some settings; return its address."""
    connection = await connect(database_url)
    try:
        await seed(connection)
    finally:
        await connection.close()
    async with AsyncExitStack() as stack:

        async def start(**settings: object) -> str:
            usual = {"database_url": database_url, "data_dir": tmp_path, "portals": INVENTED}
            chosen = Settings.model_validate({**usual, **settings})
            gateway = await stack.enter_async_context(opened(chosen))
            return await stack.enter_async_context(listening(gateway))

        yield start


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    """Debian's Chromium."""
    if CHROMIUM is None:
        missing("Chromium")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        try:
            yield browser
        finally:
            await browser.close()


@pytest.fixture
async def watched(browser: Browser) -> AsyncIterator[Watched]:
    """A page of which everything is noted: at the end it has asked no other host and complained of nothing."""
    context = await browser.new_context(viewport={"width": 1400, "height": 900}, color_scheme="light")
    watched = Watched(await context.new_page())
    yield watched
    await context.close()
    assert watched.requests, "nothing was asked: nothing was watched"
    assert watched.elsewhere == []
    assert watched.complaints == []


@pytest.fixture
def explorer() -> Path:
    """The folder of the built explorer."""
    if not (BUILT / "index.html").exists():
        missing("The built explorer (make explorer)")
    return BUILT
