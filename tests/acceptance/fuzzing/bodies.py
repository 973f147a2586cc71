"""Hostile bodies of whole requests: no JSON, too much JSON, JSON that is no request, forms, lying codings."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from acceptance.fuzzing.dice import Dice
from acceptance.fuzzing.sending import QUERY, Case, good, post
from acceptance.fuzzing.values import ODD, variables

TAKES = "query ($v: [ID!], $k: HarvestJobFilter, $s: Cursor) { nodes(ids: $v) { id } harvestJobs(filter: $k, after: $s) { totalCount } }"  # noqa: E501
TYPES = (
    *(
        "application/json",
        "application/json; charset=utf-8",
        "application/json; charset=utf-16",
        "application/JSON",
    ),
    *(
        "application/json; charset=x",
        "application/json; charset",
        'application/json; charset="utf-8',
        "/",
        ";",
        "",
    ),
    *("text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "application/graphql", "a"),
    "multipart/form-data; boundary=" + "x" * 300,
)
ZIPPED = gzip.compress(good(), mtime=0)
BOMB = gzip.compress(b" " * 20_000_000, mtime=0)
PART = b'--x\r\nContent-Disposition: form-data; name="query"\r\n\r\n{a}\r\n--x--'


class Bodies:
    """Writes them; each of *makers* is one kind."""

    def __init__(self, dice: Dice) -> None:
        self._dice = dice
        self.makers: list[Callable[[], Case]] = [
            self.no_request,
            self.long,
            self.deep,
            self.members,
            self.batches,
            self.types,
            self.codings,
            self.forms,
        ]

    def no_request(self) -> Case:
        """What is no JSON, or no object."""
        noise = bytes(self._dice.choices(range(256), k=300))
        body = self._dice.one(
            *(b"", b"null", b"5", b'"x"', b"[]", b"{", b"\xff\xfe", b"\0" * 50, b'{"query": "\xff"}', noise),
            *(b"\xef\xbb\xbf" + good(), good() * 2, good().decode().encode("utf-16"), b'{"query": NaN}'),
            *(b'{"query": "\\ud800"}', b'{"query": "\\u0000"}', b'{"query": "{ __typename }", "query": 5}'),
            b'{"a":' + b"9" * 5000 + b"}",
        )
        return Case("body", post(body))

    def long(self) -> Case:
        """What is as long as may be, or longer."""
        body = self._dice.one(
            good() + b" " * 900_000,
            b" " * 1_100_000,
            b'"' + b"x" * 990_000 + b'"',
            b'{"query": "' + b"{" * 500_000 + b'"}',
            b'{"query": "{ __typename }", "variables": {"a": [' + b"1," * 400_000 + b"1]}}",
            b'{"query": "query ($v: [ID!]) { nodes(ids: $v) { id } }", "variables": {"v": ['
            + b"1," * 400_000
            + b"1]}}",
            b'{"query": "{ __typename }", "x": {' + b",".join(b'"%d":1' % n for n in range(80_000)) + b"}}",
        )
        return Case("long body", post(body))

    def deep(self) -> Case:
        """Lists in lists, objects in objects."""
        size = self._dice.one(100, 1000, 5000, 200_000)
        left, right = self._dice.one((b"[", b"]"), (b'{"a":', b"}"))
        deep = left * size + b"1" + right * self._dice.one(size, 0)
        member = self._dice.one(b"query", b"variables", b"extensions", b"operationName", b"x")
        return Case(
            "deep JSON", post(b'{"query": "{ __typename }", "' + member + b'": ' + deep[:900_000] + b"}")
        )

    def members(self) -> Case:
        """Members of a request of any type."""
        names = (
            "query",
            "variables",
            "operationName",
            "extensions",
            "documentId",
            "id",
            "",
            "\0",
            "__proto__",
        )
        body: dict[str, Any] = {
            self._dice.choice(names): self._dice.choice(ODD) for _ in range(self._dice.randint(0, 5))
        }
        if self._dice.one(True, False):
            body = {"query": TAKES, "variables": variables(self._dice), **body}
        return Case("members", post(json.dumps(body).encode()))

    def batches(self) -> Case:
        """Several requests in one."""
        return Case("batch", post(json.dumps([{"query": QUERY}] * self._dice.one(1, 10, 5000)).encode()))

    def types(self) -> Case:
        """A good body of another type."""
        return Case("Content-Type", post(good(), type_=self._dice.choice(TYPES)))

    def codings(self) -> Case:
        """A body in a coding that is none, or that explodes."""
        body = self._dice.one(good(), ZIPPED, BOMB, ZIPPED[:10], b"x")
        coding = self._dice.one("gzip", "deflate", "br", "zstd", "identity", "gzip, gzip", "x", "")
        return Case("Content-Encoding", post(body, f"Content-Encoding: {coding}"))

    def forms(self) -> Case:
        """What a page of another origin may send without asking."""
        body = self._dice.one(b"query=" + quote(QUERY).encode(), b"", b"&" * 9000, PART)
        type_ = self._dice.one("application/x-www-form-urlencoded", "multipart/form-data; boundary=x")
        return Case("form", post(body, type_=type_))
