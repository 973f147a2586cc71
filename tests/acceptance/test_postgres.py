"""The embedded Postgres through starts, ends, kills and refusals, and connections to one that is named."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import pytest

from gateway.errors import ConfigurationError, DatabaseUnavailable, DatabaseUnusable
from gateway.postgres import Server, connect, connect_pool, postgres
from gateway.postgres.connect import require_usable
from gateway.postgres.postmaster import Postmaster

_KILLED = """
import sys
import tempfile
from pathlib import Path
from urllib.parse import urlsplit
from gateway.postgres import Server
server = Server(Path(sys.argv[1]), durable=False)
server.start()
sys.stdout.write("up")
sys.stdout.flush()
sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def _sockets(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """See that no test leaves the folder of a socket behind; the shared server has its own."""
    assert postgres_url
    with tempfile.TemporaryDirectory() as folder:
        monkeypatch.setenv("XDG_RUNTIME_DIR", folder)
        yield
        assert list(Path(folder).iterdir()) == []


@contextmanager
def _running(folder: Path) -> Iterator[Server]:
    server = Server(folder, durable=False)
    server.start()
    try:
        yield server
    finally:
        server.stop()


async def _ask(url: str, statement: str) -> object:
    connection = await connect(url)
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()


def _kill_gateway(folder: Path) -> Postmaster:
    """Start a gateway process, kill it, and return the Postgres that it leaves behind."""
    words = [sys.executable, "-c", _KILLED, str(folder)]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.read(2) == b"up"
        process.kill()
    left = Postmaster.of(folder / "postgres")
    assert left.alive
    return left


def _mode(folder: Path) -> int | None:
    return folder.stat().st_mode & 0o777 if folder.exists() else None


async def test_data_outlive_a_restart(tmp_path: Path) -> None:
    async with postgres(None, tmp_path / "new" / "folder") as first:
        assert first.embedded
        assert str(tmp_path) in first.where
        await _ask(first.url, "CREATE TABLE kept AS SELECT 'é' AS word")
        assert await _ask(first.url, "SELECT lower('É')") == "é"
        assert await _ask(first.url, "SHOW listen_addresses") == ""
        sockets = Path(str(await _ask(first.url, "SHOW unix_socket_directories")))
        assert _mode(sockets) == 0o700
    assert _mode(sockets) is None
    assert not Postmaster.of(tmp_path / "new/folder/postgres").pid
    async with postgres(None, tmp_path / "new" / "folder") as second:
        assert await _ask(second.url, "SELECT word FROM kept") == "é"


async def test_a_folder_serves_one_gateway_at_a_time(tmp_path: Path) -> None:
    async with postgres(None, tmp_path) as first:
        with pytest.raises(ConfigurationError, match=f"process {os.getpid()} since ") as refused:
            async with postgres(None, tmp_path):
                pass
        assert await _ask(first.url, "SELECT 1") == 1, "the refused one must not have stopped it"
        beside = refused.value.hint.partition("GATEWAY_DATABASE_URL='")[2].partition("'")[0]
        assert await _ask(beside, "SELECT 1") == 1


def test_a_server_that_a_kill_left_behind_is_taken_over(tmp_path: Path) -> None:
    left = _kill_gateway(tmp_path)
    with _running(tmp_path) as server:
        assert Postmaster.of(server.data).pid == left.pid
        assert asyncio.run(_ask(server.url, "SELECT 1")) == 1
    assert not left.alive
    assert not Path(left.socket_folder).exists()


def test_a_server_that_was_killed_too_recovers(tmp_path: Path) -> None:
    left = _kill_gateway(tmp_path)
    left.signal(signal.SIGKILL)
    while left.alive:
        pass
    assert (tmp_path / "postgres" / "postmaster.pid").exists()
    with _running(tmp_path) as server:
        assert Postmaster.of(server.data).pid != left.pid
        assert asyncio.run(_ask(server.url, "SELECT 1")) == 1
    assert not Path(left.socket_folder).exists()


def test_a_pid_that_somebody_else_has_by_now_is_cleared_away(tmp_path: Path) -> None:
    with _running(tmp_path) as server:
        lines = (server.data / "postmaster.pid").read_text().splitlines()
    (server.data / "postmaster.pid").write_text("\n".join([str(os.getpid()), *lines[1:]]))
    with _running(tmp_path) as server:
        assert asyncio.run(_ask(server.url, "SELECT 1")) == 1


def test_data_of_another_major_version_are_refused_with_the_words_to_move_them(tmp_path: Path) -> None:
    with _running(tmp_path) as server:
        pass
    (server.data / "PG_VERSION").write_text("14\n")
    with (
        pytest.raises(DatabaseUnusable, match=r"Postgres 14.*pg_dump.*pg_restore") as refused,
        _running(tmp_path),
    ):
        pass
    assert str(server.data) in str(refused.value)


def test_a_folder_of_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "postgres").mkdir()
    (tmp_path / "postgres" / "letters.txt").write_text("dear")
    with pytest.raises(ConfigurationError, match="holds is no Postgres"), _running(tmp_path):
        pass
    assert (tmp_path / "postgres" / "letters.txt").exists()


