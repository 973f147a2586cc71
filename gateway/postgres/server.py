"""The life of the embedded Postgres: one server process on one data folder, reached by a unix socket only."""

from __future__ import annotations

import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import quote

from gateway.errors import ConfigurationError, DatabaseUnavailable, DatabaseUnusable
from gateway.postgres.account import account
from gateway.postgres.lock import FolderLock
from gateway.postgres.memory import available, shared_buffers
from gateway.postgres.postmaster import Postmaster
from gateway.postgres.programs import Programs, bundled, environment
from gateway.postgres.sockets import new_folder, remove_folder

NAME = "gateway"
"""User and database of the embedded Postgres."""
START_SECONDS = 300.0
"""How long a start may take; recovery after a crash is the slow part."""
STOP_SECONDS = 10.0
"""How long Postgres has to roll back and write down everything before it is stopped the hard way."""
_LOG_BYTES = 10_000_000
_SETTINGS: Mapping[str, str] = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "100",
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
_INITDB = (
    "--locale=C.UTF-8",
    "--encoding=UTF8",
    f"--username={NAME}",
    "--auth-local=trust",
    "--auth-host=reject",
)
_INITDB_17 = (
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
)  # an order that no system update changes
_OTHER_MAJOR = (
    "Dump it: start the gateway that wrote it, and beside it run pg_dump --format=custom --file=gateway.dump "
    "--dbname=ADDRESS, where ADDRESS is the url in {lock}. Then move {data} away, start this gateway, and "
    "restore beside it: pg_restore --clean --if-exists --dbname=ADDRESS gateway.dump, with the new url. "
    "Or move it away and harvest again."
)


