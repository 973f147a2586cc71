"""How operations are described and variables are read."""

from __future__ import annotations

import json

import pytest

from gateway.cli.app import run
from gateway.cli.output import WIDE, print_table
from gateway.cli.query import describe, head, subscribes
from gateway.resources import operations

DOCUMENT = """# Sources that never ran,
# the newest first.
query NeverRun($portal: [String!], $first: Int = 50) {
  harvestSources { nodes { id } }
}
"""


def test_a_document_is_described_by_its_first_lines() -> None:
    assert describe(DOCUMENT) == "Sources that never ran, the newest first."
    assert head(DOCUMENT) == "$portal: [String!], $first: Int = 50"
    assert head("query All { portals { key } }") == ""
    assert describe("query All { portals { key } }") == ""


def test_every_operation_is_listed_with_a_description(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["query", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [row["name"] for row in rows] == list(operations())
    assert all(row["description"].endswith(".") for row in rows)


def test_a_subscription_is_listed_and_not_asked_once(capsys: pytest.CaptureFixture[str]) -> None:
    followed = [name for name, text in operations().items() if subscribes(text)]
    assert followed == ["follow-events", "watch-syncs"]
    assert head(operations()["watch-syncs"]) == "$portal: String"
    for name in followed:
        assert run(["query", name]) == 2
        assert f"documentId={name}" in capsys.readouterr().err


def test_a_misspelt_name_is_guessed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["query", "latest-run"]) == 2
    assert "Did you mean latest-runs?" in capsys.readouterr().err


def test_a_table_in_a_pipe_is_wide_and_tells_nothing_as_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    print_table("Title", ["name", "n"], [["a [bold]b[/]", 1234567], ["x" * 150, None]])
    shown = capsys.readouterr().out
    assert "a [bold]b[/]" in shown
    assert "1,234,567" in shown
    assert "None" not in shown
    assert max(map(len, shown.splitlines())) <= WIDE
    assert "x" * 150 in shown
