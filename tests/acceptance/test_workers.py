"""`gateway worker` as it is run: several at once, told to stop, killed, stopped, and with a Postgres that restarts."""

from __future__ import annotations

import asyncio
import os
import signal
from datetime import timedelta
from pathlib import Path

import pytest
from acceptance.mirror import summary
from acceptance.workers import PATIENCE, Site, Worker, site, until
from databases import ended, made

from gateway.errors import GatewayError
from gateway.postgres import Server, connect, migrate
from gateway.sandbox.portal import Step
from gateway.store import lease

HEARTBEAT = 2.0
SETTINGS = {"GATEWAY_HEARTBEAT_SECONDS": str(HEARTBEAT), "GATEWAY_RECONCILE_SECONDS": "1000000"}
RATE = "GATEWAY_PORTALS__DATA_GOV__REQUESTS_PER_SECOND"
SLOWLY = {**SETTINGS, RATE: "40"}
LONGER = 4.0
"""A heartbeat whose quarter is enough on a busy machine for what follows from it."""
PORTALS = ("data-gouv-fr", "data-gov")
NUMBERS = (1, 2, 4, 8) if os.environ.get("GATEWAY_TRUTH") == "all" else (1, 4)
"""How many workers share the work; ``make truth`` tries all."""
NOISE = ("Traceback", "[error", "[critical")
END_SECONDS = 10.0


async def _steps(running: Site) -> dict[str, list[Step]]:
    """Return the passes that ended well, per portal."""
    rows = await running.connection.fetch(
        "SELECT p.key, r.kind, r.baseline, r.started_at FROM sync_run r JOIN portal p ON p.number = r.portal "
        "WHERE r.state = 'DONE' ORDER BY r.id"
    )
    found: dict[str, list[Step]] = {key: [] for key in running.portals}
    for row in rows:
        found[row["key"]].append(Step(row["started_at"], "RECONCILE" if row["baseline"] else row["kind"], ""))
    return found


def _quiet(running: Site) -> bool:
    return not any(word in worker.text for worker in running.workers for word in NOISE)


async def _rounds(running: Site) -> dict[str, int]:
    """Let the workers load both portals, poll them a day later and reconcile them another day later."""
    await until(running.loaded, "the first load")
    for passes in (2, 3):
        for portal in running.portals.values():
            portal.advance(1)
        await running.make_due("POLL" if passes == 2 else "RECONCILE")
        await until(lambda wanted=passes: _ended(running, wanted), f"pass {passes}")
    await asyncio.sleep(HEARTBEAT / 2)  # whoever did a unit again would have begun by now
    for worker in running.workers:
        await worker.end()
    return {key: len(portal.requests) for key, portal in running.portals.items()}


async def _ended(running: Site, passes: int) -> bool:
    if await running.holder():
        return False
    counts = await running.connection.fetch(
        "SELECT count(*) FILTER (WHERE state = 'DONE') AS done FROM sync_run GROUP BY portal"
    )
    return len(counts) == len(running.portals) and all(row["done"] >= passes for row in counts)


async def test_any_number_of_workers_sends_the_same_requests_and_ends_the_same(
    postgres_url: str, template_database: str, tmp_path: Path
) -> None:
    sent: dict[int, dict[str, int]] = {}
    for workers in NUMBERS:
        name = f"gateway_workers_{os.getpid()}"
        async with (
            made(postgres_url, name, f"TEMPLATE {template_database}") as url,
            site(url, tmp_path, *PORTALS, settings=SETTINGS) as running,
        ):
            await asyncio.gather(*(running.start() for _ in range(workers)))
            sent[workers] = await _rounds(running)
            steps = await _steps(running)
            assert {key: len(done) for key, done in steps.items()} == dict.fromkeys(PORTALS, 3)
            assert await running.runs("DONE") == await running.value("SELECT count(*) FROM sync_run")
            found = await running.differences(steps)
            assert not found, summary(found)
            assert _quiet(running)
    assert sent == dict.fromkeys(sent, sent[1])


async def test_a_worker_that_is_told_to_stop_hands_its_work_back(database_url: str, tmp_path: Path) -> None:
    async with site(database_url, tmp_path, "data-gov", settings=SLOWLY) as running:
        first = await running.start()
        await until(lambda: running.runs("RUNNING"), "a pass")
        await asyncio.sleep(1.0)
        assert await first.end() < END_SECONDS
        assert first.process.returncode == 0
        assert await running.holder() is None
        assert await running.runs("INTERRUPTED") == 1
        assert await running.value("SELECT status FROM sync_queue") == "queued"
        second = await running.start()
        await until(running.loaded, "the first load")
        await second.end()
        found = await running.differences(await _steps(running))
        assert not found, summary(found)
        assert _quiet(running)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP])
