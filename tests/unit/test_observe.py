"""Log lines: no secret, in either format."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import Literal

import pytest
import structlog

from gateway.observe import HIDDEN, Redactor, configure


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def test_known_secrets_are_replaced_at_any_depth() -> None:
    redactor = Redactor(["hunter22", ""])
    told = redactor.value(
        "", {"url": "http://a/?k=hunter22", "list": [{"Api-Key": "x"}, "hunter22!"], "n": 1}
    )
    assert told == {"url": f"http://a/?k={HIDDEN}", "list": [{"Api-Key": HIDDEN}, f"{HIDDEN}!"], "n": 1}


@pytest.mark.parametrize("form", ["text", "json"])
def test_no_format_lets_a_secret_through(
    form: Literal["text", "json"], capsys: pytest.CaptureFixture[str]
) -> None:
    configure("info", form, ["hunter22"])
    structlog.get_logger("sync").info("asked", address="http://x/?key=hunter22", api_key="other")
    logging.getLogger("aiohttp").warning("refused %s", "hunter22")
    try:
        int("hunter22")
    except ValueError:
        structlog.get_logger("sync").exception("failed")
    written = capsys.readouterr().err
    assert "asked" in written
    assert "refused" in written
    assert "ValueError" in written
    assert "hunter22" not in written
    assert "other" not in written


def test_machines_read_a_json_object_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    configure("info", "json")
    structlog.get_logger("sync").info("pass_ended", portal="data-gov", fetched=3)
    line = json.loads(capsys.readouterr().err)
    assert (line["event"], line["portal"], line["fetched"], line["level"]) == (
        "pass_ended",
        "data-gov",
        3,
        "info",
    )


def test_lines_below_the_level_are_not_written(capsys: pytest.CaptureFixture[str]) -> None:
    configure("warning", "text")
    structlog.get_logger("sync").info("quiet")
    logging.getLogger("x").info("quiet")
    assert capsys.readouterr().err == ""
