"""``gateway portals`` as an operator types it."""

from __future__ import annotations

import json
from pathlib import Path
from subprocess import CompletedProcess

from acceptance.commanding import gateway

from gateway.postgres import connect

OPEN = """
    UPDATE portal SET breaker_state = 'OPEN', breaker_since = now(), breaker_until = now() + interval '9 minutes',
        breaker_failures = 3, breaker_reason = 'It is away.' WHERE key = 'data-gov'
"""


def test_portals_are_listed_before_there_is_a_database(tmp_path: Path) -> None:
    listed = gateway("portals", "--json", data=tmp_path)
    assert listed.returncode == 0, listed.stderr
    assert [row["key"] for row in json.loads(listed.stdout)] == ["data-gouv-fr", "data-gov"]
    assert not (tmp_path / "postgres").exists()


async def test_a_breaker_is_seen_and_reset_and_a_portal_forgotten(database_url: str, tmp_path: Path) -> None:
    def run(*arguments: str) -> CompletedProcess[str]:
        return gateway(*arguments, data=tmp_path, env={"GATEWAY_DATABASE_URL": database_url})

    assert run("status").returncode == 0  # portals are registered
    connection = await connect(database_url)
    await connection.execute(OPEN)
    await connection.close()

    assert "OPEN until 20" in run("portals").stdout
    assert "It is away." in run("portals").stdout
    assert "It is away." in run("status").stdout
    told = json.loads(run("status", "--json").stdout)
    assert [portal["breaker_state"] for portal in told["portals"]] == ["CLOSED", "OPEN"]

    reset = run("portals", "reset-breaker", "DATA_GOV")
    assert (reset.returncode, "was open since 20" in reset.stdout) == (0, True), reset.stderr
    assert "was closed already" in run("portals", "reset-breaker", "data-gov").stdout
    unknown = run("portals", "reset-breaker", "nope")
    assert (unknown.returncode, "There are: data-gouv-fr, data-gov" in unknown.stderr) == (2, True)

    kept = json.loads(run("portals", "forget", "data-gov", "--json").stdout)
    assert (kept["forgotten"], kept["rows"]["provenance_rule"] > 0) == (False, True)
    gone = json.loads(run("portals", "forget", "data-gov", "--yes", "--json").stdout)
    assert (gone["forgotten"], gone["rows"]) == (True, kept["rows"])
    assert run("portals", "forget", "nope", "--yes").returncode == 2
