"""Where the endpoint of a data folder is served: noted by who serves it, found by who asks it."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from gateway.config import Settings


def note_file(data_dir: Path) -> Path:
    """Return the file that tells where the endpoint of *data_dir* is."""
    return data_dir / "endpoint.url"


def note(data_dir: Path, url: str) -> None:
    """Write down that the endpoint of *data_dir* is at *url*."""
    with suppress(OSError):  # a convenience: serving does not depend on it
        data_dir.mkdir(parents=True, exist_ok=True)
        note_file(data_dir).write_text(url, "utf-8")


@contextmanager
def forgotten(data_dir: Path) -> Iterator[None]:
    """Remove the note on *data_dir* at the end of a ``with`` block."""
    try:
        yield
    finally:
        with suppress(OSError):
            note_file(data_dir).unlink(missing_ok=True)


def graphql(url: str) -> str:
    """Return the address of the endpoint below the address of its server."""
    return f"{url.rstrip('/').removesuffix('/graphql')}/graphql"


def find(settings: Settings) -> str | None:
    """Return the endpoint that answers for *settings*: the noted one, or the usual one, or None."""
    from gateway.cli.place import data_folder

    folders = [settings.data_dir] if settings.sandbox else [settings.data_dir, data_folder(settings)]
    for folder in folders:
        with suppress(OSError, ValueError):
            url = note_file(folder).read_text("utf-8").strip()
            if listens(url):
                return url
    usual = graphql(f"http://{_dialled(settings.host)}:{settings.port}")
    return usual if settings.port and listens(usual) else None


def _dialled(host: str) -> str:
    """Return the address that reaches a server on *host* from this machine."""
    return "127.0.0.1" if host in {"0.0.0.0", "::"} else host  # noqa: S104


def listens(url: str) -> bool:
    """Whether anything accepts connections at *url*."""
    parts = urlsplit(url)
    try:
        socket.create_connection((parts.hostname or "", parts.port or 80), timeout=1.0).close()
    except (OSError, ValueError):
        return False
    return True
