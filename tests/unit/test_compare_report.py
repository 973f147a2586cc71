import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser

import pytest

from gateway.compare.measure import ComparedPortal, Comparison, Figure, Finding
from gateway.compare.metrics import Comparability
from gateway.report.compare import as_html, as_json, as_text, period, plain, sandbox_notice, share, title

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def portal(key: str, *, sandbox: bool = False, loading: bool = False) -> ComparedPortal:
    as_of = None if loading else NOON
    return ComparedPortal(
        key=key,
        title=f"Portal <{key}>",
        base_url="https://example.org",
        sandbox=sandbox,
        inventory=key == "one",
        as_of=as_of,
        loading=loading,
        caveats=("A caveat & more.",),
    )


def finding(
    *figures: Figure, rate: bool = False, comparability: Comparability = Comparability.NONE
) -> Finding:
    return Finding(
        key="runs",
        title="Runs <b>",
        definition="What is counted.",
        unit="runs",
        comparability=comparability,
        caveats=("Mind the gap.",),
        in_period=True,
        rate=rate,
        figures=figures,
    )


def comparison(*portals: ComparedPortal, findings: tuple[Finding, ...] = ()) -> Comparison:
    return Comparison(NOON, None, None, portals, findings)


ONE = comparison(
    portal("one", sandbox=True),
    portal("two", loading=True),
    findings=(
        finding(
            Figure("one", 1200, {"SUCCEEDED": 900, "FAILED": 300, "LOST": 0}, 0.75),
            Figure("two", 0, {"SUCCEEDED": 0, "FAILED": 0, "LOST": 0}, None),
            rate=True,
        ),
    ),
)


class Page(HTMLParser):
    """Collects what a page is made of."""

    VOID = frozenset({"meta", "br", "link", "img"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.attributes: list[tuple[str, dict[str, str | None]]] = []
        self.words = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words += data


def test_the_page_is_whole_and_asks_nobody() -> None:
    text = as_html(ONE)
    page = Page(text)
    assert page.open == []
    assert "<script" not in text
    assert not re.search(r"(src|href)=\"(https?:)?//", text)
    assert "url(" not in text
    assert {tag for tag, _ in page.attributes}.isdisjoint({"img", "link", "iframe"})


def test_the_page_can_be_read_by_everybody() -> None:
    page = Page(as_html(ONE))
    assert ("html", {"lang": "en"}) in page.attributes
    headers = [attributes for tag, attributes in page.attributes if tag == "th"]
    assert headers
    assert all(attributes.get("scope") in {"row", "col"} for attributes in headers)
    named = {attributes.get("id") for _, attributes in page.attributes}
    links = [attributes["href"] for tag, attributes in page.attributes if tag == "a"]
    assert all(link and link.removeprefix("#") in named for link in links)
    captions = [tag for tag, _ in page.attributes if tag == "caption"]
    assert len(captions) == [tag for tag, _ in page.attributes].count("table")


def test_words_of_others_are_escaped() -> None:
    text = as_html(ONE)
    assert "Portal &lt;one&gt;" in text
    assert "Runs <b>" not in text
    assert "A caveat &amp; more." in text


@pytest.mark.parametrize("render", [as_html, as_text])
def test_sandbox_is_said_wherever_invented_data_is_shown(render: Callable[[Comparison], str]) -> None:
    assert "SANDBOX" in render(ONE)
    assert "SANDBOX" not in render(comparison(portal("one")))


def test_sandbox_is_said_once_in_a_title() -> None:
    assert title(portal("one", sandbox=True)) == "Portal <one> (SANDBOX)"
    assert title(replace(portal("one", sandbox=True), title="One (sandbox)")) == "One (sandbox)"
    assert title(portal("one")) == "Portal <one>"


def test_the_notice_names_the_portals_that_are_invented() -> None:
    assert "Portal <one>" in (sandbox_notice(ONE) or "")
    assert "Portal <two>" not in (sandbox_notice(ONE) or "")
    assert sandbox_notice(comparison(portal("one"))) is None


def test_every_figure_carries_n_definition_comparability_and_caveats() -> None:
    for text in (as_html(ONE), as_text(ONE)):
        assert "n (runs)" in text
        assert "1,200" in text
        assert "What is counted." in text
        assert "not comparable" in text.lower()
        assert "Mind the gap." in text
        assert "75.0%" in text


def test_a_word_that_nobody_uses_is_not_shown() -> None:
    assert "lost" not in as_text(ONE)
    assert ">lost<" not in as_html(ONE)


def test_a_share_of_nothing_is_a_dash_and_no_zero() -> None:
    assert share(None) == "-"
    assert share(0.0) == "0.0%"


def test_an_unfinished_first_load_is_said() -> None:
    assert "first load unfinished" in as_text(ONE)
    assert "too small" in as_html(ONE)


def test_json_keeps_all_words_and_types() -> None:
    document = json.loads(as_json(ONE))
    assert document["sandbox"] is True
    assert document["made_at"] == "2026-11-20T12:00:00Z"
    figure = document["findings"][0]["figures"][0]
    assert figure == {
        "portal": "one",
        "n": 1200,
        "counts": {"SUCCEEDED": 900, "FAILED": 300, "LOST": 0},
        "value": 0.75,
    }
    assert document["findings"][0]["comparability"] == "NONE"


def test_the_page_says_what_a_run_lists() -> None:
    text = as_html(ONE)
    assert text.count("every record") == 1
    assert text.count("what changed") == 1


def test_nothing_synced_yet_is_no_error() -> None:
    empty = comparison(findings=(finding(),))
    assert "No portal has been synced yet." in as_html(empty)
    assert as_text(empty)


@pytest.mark.parametrize(
    ("since", "until", "expected"),
    [
        (None, None, "all runs that the gateway knows"),
        (NOON, None, "runs created from 2026-11-20 12:00 UTC until now"),
        (None, NOON, "runs created from the beginning to before 2026-11-20 12:00 UTC"),
    ],
)
def test_the_period_in_words(since: datetime | None, until: datetime | None, expected: str) -> None:
    assert period(Comparison(NOON, since, until, (), ())) == expected


def test_words_of_the_model_become_plain() -> None:
    assert plain("DELETE_BY_CLEAR") == "delete by clear"