class Server:
    """A Postgres of our own in ``<folder>/postgres``: started once, stopped once, by methods that block.

    ``stop`` may come from another thread. *binaries*: the programs of Postgres, by default the bundled ones.
    *durable*: False for data that nobody misses after a crash of the machine, as in tests.
    """

    def __init__(self, folder: Path, *, binaries: Path | None = None, durable: bool = True) -> None:
        self.folder = folder.expanduser().resolve()
        self.data = self.folder / "postgres"
        self.log = self.folder / "postgres.log"
        self._binaries = binaries
        self._durable = durable
        self._process: subprocess.Popen[bytes] | None = None
        self._lock: FolderLock | None = None
        self._socket_folder = ""
        self._turn = threading.Lock()
        self._leaving = threading.Event()

    @property
    def url(self) -> str:
        """The asyncpg address of the gateway's database."""
        return f"postgresql://{NAME}@/{NAME}?host={quote(self._socket_folder, safe='/')}&port=5432"

    @property
    def _postmaster(self) -> Postmaster:
        return Postmaster.of(self.data)

    def start(self) -> None:
        """Start Postgres, or take over the one that a killed gateway left; returns when it answers.

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
        """Stop Postgres, in a moment as a rule; a start under way is given up."""
        self._leaving.set()
        with self._turn:
            self._stop()

    def _start(self) -> None:
        folder = self._binaries or bundled()
        _make(self.folder)
        self._lock = FolderLock(self.folder / "postgres.lock")
        _make(self.data)
        programs = Programs(folder, account(self.data, folder / "postgres"), self.data)
        if (self.data / "PG_VERSION").exists():
            self._refuse_other_major(programs)
        else:
            self._initialise(programs)
        if not self._left_behind():
            self._launch(programs)
        self._wait_ready()
        self._socket_folder = self._postmaster.socket_folder
        self._create_database(programs)
        self._lock.note(url=self.url)

    def _refuse_other_major(self, programs: Programs) -> None:
        """Raise DatabaseUnusable when another major version of Postgres wrote the data."""
        theirs, ours = int((self.data / "PG_VERSION").read_text("ascii")), programs.major()
        if theirs != ours:
            raise DatabaseUnusable(
                f"The data in {self.data} is of Postgres {theirs}; this gateway brings Postgres {ours}.",
                hint=_OTHER_MAJOR.format(lock=self.folder / "postgres.lock", data=self.data),
            )

    def _initialise(self, programs: Programs) -> None:
        """Make a new cluster beside its place first: a killed attempt must not look like a cluster."""
        fresh = self.folder / "postgres.new"
        shutil.rmtree(fresh, ignore_errors=True)
        _make(fresh)
        programs.account.own(fresh)
        options = [*_INITDB, *(_INITDB_17 if programs.major() >= 17 else ())]
        programs.run("initdb", f"--pgdata={fresh}", *options, *(() if self._durable else ("--no-sync",)))
        try:
            fresh.rename(self.data)
        except OSError as error:
            raise ConfigurationError(
                f"{self.data} is not empty, and what it holds is no Postgres.",
                hint="Choose another data folder.",
            ) from error

    def _left_behind(self) -> bool:
        """Tell whether a server already runs on the data; clear away what a dead one left."""
        while (postmaster := self._postmaster).alive:
            if postmaster.ready:
                return True
            self._pause()
        postmaster.forget()
        remove_folder(postmaster.socket_folder)
        return False

    def _launch(self, programs: Programs) -> None:
        self._socket_folder = str(new_folder(programs.account))
        settings = {
            **_SETTINGS,
            **_shared_memory(),
            "shared_buffers": shared_buffers(available()),
            "unix_socket_directories": self._socket_folder,
        }
        settings |= {} if self._durable else _THROWAWAY
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        if self.log.exists() and self.log.stat().st_size > _LOG_BYTES:
            self.log.unlink()
        self.log.touch(mode=0o600)
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - words of our own
                programs.words("postgres", "-D", str(self.data), *options),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=environment(),
                cwd=self.data,
                start_new_session=True,  # Ctrl-C is for the gateway, which stops Postgres when it is done
            )

    def _wait_ready(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not self._postmaster.ready:
            if self._process and self._process.poll() is not None:
                raise self._failed("it ended")
            if time.monotonic() > deadline:
                raise self._failed(f"it is not ready after {START_SECONDS:.0f} s")
            self._pause()

    def _failed(self, what: str) -> DatabaseUnavailable:
        lines = self.log.read_text("utf-8", errors="replace").splitlines()[-50:]
        causes = [line.partition(":  ")[2] for line in lines if "FATAL:" in line or "PANIC:" in line]
        cause = f": {causes[-1]}" if causes else ""
        return DatabaseUnavailable(
            f"The embedded Postgres did not start, {what}{cause}.", hint=f"Its log is {self.log}."
        )

    def _pause(self) -> None:
        if self._leaving.wait(0.02):
            raise DatabaseUnavailable("The start of the embedded Postgres was given up.")

    def _create_database(self, programs: Programs) -> None:
        """Make the gateway's database when it is missing; shows too that the server answers."""
        place = (
            f"--host={self._socket_folder}",
            "--port=5432",
            f"--username={NAME}",
            "--dbname=postgres",
        )
        ask = ("--no-psqlrc", "--no-align", "--tuples-only", *place, "--command")
        if not programs.run("psql", *ask, f"SELECT 1 FROM pg_database WHERE datname = '{NAME}'").strip():
            programs.run("psql", *ask, f"CREATE DATABASE {NAME}")

    def _stop(self) -> None:
        """Stop the server if it is ours: without the lock it is somebody else's."""
        if self._lock is None:
            return
        postmaster = self._postmaster
        if not postmaster.pid and self._process:
            self._process.send_signal(signal.SIGINT)  # so young that it has not written its file
        for number, seconds in ((signal.SIGINT, STOP_SECONDS), (signal.SIGQUIT, 5.0), (signal.SIGKILL, 5.0)):
            if self._ended(postmaster):
                break
            postmaster.signal(number)
            _wait(lambda: self._ended(postmaster), seconds)
        if self._process:
            _end_child(self._process)
            self._process = None
        remove_folder(self._socket_folder)
        self._lock.give_back()
        self._lock = None

    def _ended(self, postmaster: Postmaster) -> bool:
        if self._process:
            self._process.poll()  # a child that nobody has waited for still looks alive
        return not postmaster.alive


def _make(folder: Path) -> None:
    """Make *folder*, open to us alone; raises ConfigurationError."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigurationError(
            f"The folder {folder} cannot be made: {error.strerror}.", hint="Set GATEWAY_DATA_DIR."
        ) from error


def _shared_memory() -> Mapping[str, str]:
    """Return where parallel workers share memory: containers give /dev/shm 64 MB, which hash joins exceed."""
    try:
        roomy = shutil.disk_usage("/dev/shm").total > 256_000_000  # noqa: S108 - a look, no file
    except OSError:
        return {}
    return {} if roomy else {"dynamic_shared_memory_type": "mmap"}


def _wait(done: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not done() and time.monotonic() < deadline:
        time.sleep(0.01)


def _end_child(process: subprocess.Popen[bytes]) -> None:
    """Wait for a process that we started, and that should have ended by now."""
    try:
        process.wait(1.0)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
