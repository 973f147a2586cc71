"""Hostile websockets: what is said over one that was opened, in and out of the protocol's order."""

from __future__ import annotations

import base64
import json
import struct
from typing import Any

from acceptance.fuzzing.dice import Dice
from acceptance.fuzzing.documents import Documents
from acceptance.fuzzing.sending import QUERY, Case

TEXT, BYTES, CLOSE, PING, RESERVED = 1, 2, 8, 9, 3
INIT = b'{"type":"connection_init"}'
BROKEN = (b"\xff\xfe", b"", b"[" * 90_000, b"{", b'{"type":"\\ud800"}', b"x" * 200_000, b"null", b"5")
PROTOCOLS = ("graphql-transport-ws", "graphql-transport-ws", "graphql-ws", "", "x, graphql-transport-ws")


class Sockets:
    """Writes them."""

    def __init__(self, documents: Documents, dice: Dice) -> None:
        self._documents = documents
        self._dice = dice
        self.makers = [self.conversation]

    def conversation(self) -> Case:
        """Return an opening and a few messages, with the end of the conversation."""
        messages = [json.dumps(self._message()).encode() for _ in range(self._dice.randint(1, 5))]
        messages.append(self._dice.choice(BROKEN))
        self._dice.shuffle(messages)
        kinds = (TEXT, TEXT, TEXT, TEXT, BYTES, PING, RESERVED)
        first = frame(TEXT, self._dice.one(INIT, INIT, INIT, b"{}"))
        said = b"".join(frame(self._dice.choice(kinds), message) for message in messages)
        end = frame(CLOSE, struct.pack(">H", 1000))
        return Case("websocket", self._opening() + first + said + end, broken=True, stays=True)

    def _opening(self) -> bytes:
        lines = (
            "GET /graphql HTTP/1.1",
            "Host: gateway.example",
            "Upgrade: websocket",
            "Connection: Upgrade",
            f"Sec-WebSocket-Version: {self._dice.one('13', '13', '13', '8', 'x')}",
            f"Sec-WebSocket-Key: {base64.b64encode(b'0123456789abcdef').decode()}",
            f"Sec-WebSocket-Protocol: {self._dice.choice(PROTOCOLS)}",
        )
        return "\r\n".join(lines).encode() + b"\r\n\r\n"

    def _message(self) -> Any:
        text = self._dice.one(QUERY, self._documents.document(), "subscription { x }")
        payload = self._dice.one({"query": text}, {"query": text, "variables": []}, None, {}, {"query": 5})
        given = self._dice.one(None, [], {"Authorization": 5}, {"x": "y" * 9000})
        return self._dice.one(
            {"type": "subscribe", "id": self._dice.one("1", "", 5, None, "x" * 5000), "payload": payload},
            {"type": "subscribe", "id": self._dice.one("1", "2", "3"), "payload": {"query": text}},
            {"type": "connection_init", "payload": given},
            *({"type": "ping"}, {"type": "pong", "payload": []}, {"type": "complete"}, {"type": "nope"}),
            *({}, [], "x", {"type": {}}, {"type": "complete", "id": "1"}),
        )


def frame(kind: int, data: bytes) -> bytes:
    """Return a frame as a client sends it; its mask is zeros."""
    size = len(data)
    if size < 126:
        length = struct.pack(">B", 128 | size)
    elif size < 65_536:
        length = struct.pack(">BH", 128 | 126, size)
    else:
        length = struct.pack(">BQ", 128 | 127, size)
    return struct.pack(">B", 128 | kind) + length + b"\0\0\0\0" + data
