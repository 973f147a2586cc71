"""What a browser may do with a page: which scripts run, whom they ask, who may frame it."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from hashlib import sha256

SELF = "'self'"
_CLOSED = {
    "default-src": "'none'",
    "img-src": SELF,
    "base-uri": "'none'",
    "form-action": "'none'",
    "frame-ancestors": "'none'",
}


def hashed(text: str) -> str:
    """Return how a policy names the very script or style *text* that stands in a page."""
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


def headers(**allowed: str) -> Mapping[str, str]:
    """Return the headers of a page that may do nothing but what is *allowed*: sources by directive, ``_`` for ``-``."""
    directives = {**_CLOSED, **{name.replace("_", "-"): sources for name, sources in allowed.items()}}
    return {
        "Content-Security-Policy": "; ".join(f"{name} {sources}" for name, sources in directives.items()),
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
    }
