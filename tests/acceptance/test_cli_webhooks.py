"""``gateway webhooks`` as a user types it."""

from __future__ import annotations

import json
from pathlib import Path
from subprocess import CompletedProcess

from acceptance.commanding import gateway

URL = "http://127.0.0.1:9/hook"


async def test_a_webhook_is_added_listed_tried_and_removed(database_url: str, tmp_path: Path) -> None:
    def run(*arguments: str, networks: str = "127.0.0.0/8") -> CompletedProcess[str]:
        settings = {"GATEWAY_DATABASE_URL": database_url, "GATEWAY_WEBHOOK_NETWORKS": networks}
        return gateway("webhooks", *arguments, data=tmp_path, env=settings)

    refused = run("add", "alerts", URL, networks="")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "GATEWAY_WEBHOOK_NETWORKS" in refused.stderr
    made = run("add", "alerts", URL, "--kind", "GONE", "--portal", "data-gov", "--entity", "DATASET")
    assert made.returncode == 0, made.stderr
    [secret] = made.stdout.split()
    assert secret.startswith("whsec_")
    assert "never shown again" in made.stderr
    listed = run("list", "--json")
    (row,) = json.loads(listed.stdout)
    assert (row["name"], row["filter"]) == (
        "alerts",
        {"portal": ["data-gov"], "kind": ["GONE"], "entityType": ["DATASET"]},
    )
    assert secret not in listed.stdout
    assert "kind: GONE" in run("list").stdout
    tried = run("test", "alerts")
    assert tried.returncode == 1
    assert "cannot be reached" in tried.stderr
    assert "alerts" in run("redeliver", "alerts", "--after", row["cursor"]).stdout
    assert run("remove", "alerts").returncode == 0
    assert json.loads(run("list", "--json").stdout) == []
