"""Every command, every exit code and every setting stands in the documentation."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gateway.cli.documentation import commands, settings
from gateway.cli.failure import EXIT_CODES

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def documentation() -> str:
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").glob("**/*.md"))]
    return "\n".join(page.read_text("utf-8") for page in pages)


@pytest.mark.parametrize("name", [name for name, _ in commands()])
def test_the_command_is_documented(name: str, documentation: str) -> None:
    assert re.search(rf"\b{name}\b", documentation), f"Add it: gateway config --markdown prints {name!r}"


@pytest.mark.parametrize("name", [name for name, _, _ in settings()])
def test_the_setting_is_documented(name: str, documentation: str) -> None:
    word = name.rpartition("__")[2] if "<KEY>" in name else name
    assert re.search(rf"(?<![A-Z]){word}\b", documentation), (
        f"Add it: gateway config --markdown prints {name}"
    )


@pytest.mark.parametrize(("code", "words"), EXIT_CODES.items())
def test_the_exit_code_is_documented(code: int, words: str, documentation: str) -> None:
    assert re.search(rf"\|\s*`?{code}`?\s*\|", documentation), f"Add a row: {code}, {words}"
