"""What is said about a Postgres, without one."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import asyncpg
import pytest

from gateway.errors import ConfigurationError, DatabaseUnavailable
from gateway.postgres.connect import dsn, unreachable, where
from gateway.postgres.lock import FolderLock
from gateway.postgres.postmaster import Postmaster
from gateway.postgres.sockets import remove_folder

PASSWORD = "s3cret/wörd"
ADDRESS = "postgresql://ada:s3cret%2Fw%C3%B6rd@db.example:5433/harvest?sslmode=disable"


@pytest.mark.parametrize(
    ("url", "words"),
    [
        (ADDRESS, "ada@db.example:5433/harvest"),
        ("postgresql+asyncpg://ada:x@db/harvest", "ada@db/harvest"),
        ("postgresql://gateway@/gateway?host=/tmp/gateway-1&port=5432", "gateway@/tmp/gateway-1/gateway"),
        ("postgresql:///harvest?user=ada&password=x", "ada@localhost/harvest"),
        ("postgresql://db", "db/"),
        ("postgresql://[::1", "the given address"),
    ],
)
def test_where_never_tells_the_password(url: str, words: str) -> None:
    assert where(url) == words


def test_sqlalchemy_addresses_are_understood() -> None:
    assert dsn("postgresql+asyncpg://ada@db/x?a=1+2") == "postgresql://ada@db/x?a=1+2"


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (asyncpg.InvalidPasswordError(f"no {PASSWORD}"), "does not let this user in"),
        (asyncpg.InvalidCatalogNameError("x"), "no database of this name"),
        (socket.gaierror(-2, "x"), "host is unknown"),
        (ConnectionRefusedError(111, "x"), "nothing answers there"),
        (TimeoutError(), "no answer within 10 s"),
        (ValueError(f"bad port in {PASSWORD}"), "cannot be understood"),
    ],
)
def test_refusals_are_put_in_plain_words(error: Exception, words: str) -> None:
    said = unreachable(ADDRESS, error)
    assert isinstance(said, DatabaseUnavailable)
    assert words in str(said)
    assert "GATEWAY_DATABASE_URL" in str(said)
    assert "s3cret" not in str(said)


def test_an_address_of_something_else_is_said_to_be_so() -> None:
    assert "none of Postgres" in str(unreachable("mysql://ada:s3cret@db/x", ValueError("s3cret")))
    assert "s3cret" not in str(unreachable("mysql://ada:s3cret@db/x", ValueError("s3cret")))


def test_a_data_folder_is_held_once(tmp_path: Path) -> None:
    lock = FolderLock(tmp_path / "lock")
    with pytest.raises(ConfigurationError, match=rf"process {os.getpid()} since \d{{4}}-\d\d-\d\dT") as held:
        FolderLock(tmp_path / "lock")
    assert "GATEWAY_DATA_DIR" in held.value.hint
    lock.note(url="postgresql://x")
    with pytest.raises(ConfigurationError, match="GATEWAY_DATABASE_URL='postgresql://x'"):
        FolderLock(tmp_path / "lock")
    lock.give_back()
    FolderLock(tmp_path / "lock").give_back()


def test_a_process_that_is_no_postgres_is_not_taken_for_one(tmp_path: Path) -> None:
    assert Postmaster.of(tmp_path) == Postmaster(tmp_path)
    assert not Postmaster.of(tmp_path).alive
    lines = [str(os.getpid()), str(tmp_path), "1790000000", "5432", "/tmp/gateway-x", "", "1 2", "ready   "]
    (tmp_path / "postmaster.pid").write_text("\n".join(lines))
    found = Postmaster.of(tmp_path)
    assert (found.pid, found.socket_folder, found.ready, found.alive) == (
        os.getpid(),
        "/tmp/gateway-x",
        True,
        False,
    )


def test_only_folders_of_our_making_are_removed(tmp_path: Path) -> None:
    other, ours = tmp_path / "precious", tmp_path / "gateway-abc"
    other.mkdir()
    ours.mkdir()
    for folder in (other, ours, ""):
        remove_folder(str(folder))
    assert other.exists()
    assert not ours.exists()
