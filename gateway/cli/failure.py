"""What a user sees of an error, and with which exit code the command ends."""

from __future__ import annotations

import os
import sys
import tempfile
import traceback
from collections.abc import Mapping
from pathlib import Path
from uuid import uuid4

from gateway.errors import GatewayError

INTERRUPTED = 130
EXIT_CODES: Mapping[int, str] = {
    0: "done",
    1: "failed",
    2: "wrong usage: unknown command, option, portal or operation",
    3: "wrong configuration: a setting, a port in use, no adapter",
    4: "Postgres cannot be reached or used, or another process has the portal",
    5: "a portal cannot be reached, refuses or cannot be read",
    INTERRUPTED: "interrupted (Ctrl-C)",
}


def report(error: BaseException, *, debug: bool) -> int:
    """Print *error* to stderr in words and return the exit code."""
    cause = _single(error)
    if isinstance(cause, KeyboardInterrupt):
        _print("Interrupted.")
        return INTERRUPTED
    if debug:
        traceback.print_exception(error, file=sys.stderr)
    if isinstance(cause, GatewayError):
        _print(f"Error: {cause.message}")
        if cause.hint:
            _print(f"       {cause.hint}")
        return cause.exit_code
    return _unknown(error, cause)


def _single(error: BaseException) -> BaseException:
    """Return the error inside groups of concurrent tasks: the gateway's own where there is one."""
    if not isinstance(error, BaseExceptionGroup):
        return error
    leaves = [_single(inner) for inner in error.exceptions]
    return next((leaf for leaf in leaves if isinstance(leaf, GatewayError)), leaves[0])


def _unknown(error: BaseException, cause: BaseException) -> int:
    reference = uuid4().hex[:8]
    _print(f"Error: something went wrong inside the gateway ({type(cause).__name__}). Reference: {reference}")
    written = _write_trace(error, reference)
    if written is not None:
        _print(f"       The details are in {written}; please add them when you report this.")
    else:
        _print("       Run it again with --debug to see the details.")
    return 1


def _write_trace(error: BaseException, reference: str) -> Path | None:
    """Write the stack trace where only its owner reads it; return the file, or None where that fails."""
    from gateway.observe import Redactor

    trace = Redactor(_secrets(os.environ)).text("".join(traceback.format_exception(error)))
    for folder in (_log_folder(), Path(tempfile.gettempdir())):
        target = folder / f"gateway-error-{reference}.log"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with os.fdopen(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
                file.write(trace)
        except OSError:
            continue
        return target
    return None


def _log_folder() -> Path:
    from gateway.config import default_data_dir

    given = os.environ.get("GATEWAY_DATA_DIR")
    return (Path(given).expanduser() if given else default_data_dir()) / "logs"


def _secrets(environ: Mapping[str, str]) -> list[str]:
    from gateway.config import PREFIX, is_secret

    return [
        v for name, v in environ.items() if name.startswith(PREFIX) and is_secret(name.removeprefix(PREFIX))
    ]


def _print(line: str) -> None:
    print(line, file=sys.stderr)
