"""What a key looks like: 32 random bytes behind a prefix, a beginning to tell it by, a hash to keep."""

from __future__ import annotations

import hashlib
import re
import secrets

PREFIX = "hgw_"
"""By this, people and scanners of leaked secrets recognise a key."""
RANDOM_BYTES = 32
START_LENGTH = len(PREFIX) + 8
"""48 of the 256 random bits may be seen by everybody; 208 stay secret."""
_FORM = re.compile(rf"{PREFIX}[A-Za-z0-9_-]{{43}}", re.ASCII)


def fresh() -> str:
    """Return a new key: the prefix, then 43 characters of base64url."""
    return PREFIX + secrets.token_urlsafe(RANDOM_BYTES)


def has_form(text: str) -> bool:
    """Return whether *text* looks like a key; what does not is none, and need not be looked up."""
    return _FORM.fullmatch(text) is not None


def start(key: str) -> str:
    """Return the beginning of *key* that is shown in lists."""
    return key[:START_LENGTH]


def digest(key: str) -> bytes:
    """Return the SHA-256 of *key*, 32 bytes: all that is kept of it.

    A key is as random as its hash is long, so nothing slow is needed against guessing, unlike with passwords.
    """
    return hashlib.sha256(key.encode()).digest()
