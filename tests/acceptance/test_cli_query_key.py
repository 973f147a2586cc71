"""``gateway query`` with a key: sent to the endpoint and to nobody else, shown nowhere."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from acceptance.commanding import gateway

KEY = "hgw_0123456789abcdefghijklmnopqrstuvwxyzABCDEFG"
NAME = "portals-freshness"


@contextmanager
def endpoint(redirect: str | None = None) -> Iterator[tuple[str, list[str | None]]]:
    """Serve an endpoint; yield its address and what came as Authorization. *redirect*: it sends all there."""
    heard: list[str | None] = []

    class Endpoint(BaseHTTPRequestHandler):
        def answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", "0")))
            heard.append(self.headers.get("Authorization"))
            body = b'{"data": {"portals": []}}'
            self.send_response(302 if redirect else 200)
            if redirect:
                self.send_header("Location", redirect)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = answer  # noqa: N815 - the library's names

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Endpoint) as served:
        threading.Thread(target=served.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{served.server_address[1]}/graphql", heard
        finally:
            served.shutdown()


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    file = tmp_path / "ada.key"
    file.write_text(f"{KEY}\n")
    return file


def test_a_key_is_sent_from_a_file_or_a_variable(tmp_path: Path, key_file: Path) -> None:
    with endpoint() as (url, heard):
        from_file = gateway("query", NAME, "--url", url, "--key-file", str(key_file), data=tmp_path)
        from_variable = gateway("query", NAME, "--url", url, data=tmp_path, env={"GATEWAY_KEY": KEY})
        without = gateway("query", NAME, "--url", url, data=tmp_path)
        other = {"GATEWAY_KEY": "another"}
        both = gateway("query", NAME, "--url", url, "--key-file", str(key_file), data=tmp_path, env=other)
    assert heard == [f"Bearer {KEY}", f"Bearer {KEY}", None, f"Bearer {KEY}"]
    for done in (from_file, from_variable, without, both):
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout) == {"data": {"portals": []}}
        assert KEY not in done.stdout + done.stderr


def test_a_key_is_not_passed_on_to_where_an_endpoint_sends_us(tmp_path: Path) -> None:
    with endpoint() as (other, passed_on), endpoint(redirect=other) as (url, heard):
        gateway("query", NAME, "--url", url, data=tmp_path, env={"GATEWAY_KEY": KEY})
    assert (heard, passed_on) == ([f"Bearer {KEY}"], [None])


@pytest.mark.parametrize("key", ["two words", "line\nline", "clé"])
def test_what_no_header_can_carry_is_no_key(tmp_path: Path, key: str) -> None:
    done = gateway(
        "query", NAME, "--url", "http://127.0.0.1:1/graphql", data=tmp_path, env={"GATEWAY_KEY": key}
    )
    assert done.returncode == 2
    assert "This is no key." in done.stderr
    assert key not in done.stderr


@pytest.mark.parametrize("content", [None, b"", b"\n", b"\xff\xfe"])
def test_a_file_without_a_key(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "none.key"
    if content is not None:
        file.write_bytes(content)
    done = gateway("query", NAME, "--key-file", str(file), data=tmp_path)
    assert done.returncode == 2
    assert "none.key" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_key_is_no_more_shown_than_other_secrets(tmp_path: Path) -> None:
    done = gateway("config", data=tmp_path, env={"GATEWAY_KEY": KEY})
    assert done.returncode == 0, done.stderr
    assert KEY not in done.stdout
    assert "GATEWAY_KEY" in done.stdout
