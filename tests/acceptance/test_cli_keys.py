"""``gateway keys`` as a user types it: on a database, and beside a running gateway."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from subprocess import CompletedProcess
from time import sleep
from urllib.error import HTTPError
from urllib.request import ProxyHandler, Request, build_opener

from acceptance.commanding import gateway, started

from gateway.access.making import fresh
from gateway.access.remembering import MOST_SECONDS
from gateway.postgres import connect

CREATE = ("keys", "create", "ada", "--scope", "sync", "--scope", "read-private")


async def test_a_key_is_shown_once_listed_and_revoked(database_url: str, tmp_path: Path) -> None:
    def run(*arguments: str) -> CompletedProcess[str]:
        return gateway(*arguments, data=tmp_path, env={"GATEWAY_DATABASE_URL": database_url})

    made = run(*CREATE, "--expires-days", "30")
    assert made.returncode == 0, made.stderr
    [key] = made.stdout.split()
    assert key.startswith("hgw_")
    assert "never shown again" in made.stderr
    assert "read-private, sync, until 20" in made.stderr
    assert key not in made.stderr

    connection = await connect(database_url)
    stored = await connection.fetchrow("SELECT key_hash, expires_at - created_at AS lasts FROM api_key")
    await connection.close()
    assert stored is not None
    assert stored["key_hash"] == hashlib.sha256(key.encode()).digest()
    assert stored["lasts"].days == 30

    second = json.loads(run("keys", "create", "ada", "--scope", "admin", "--json").stdout)
    assert list(second) == ["key", "name", "start", "scopes", "created_at", "expires_at", "revoked_at"]
    assert second["key"].startswith(second["start"])
    assert (second["scopes"], second["expires_at"]) == (["admin"], None)

    several = run("keys", "revoke", "ada")
    assert (several.returncode, several.stdout) == (2, "")
    assert f"by its start: {key[:12]}, {second['start']}" in several.stderr
    revoked = run("keys", "revoke", key[:12])
    assert revoked.returncode == 0
    assert f"Revoked {key[:12]} (ada)" in revoked.stdout
    for word in (key, key[:12]):
        again = run("keys", "revoke", word)
        assert again.returncode == 2
        assert "revoked already, since" in again.stderr
        assert key not in again.stderr
    unknown = run("keys", "revoke", "eve")
    assert unknown.returncode == 2
    assert "There is no key 'eve'." in unknown.stderr

    listed = run("keys", "list", "--json")
    rows = json.loads(listed.stdout)
    assert [(row["start"], row["revoked_at"] is None) for row in rows] == [
        (key[:12], False),
        (second["start"], True),
    ]
    assert [set(row) for row in rows] == [set(second) - {"key"}] * 2
    table = run("keys", "list").stdout
    columns = ["name", "start", "scopes", "created", "expires", "revoked"]
    assert columns in [line.split() for line in table.splitlines()]
    assert "read-private, sync" in table
    for shown in (listed.stdout, table):
        for secret in (key, second["key"]):
            assert secret[12:] not in shown
            assert hashlib.sha256(secret.encode()).hexdigest() not in shown


PRIVATE = "{ harvestSources(first: 1) { nodes { notificationEmails } } }"


def asked(url: str, key: str) -> tuple[int, set[str]]:
    """Ask for a private field with *key*; return the status, and the codes of notices and errors."""
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {key}"}
    request = Request(url, json.dumps({"query": PRIVATE}).encode(), headers)
    try:
        with build_opener(ProxyHandler({})).open(request) as answer:
            notices = json.load(answer)["extensions"]["notices"]
            return answer.status, {notice["code"] for notice in notices}
    except HTTPError as error:
        with error:
            return error.code, {each["extensions"]["code"] for each in json.load(error)["errors"]}


def test_a_running_gateway_lets_a_key_in_until_it_is_revoked(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)  # Postgres may run as another user, who passes through
    with started(["up", "--sandbox", "--port", "0"], data=tmp_path) as running:
        url = running.line("Serving").split()[0]
        key = gateway(*CREATE, "--sandbox", data=tmp_path).stdout.strip()
        other = gateway("keys", "create", "eve", "--scope", "sync", "--sandbox", data=tmp_path).stdout.strip()
        assert key[:12] in gateway("keys", "list", "--sandbox", data=tmp_path).stdout

        status, notices = asked(url, key)
        assert (status, "PRIVATE" in notices) == (200, False)
        status, notices = asked(url, other)
        assert (status, "PRIVATE" in notices) == (200, True), "its scope is another one"
        assert asked(url, fresh()) == (401, {"UNAUTHENTICATED"})

        assert gateway("keys", "revoke", "ada", "--sandbox", data=tmp_path).returncode == 0
        sleep(MOST_SECONDS)
        assert asked(url, key) == (401, {"UNAUTHENTICATED"})
        assert key not in running.text
        assert other not in running.text
    assert key[:12] in gateway("keys", "list", "--sandbox", data=tmp_path).stdout, (
        "the folder alone is enough"
    )
