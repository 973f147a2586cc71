"""`gateway config` tells values and origins, and no secret."""

from __future__ import annotations

import json

import pytest

from gateway.cli.app import run
from gateway.cli.documentation import commands, markdown, settings
from gateway.cli.settings import shown
from gateway.config import Settings


def test_values_origins_and_no_secret(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GATEWAY_PORT", "9000")
    monkeypatch.setenv("GATEWAY_DATABASE_URL", "postgresql://ada:hunter22@db/harvests")
    monkeypatch.setenv("GATEWAY_PORTALS__DATA_GOV__API_KEY", "hunter33")
    assert run(["config", "--json"]) == 0
    text = capsys.readouterr().out
    rows = {row["name"]: row for row in json.loads(text)}
    assert rows.keys() == Settings.model_fields.keys()
    assert (rows["port"]["value"], rows["port"]["origin"]) == (9000, "GATEWAY_PORT")
    assert rows["portals"]["origin"] == "GATEWAY_PORTALS__DATA_GOV__API_KEY"
    assert rows["database_url"]["value"] == "postgresql://ada:(hidden)@db/harvests"
    assert rows["host"]["origin"] == "default"
    assert "hunter" not in text
    assert run(["config"]) == 0
    assert "hunter" not in capsys.readouterr().out


def test_a_misspelt_variable_is_mentioned(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GATEWAY_PROT", "9000")
    assert run(["config"]) == 0
    assert "GATEWAY_PROT" in capsys.readouterr().err


def test_an_address_without_password_is_shown_as_it_is() -> None:
    assert shown("database_url", "postgresql:///harvests?host=/run") == "postgresql:///harvests?host=/run"


def test_the_markdown_has_all_of_it() -> None:
    text = "\n".join(markdown())
    assert all(name in text for name, _ in commands())
    assert all(name in text for name, _, _ in settings())
    assert text.count("\n## ") == 2
