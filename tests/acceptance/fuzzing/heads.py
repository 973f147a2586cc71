"""Hostile heads: methods, addresses, headers, lengths that lie, requests that break off, and what is no HTTP."""

from __future__ import annotations

import json
from collections.abc import Callable
from urllib.parse import quote

from acceptance.fuzzing.dice import Dice
from acceptance.fuzzing.documents import Documents
from acceptance.fuzzing.sending import CLOSE, HOST, QUERY, Case, get, good, post
from acceptance.fuzzing.values import variables

ACCEPTS = (
    *("*/*", "application/json", "application/graphql-response+json", "text/html", "", ";;;,,,", "*", "é"),
    *("a/b;q=2;q=-1", "application/json;q=0", "application/json;q=1e309", "application/json;q=nan"),
    *("text/html, " * 300, "application/json" + ";x=y" * 900, "application/*;q=0.0001, */*;q=0"),
)
CODINGS = (
    "gzip",
    "br, zstd, gzip",
    "*",
    "*;q=0",
    "identity;q=0",
    "gzip;q=oops",
    "x" * 4000,
    "gzip;q=0.5, " * 300,
)
METHODS = (
    "PUT",
    "DELETE",
    "PATCH",
    "OPTIONS",
    "HEAD",
    "TRACE",
    "CONNECT",
    "get",
    "POSTT",
    "X" * 300,
    "P\x00ST",
)
HEADERS = (
    *(
        "X-Api-Key: x",
        "X-Api-Key: \xff",
        "Authorization: Bearer x",
        "Authorization: Basic eDp4",
        "Authorization:",
    ),
    *(
        "Cookie: a=b; " + "c" * 3000,
        "If-None-Match: *",
        'If-None-Match: W/"x", y',
        "If-None-Match: " + '"x", ' * 500,
    ),
    *("Expect: 100-continue", "Expect: 5", "X-Forwarded-For: 1.1.1.1, " + "x" * 500, "Forwarded: for=_x"),
    *("Origin: null", "Origin: https://evil.example", "Range: bytes=0-1", "TE: trailers", "Upgrade: h2c"),
    *("X: " + "y" * 7000, "X: " + "y" * 8500, "Connection: keep-alive, Upgrade"),
)
NO_HTTP = (
    b"\0" * 100,
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"x" * 200,
    b"GET\r\n\r\n",
    b"POST /graphql HTTP/9.9\r\n\r\n",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 5000 + b"\r\n",
    b"GET /\xff\xfe HTTP/1.1\r\n" + CLOSE,
    b"GET http:///// HTTP/1.1\r\n" + CLOSE,
    b"GET //graphql HTTP/1.1\r\n" + CLOSE,
    b"GET /../../etc/passwd HTTP/1.1\r\n" + CLOSE,
    b"GET /%2e%2e/%00 HTTP/1.1\r\n" + CLOSE,
    b"GET /graphql HTTP/1.1\r\nHost: a\r\nHost: b\r\nConnection: close\r\n\r\n",
    b"GET /graphql HTTP/1.1\r\n" + HOST + b"X: a\r\n b\r\n\x00: c\r\n\r\n",
)
LENGTHS = (
    b"Content-Length: -1\r\n\r\n",
    b"Content-Length: x\r\n\r\n",
    b"Content-Length: 99999999999\r\n\r\n{}",
    b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n{}",
    b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    b"\r\n{}",
    b"Transfer-Encoding: gzip\r\n\r\n",
    b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
    b"Transfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFFF\r\n{}",
    b"Transfer-Encoding: chunked\r\n\r\n" + b"1\r\n \r\n" * 2000 + b"0\r\n\r\n",
)
PLACES = (
    "/",
    "/docs",
    "/docs/../graphql",
    "/healthz",
    "/readyz",
    "/metrics",
    "/nowhere",
    "/graphql/",
    "*",
    "/docs/x",
)
PAYLOADS = ("x", "%00", "../x", "SGFydmVzdFJlY29yZA", "A" * 9000, "%FF", "", "x?part=raw", "a/b")
ADDRESSES = (
    *(
        "query=%FF%FE",
        "query=" + "%00" * 50,
        "query=&query=" + quote(QUERY),
        "&" * 5000,
        "=" * 900,
        "query=%",
    ),
    *("documentId=" + "x" * 3000, "documentId=sha256:" + "0" * 64, "variables={}", "query=mutation{x}"),
    *("query=" + "a" * 20_000, "query=" + "a" * 1_000_001, "query={__typename}&variables=" + "[" * 9000),
    "query={__typename}&operationName=%ED%A0%80",
)


