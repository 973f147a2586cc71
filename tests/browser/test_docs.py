"""The reference in a browser: what there is, where it leads, how it is searched."""

from __future__ import annotations

import pytest
from browser.conftest import Serve
from browser.watching import Watched
from graphql import is_scalar_type
from playwright.async_api import Page, expect

from gateway.resources import operations
from harvest_graphql.problems import Code
from harvest_graphql.schema import core


@pytest.fixture
async def docs(served: Serve, watched: Watched) -> Page:
    """The open reference."""
    await watched.page.goto(f"{await served()}/docs")
    return watched.page


async def test_everything_of_the_schema_has_its_place(docs: Page) -> None:
    ids = set(await docs.eval_on_selector_all("[id]", "all => all.map((each) => each.id)"))
    known = {name: type_ for name, type_ in core().type_map.items() if not name.startswith("__")}
    members = {
        f"{name}.{member}"
        for name, type_ in known.items()
        for member in getattr(type_, "fields", None) or getattr(type_, "values", None) or ()
    }
    assert not known.keys() - ids
    assert not members - ids
    assert not {f"operation-{name}" for name in operations()} - ids
    assert not {f"error-{code}" for code in Code} - ids


async def test_no_link_leads_nowhere(docs: Page) -> None:
    ids = set(await docs.eval_on_selector_all("[id]", "all => all.map((each) => each.id)"))
    links = await docs.eval_on_selector_all("a", "all => all.map((each) => each.getAttribute('href'))")
    inside = {link.removeprefix("#") for link in links if link.startswith("#")}
    outside = {link.partition("?")[0] for link in links if not link.startswith("#")}
    assert inside
    assert not inside - ids
    specified = {type_.specified_by_url for type_ in core().type_map.values() if is_scalar_type(type_)}
    assert {link for link in outside if not link.startswith("https://")} == {"docs", "graphql"}
    assert specified - {None} <= outside


async def test_an_example_is_opened_where_it_runs(docs: Page) -> None:
    example = docs.locator("#operation-what-broke")
    await example.get_by_text("The document").click()
    await expect(example.locator("pre")).to_contain_text("query WhatBroke($since: DateTime!")
    await example.get_by_role("link", name="Open in the explorer").click()
    await docs.wait_for_url("**/graphql?operation=what-broke")


async def test_searching_by_keyboard(docs: Page) -> None:
    await docs.keyboard.press("/")
    await docs.keyboard.type("harvestjob.status")
    await expect(docs.get_by_role("option").first).to_have_text("HarvestJob.statusfield")
    await docs.keyboard.press("Enter")
    assert docs.url.endswith("#HarvestJob.status")
    await expect(docs.locator("[id='HarvestJob.status']")).to_be_in_viewport()
    await docs.keyboard.press("/")
    await docs.keyboard.type("nothing has this name")
    await expect(docs.locator("#found")).to_contain_text("Nothing")


async def test_it_is_read_in_the_dark_and_on_a_telephone(docs: Page) -> None:
    light = await docs.evaluate("getComputedStyle(document.body).backgroundColor")
    await docs.emulate_media(color_scheme="dark")
    assert await docs.evaluate("getComputedStyle(document.body).backgroundColor") != light
    await docs.set_viewport_size({"width": 390, "height": 800})
    await docs.reload()
    assert await docs.evaluate("document.documentElement.scrollWidth") <= 390
