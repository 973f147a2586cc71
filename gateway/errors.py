"""The error tree: one class for each thing that a caller can do next.

::

    GatewayError                      every error that the gateway raises on purpose
    ├── UsageError                    correct the call: unknown portal, bad option, bad cursor
    ├── ConfigurationError            correct the settings or the machine: no adapter, port in use
    ├── DatabaseError                 look at Postgres
    │   ├── DatabaseUnavailable       it cannot be reached now: try again
    │   │   └── LeaseHeld             another worker is at it: wait for it
    │   ├── DatabaseUnusable          it lacks something: extension, version, rights, migrations
    │   └── LeaseLost                 another worker took the scope over: give up the unit
    └── PortalError                   look at the portal
        ├── PortalUnavailable         try again later: time-outs, 5xx, 429
        ├── PortalRefused             give up: a wrong key, a forbidden or absent endpoint
        └── PortalUnreadable          tell the adapter's owner: HTML for JSON, a broken envelope
"""

from __future__ import annotations


class GatewayError(Exception):
    """The gateway cannot do what was asked."""

    exit_code = 1

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        """Return the message with what to do about it."""
        return f"{self.message} {self.hint}".strip()


class UsageError(GatewayError):
    """The call cannot be understood or names something that does not exist."""

    exit_code = 2


class ConfigurationError(GatewayError):
    """A setting or the machine does not allow this."""

    exit_code = 3


class DatabaseError(GatewayError):
    """Postgres does not do what was asked."""

    exit_code = 4


class DatabaseUnavailable(DatabaseError):
    """Postgres cannot be reached."""


class LeaseHeld(DatabaseUnavailable):
    """Another worker is at work on this."""


class DatabaseUnusable(DatabaseError):
    """Postgres can be reached but lacks what the gateway needs."""


class LeaseLost(DatabaseError):
    """Another worker holds this scope now."""


class PortalError(GatewayError):
    """A portal did not answer as it should.

    *portal* is the portal's key, *endpoint* the path that was asked: never a header, never a key.
    """

    exit_code = 5

    def __init__(self, message: str, *, portal: str = "", endpoint: str = "", hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.portal = portal
        self.endpoint = endpoint


class PortalUnavailable(PortalError):
    """The portal cannot be reached or cannot answer now.

    *retry_after* is the number of seconds that the portal asked to be left alone, or None.
    """

    def __init__(
        self,
        message: str,
        *,
        portal: str = "",
        endpoint: str = "",
        hint: str = "",
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message, portal=portal, endpoint=endpoint, hint=hint)
        self.retry_after = retry_after


class PortalRefused(PortalError):
    """The portal does not allow this."""


class PortalUnreadable(PortalError):
    """The portal's answer is not what its interface promises."""
