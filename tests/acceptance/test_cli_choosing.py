"""Which portals answer, what `gateway up` then reads, and on which port it serves."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web

from gateway.cli.choosing import choose
from gateway.cli.endpoint import find, note
from gateway.cli.listening import free_port, listening_socket
from gateway.cli.reaching import reach
from gateway.config import Settings
from gateway.errors import ConfigurationError
from gateway.registry import portals

NOWHERE = "http://127.0.0.1:1/api"


@asynccontextmanager
async def answering(status: int, *, after: float = 0.0) -> AsyncIterator[str]:
    """Serve *status* to everything and yield the address."""

    async def answer(_: web.Request) -> web.Response:
        await asyncio.sleep(after)
        return web.Response(status=status)

    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    listener = listening_socket("127.0.0.1", 0)
    await web.SockSite(runner, listener).start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/api"
    finally:
        await runner.cleanup()


def asking(folder: Path, *, gov: str, gouv: str, **more: object) -> Settings:
    addresses = {"data-gov": {"base_url": gov}, "data-gouv-fr": {"base_url": gouv}}
    return Settings.model_validate(
        {
            "data_dir": folder,
            "portals": addresses,
            "probe_seconds": 0.5,
            "sandbox": False,
            **more,
        }
    )


@pytest.mark.parametrize(
    ("status", "answers"), [(200, True), (404, True), (302, True), (401, True), (503, False)]
)
async def test_a_portal_answers_unless_it_is_broken(tmp_path: Path, status: int, *, answers: bool) -> None:
    async with answering(status) as address:
        settings = asking(tmp_path, gov=address, gouv=address)
        found = await reach(portals(settings).values(), seconds=5)
    assert {one.answers for one in found} == {answers}
    assert str(status) in found[0].words


async def test_a_portal_that_is_slow_or_absent_does_not_answer(tmp_path: Path) -> None:
    async with answering(200, after=2) as address:
        settings = asking(tmp_path, gov=address, gouv="http://nowhere.invalid/api")
        found = {one.key: one for one in await reach(portals(settings).values(), seconds=0.3)}
    assert not any(one.answers for one in found.values())
    assert found["data-gov"].words == "no answer in time"
    assert found["data-gouv-fr"].words in {"its name cannot be resolved", "no answer in time"}


async def test_live_portals_are_read_in_a_first_slice(tmp_path: Path) -> None:
    async with answering(200) as address:
        choice = await choose(asking(tmp_path, gov=address, gouv=NOWHERE))
    words = "\n".join(choice.words)
    assert "LIVE" in words
    assert "does not answer now" in words
    assert "GATEWAY_PORTALS__DATA_GOV__API_KEY" in words
    assert not choice.settings.sandbox
    assert choice.settings.data_dir == tmp_path
    assert {key: portal["max_requests"] for key, portal in choice.settings.portals.items()} == {
        "data-gov": 60,
        "data-gouv-fr": 60,
    }


async def test_a_limit_that_was_given_stays(tmp_path: Path) -> None:
    async with answering(200) as address:
        portal = {"base_url": address, "max_requests": 7, "api_key": "hunter22"}
        settings = Settings(data_dir=tmp_path, sandbox=False, portals={"data-gov": portal})
        choice = await choose(settings)
    assert choice.settings.portals["data-gov"]["max_requests"] == 7
    assert "hunter22" not in "\n".join(choice.words)
    assert "API_KEY" not in "\n".join(choice.words)


async def test_without_any_answer_the_sandbox_takes_over(tmp_path: Path) -> None:
    choice = await choose(asking(tmp_path, gov=NOWHERE, gouv=NOWHERE))
    assert choice.settings.sandbox
    assert choice.settings.data_dir == tmp_path / "sandbox"
    assert choice.words[0].startswith("SANDBOX, since no live portal answers (")
    assert "no connection" in choice.words[0]


async def test_the_sandbox_asks_nobody(tmp_path: Path) -> None:
    choice = await choose(asking(tmp_path, gov=NOWHERE, gouv=NOWHERE, sandbox=True))
    assert choice.words[0].startswith("SANDBOX, as was asked for")


def test_the_next_free_port_is_taken_unless_one_was_given() -> None:
    with listening_socket("127.0.0.1", 0) as held:
        port = held.getsockname()[1]
        assert free_port("127.0.0.1", port, given=False) != port
        with pytest.raises(ConfigurationError, match=f"Port {port} .* is in use by .*process {os.getpid()}"):
            free_port("127.0.0.1", port, given=True)
    assert free_port("127.0.0.1", port, given=True) == port
    assert free_port("127.0.0.1", 0, given=True) > 0


def test_an_address_that_is_none_is_said() -> None:
    with pytest.raises(ConfigurationError, match="no address to serve on"):
        listening_socket("192.0.2.1", 0)


def test_the_noted_endpoint_is_found_while_it_listens(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, port=0, sandbox=False)
    assert find(settings) is None
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}/graphql"
        note(tmp_path / "sandbox", url)
        assert find(settings) == url
    assert find(settings) is None
