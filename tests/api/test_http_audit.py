"""The audits of the npm package graphql-http, where Node is: all of them pass; locked, all but those of GET."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import node
import pytest
from aiohttp import ClientSession
from aiohttp.test_utils import TestClient as Client

from gateway.compose import Gateway

PACKAGES = ("graphql-http@1.23.1", "graphql@16.12.0")
AUDIT_SECONDS = 60
SCRIPT = """
import { auditServer } from 'graphql-http';
const results = await auditServer({ url: process.argv[2], fetchFn: fetch });
console.log(JSON.stringify(results.map(({ id, name, status, reason }) => ({ id, name, status, reason }))));
"""
BY_GET = {"5A70", "D6D5", "6A70"}
"""The audits that want an answer to GET; the fourth one on GET wants mutations refused."""


@pytest.fixture(scope="module")
def script(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a program that audits the address that it is given."""
    file = node.install(tmp_path_factory.mktemp("audit"), *PACKAGES) / "audit.mjs"
    file.write_text(SCRIPT, "utf-8")
    return file


async def audited(script: Path, address: str) -> list[dict[str, Any]]:
    """Return the results of all audits of the endpoint at *address*."""
    process = await asyncio.create_subprocess_exec("node", script, address, stdout=asyncio.subprocess.PIPE)
    told, _ = await asyncio.wait_for(process.communicate(), AUDIT_SECONDS)
    results: list[dict[str, Any]] = json.loads(told)
    assert len(results) == 61
    return results


@pytest.mark.index
async def test_all_audits_pass(serve: Callable[..., Awaitable[Client]], script: Path) -> None:
    client = await serve()
    results = await audited(script, str(client.make_url("/graphql")))
    assert [each for each in results if each["status"] != "ok"] == []


@pytest.mark.index
async def test_all_audits_but_those_of_get_pass_in_the_locked_profile(
    serving: Callable[..., Awaitable[tuple[Gateway, ClientSession]]], script: Path
) -> None:
    _, session = await serving(profile="locked")
    results = await audited(script, str(session._build_url("/graphql")))
    assert {each["id"] for each in results if each["status"] != "ok"} == BY_GET
