"""``gateway serve --processes``: one port, several processes, one limit for callers, one end."""

from __future__ import annotations

import json
import os
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import ProxyHandler, Request, build_opener

import psutil
import pytest
from acceptance.commanding import PATIENCE, Started, gateway, started
from prometheus_client.parser import text_string_to_metric_families

END_SECONDS = 10.0
PROCESSES = 2


@contextmanager
def serving(data: Path, url: str, **env: str) -> Iterator[Started]:
    """Serve the database at *url* in two processes."""
    given = {"GATEWAY_DATABASE_URL": url, "GATEWAY_PROCESSES": str(PROCESSES), **env}
    with started(["serve", "--port", "0"], data=data, env=given) as running:
        running.wait_for("Serving")
        yield running


def fetched(url: str, query: str | None = None) -> tuple[int, str]:
    """Ask *url* on a connection of its own, with *query* by POST; return the status and the answer."""
    body = json.dumps({"query": query}).encode() if query else None
    request = Request(url, body, {"Content-Type": "application/json"})
    try:
        with build_opener(ProxyHandler({})).open(request, timeout=PATIENCE) as answer:
            return answer.status, answer.read().decode()
    except HTTPError as error:
        with error:
            return error.code, error.read().decode()


def endpoint(running: Started) -> str:
    return running.line("Serving").split()[0]


def numbers(running: Started, name: str) -> dict[str, float]:
    """Return the numbers called *name* by process; labels beside that one are added up."""
    _, text = fetched(endpoint(running).replace("/graphql", "/metrics"))
    found: dict[str, float] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            if sample.name == name:
                place = sample.labels.get("process", "")
                found[place] = found.get(place, 0) + sample.value
    return found


def members(running: Started) -> list[psutil.Process]:
    """Return the processes that answer."""
    return [child for child in running.family() if "--place" in child.cmdline()]


def ask_until_all_have_answered(running: Started) -> int:
    """Ask until every process has answered; return how often that was."""
    asked = 0
    while len(answered(running)) < PROCESSES:
        assert asked < 500, "one of them never answers"
        assert fetched(endpoint(running), "{ portals { key } }")[0] == 200
        asked += 1
    return asked


def answered(running: Started) -> dict[str, float]:
    return {
        place: count for place, count in numbers(running, "harvest_gateway_requests_total").items() if count
    }


def test_all_of_them_answer_are_healed_and_end_together(database_url: str, tmp_path: Path) -> None:
    with serving(tmp_path, database_url) as running:
        assert "(2 processes)" in running.line("Serving")
        first = members(running)
        assert len(first) == PROCESSES
        asked = ask_until_all_have_answered(running)
        counts = answered(running)
        assert set(counts) == {"1", "2"}
        assert sum(counts.values()) == asked, "whoever is scraped tells the sum of all"

        killed = first[0]
        killed.kill()
        psutil.wait_procs([killed], timeout=PATIENCE)
        running.wait_for("is started again")
        deadline = time.monotonic() + PATIENCE
        while (numbers(running, "harvest_gateway_processes") or {"": 0})[""] < PROCESSES:
            assert time.monotonic() < deadline, running.text
            time.sleep(0.1)
        second = members(running)
        assert len({each.pid for each in second} - {each.pid for each in first}) == 1
        ask_until_all_have_answered(running)

        assert running.stop(signal.SIGINT) < END_SECONDS
        assert running.process.returncode == 0
        assert psutil.wait_procs(second, timeout=1)[1] == []
        assert "Traceback" not in running.text
        assert not (tmp_path / "endpoint.url").exists()


def test_none_outlives_the_one_that_started_them(database_url: str, tmp_path: Path) -> None:
    with serving(tmp_path, database_url) as running:
        children = members(running)
        meeting = Path(children[0].cmdline()[children[0].cmdline().index("--meeting") + 1])
        assert meeting.is_dir()
        running.process.kill()
        running.process.wait()
        assert psutil.wait_procs(children, timeout=END_SECONDS)[1] == []
        assert not meeting.exists()