def test_a_first_start_that_was_cut_off_is_done_again(tmp_path: Path) -> None:
    half = tmp_path / "postgres.new"
    half.mkdir()
    (half / "PG_VERSION").write_text("18\n")
    with _running(tmp_path) as server:
        assert asyncio.run(_ask(server.url, "SELECT 1")) == 1


def test_a_start_that_fails_says_why(tmp_path: Path) -> None:
    with _running(tmp_path) as server:
        pass
    with (server.data / "postgresql.conf").open("a") as settings:
        settings.write("shared_preload_libraries = 'no_such_library'\n")
    with pytest.raises(DatabaseUnavailable, match="no_such_library") as refused, _running(tmp_path):
        pass
    assert str(server.log) in refused.value.hint


def test_long_paths_are_no_matter(tmp_path: Path) -> None:
    with _running(tmp_path / ("long" * 30) / "path") as server:
        assert asyncio.run(_ask(server.url, "SELECT 1")) == 1


async def test_a_cancelled_start_leaves_nothing_running(tmp_path: Path) -> None:
    async def hold() -> None:
        async with postgres(None, tmp_path):
            await asyncio.Event().wait()

    for seconds in (0.05, 0.6, 2.0):
        task = asyncio.create_task(hold())
        await asyncio.sleep(seconds)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        for _ in range(200):  # a postmaster that was told to end takes its file along at the very last
            if not Postmaster.of(tmp_path / "postgres").pid:
                break
            await asyncio.sleep(0.05)
        assert not Postmaster.of(tmp_path / "postgres").pid


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has to become somebody else")
@pytest.mark.parametrize("program", ["unshare", "setpriv", "runuser"])
def test_root_runs_it_as_somebody_else(program: str, monkeypatch: pytest.MonkeyPatch) -> None:
    found = shutil.which(program)
    if not found:
        pytest.skip(f"{program} is not installed")
    folder = Path(
        f"/tmp/gateway-as-{program}-{os.getpid()}"
    )  # tmp_path is root's alone, and others must pass
    path = folder / "path"
    path.mkdir(parents=True)
    for name in (program, "sh"):
        (path / name).symlink_to(shutil.which(name) or "")
    monkeypatch.setenv("PATH", str(path))
    try:
        for _ in range(2):
            with _running(folder / "data") as server:
                assert asyncio.run(_ask(server.url, "SELECT 1")) == 1
                owner = (server.data / "PG_VERSION").stat().st_uid
                assert (owner == 0) == (program == "unshare")
    finally:
        shutil.rmtree(folder)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root is refused")
def test_root_without_any_way_is_told_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with (
        pytest.raises(ConfigurationError, match=r"refuses to run as root.*GATEWAY_DATABASE_URL"),
        _running(tmp_path),
    ):
        pass


async def test_an_address_is_used_as_it_is(database_url: str, tmp_path: Path) -> None:
    async with postgres(database_url, tmp_path / "unused") as opened:
        assert not opened.embedded
        assert await _ask(opened.url, "SELECT version FROM data_version") == 0
    assert _mode(tmp_path / "unused") is None


async def test_an_address_that_does_not_answer_is_told_without_the_password(tmp_path: Path) -> None:
    url = "postgresql://ada:s3cret@127.0.0.1:1/harvest"
    with pytest.raises(DatabaseUnavailable, match=r"ada@127\.0\.0\.1:1/harvest.*nothing answers") as refused:
        async with postgres(url, tmp_path):
            pass
    assert "s3cret" not in str(refused.value)
    assert refused.value.__cause__ is None
    with pytest.raises(DatabaseUnavailable, match="nothing answers"):
        await connect_pool(url, size=1)


async def test_a_database_that_is_not_there_is_told(database_url: str) -> None:
    with pytest.raises(DatabaseUnavailable, match="no database of this name"):
        await require_usable(database_url.replace("/gateway_test", "/no_such"))


async def test_an_old_postgres_is_refused(database_url: str) -> None:
    with pytest.raises(DatabaseUnusable, match="Postgres 99 or later is needed"):
        await require_usable(database_url, oldest=99)


async def test_a_database_that_is_not_utf8_is_refused(postgres_url: str) -> None:
    name = f"gateway_ascii_{os.getpid()}"
    options = "ENCODING 'SQL_ASCII' LOCALE 'C' TEMPLATE template0"
    await _ask(postgres_url, f"CREATE DATABASE {name} {options}")
    try:
        with pytest.raises(DatabaseUnusable, match="SQL_ASCII"):
            await require_usable(urlsplit(postgres_url)._replace(path=f"/{name}").geturl())
    finally:
        await _ask(postgres_url, f"DROP DATABASE {name}")


async def test_pooled_connections_keep_their_statements(pool: asyncpg.Pool) -> None:
    long = "SELECT 1" + " " * 20_000
    for _ in range(5):
        assert await pool.fetchval(long) == 1
    prepared = "SELECT count(*) FROM pg_prepared_statements WHERE length(statement) > 20000"
    found = [await pool.fetchval(prepared) for _ in range(4)]
    assert max(found) == 1, "prepared once, and not thrown away when the connection went back"
    assert await pool.fetchval("SHOW application_name") == "harvest-gateway"
