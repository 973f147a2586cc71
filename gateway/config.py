"""The settings: what can be set, by which environment variable, to what by default.

Every field of :class:`Settings` is set by ``GATEWAY_`` and its name in capitals; a portal's own settings by
``GATEWAY_PORTALS__<KEY>__<NAME>``, with ``_`` for ``-`` in the key: ``GATEWAY_PORTALS__DATA_GOV__API_KEY``; a limit
of the endpoint by ``GATEWAY_LIMITS__<NAME>``, a retention by ``GATEWAY_RETENTION__<NAME>``.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Mapping
from datetime import datetime, time, timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

PREFIX = "GATEWAY_"
_ORIGIN = re.compile(r"https?://(?:[a-z0-9._-]+|\[[0-9a-f:]+\])(?::\d{1,5})?")
_TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
MOST_DAYS = 36_500
OTHER_VARIABLES = frozenset({"GATEWAY_TEST_DATABASE_URL", "GATEWAY_POSTGRES_BIN", "GATEWAY_SHARED"})
"""Variables with our prefix that belong to the test suite and are no setting."""


def default_data_dir() -> Path:
    """Return ``.gateway`` in a checkout, else the platform's folder for an application's data."""
    checkout = Path(__file__).resolve().parent.parent
    if (checkout / "pyproject.toml").is_file():
        return checkout / ".gateway"
    return _platform_data_dir() / "harvest-gateway"


def _platform_data_dir() -> Path:
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support"
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")


def portal_key(name: str) -> str:
    """Return a portal's key as it is written everywhere: ``DATA_GOV`` and ``data_gov`` are ``data-gov``."""
    return name.strip().lower().replace("_", "-")