class Heads:
    """Writes them; each of *makers* is one kind."""

    def __init__(self, documents: Documents, dice: Dice) -> None:
        self._documents = documents
        self._dice = dice
        self.makers: list[Callable[[], Case]] = [
            self.accepts,
            self.codings,
            self.methods,
            self.headers,
            self.addresses,
            self.documents,
            self.broken_off,
            self.pipelined,
            self.no_http,
            self.lengths,
            self.payloads,
            self.elsewhere,
        ]

    def accepts(self) -> Case:
        """Media types that are none."""
        return Case("Accept", post(good(), f"Accept: {self._dice.choice(ACCEPTS)}"))

    def codings(self) -> Case:
        """Codings for an answer that is long."""
        query = "{ __schema { types { name description } } }"
        return Case("Accept-Encoding", post(good(query), f"Accept-Encoding: {self._dice.choice(CODINGS)}"))

    def methods(self) -> Case:
        """Methods that are not served."""
        line = f"{self._dice.choice(METHODS)} /graphql?query={quote(QUERY)} HTTP/1.1\r\n"
        return Case("method", line.encode("latin-1") + CLOSE)

    def headers(self) -> Case:
        """Headers that are odd, long or many."""
        chosen = self._dice.sample(HEADERS, self._dice.randint(1, 4)) * self._dice.one(1, 1, 40)
        return Case("headers", self._dice.one(post(good(), *chosen), get(f"query={quote(QUERY)}", *chosen)))

    def addresses(self) -> Case:
        """Query strings that hold no request, or too much."""
        return Case("address", get(self._dice.choice(ADDRESSES)))

    def documents(self) -> Case:
        """Hostile documents by GET, encoded or not."""
        text, given = self._documents.document(), quote(json.dumps(variables(self._dice)))
        query = self._dice.one(quote(text), text.replace("\n", " "))
        return Case("GET", get(f"query={query}&variables={given}"))

    def broken_off(self) -> Case:
        """A request that ends too early."""
        whole = post(good())
        return Case("broken off", whole[: self._dice.randrange(1, len(whole))], broken=True)

    def pipelined(self) -> Case:
        """Requests that do not wait for answers."""
        one = post(good(), connection="keep-alive")
        return Case("pipelined", one * self._dice.randint(1, 20) + post(self._dice.one(good(), b"{", b"")))

    def no_http(self) -> Case:
        """What is no HTTP, or hardly."""
        return Case("no HTTP", self._dice.choice(NO_HTTP), broken=True)

    def lengths(self) -> Case:
        """Lengths and chunks that do not say the truth."""
        head = (
            b"POST /graphql HTTP/1.1\r\n" + HOST + b"Content-Type: application/json\r\nConnection: close\r\n"
        )
        return Case("lengths", head + self._dice.choice(LENGTHS), broken=True)

    def payloads(self) -> Case:
        """Files that there are not."""
        path = self._dice.choice(PAYLOADS).encode()
        return Case("payloads", b"GET /payloads/" + path + b" HTTP/1.1\r\n" + CLOSE)

    def elsewhere(self) -> Case:
        """What else there is, and is not, asked for in any way."""
        line = f"{self._dice.one('GET', 'GET', *METHODS[:8])} {self._dice.choice(PLACES)} HTTP/1.1\r\n"
        accept = f"Accept: {self._dice.choice(ACCEPTS)}\r\n"
        return Case("elsewhere", line.encode() + accept.encode("utf-8", "replace") + CLOSE)
