"""One exchange with a server over a socket of its own: bytes go out, answers and the server's CPU come back."""

from __future__ import annotations

import gzip
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass

PATIENCE = 15.0
"""Seconds that an answer may take."""
LARGEST = 40_000_000


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer: its status, its headers as they came, its body, without coding."""

    status: int
    head: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Exchange:
    """What became of one case; *cpu* and *wall* are seconds."""

    replies: tuple[Reply, ...]
    rest: bytes
    """What came after the last answer: frames of a websocket."""
    cpu: float
    wall: float


def cpu_of(pid: int) -> float:
    """Return the seconds of CPU that a process has taken."""
    return (
        time.clock_gettime_ns((~pid << 3) | 2) / 1e9
    )  # the id of another process's clock, as clock_getcpuclockid has it


def exchanged(address: tuple[str, int], pid: int, data: bytes, *, ends: bool) -> Exchange:
    """Send *data* to the server *pid* and read until it closes; *ends*: say that nothing more will come."""
    cpu, begun = cpu_of(pid), time.monotonic()
    received = _sent(address, data, ends=ends)
    wall = time.monotonic() - begun
    replies, rest = _taken_apart(received)
    return Exchange(tuple(replies), rest, cpu_of(pid) - cpu, wall)


def _sent(address: tuple[str, int], data: bytes, *, ends: bool) -> bytes:
    with socket.create_connection(address, timeout=PATIENCE) as connection:
        chunks: list[bytes] = []
        try:
            connection.sendall(data)
            if ends:
                connection.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # it was refused while it was being sent: the answer is waiting
        try:
            while sum(map(len, chunks)) < LARGEST and (chunk := connection.recv(1 << 16)):
                chunks.append(chunk)
        except OSError:
            pass
        return b"".join(chunks)


def _taken_apart(received: bytes) -> tuple[list[Reply], bytes]:
    replies = []
    while received.startswith(b"HTTP/1.") and b"\r\n\r\n" in received:
        head, _, received = received.partition(b"\r\n\r\n")
        headers = _headers(head)
        status = int(head.split(b" ", 2)[1])
        length = headers.get("content-length")
        size = 0 if status in {101, 204, 304} else len(received) if length is None else int(length)
        body, received = received[:size], received[size:]
        if headers.get("content-encoding") == "gzip":
            body = gzip.decompress(body)
        replies.append(Reply(status, head.decode("latin-1"), body))
    return replies, received


def _headers(head: bytes) -> Mapping[str, str]:
    lines = head.decode("latin-1").split("\r\n")[1:]
    return {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
