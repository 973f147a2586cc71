"""The npm package graphql-ws against a whole gateway; the old client of the old protocol is refused."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import node
import pytest
from aiohttp import ClientSession
from api.sockets import until
from api.world import GOV, NOW, World

from gateway.compose import Gateway
from gateway.store import bookkeeping

PACKAGES = ("graphql@16.12.0", "graphql-ws@6.0.6", "ws@8.18.3", "subscriptions-transport-ws@0.11.0")
SECONDS = 60
WATCH = (
    'subscription { syncProgress(portal: "data-gov") { portals { run { state } streams { stream done } } } }'
)
SCRIPT = """
import { createClient } from 'graphql-ws';
import WebSocket from 'ws';
const [, , url, query, authorization] = process.argv;
const say = (what) => console.log(JSON.stringify(what));
const client = createClient({
  url,
  webSocketImpl: WebSocket,
  retryAttempts: 0,
  lazy: Boolean(authorization),
  connectionParams: authorization ? { authorization } : undefined,
  on: { closed: ({ code, reason }) => say({ closed: code, reason }) },
});
const title = await new Promise((resolve, reject) =>
  client.subscribe({ query: '{ portal(key: "data-gov") { title } }' }, { next: resolve, error: reject, complete() {} }),
).catch((error) => ({ refused: error.code ?? error }));
say(title);
if (!title.refused) {
  for await (const result of client.iterate({ query })) {
    say(result);
    if (result.data.syncProgress.portals[0].streams[0].done === 7) break;
  }
  const wrong = await new Promise((resolve) =>
    client.subscribe({ query: '{ nope }' }, { next() {}, error: resolve, complete() {} }),
  );
  say({ wrong: wrong[0].extensions.code });
}
await client.dispose();
"""
LEGACY = """
import legacy from 'subscriptions-transport-ws';
import WebSocket from 'ws';
const client = new legacy.SubscriptionClient(process.argv[2], { reconnect: false }, WebSocket);
const end = (said) => { console.log(JSON.stringify({ said })); process.exit(0); };
client.onConnected(() => end('connected'));
client.onError(() => end('refused'));
client.onDisconnected(() => end('refused'));
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the programs of both clients."""
    folder = node.install(tmp_path_factory.mktemp("socket"), *PACKAGES)
    (folder / "client.mjs").write_text(SCRIPT, "utf-8")
    (folder / "legacy.mjs").write_text(LEGACY, "utf-8")
    return folder


async def started(program: Path, session: ClientSession, *arguments: str) -> asyncio.subprocess.Process:
    address = str(session._build_url("/graphql")).replace("http://", "ws://")
    return await asyncio.create_subprocess_exec(
        "node", program, address, *arguments, stdout=asyncio.subprocess.PIPE
    )


async def said(process: asyncio.subprocess.Process) -> Any:
    """Return the next line that a program says, None at its end."""
    assert process.stdout is not None
    line = await asyncio.wait_for(process.stdout.readline(), SECONDS)
    return json.loads(line) if line else None


Serving = Callable[..., Awaitable[tuple[Gateway, ClientSession]]]


@pytest.mark.index
async def test_a_frontend_asks_and_watches(serving: Serving, own_world: World, folder: Path) -> None:
    gateway, session = await serving()
    await until(lambda: gateway.listener.version is not None)
    process = await started(folder / "client.mjs", session, WATCH)
    assert (await said(process))["data"] == {"portal": {"title": "Data.gov"}}
    first = await said(process)
    assert first["data"]["syncProgress"]["portals"][0]["run"]["state"] == "DONE"
    numbers = await (await session.get("/metrics")).text()
    assert "harvest_gateway_sockets 1.0" in numbers
    assert "harvest_gateway_subscriptions 1.0" in numbers
    run = await bookkeeping.start_run(own_world.connection, GOV, "POLL", NOW, baseline=False)
    assert (await said(process))["data"]["syncProgress"]["portals"][0]["run"]["state"] == "RUNNING"
    await bookkeeping.end_run(
        own_world.connection,
        run,
        state="DONE",
        whole=True,
        now=NOW,
        requests=1,
        tallies={"organizations": {"fetched": 7}},
        notice=None,
    )
    (portal,) = (await said(process))["data"]["syncProgress"]["portals"]
    assert portal["streams"][0] == {"stream": "organizations", "done": 7}
    assert await said(process) == {"wrong": "GRAPHQL_VALIDATION_FAILED"}
    assert (await said(process))["closed"] == 1000
    assert await asyncio.wait_for(process.wait(), SECONDS) == 0


@pytest.mark.index
async def test_a_frontend_with_a_wrong_key_is_told_so(serving: Serving, folder: Path) -> None:
    _, session = await serving()
    process = await started(folder / "client.mjs", session, WATCH, "Bearer hgw_wrong")
    assert await said(process) == {"closed": 4403, "reason": "Forbidden"}
    assert await said(process) == {"refused": 4403}
    assert await asyncio.wait_for(process.wait(), SECONDS) == 0


@pytest.mark.index
async def test_the_old_protocol_is_refused(serving: Serving, folder: Path) -> None:
    _, session = await serving()
    process = await started(folder / "legacy.mjs", session)
    assert await said(process) == {"said": "refused"}
    await asyncio.wait_for(process.wait(), SECONDS)