def test_one_limit_holds_for_all_of_them(database_url: str, tmp_path: Path) -> None:
    limit = 300
    with serving(
        tmp_path, database_url, GATEWAY_RATE_COST=str(limit), GATEWAY_RATE_SECONDS="3600"
    ) as running:
        cost = json.loads(fetched(endpoint(running), "{ portals { key } }")[1])["extensions"]["cost"]["nodes"]
        granted, refusals = 1, 0
        while refusals < 30:  # so that both processes refuse, and not the one alone
            status, _ = fetched(endpoint(running), "{ portals { key } }")
            assert status in {200, 429}
            granted, refusals = granted + (status == 200), refusals + (status == 429)
            assert granted <= limit
        assert len(answered(running)) == PROCESSES
        chunk = limit // 50
        assert limit - PROCESSES * (chunk + cost) <= granted * max(cost, 1) <= limit


def test_a_port_in_use_is_said_as_ever(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = gateway("serve", "--processes", "2", "--sandbox", "--port", str(port), data=tmp_path)
    assert done.returncode == 3
    assert f"Port {port} on 127.0.0.1 is in use" in done.stderr
    assert f"process {os.getpid()}" in done.stderr


def test_a_second_one_does_not_join_the_first(database_url: str, tmp_path: Path) -> None:
    with serving(tmp_path, database_url) as running:
        port = endpoint(running).rpartition(":")[2].partition("/")[0]
        env = {"GATEWAY_DATABASE_URL": database_url}
        for processes in ("1", "2"):
            done = gateway("serve", "--port", port, "--processes", processes, data=tmp_path, env=env)
            assert done.returncode == 3
            assert f"Port {port} on 127.0.0.1 is in use" in done.stderr


def test_what_keeps_the_database_away_is_said_once(tmp_path: Path) -> None:
    env = {"GATEWAY_DATABASE_URL": "postgresql://ada:hunter22@127.0.0.1:1/harvests"}
    done = gateway("serve", "--processes", "2", "--port", "0", data=tmp_path, env=env)
    assert done.returncode == 4
    assert done.stderr.count("cannot be used") == 1
    assert "hunter22" not in done.stderr


def test_one_that_cannot_start_ends_the_command_with_its_error(database_url: str, tmp_path: Path) -> None:
    """The parent can listen and finds its database; the first process finds no portal's adapter."""
    env = {"GATEWAY_DATABASE_URL": database_url, "GATEWAY_PORTALS__X__ADAPTER": "nobody"}
    done = gateway("serve", "--processes", "2", "--port", "0", data=tmp_path, env=env)
    assert done.returncode == 3
    assert done.stderr.count("Error: ") == 1
    assert "nobody" in done.stderr


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    tmp_path.chmod(0o755)  # Postgres may run as another user, who passes through
    return tmp_path


def test_they_share_an_embedded_postgres(folder: Path) -> None:
    with started(["serve", "--sandbox", "--processes", "2", "--port", "0"], data=folder) as running:
        running.wait_for("Serving")
        assert str(folder / "sandbox") in running.line("Database")
        asked = gateway("query", "portals-freshness", "--sandbox", data=folder)
        assert asked.returncode == 0, asked.stderr
        family = running.family()
        assert running.stop(signal.SIGTERM) < END_SECONDS
        assert psutil.wait_procs(family, timeout=1)[1] == []


@pytest.mark.parametrize("words", ["Database", "Serving"])
def test_an_end_at_any_moment_is_an_end_of_all(database_url: str, tmp_path: Path, words: str) -> None:
    """Also while the first process is still starting; a second Ctrl-C waits for nobody."""
    env = {"GATEWAY_DATABASE_URL": database_url, "GATEWAY_PROCESSES": "2"}
    with started(["serve", "--port", "0"], data=tmp_path, env=env) as running:
        running.wait_for(words)
        family = running.family()
        running.process.send_signal(signal.SIGINT)
        assert running.stop(signal.SIGINT) < END_SECONDS
        assert psutil.wait_procs([*family, *members_of(tmp_path)], timeout=1)[1] == []
        assert "Traceback" not in running.text


def members_of(folder: Path) -> list[psutil.Process]:
    """Return processes of ours that work in *folder*, whoever started them."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.cwd() == str(folder) and "--place" in process.cmdline():
                found.append(process)
        except psutil.Error:
            continue
    return found
