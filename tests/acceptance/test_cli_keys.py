"""``gateway keys`` as a user types it: on a database, and beside a running gateway."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from subprocess import CompletedProcess

from acceptance.commanding import gateway, started

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


def test_keys_are_made_and_revoked_beside_a_running_gateway(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)  # Postgres may run as another user, who passes through
    with started(["up", "--sandbox", "--port", "0"], data=tmp_path) as running:
        running.wait_for("Serving")
        key = gateway(*CREATE, "--sandbox", data=tmp_path).stdout.strip()
        assert key.startswith("hgw_")
        assert key[:12] in gateway("keys", "list", "--sandbox", data=tmp_path).stdout
        assert gateway("keys", "revoke", "ada", "--sandbox", data=tmp_path).returncode == 0
        assert key not in running.text
    assert key[:12] in gateway("keys", "list", "--sandbox", data=tmp_path).stdout, (
        "the folder alone is enough"
    )
