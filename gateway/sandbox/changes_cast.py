"""What an organization and a source of the Data.gov-style world are, with what was changed about them when."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from dataclasses import dataclass, field
from typing import Any, TypeVar

from gateway.sandbox.changes_time import NEVER
from gateway.sandbox.words import Shared

T = TypeVar("T")


@dataclass(slots=True)
class Organization:
    """An organization; *names* are (since, name), oldest first."""

    index: int
    id: str
    slug: str
    names: list[tuple[int, str]]
    kind: str | None
    aliases: list[str] | None
    logo: str | None
    description: str | None
    code_repo_url: str | None
    code_repo_exempt: bool
    host: str
    born: int = -NEVER
    gone: int = NEVER

    def row(self, at: int) -> dict[str, Any]:
        """Return the row as the database holds it at an instant, without its count of sources."""
        return {
            "id": self.id,
            "name": valid(self.names, at),
            "slug": self.slug,
            "logo": self.logo,
            "description": self.description,
            "code_repo_url": self.code_repo_url,
            "code_repo_exempt": self.code_repo_exempt,
            "organization_type": self.kind,
            "aliases": self.aliases,
        }


@dataclass(slots=True)
class Source:
    """A source; *names* and *frequencies* are (since, word), oldest first."""

    index: int
    id: str
    organization: Organization
    names: list[tuple[int, str]]
    frequencies: list[tuple[int, str]]
    url: str
    source_type: str
    schema_type: str
    collection_parent_url: str | None
    notification_frequency: str
    notification_emails: list[str] | None
    host: str
    size: int
    """Datasets of its first catalogue."""
    tidy: bool
    """Whether its catalogue has no faults."""
    offset: int
    """When in the day its runs are due."""
    slow: bool
    """Whether its runs are under way when a day ends."""
    late: bool
    """Whether its runs are due just before a day ends and start after it."""
    shared: tuple[Shared, ...]
    """The datasets that its first slots are: other catalogues have them too."""
    base: str = ""
    """Address below which its documents lie."""
    born: int = -NEVER
    gone: int = NEVER
    iso: bool = field(init=False)
    three: bool = field(init=False)

    def __post_init__(self) -> None:
        """Tell the families of its schema type."""
        self.iso = self.schema_type.startswith("iso")
        self.three = self.schema_type == "dcatus3.0"

    @property
    def small(self) -> bool:
        """Return whether little vanishes with it."""
        return self.size <= 15

    def row(self, at: int) -> dict[str, Any]:
        """Return the row as the database holds it at an instant."""
        return {
            "id": self.id,
            "organization_id": self.organization.id,
            "name": valid(self.names, at),
            "url": self.url,
            "notification_emails": self.notification_emails,
            "frequency": valid(self.frequencies, at),
            "schema_type": self.schema_type,
            "source_type": self.source_type,
            "notification_frequency": self.notification_frequency,
            "collection_parent_url": self.collection_parent_url,
        }


def valid(versions: list[tuple[int, T]], at: int) -> T:
    """Return the version that holds at an instant (the first one before its time too)."""
    place = bisect_right(versions, at, key=lambda version: version[0])
    return versions[max(0, place - 1)][1]


def slug(name: str) -> str:
    """Return a name as ``^[a-z0-9-]+$``."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:90]
