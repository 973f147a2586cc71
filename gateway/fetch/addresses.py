"""The addresses of what is asked for below a portal's base URL."""

from __future__ import annotations

import re
from collections.abc import Mapping

from yarl import URL

from gateway.errors import ConfigurationError

_PLAIN = re.compile(r"/[A-Za-z0-9_/-]*").fullmatch
"""Matches paths that an address holds as they are: nothing to encode, no dots to resolve, no query."""


class Addresses:
    """The addresses below *base_url*; ConfigurationError where that is none."""

    def __init__(self, base_url: str) -> None:
        self.base = base(base_url)
        self._path = self.base.raw_path.rstrip("/")
        self._params: tuple[tuple[str, str | int], ...] = ()
        self._asking = self.base
        """The base URL with those parameters: what follows each other is asked for with the same ones."""

    def of(self, path: str, params: Mapping[str, str | int]) -> URL:
        """Return the address of *path*, which begins with a slash, with *params* added to its query.

        That of a plain path is put together and not parsed, which takes 1 µs instead of 5.
        """
        if not _PLAIN(path):
            return URL(f"{self.base}{path}").update_query(params)
        wanted = tuple(params.items())
        if wanted != self._params:
            self._params, self._asking = wanted, self.base.with_query(wanted)
        return self._asking.with_path(self._path + path, encoded=True, keep_query=True)

    def below(self, url: URL) -> str:
        """Return path and query of *url* below the base URL, as they are sent."""
        return url.raw_path_qs.removeprefix(self.base.raw_path)


def base(text: str) -> URL:
    """Return the address below which paths lie, without a trailing slash; ConfigurationError for none."""
    try:
        url = URL(text.rstrip("/"))
    except ValueError:
        url = URL()
    if url.scheme not in {"http", "https"} or not url.host or url.query_string or url.fragment or url.user:
        raise ConfigurationError(
            f"{text!r} is not the base URL of a portal.", hint="It looks like https://host/api/1."
        )
    return url
