"""What a key looks like."""

from __future__ import annotations

import base64
import hashlib

import pytest

from gateway.access.making import PREFIX, START_LENGTH, digest, fresh, has_form, start


def test_a_key_is_32_random_bytes_behind_a_prefix() -> None:
    keys = {fresh() for _ in range(100)}
    assert len(keys) == 100
    for key in keys:
        assert key.startswith(PREFIX)
        assert len(base64.urlsafe_b64decode(key.removeprefix(PREFIX) + "=")) == 32
        assert has_form(key)


def test_its_start_gives_little_away() -> None:
    key = fresh()
    assert key.startswith(start(key))
    assert len(start(key)) == START_LENGTH
    assert (len(key) - START_LENGTH) * 6 > 200, "bits that stay secret"


def test_what_is_kept_of_it_is_its_sha256() -> None:
    key = fresh()
    assert digest(key) == hashlib.sha256(key.encode("ascii")).digest()


@pytest.mark.parametrize(
    "text",
    [
        "",
        PREFIX,
        "x" * 47,
        fresh() + "A",
        fresh()[:-1],
        fresh() + "\n",
        fresh()[:-1] + "é",
        fresh()[:-1] + "\udcff",
        fresh()[:-1] + "\0",
        fresh()[:-1] + "٣",
        f" {fresh()}",
    ],
    ids=lambda text: f"{len(text)} characters",
)
def test_what_cannot_be_a_key_is_seen_without_asking(text: str) -> None:
    assert not has_form(text)
