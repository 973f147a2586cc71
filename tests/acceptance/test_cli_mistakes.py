"""Bad input, an absent database, an absent or broken portal: words, a documented code, no stack trace."""

from __future__ import annotations

import os
import socket
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from acceptance.commanding import gateway

NOWHERE = "http://127.0.0.1:1"


@contextmanager
def server(status: int, body: bytes, media_type: str) -> Iterator[str]:
    """Serve one answer to whatever is asked, and yield its address."""

    class Same(BaseHTTPRequestHandler):
        def answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", "0")))
            self.send_response(status)
            self.send_header("Content-Type", media_type)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = answer  # noqa: N815 - the library's names

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Same) as served:
        threading.Thread(target=served.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{served.server_address[1]}"
        finally:
            served.shutdown()


def told(done: subprocess.CompletedProcess[str], code: int) -> str:
    """Check the code and that there is no stack trace; return what was printed to stderr."""
    assert done.returncode == code, (done.stdout, done.stderr)
    assert "Traceback" not in done.stdout + done.stderr
    return done.stderr


def portals_at(address: str, **more: str) -> dict[str, str]:
    """Return variables that make both portals be asked at *address*, quickly."""
    keys = ("DATA_GOV", "DATA_GOUV_FR")
    values = {"BASE_URL": address, "REQUESTS_PER_SECOND": "1000", **more}
    return {f"GATEWAY_PORTALS__{key}__{name}": value for key in keys for name, value in values.items()}


def test_an_unknown_portal_names_the_known_ones(tmp_path: Path) -> None:
    text = told(gateway("sync", "--portal", "nowhere", data=tmp_path), 2)
    assert "nowhere" in text
    assert "data-gov, " in text or "data-gouv-fr, " in text


@pytest.mark.parametrize("command", [["up"], ["serve"]])
def test_a_port_in_use_names_who_uses_it(tmp_path: Path, command: list[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as held:
        port = str(held.getsockname()[1])
        text = told(gateway(*command, "--sandbox", "--port", port, data=tmp_path), 3)
    assert f"Port {port} on 127.0.0.1 is in use" in text
    assert f"process {os.getpid()}" in text
    assert "--port" in text
    assert not (tmp_path / "sandbox").exists(), "nothing was begun"


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("postgresql://ada:hunter22@127.0.0.1:1/harvests", "ada@127.0.0.1:1/harvests cannot be used"),
        ("postgresql://ada:hunter22@nowhere.invalid/harvests", "host is unknown"),
    ],
)
@pytest.mark.parametrize("command", ["status", "sync", "migrate", "renormalise"])
def test_a_database_that_does_not_answer(tmp_path: Path, command: str, url: str, says: str) -> None:
    text = told(gateway(command, data=tmp_path, env={"GATEWAY_DATABASE_URL": url}), 4)
    assert says in text
    assert "hunter22" not in text


def test_an_address_that_is_no_postgres(tmp_path: Path) -> None:
    text = told(gateway("status", data=tmp_path, env={"GATEWAY_DATABASE_URL": "mysql://db/x"}), 3)
    assert "GATEWAY_DATABASE_URL" in text


def test_a_data_folder_that_cannot_be(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    text = told(gateway("status", "--data", str(tmp_path / "file" / "below"), data=tmp_path), 3)
    assert str(tmp_path / "file") in text


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        ((401, b"error: Unauthorized", "text/plain"), "401"),
        ((200, b"<!doctype html><title>Maintenance</title>", "text/html"), ""),
        ((503, b"later", "text/plain"), ""),
    ],
)
def test_a_portal_that_answers_otherwise(tmp_path: Path, answer: tuple[int, bytes, str], says: str) -> None:
    with server(*answer) as address:
        done = gateway("sync", data=tmp_path, env=portals_at(address, API_KEY="hunter22"))
    told(done, 5)
    assert says in done.stdout
    for key in ("data-gov:", "data-gouv-fr:"):
        assert key in done.stdout, "each portal says what is wrong"
    assert "hunter22" not in done.stdout + done.stderr


def test_a_portal_that_cannot_be_reached(tmp_path: Path) -> None:
    done = gateway("sync", data=tmp_path, env=portals_at(NOWHERE))
    told(done, 5)
    assert "data-gov:" in done.stdout


def test_an_unknown_operation_lists_the_known_ones(tmp_path: Path) -> None:
    text = told(gateway("query", "no-such-question", data=tmp_path), 2)
    assert "There are: " in text


@pytest.mark.parametrize("variable", ["first", "=3"])
def test_a_variable_without_a_value(tmp_path: Path, variable: str) -> None:
    name = first_operation()
    text = told(gateway("query", name, "-v", variable, data=tmp_path), 2)
    assert "key=value" in text


def test_an_endpoint_that_is_none(tmp_path: Path) -> None:
    name = first_operation()
    assert "gateway up" in told(gateway("query", name, "--url", f"{NOWHERE}/graphql", data=tmp_path), 1)
    told(gateway("query", name, "--url", "localhost", data=tmp_path), 2)
    with server(200, b"<html>", "text/html") as address:
        assert "no GraphQL endpoint" in told(gateway("query", name, "--url", address, data=tmp_path), 1)


def test_an_answer_with_errors_is_shown_and_ends_with_1(tmp_path: Path) -> None:
    with server(200, b'{"errors": [{"message": "Bad cursor."}]}', "application/json") as address:
        done = gateway("query", first_operation(), "--url", address, data=tmp_path)
    told(done, 1)
    assert "Bad cursor." in done.stdout


def test_a_sandbox_that_does_not_run(tmp_path: Path) -> None:
    assert "gateway sandbox" in told(gateway("sandbox", "advance", data=tmp_path), 2)
    assert "gateway sandbox" in told(gateway("sandbox", "truth", "--url", NOWHERE, data=tmp_path), 5)


def test_options_that_exclude_each_other(tmp_path: Path) -> None:
    told(gateway("schema", "--check", "--write", data=tmp_path), 2)
    told(gateway("report", "compare", "--json", "--html", "x.html", data=tmp_path), 2)


def test_the_doctor_says_what_is_wrong(tmp_path: Path) -> None:
    env: Mapping[str, str] = {
        **portals_at(NOWHERE),
        "GATEWAY_DATABASE_URL": "postgresql://127.0.0.1:1/harvests",
        "GATEWAY_PROT": "9",
    }
    done = gateway("doctor", data=tmp_path, env=env)
    told(done, 1)
    for words in ("GATEWAY_PROT", "Postgres", "data-gov", "nothing answers there"):
        assert words in done.stdout


def first_operation() -> str:
    """Return the name of an operation."""
    from gateway.resources import operations

    return next(iter(operations()))
