"""Frames that no client library sends: each ends its own socket, with a code that says why, and nothing else."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest
from api.sockets import Served, until

from harvest_graphql.engine import Engine

HANDSHAKE = (
    b"GET /graphql HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    b"Sec-WebSocket-Protocol: graphql-transport-ws\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n"
)
TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10


def frame(opcode: int, data: bytes = b"", *, end: bool = True, rsv: int = 0, masked: bool = True) -> bytes:
    """Return a frame; its mask is zero, so that what it masks stays as it is."""
    length, mask = len(data), 0x80 if masked else 0
    first = (0x80 if end else 0) | rsv << 4 | opcode
    if length < 126:
        head = struct.pack("!BB", first, mask | length)
    elif length < 65536:
        head = struct.pack("!BBH", first, mask | 126, length)
    else:
        head = struct.pack("!BBQ", first, mask | 127, length)
    return head + (b"\0\0\0\0" if masked else b"") + data


@pytest.fixture
async def served(engine: Engine) -> AsyncIterator[Served]:
    async with Served(engine) as served:
        yield served


async def said(served: Served, sent: bytes) -> list[tuple[int, bytes]]:
    """Return the frames that the gateway answers to *sent*, until it ends the connection."""
    assert served.client.port is not None
    reader, writer = await asyncio.open_connection("127.0.0.1", served.client.port)
    writer.write(HANDSHAKE + sent)
    found = []
    async with asyncio.timeout(20):
        assert b" 101 " in await reader.readline()
        while (await reader.readline()).strip():
            pass
        while len(head := await reader.read(2)) == 2:
            length = head[1] & 0x7F
            if length == 126:
                (length,) = struct.unpack("!H", await reader.readexactly(2))
            found.append((head[0] & 0xF, await reader.readexactly(length)))
            if found[-1][0] == CLOSE:
                writer.write(frame(CLOSE, found[-1][1][:2]))
    writer.close()
    return found


LETTER = frame(TEXT, b'{"type":"pi', end=False)
BAD = {
    "an opcode that is none": (frame(3), 1002),
    "a control opcode that is none": (frame(11), 1002),
    "reserved bits": (frame(TEXT, b"{}", rsv=2), 1002),
    "compressed, which was not agreed on": (frame(TEXT, b"{}", rsv=4), 1002),
    "a continuation of nothing": (frame(0, b"{}"), 1002),
    "a letter within a letter": (LETTER + LETTER, 1002),
    "a ping in parts": (frame(PING, b"x", end=False), 1002),
    "a ping that is too long": (frame(PING, b"x" * 126), 1002),
    "a goodbye of one byte": (frame(CLOSE, b"x"), 1002),
    "a goodbye with a code that is none": (frame(CLOSE, b"\x00\x07"), 1002),
    "a goodbye that is no text": (frame(CLOSE, b"\x03\xe8\xff"), 1007),
    "a length that is too long": (struct.pack("!BBQ", 0x81, 0xFF, 2**62) + b"\0\0\0\0", 1009),
    "parts that are too long together": (
        LETTER + frame(0, b"x" * 60_000, end=False) * 20 + frame(0),
        1009,
    ),
    "parts that are too many": (LETTER + frame(0, b"x", end=False) * 1000 + frame(0, b'"}'), 4400),
    "text in no charset": (frame(TEXT, b"\xff"), 4400),
    "a letter of nothing": (frame(TEXT), 4400),
    "bytes": (frame(BINARY, b"{}"), 4400),
}


@pytest.mark.parametrize("name", BAD)
async def test_a_bad_frame_ends_its_socket_alone(
    served: Served, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    sent, code = BAD[name]
    found = await said(served, sent)
    assert [opcode for opcode, _ in found] == [CLOSE]
    assert struct.unpack("!H", found[0][1][:2]) == (code,)
    await until(lambda: served.sockets.open == 0)
    assert not [each for each in caplog.records if each.levelname in {"ERROR", "CRITICAL"}]


async def test_parts_without_an_end_are_not_kept(served: Served, caplog: pytest.LogCaptureFixture) -> None:
    with suppress(ConnectionError):
        await said(served, LETTER + frame(0, b"x" * 60_000, end=False) * 100)
    await until(lambda: served.sockets.open == 0)
    assert not [each for each in caplog.records if each.levelname in {"ERROR", "CRITICAL"}]


async def test_goodbyes_are_answered(served: Served) -> None:
    for sent in (frame(CLOSE), frame(CLOSE, b"\x03\xe8bye"), frame(CLOSE, b"\x0f\xa0")):
        assert [opcode for opcode, _ in await said(served, sent)] == [CLOSE]


async def test_pings_may_come_between_the_parts_of_a_letter(served: Served) -> None:
    sent = LETTER + frame(PING, b"here") + frame(PONG, b"unasked") + frame(0, b'ng"}') + frame(CLOSE)
    found = await said(served, sent)
    assert found[:2] == [(PONG, b"here"), (TEXT, b'{"type":"pong"}')]


async def test_a_connection_that_breaks_off_leaves_nothing(
    served: Served, caplog: pytest.LogCaptureFixture
) -> None:
    assert served.client.port is not None
    for sent in (b"", b"\x81", LETTER, frame(TEXT, b'{"type":"connection_init"}') * 2):
        _, writer = await asyncio.open_connection("127.0.0.1", served.client.port)
        writer.write(HANDSHAKE + sent)
        await until(lambda: served.sockets.open == 1)
        writer.transport.abort()
        await until(lambda: served.sockets.open == 0)
    assert not [each for each in caplog.records if each.levelname in {"ERROR", "CRITICAL"}]
