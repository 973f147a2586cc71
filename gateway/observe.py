"""Log lines: their format, their level, and that no secret is ever in one."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterable, Mapping, MutableMapping
from typing import TYPE_CHECKING, Any, Literal

import structlog

if TYPE_CHECKING:
    from structlog.typing import Processor, WrappedLogger

HIDDEN = "***"
_SECRET_WORDS = ("api_key", "apikey", "api-key", "authorization", "cookie", "password", "secret", "token")
_SILENT = ("pgqueuer",)  # what it has to say is said by gateway.sync.dispatching
_NOISY = ("aiohttp.access", "asyncio", "alembic.runtime.plugins")


class Redactor:
    """Replaces secrets by ``***``: known values wherever they stand, and whatever has a secret's name."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._secrets = sorted({s for s in secrets if len(s) > 3}, key=len, reverse=True)

    def text(self, value: str) -> str:
        """Return *value* without the known secrets."""
        for secret in self._secrets:
            value = value.replace(secret, HIDDEN)
        return value

    def value(self, name: str, value: Any) -> Any:
        """Return *value*, which is called *name*, without secrets at any depth."""
        if any(word in name.lower() for word in _SECRET_WORDS):
            return HIDDEN
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {key: self.value(str(key), inner) for key, inner in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.value("", inner) for inner in value]
        return value

    def __call__(
        self, _logger: WrappedLogger, _method: str, event: MutableMapping[str, Any]
    ) -> MutableMapping[str, Any]:
        """Redact a log event: structlog calls this before an event is rendered."""
        return {key: inner if key.startswith("_") else self.value(key, inner) for key, inner in event.items()}


class _CurrentStderr(logging.Handler):
    """Writes to what ``sys.stderr`` is now: a progress bar replaces it while it is drawn."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            sys.stderr.write(self.format(record) + "\n")
            sys.stderr.flush()
        except (OSError, ValueError):
            self.handleError(record)


def configure(level: str, form: Literal["text", "json"], secrets: Iterable[str] = ()) -> None:
    """Send log lines of *level* and above to stderr, structlog's and the standard library's alike."""
    redactor = Redactor(secrets)
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.stdlib.PositionalArgumentsFormatter(),
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    handler = _CurrentStderr()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=_rendering(form, redactor))
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for names, usual in ((_NOISY, logging.WARNING), (_SILENT, logging.CRITICAL + 1)):
        for name in names:
            logging.getLogger(name).setLevel(logging.DEBUG if level == "debug" else usual)


def _rendering(form: Literal["text", "json"], redactor: Redactor) -> list[Processor]:
    remove = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    trace = structlog.processors.format_exc_info
    if form == "json":
        return [remove, trace, redactor, structlog.processors.JSONRenderer(ensure_ascii=False)]
    colours = sys.stderr.isatty()
    return [remove, trace, redactor, structlog.dev.ConsoleRenderer(colors=colours, pad_event_to=0)]
