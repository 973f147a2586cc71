"""What the command line says of itself."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
import typer.main

from gateway.cli.app import application, run
from gateway.cli.documentation import commands
from gateway.cli.failure import EXIT_CODES

WANTED = (
    *(
        "up",
        "sync",
        "serve",
        "worker",
        "migrate",
        "sandbox",
        "status",
        "doctor",
        "query",
        "schema",
        "portals",
    ),
    *("config", "renormalise", "report", "keys"),
)
PRINTS_DATA = ("sync", "migrate", "status", "doctor", "query", "portals", "config", "renormalise")
COMMANDS = dict(commands())


def command(name: str) -> Any:
    found: Any = typer.main.get_command(application())
    for word in name.split()[1:]:
        found = found.commands[word]
    return found


def options(name: str) -> Iterator[str]:
    for parameter in command(name).params:
        yield from parameter.opts


@pytest.mark.parametrize("word", WANTED)
def test_every_command_of_the_list_is_there(word: str) -> None:
    assert any(name.split()[1] == word for name in COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_with_an_example(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*name.split()[1:], "--help"]) == 0
    shown = capsys.readouterr().out
    assert "Usage: " in shown
    assert "Example" in shown
    assert COMMANDS[name].endswith(".")


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_and_argument_is_described(name: str) -> None:
    for parameter in command(name).params:
        assert parameter.help or parameter.hidden, (name, parameter.name)


@pytest.mark.parametrize(
    "word",
    [*PRINTS_DATA, "report compare", "sandbox advance", "sandbox minimum", "keys create", "keys list"],
)
def test_what_prints_data_prints_json_when_asked(word: str) -> None:
    assert "--json" in options(f"gateway {word}")


def test_the_exit_codes_are_in_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--help"]) == 0
    shown = capsys.readouterr().out
    for code, words in EXIT_CODES.items():
        assert f"{code}  {words}" in shown


@pytest.mark.parametrize(
    "arguments", [["frob"], ["up", "--prot", "1"], ["up", "--port", "many"], ["query", "--url"], []]
)
def test_wrong_usage_ends_with_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(arguments) == 2
    shown = capsys.readouterr()
    assert re.search("Usage: gateway|Error", shown.err + shown.out)
    assert "Traceback" not in shown.err


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--version"]) == 0
    assert capsys.readouterr().out.startswith("harvest-gateway ")
