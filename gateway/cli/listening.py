"""Which port to serve on: free, given, or in use and by whom."""

from __future__ import annotations

import errno
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gateway.errors import ConfigurationError

TRIES = 20
"""How many ports after the usual one are tried before the system picks any."""


def free_port(host: str, port: int, *, given: bool) -> int:
    """Return *port* if it is free, else, unless it was *given*, the next free one."""
    if port == 0:
        return _any_port(host)
    if _is_free(host, port):
        return port
    if given:
        raise in_use(host, port)
    for candidate in range(port + 1, min(port + TRIES, 65_535)):
        if _is_free(host, candidate):
            return candidate
    return _any_port(host)


def in_use(host: str, port: int) -> ConfigurationError:
    """Return the error that says who listens on *port* and what to do."""
    holder = _holder(port)
    whose = f" by {holder}" if holder else ""
    return ConfigurationError(
        f"Port {port} on {host} is in use{whose}.",
        hint="Stop that program, or choose another port with --port (0 takes any free one).",
    )


def listening_socket(host: str, port: int) -> socket.socket:
    """Return a socket that listens on *port* (0: any); callers wait in its backlog until it is served."""
    try:
        return _listen(host, port)
    except OSError as error:
        raise _refused(host, port, error) from error


def ensure_shareable() -> None:
    """Raise ConfigurationError where several processes cannot listen on one port."""
    if not hasattr(socket, "SO_REUSEPORT"):
        raise ConfigurationError(
            "Several processes cannot listen on one port on this system.",
            hint="Serve in one (--processes 1), or in several on ports of their own behind a proxy.",
        )


@contextmanager
def held(host: str, port: int) -> Iterator[None]:
    """Keep *port* for processes that share it for the length of a ``with`` block, without listening on it."""
    with socket.socket(_family(host), socket.SOCK_STREAM) as holder:
        for option in (socket.SO_REUSEADDR, socket.SO_REUSEPORT):
            holder.setsockopt(socket.SOL_SOCKET, option, 1)
        try:
            holder.bind((host, port))
        except OSError as error:
            raise _refused(host, port, error) from error
        yield


def _family(host: str) -> int:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def _listen(host: str, port: int) -> socket.socket:
    listener = socket.socket(_family(host), socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(128)
    except OSError:
        listener.close()
        raise
    return listener


def _refused(host: str, port: int, error: OSError) -> ConfigurationError:
    if error.errno == errno.EADDRINUSE:
        return in_use(host, port)
    if error.errno == errno.EACCES:
        return ConfigurationError(
            f"Port {port} needs more rights than this user has.", hint="Choose a port above 1023 with --port."
        )
    return ConfigurationError(
        f"{host} is no address to serve on: {error.strerror or error}.",
        hint="Choose another one with --host.",
    )


def _is_free(host: str, port: int) -> bool:
    try:
        _listen(host, port).close()
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            return False
        raise _refused(host, port, error) from error
    return True


def _any_port(host: str) -> int:
    with listening_socket(host, 0) as listener:
        return int(listener.getsockname()[1])


def _holder(port: int) -> str | None:
    """Return the program that listens on *port*, where the system tells (Linux, one's own processes)."""
    sockets = {f"socket:[{inode}]" for inode in _listening_inodes(port)}
    if not sockets:
        return None
    for process in Path("/proc").glob("[0-9]*"):
        if sockets & _open_files(process):
            return f"{_name(process)} (process {process.name})"
    return None


def _listening_inodes(port: int) -> Iterator[str]:
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        try:
            lines = Path(table).read_text(encoding="ascii").splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            fields = line.split()
            if fields[3] == "0A" and int(fields[1].rpartition(":")[2], 16) == port:
                yield fields[9]


def _open_files(process: Path) -> set[str]:
    found = set()
    try:
        for descriptor in (process / "fd").iterdir():
            found.add(str(descriptor.readlink()))
    except OSError:
        pass  # another user's process, or one that has just ended
    return found


def _name(process: Path) -> str:
    try:
        words = (process / "cmdline").read_bytes().split(b"\0")
    except OSError:
        return "a program"
    return " ".join(word.decode(errors="replace") for word in words[:3] if word)[:60] or "a program"
