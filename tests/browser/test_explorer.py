"""The explorer in a browser: it lists the operations, runs them, and shows what came."""

from __future__ import annotations

from pathlib import Path

from aiohttp import ClientSession
from browser.conftest import Serve
from browser.watching import Watched
from playwright.async_api import expect

from gateway.resources import operations

RUN = "button.graphiql-execute-button"
RESULT = ".result-window"
EDITOR = ".graphiql-query-editor"


async def test_an_operation_of_the_side_bar(explorer: Path, served: Serve, watched: Watched) -> None:
    assert explorer
    page = watched.page
    await page.goto(f"{await served()}/graphql")
    listed = page.locator(".gateway-operations li strong")
    await expect(listed).to_have_text(list(operations()))
    await page.get_by_label("Search the operations").fill("freshness")
    await listed.get_by_text("portals-freshness").click()
    await expect(page.locator(EDITOR)).to_contain_text("PortalsFreshness")
    await page.locator(RUN).click()
    await expect(page.locator(RESULT)).to_contain_text('"key": "data-gouv-fr"')
    await expect(page.get_by_role("complementary")).to_contain_text("SANDBOX")


async def test_an_operation_of_the_address_with_variables_and_a_key(
    explorer: Path, served: Serve, watched: Watched
) -> None:
    assert explorer
    page = watched.page
    sent: list[dict[str, str]] = []
    page.on("request", lambda request: sent.append(request.headers) if request.method == "POST" else None)
    await page.goto(f"{await served()}/graphql?operation=latest-runs")
    await expect(page.locator(EDITOR)).to_contain_text("LatestRuns")
    await expect(page.locator(".graphiql-editor-tool")).to_contain_text('"first": 50')
    await page.get_by_role("button", name="Headers").click()
    await page.locator(".graphiql-editor-tool .graphiql-editor:not(.hidden)").click()
    await page.keyboard.type('{"X-Trial": "of the headers"}')
    await page.locator(RUN).click()
    await expect(page.locator(RESULT)).to_contain_text('"harvestSources"')
    assert sent[-1]["x-trial"] == "of the headers"


async def test_a_query_of_ones_own(explorer: Path, served: Serve, watched: Watched) -> None:
    assert explorer
    page = watched.page
    await page.goto(f"{await served()}/graphql")
    await expect(page.locator(EDITOR)).to_contain_text("query Portals")
    await page.locator(EDITOR).click()
    await page.keyboard.press("Control+A")
    await page.keyboard.type("query Mine{harvestSources{totalCount")  # the editor closes what is open
    await page.keyboard.press("Control+Enter")
    await expect(page.locator(RESULT)).to_contain_text('"totalCount"')


async def test_a_subscription(explorer: Path, served: Serve, watched: Watched) -> None:
    assert explorer
    page = watched.page
    await page.goto(f"{await served()}/graphql")
    await expect(page.locator(EDITOR)).to_contain_text("query Portals")
    await page.locator(EDITOR).click()
    await page.keyboard.press("Control+A")
    await page.keyboard.type("subscription Watch{syncProgress{portals{portal{key")
    await page.keyboard.press("Control+Enter")
    await expect(page.locator(RESULT)).to_contain_text('"key": "data-gouv-fr"')
    assert [url for url in watched.requests if url.startswith("ws:")]
    await page.get_by_role("button", name="Stop query").click()
    await expect(page.get_by_role("button", name="Execute query")).to_be_visible()


async def test_the_schema_is_shown(explorer: Path, served: Serve, watched: Watched) -> None:
    assert explorer
    page = watched.page
    await page.goto(f"{await served()}/graphql")
    await page.get_by_role("button", name="Show Documentation Explorer").click()
    await expect(page.get_by_role("link", name="Query", exact=True).first).to_be_visible()


async def test_assets_are_kept_for_good_and_nothing_else_is_handed_out(served: Serve, explorer: Path) -> None:
    names = sorted(
        file.name for file in (explorer / "assets").iterdir() if file.suffix in {".js", ".css", ".ttf"}
    )
    types = {"js": "text/javascript", "css": "text/css", "ttf": "font/ttf"}
    async with ClientSession(await served()) as session:
        for name in names:
            async with session.get(f"/assets/{name}") as answer:
                assert answer.status == 200
                assert answer.content_type == types[name.rpartition(".")[2]]
                assert "immutable" in answer.headers["Cache-Control"]
                assert answer.headers["X-Content-Type-Options"] == "nosniff"
