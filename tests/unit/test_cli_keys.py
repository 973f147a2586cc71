"""Mistakes that ``gateway keys`` tells before it opens a database."""

from __future__ import annotations

import pytest

from gateway.access.scopes import SCOPES
from gateway.cli.app import run
from gateway.cli.documentation import commands

CREATE = ["keys", "create"]


@pytest.fixture(autouse=True)
def nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """A database that cannot be opened: whoever tries ends with another code."""
    monkeypatch.setenv("GATEWAY_DATABASE_URL", "postgresql://127.0.0.1:1/nowhere")


@pytest.mark.parametrize(
    "arguments",
    [["ada"], ["ada", "--scope", "everything"], ["ada", "--scope", "sync", "--scope", "Admin"]],
)
def test_a_wrong_scope_or_none_lists_the_scopes(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([*CREATE, *arguments]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "scope" in shown.err
    assert all(scope in shown.err for scope in SCOPES)


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["  ", "--scope", "sync"],
        ["two\nlines", "--scope", "sync"],
        ["hgw_x", "--scope", "sync"],
        *(["ada", "--scope", "sync", "--expires-days", days] for days in ("0", "-1", "36501", "1e9", "soon")),
    ],
)
def test_what_cannot_be_a_key_is_wrong_usage(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([*CREATE, *arguments]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "Traceback" not in shown.err


@pytest.mark.parametrize(
    "arguments", [["create", "ada", "--scope", "sync"], ["list"], ["list", "--json"], ["revoke", "ada"]]
)
def test_an_absent_database_is_code_4(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["keys", *arguments]) == 4
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "nothing answers there" in shown.err


def test_every_scope_is_in_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*CREATE, "--help"]) == 0
    shown = capsys.readouterr().out
    assert all(scope in shown for scope in SCOPES)
    assert {"gateway keys create", "gateway keys list", "gateway keys revoke"} <= dict(commands()).keys()
