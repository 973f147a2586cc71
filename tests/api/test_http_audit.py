"""The audits of the npm package graphql-http, where Node is: all of them pass."""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from aiohttp.test_utils import TestClient as Client

PACKAGES = ("graphql-http@1.23.1", "graphql@16")
INSTALL_SECONDS = 90
AUDIT_SECONDS = 60
SCRIPT = """
import { auditServer } from 'graphql-http';
const results = await auditServer({ url: process.argv[2], fetchFn: fetch });
console.log(JSON.stringify(results.map(({ id, name, status, reason }) => ({ id, name, status, reason }))));
"""


@pytest.fixture(scope="module")
def script(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a program that audits the address that it is given."""
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        pytest.skip("Node is missing: the audits of graphql-http are not run")
    folder = tmp_path_factory.mktemp("audit")
    command = [npm, "install", "--no-audit", "--no-fund", "--ignore-scripts", *PACKAGES]
    try:
        subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=INSTALL_SECONDS)
    except (subprocess.SubprocessError, OSError):
        pytest.skip("graphql-http cannot be installed here: its audits are not run")
    file = folder / "audit.mjs"
    file.write_text(SCRIPT, "utf-8")
    return file


@pytest.mark.index
async def test_all_audits_pass(serve: Callable[..., Awaitable[Client]], script: Path) -> None:
    client = await serve()
    process = await asyncio.create_subprocess_exec(
        "node", script, str(client.make_url("/graphql")), stdout=asyncio.subprocess.PIPE
    )
    told, _ = await asyncio.wait_for(process.communicate(), AUDIT_SECONDS)
    results = json.loads(told)
    assert len(results) == 61
    assert [each for each in results if each["status"] != "ok"] == []
