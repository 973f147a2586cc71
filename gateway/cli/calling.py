"""From options to settings, and from a coroutine to its result."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Coroutine, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from gateway.errors import ConfigurationError

if TYPE_CHECKING:
    from pydantic import ValidationError

    from gateway.config import Settings

Result = TypeVar("Result")


def load(**given: Any) -> Settings:
    """Return the settings: *given* options that are not None, then the environment, then the defaults."""
    from pydantic import ValidationError
    from pydantic_settings import SettingsError

    from gateway.config import Settings

    try:
        return Settings(**{name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        raise ConfigurationError(
            f"The settings are not usable: {'; '.join(_complaints(error))}.",
            hint="`gateway config` lists the settings, README.md describes them.",
        ) from error
    except SettingsError as error:
        raise ConfigurationError(f"The settings cannot be read: {error}.", hint="Is that JSON?") from error


def _complaints(error: ValidationError) -> Iterator[str]:
    from gateway.config import variable

    for complaint in error.errors(include_url=False, include_input=False):
        path = [str(part) for part in complaint["loc"]]
        name = "__".join([variable(path[0]), *(part.upper() for part in path[1:])]) if path else "settings"
        yield f"{name}: {complaint['msg'].removeprefix('Value error, ')}"


def with_changes(settings: Settings, **changes: Any) -> Settings:
    """Return *settings* with *changes*, checked again; what was given explicitly stays known."""
    from gateway.config import Settings

    kept = {name: getattr(settings, name) for name in settings.model_fields_set}
    return Settings(**{**kept, **changes})


def log(settings: Settings, *, talkative: bool = False) -> None:
    """Set up the log lines of a command.

    A *talkative* command (serve, worker) has nothing but its log to show; the others print results of their
    own and log warnings alone, unless a level was given.
    """
    from gateway import observe

    given = "log_level" in settings.model_fields_set or talkative
    observe.configure(settings.log_level if given else "warning", settings.log_format, secrets(settings))


def secrets(settings: Settings) -> list[str]:
    """Return the texts that may appear nowhere: keys of portals and of ours, and the database's password."""
    from urllib.parse import urlsplit

    from gateway.config import is_secret

    found = [
        str(value)
        for portal in settings.portals.values()
        for name, value in portal.items()
        if value and is_secret(name)
    ]
    password = urlsplit(settings.database_url).password if settings.database_url else None
    return [*found, *filter(None, (password, settings.key))]


def await_result(work: Coroutine[Any, Any, Result]) -> Result:
    """Run *work* on an event loop of its own; Ctrl-C and SIGTERM cancel it and raise KeyboardInterrupt."""
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        ended, result = runner.run(_with_sigterm(work))
    if not ended:
        raise KeyboardInterrupt
    return result[0]


async def _with_sigterm(work: Coroutine[Any, Any, Result]) -> tuple[bool, list[Result]]:
    """Return whether *work* came to its end, and its result."""
    task = asyncio.current_task()
    asked = asyncio.Event()

    def end() -> None:
        asked.set()
        if task is not None:
            task.cancel()

    if os.name != "nt":
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, end)
    try:
        return True, [await work]
    except asyncio.CancelledError:
        if asked.is_set():
            return False, []
        raise


def _loop_factory() -> Any:
    if os.name == "nt":
        return None
    import uvloop

    return uvloop.new_event_loop


def folder(path: Path | None) -> Path | None:
    """Return *path* as given on the command line, absolute."""
    return path.expanduser().absolute() if path is not None else None
