"""What a user sees of an error."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gateway import errors
from gateway.cli.app import run
from gateway.cli.failure import EXIT_CODES, report


def raised(error: BaseException) -> BaseException:
    """Return *error* with a stack trace."""
    with pytest.raises(type(error)) as caught:
        _raise(error)
    return caught.value


def _raise(error: BaseException) -> None:
    raise error


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.GatewayError("It is so.", hint="Do this."), 1),
        (errors.UsageError("It is so.", hint="Do this."), 2),
        (errors.ConfigurationError("It is so.", hint="Do this."), 3),
        (errors.DatabaseUnusable("It is so.", hint="Do this."), 4),
        (errors.PortalRefused("It is so.", hint="Do this."), 5),
    ],
)
def test_an_error_of_ours_is_words_and_a_code(
    error: errors.GatewayError, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert report(raised(error), debug=False) == code
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err == "Error: It is so.\n       Do this.\n"
    assert code in EXIT_CODES


def test_every_error_class_has_a_documented_code() -> None:
    classes = [value for value in vars(errors).values() if isinstance(value, type)]
    assert {c.exit_code for c in classes if issubclass(c, errors.GatewayError)} <= EXIT_CODES.keys()


def test_debug_shows_the_trace_too(capsys: pytest.CaptureFixture[str]) -> None:
    assert report(raised(errors.UsageError("It is so.")), debug=True) == 2
    shown = capsys.readouterr().err
    assert "Traceback" in shown
    assert "Error: It is so." in shown


def test_an_error_among_concurrent_tasks_is_found(capsys: pytest.CaptureFixture[str]) -> None:
    inner = BaseExceptionGroup("tasks", [ValueError("x"), errors.DatabaseUnavailable("Gone.")])
    assert report(BaseExceptionGroup("tasks", [inner]), debug=False) == 4
    assert capsys.readouterr().err == "Error: Gone.\n"


def test_ctrl_c_is_no_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert report(KeyboardInterrupt(), debug=False) == 130
    assert capsys.readouterr().err == "Interrupted.\n"


def test_an_unknown_error_is_a_reference_and_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GATEWAY_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("GATEWAY_PORTALS__DATA_GOV__API_KEY", "hunter22")
    assert report(raised(ZeroDivisionError("with hunter22")), debug=False) == 1
    shown = capsys.readouterr().err
    assert "Traceback" not in shown
    assert "hunter22" not in shown
    reference = re.search(r"Reference: (\w+)", shown)
    assert reference is not None
    [file] = (tmp_path / "logs").iterdir()
    assert reference[1] in file.name
    assert str(file) in shown
    assert "ZeroDivisionError" in file.read_text()
    assert "hunter22" not in file.read_text()
    assert file.stat().st_mode & 0o077 == 0


def test_a_setting_that_cannot_be_is_code_3(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GATEWAY_PORT", "many")
    assert run(["config"]) == 3
    shown = capsys.readouterr().err
    assert "GATEWAY_PORT: " in shown
    assert "Traceback" not in shown


def test_portals_that_are_no_json_are_code_3(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GATEWAY_PORTALS", "{")
    assert run(["config"]) == 3
    assert "portals" in capsys.readouterr().err


def test_debug_may_stand_after_the_command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GATEWAY_PORT", "many")
    assert run(["config", "--debug"]) == 3
    assert "Traceback" in capsys.readouterr().err
