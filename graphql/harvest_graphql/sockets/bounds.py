"""How much sockets may take, and how long is waited for what."""

from __future__ import annotations

from dataclasses import dataclass

from harvest_graphql.serving.reading import MOST_BYTES


@dataclass(frozen=True, slots=True)
class Bounds:
    """The most of everything, for one process."""

    sockets: int = 1000
    sockets_of_address: int = 50
    operations: int = 20
    """Operations of one socket at once."""
    message_bytes: int = MOST_BYTES
    id_characters: int = 200
    """Length of an operation's id, which stands in each of its messages."""
    init_seconds: float = 5.0
    """How long a client may take to begin."""
    ping_seconds: float = 30.0
    """After this silence a client is asked whether it is there; it has half of that to answer."""
    send_seconds: float = 30.0
    """How long a message may wait for a client that does not read."""
    close_seconds: float = 2.0
    """How long the other side's goodbye is waited for."""