class Retention(BaseModel):
    """For how many days rows are kept that no answer about now needs; 0: for ever."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    events_days: int = Field(
        default=0, ge=0, le=MOST_DAYS, description="Days that events are kept; 0, here and below: all are."
    )
    history_days: int = Field(
        default=0,
        ge=0,
        le=MOST_DAYS,
        description="Days that versions are kept after they ended: how far back `asOf` reaches.",
    )
    documents_days: int = Field(
        default=0,
        ge=0,
        le=MOST_DAYS,
        description="Days that documents are kept once another took their place.",
    )
    payloads_days: int = Field(
        default=0,
        ge=0,
        le=MOST_DAYS,
        description="Days that payloads are kept that were asked for by themselves; they can be asked for again.",
    )
    held_deletions_days: int = Field(
        default=365, ge=0, le=MOST_DAYS, description="Days that held deletions are kept once decided."
    )
    quarantine_days: int = Field(
        default=90, ge=0, le=MOST_DAYS, description="Days that quarantined elements are kept once released."
    )
    sync_runs_days: int = Field(
        default=365, ge=0, le=MOST_DAYS, description="Days that notes on passes are kept, but for the newest."
    )
    fetches_days: int = Field(
        default=30,
        ge=0,
        le=MOST_DAYS,
        description="Days that notes on answers are kept of which no document is left.",
    )

    def before(self, now: datetime) -> dict[str, datetime]:
        """Return by table before which instant rows are too old; without those that are kept for ever."""
        days = {name.removesuffix("_days"): kept for name, kept in self.model_dump().items()}
        return {name: now - timedelta(days=kept) for name, kept in days.items() if kept}


class Settings(BaseSettings):
    """Everything that can be set; given values win over the environment, the environment over defaults."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_nested_delimiter="__",
        env_ignore_empty=True,
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
    )

    database_url: str | None = Field(
        default=None,
        description="Postgres to use, postgresql://user:password@host/name; unset: one embedded in data_dir.",
    )
    data_dir: Path = Field(
        default_factory=default_data_dir,
        description="Folder of the embedded Postgres, the sandbox portals and the logs; by default .gateway "
        "in a checkout, else harvest-gateway in the platform's folder for data.",
    )
    pool_size: int = Field(
        default=8, ge=1, le=100, description="Connections that one process holds to Postgres."
    )
    cache_bytes: int = Field(
        default=64_000_000,
        ge=0,
        description="Room that a process has for answers that are kept until data change; 0: none are kept.",
    )
    host: str = Field(default="127.0.0.1", description="Address to serve on.")
    port: int = Field(
        default=8080,
        ge=0,
        le=65535,
        description="Port to serve on; unless it was given, `gateway up` takes the next free one. 0: any.",
    )
    documents: Literal["any", "trusted"] = Field(
        default="any",
        description="What the endpoint runs: any document, or only those of graphql/operations (trusted).",
    )
    profile: Literal["public", "locked"] = Field(
        default="public",
        description="locked: the endpoint tells no schema, takes POST alone and shows no pages.",
    )
    limits: dict[str, Annotated[int, Field(ge=0)]] = Field(
        default_factory=dict, description="The most that a document may hold, where it is not the usual."
    )
    cors_origins: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(),
        description="Origins whose pages may read the endpoint, separated by commas, e.g. "
        "https://app.example.org; *: any.",
    )
    key: str | None = Field(
        default=None,
        description="Key that `gateway query` sends to an endpoint; --key-file names a file with one.",
    )
    processes: int = Field(
        default=1,
        ge=1,
        le=64,
        description="Processes in which `gateway serve` answers on its one port, each with connections of its own.",
    )
    rate_cost: int = Field(
        default=200_000,
        ge=0,
        le=10**15,
        description="What one address may ask for without a key, by cost, in rate_seconds, over all processes; "
        "0: as much as it likes.",
    )
    rate_seconds: int = Field(
        default=60, ge=1, le=3600, description="Length of the window in which rate_cost may be spent."
    )
    trusted_proxies: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(),
        description="Networks of the proxies before the endpoint, separated by commas, e.g. 10.0.0.0/8: what they "
        "say in X-Forwarded-For is believed.",
    )
    webhook_networks: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(),
        description="Networks of internal addresses that webhooks may be sent to all the same, separated by commas, "
        "e.g. 10.1.0.0/16.",
    )
    portals: dict[str, dict[str, Any]] = Field(
        default_factory=dict,
        description="Settings of portals by key, laid over the adapters' own; a new key with an adapter is "
        "one more portal.",
    )
    contact: str = Field(
        default="", description="E-mail or URL in the User-Agent, so that a portal's operators can reach you."
    )
    sandbox: bool = Field(
        default=False, description="Read sandbox portals with invented data instead of the live ones."
    )
    sandbox_seed: int = Field(default=1, ge=0, description="Which world the sandbox portals invent.")
    sandbox_scale: int = Field(
        default=1, ge=1, le=1000, description="Size of the sandbox world; 1 is about 20,000 records a portal."
    )
    poll_seconds: float = Field(default=300.0, gt=0, description="Pause between two polls of a portal.")
    reconcile_seconds: float = Field(
        default=86_400.0,
        gt=0,
        description="Time between two full reconciles of a portal, which read everything.",
    )
    heartbeat_seconds: float = Field(
        default=10.0,
        ge=0.2,
        le=600,
        description="How often a worker says that it is alive; after twice as long in silence another takes over.",
    )
    refresh_callers: Literal["sync", "anyone", "nobody"] = Field(
        default="sync",
        description="For whom a source or run is read anew (`consistency`): those whose key has the scope sync, "
        "anyone, nobody.",
    )
    refresh_seconds: float = Field(
        default=10.0,
        gt=0,
        le=120,
        description="How long an answer waits for that before it tells what is stored.",
    )
    first_slice_requests: int = Field(
        default=60, ge=1, description="Most requests of one pass that `gateway up` sends to a live portal."
    )
    probe_seconds: float = Field(
        default=5.0,
        gt=0,
        le=120,
        description="How long `gateway up` and `gateway doctor` wait for a portal's first answer.",
    )
    backfill_days: int | None = Field(
        default=None,
        ge=0,
        description="How many days back records are read, for every portal; unset: as the portal says.",
    )
    batch_size: int = Field(
        default=10_000, ge=1, le=10_000, description="Most elements that are committed in one transaction."
    )
    deletion_cap_percent: float = Field(
        default=20.0,
        ge=0,
        le=100,
        description="Share of a list that may vanish at once before an operator must agree.",
    )
    deletion_cap_rows: int = Field(
        default=5, ge=0, description="Rows that may always vanish at once, whatever their share of the list."
    )
    retention: Retention = Field(
        default_factory=Retention,
        description="For how many days rows are kept that no answer about now needs, by table: `gateway prune`.",
    )
    prune_at: str = Field(
        default="03:30",
        description="When workers and `gateway up` prune each day, one of them, in UTC; never: only "
        "`gateway prune` does.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="Least severe log line that is written."
    )
    log_format: Literal["text", "json"] = Field(
        default="text", description="Log lines for people or for machines."
    )
    debug: bool = Field(default=False, description="Print the stack trace of an error as well.")

    @property
    def prune_time(self) -> time | None:
        """When is pruned each day, in UTC; None: never."""
        return None if self.prune_at == "never" else time.fromisoformat(self.prune_at)

    @field_validator("documents", "profile", "prune_at", "log_level", "log_format", mode="before")
    @classmethod
    def _lower(cls, value: object) -> object:
        return value.lower() if isinstance(value, str) else value

    @field_validator("database_url")
    @classmethod
    def _postgres_url(cls, value: str | None) -> str | None:
        if value is None:
            return None
        scheme, separator, rest = value.partition("://")
        if not separator or scheme.partition("+")[0] not in {"postgres", "postgresql"}:
            message = "must look like postgresql://user:password@host:5432/name"
            raise ValueError(message)
        return f"postgresql://{rest}"

    @field_validator("prune_at")
    @classmethod
    def _time_of_day(cls, value: str) -> str:
        if value != "never" and not _TIME.fullmatch(value):
            message = "must be a time of day in UTC as 03:30, or never"
            raise ValueError(message)
        return value

    @field_validator("cors_origins", "trusted_proxies", "webhook_networks", mode="before")
    @classmethod
    def _separated(cls, value: object) -> object:
        return value.replace(",", " ").split() if isinstance(value, str) else value

    @field_validator("cors_origins")
    @classmethod
    def _origins(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if wrong := [each for each in value if each != "*" and not _ORIGIN.fullmatch(each.lower())]:
            message = f"{wrong[0]!r} is no origin: it looks like https://app.example.org, without a path"
            raise ValueError(message)
        return tuple(each.lower() for each in value)

    @field_validator("trusted_proxies", "webhook_networks")
    @classmethod
    def _networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for each in value:
            try:
                ip_network(each, strict=False)
            except ValueError:
                message = f"{each!r} is no network: it looks like 10.0.0.0/8 or 2001:db8::/32"
                raise ValueError(message) from None
        return value

    @field_validator("data_dir")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        return value.expanduser().absolute()

    @field_validator("limits")
    @classmethod
    def _lower_names(cls, value: dict[str, int]) -> dict[str, int]:
        return {name.lower(): most for name, most in value.items()}

    @field_validator("portals")
    @classmethod
    def _normal_keys(cls, value: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
        merged: dict[str, dict[str, Any]] = {}
        for key, settings in value.items():
            merged.setdefault(portal_key(key), {}).update(settings)
        return merged

    @model_validator(mode="after")
    def _polls_before_reconciles(self) -> Self:
        if self.reconcile_seconds < self.poll_seconds:
            message = "reconcile_seconds must not be shorter than poll_seconds"
            raise ValueError(message)
        return self


def variable(field: str) -> str:
    """Return the environment variable that sets *field*."""
    return PREFIX + field.upper()


def is_secret(name: str) -> bool:
    """Whether the setting called *name* (of the gateway or of a portal) must never be shown."""
    return name == "database_url" or any(
        word in name.lower() for word in ("key", "secret", "token", "password")
    )


def unknown_variables(environ: Mapping[str, str], known: Iterable[str] = Settings.model_fields) -> list[str]:
    """Return the variables with our prefix that set nothing: most likely misspelt."""
    names = {variable(field) for field in known}
    ours = (name for name in environ if name.upper().startswith(PREFIX))
    return sorted(
        n for n in ours if n.upper().partition("__")[0] not in names and n.upper() not in OTHER_VARIABLES
    )
