"""Keys on Postgres: recognised while they are valid, and in no other form than their hash."""

from __future__ import annotations

import asyncio
import hashlib
from datetime import timedelta

import asyncpg
import pytest

from gateway.access.keys import Keys
from gateway.access.making import fresh
from gateway.access.scopes import ADMIN, READ_PRIVATE, SYNC
from gateway.errors import DatabaseUnavailable, UsageError
from gateway.postgres import connect, connect_pool


class Clock:
    """A clock that stands still until it is moved."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


async def scopes_of(keys: Keys, key: str) -> frozenset[str] | None:
    found = await keys.valid(key)
    return None if found is None else found.scopes


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def keys(pool: asyncpg.Pool, clock: Clock) -> Keys:
    return Keys(pool, clock=clock)


async def test_a_key_grants_its_scopes_and_is_stored_as_a_hash_alone(keys: Keys, pool: asyncpg.Pool) -> None:
    created = await keys.create("ada", [SYNC, READ_PRIVATE])
    assert await scopes_of(keys, created.key) == {READ_PRIVATE, SYNC}
    row = await pool.fetchrow("SELECT * FROM api_key")
    assert row["key_hash"] == hashlib.sha256(created.key.encode()).digest()
    assert row["start"] == created.key[:12]
    assert created.key not in repr(dict(row)) + repr(created)


async def test_admin_grants_everything(keys: Keys) -> None:
    assert await scopes_of(keys, (await keys.create("root", [ADMIN])).key) == {ADMIN, READ_PRIVATE, SYNC}


async def test_what_was_never_made_grants_nothing(keys: Keys) -> None:
    created = await keys.create("ada", [SYNC])
    swapped = created.key[:-2] + ("AA" if created.key[-2:] != "AA" else "BA")
    for key in (fresh(), swapped, created.issued.start, "", "hgw_", "x" * 1_000_000, "\udcff", "\0"):
        assert await scopes_of(keys, key) is None


async def test_a_key_costs_one_statement_in_five_seconds(
    keys: Keys, clock: Clock, pool: asyncpg.Pool
) -> None:
    key = (await keys.create("ada", [SYNC])).key
    assert await scopes_of(keys, key) == {SYNC}
    await pool.execute("ALTER TABLE api_key RENAME TO elsewhere")
    clock.now = 4.9
    assert await scopes_of(keys, key) == {SYNC}
    assert await scopes_of(keys, "no key") is None, "what has no key's form is not looked up"
    clock.now = 5.0
    with pytest.raises(asyncpg.UndefinedTableError):
        await scopes_of(keys, key)


async def test_a_revocation_reaches_another_process_within_five_seconds(
    keys: Keys, clock: Clock, pool: asyncpg.Pool
) -> None:
    created = await keys.create("ada", [SYNC])
    assert await scopes_of(keys, created.key) == {SYNC}
    revoked = await Keys(pool).revoke(created.issued.start)
    assert revoked.revoked_at is not None
    clock.now = 5.0
    assert await scopes_of(keys, created.key) is None
    assert await scopes_of(Keys(pool), created.key) is None


async def test_a_key_ends_when_its_time_is_over_even_while_it_is_remembered(
    keys: Keys, clock: Clock, pool: asyncpg.Pool
) -> None:
    created = await keys.create("ada", [SYNC], timedelta(seconds=2))
    assert created.issued.expires_at == created.issued.created_at + timedelta(seconds=2)
    assert await scopes_of(keys, created.key) == {SYNC}
    await pool.execute("UPDATE api_key SET expires_at = now()")  # as if the two seconds had passed
    clock.now = 2.0
    assert await scopes_of(keys, created.key) is None


async def test_keys_of_a_century_are_possible(keys: Keys) -> None:
    created = await keys.create("ada", [SYNC], timedelta(days=36_500))
    assert created.issued.expires_at is not None
    assert await scopes_of(keys, created.key) == {SYNC}


async def test_the_list_has_every_key_the_oldest_first(keys: Keys) -> None:
    assert await keys.listed() == []
    made = [(await keys.create(name, [SYNC])).issued for name in ("ada", "grace", "ada")]
    assert await keys.listed() == made
    revoked = await keys.revoke("grace")
    assert await keys.listed() == [made[0], revoked, made[2]]


async def test_a_key_is_revoked_by_start_by_name_or_by_all_of_it(keys: Keys) -> None:
    for meant in (0, 1, 2):
        created = await keys.create("grace", [SYNC])
        word = (created.issued.start, "grace", created.key)[meant]
        assert (await keys.revoke(word)).start == created.issued.start
    assert all(key.revoked_at for key in await keys.listed())


@pytest.mark.parametrize(
    "word", ["eve", "hgw_", "", "\0", "\udcff", "'; DROP TABLE api_key; --", "%", "hgw_%"]
)
async def test_nobody_is_revoked_by_mistake(keys: Keys, word: str) -> None:
    await keys.create("ada", [SYNC])
    with pytest.raises(UsageError, match="There is no key"):
        await keys.revoke(word)
    assert [key.revoked_at for key in await keys.listed()] == [None]


async def test_several_of_a_name_and_one_that_is_revoked_are_refused(keys: Keys) -> None:
    first = (await keys.create("ada", [SYNC])).issued
    await keys.create("ada", [SYNC])
    with pytest.raises(UsageError, match="2 keys are called 'ada'"):
        await keys.revoke("ada")
    await keys.revoke(first.start)
    with pytest.raises(UsageError, match="revoked already, since"):
        await keys.revoke(first.start)
    await keys.revoke("ada")
    with pytest.raises(UsageError, match="revoked already, since"):
        await keys.revoke("ada")


async def test_of_two_who_revoke_at_once_one_is_told(keys: Keys) -> None:
    await keys.create("ada", [SYNC])
    ended = await asyncio.gather(*(keys.revoke("ada") for _ in range(2)), return_exceptions=True)
    assert sorted(type(each).__name__ for each in ended) == ["Issued", "UsageError"]


@pytest.mark.parametrize("name", ["", "  ", "a\0b", "two\nlines", "\udcff", "x" * 101, "hgw_abc"])
async def test_names_that_lists_could_not_show_are_refused(keys: Keys, name: str) -> None:
    with pytest.raises(UsageError):
        await keys.create(name, [SYNC])
    assert await keys.listed() == []


async def test_a_key_is_recognised_after_every_connection_was_lost(
    database_url: str, keys: Keys, pool: asyncpg.Pool
) -> None:
    key = (await keys.create("ada", [SYNC])).key
    await asyncio.gather(*(pool.fetchval("SELECT pg_sleep(0.05)") for _ in range(2)))
    other = await connect(database_url)
    await other.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    await other.close()
    assert await scopes_of(keys, key) == {SYNC}


async def test_without_postgres_it_is_said_and_nothing_is_granted(database_url: str, clock: Clock) -> None:
    pool = await connect_pool(database_url, size=1)
    keys = Keys(pool, clock=clock)
    key = (await keys.create("ada", [SYNC])).key
    await pool.close()
    for work in (scopes_of(keys, key), keys.listed(), keys.create("eve", [SYNC]), keys.revoke("ada")):
        with pytest.raises(DatabaseUnavailable, match="cannot be asked about keys"):
            await work
