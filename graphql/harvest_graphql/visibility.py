"""Which fields a caller may read: PUBLIC ones, and with a scope PRIVATE ones too."""

from __future__ import annotations

Scopes = frozenset[str]
"""What a caller was allowed beyond what everybody may."""
NOBODY: Scopes = frozenset()
"""The scopes of a caller without a key."""
READ_PRIVATE = "read-private"
"""The scope to read PRIVATE fields: personal data, and whatever may hold some."""
ADMIN = "admin"
"""The scope of operators."""
ALL: Scopes = frozenset({READ_PRIVATE})
"""The scopes that choose which fields an answer holds."""
