"""The plain page in a browser: it stands in for the explorer."""

from __future__ import annotations

import json

from browser.conftest import Serve
from browser.watching import Watched
from playwright.async_api import expect

from gateway.resources import operations


async def test_an_operation_with_variables(served: Serve, watched: Watched) -> None:
    page = watched.page
    await page.goto(f"{await served(documents='trusted')}/graphql")
    asked = [name for name, text in operations().items() if "\nsubscription " not in text]
    assert await page.locator("#operation option").all_text_contents() == asked
    await page.get_by_label("Operation").select_option("source-detail")
    await expect(page.get_by_label("Query")).to_have_value(operations()["source-detail"])
    await page.get_by_label("Variables").fill('{"portal": "data-gov", "slug": "air"}')
    await page.get_by_role("button", name="Run").click()
    await expect(page.get_by_role("region", name="Result")).to_contain_text('"data"')
    told = json.loads(await page.get_by_role("region", name="Result").inner_text())
    assert "errors" not in told
    assert told["data"]["harvestSource"]["name"] == "Air quality"


async def test_the_operation_of_the_address_and_a_mistake(served: Serve, watched: Watched) -> None:
    page = watched.page
    await page.goto(f"{await served(documents='trusted')}/graphql?operation=what-broke")
    await expect(page.get_by_label("Operation")).to_have_value("what-broke")
    await page.get_by_label("Variables").fill("{")
    await page.get_by_label("Query").press("Control+Enter")
    await expect(page.get_by_role("region", name="Result")).to_contain_text("SyntaxError")
    await expect(page.get_by_role("complementary")).to_contain_text("SANDBOX")
