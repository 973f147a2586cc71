"""Every command line that the documentation shows names a command, and options that it has."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main

from gateway.cli.app import application

ROOT = Path(__file__).resolve().parents[2]
PAGES = ("README.md", "CONTRIBUTING.md", "ARCHITECTURE.md", "deploy/README.md")
TARGET = re.compile(r"^([a-z][a-z-]*):", re.MULTILINE)
BLOCK, SPAN = re.compile(r"```\n(.*?)```", re.DOTALL), re.compile(r"`([^`\n]+)`")


def lines(page: str) -> Iterator[str]:
    """Yield what a page shows as code, without comments and what stands before a command."""
    text = (ROOT / page).read_text("utf-8")
    shown = [line for block in BLOCK.findall(text) for line in block.splitlines()]
    for line in [*shown, *SPAN.findall(BLOCK.sub("", text))]:
        yield re.sub(r"^(\w+=\S+ )+", "", line.partition(" #")[0].strip()).removeprefix(".venv/bin/")


def called(first: str) -> list[tuple[str, str]]:
    return [(page, line) for page in PAGES for line in lines(page) if re.match(rf"{first} [a-z]", line)]


def options(command: Any) -> set[str]:
    return {name for parameter in command.params for name in parameter.opts + parameter.secondary_opts}


def missing(line: str) -> str | None:
    """Return the first word of a command line that the program does not know."""
    words = shlex.split(line.replace("...", "").rstrip("&; "))[1:]
    command: Any = typer.main.get_command(application())
    while words and (inner := getattr(command, "commands", {})) and not words[0].startswith("-"):
        names = words.pop(0).split("|")
        if any(name not in inner for name in names):
            return names[0]
        command = inner[names[0]]
    known = options(command) | {"--help"}
    return next((w for w in words if re.match(r"--?[a-z]", w) and w.partition("=")[0] not in known), None)


@pytest.mark.parametrize(("page", "line"), called("gateway"))
def test_the_command_line_can_be_typed(page: str, line: str) -> None:
    assert missing(line) is None, page


@pytest.mark.parametrize(("page", "line"), called("make"))
def test_the_word_of_make_is_one(page: str, line: str) -> None:
    known = set(TARGET.findall((ROOT / "Makefile").read_text("utf-8")))
    assert line.split()[1] in known, page


def test_a_word_that_is_none_is_found() -> None:
    assert missing("gateway portals forgetful x") == "forgetful"
    assert missing("gateway sync --patience 3") == "--patience"
    assert missing("gateway portals forget x --wait 3 --yes") is None