async def test_another_takes_over_within_two_heartbeats(
    number: int, database_url: str, tmp_path: Path
) -> None:
    settings = {**SLOWLY, "GATEWAY_HEARTBEAT_SECONDS": str(LONGER)}
    async with site(database_url, tmp_path, "data-gov", settings=settings) as running:
        await asyncio.gather(running.start(), running.start())
        await until(running.holder, "a holder")
        await until(lambda: _started(running, 2), "both workers")
        holder = await running.holder() or ""
        stopped = next(worker for worker in running.workers if holder.endswith(worker.name))
        other = next(worker for worker in running.workers if worker is not stopped)
        stopped.send(number)

        async def taken_over() -> bool:
            return (await running.holder() or "").endswith(other.name)

        assert await until(taken_over, "another holder") < 2 * LONGER
        if number == signal.SIGSTOP:
            stopped.send(signal.SIGCONT)
        await until(running.loaded, "the first load")
        found = await running.differences(await _steps(running))
        assert not found, summary(found)
        assert _quiet(running)


async def _started(running: Site, workers: int) -> bool:
    """Return whether so many workers listen to the queue."""
    listening = await running.value(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query ILIKE 'LISTEN%'"
        " OR query LIKE '%sync_queue%' AND datname = current_database() AND pid <> pg_backend_pid()"
    )
    return bool(listening >= workers)


async def test_a_sync_says_who_has_the_portal_and_waits(database_url: str, tmp_path: Path) -> None:
    async with site(database_url, tmp_path, "data-gov", settings=SETTINGS) as running:
        await running.register()
        held = await lease.take(running.connection, 1, "portal", "elsewhere:1", term=timedelta(hours=1))
        who = "data-gov: Another worker syncs this portal: elsewhere:1"
        waits = await running.start("sync", "--json")
        code, said = await running.command("sync", "--wait", "1")
        assert code == 4
        assert said.count(who) == 2, "when it begins to wait, and when it gives up"
        assert "Waited for 1 s." in said
        await until(lambda: _said(waits, who), "that it waits")
        assert "Waiting for 600 s at most." in waits.text
        await lease.give_back(running.connection, held)
        assert await asyncio.wait_for(waits.process.wait(), PATIENCE) == 0
        found = await running.differences(await _steps(running))
        assert not found, summary(found)


async def test_up_beside_a_worker_serves_at_once_and_takes_over_when_that_ends(
    database_url: str, tmp_path: Path
) -> None:
    settings = {**SETTINGS, "GATEWAY_PROBE_SECONDS": "60", RATE: "100"}
    async with site(database_url, tmp_path, "data-gov", settings=settings) as running:
        worker = await running.start()
        await until(lambda: running.runs("RUNNING"), "a pass")
        who = f"data-gov: Another worker syncs this portal: {await running.holder()}"
        up = await running.start("up", "--port", "0")
        await until(lambda: _said(up, "Syncing on every"), "the end of the first sync")
        assert who in up.text
        assert "The portal is left to it." in up.text
        assert up.text.index("Serving ") < up.text.index(who)
        assert await running.runs("DONE") == 0, "the worker is still at its first load"
        await worker.end(signal.SIGKILL)

        async def taken_over() -> bool:
            return (await running.holder() or "").endswith(up.name)

        await until(taken_over, "another holder")
        await until(running.loaded, "the first load")
        assert await up.end() < END_SECONDS
        assert up.process.returncode == 0
        found = await running.differences(await _steps(running))
        assert not found, summary(found)
        assert _quiet(running)


async def _said(worker: Worker, words: str) -> bool:
    assert worker.process.returncode is None, worker.text
    return words in worker.text


async def test_a_postgres_that_restarts_loses_nothing(tmp_path: Path) -> None:
    await asyncio.to_thread(tmp_path.chmod, 0o755)  # Postgres may run as another user, who passes through
    server = Server(tmp_path / "server")
    server.start()
    try:
        async with made(server.url, "restarted", "TEMPLATE template0 ENCODING 'UTF8'") as url:
            await migrate(url)
            async with site(url, tmp_path, "data-gov", settings=SLOWLY) as running:
                await running.start()
                await until(lambda: running.runs("RUNNING"), "a pass")
                await asyncio.sleep(1.0)
                # Where one of its processes dies Postgres ends all others and recovers as after a crash.
                os.kill(await running.value("SELECT backend FROM lease"), signal.SIGKILL)
                await ended(running.connection)
                await until(lambda: _connected(running), "Postgres")
                assert await running.runs("RUNNING") == 1, "nobody could say that the pass was interrupted"
                await until(running.loaded, "the first load")
                await running.workers[0].end()
                assert running.workers[0].process.returncode == 0
                found = await running.differences(await _steps(running))
                assert not found, summary(found)
    finally:
        server.stop()


async def _connected(running: Site) -> bool:
    """Return whether Postgres lets the test in again."""
    try:
        running.connection = await connect(running.url)
    except GatewayError:
        return False
    return True
