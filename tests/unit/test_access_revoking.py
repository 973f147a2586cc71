"""Which key is meant."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from gateway.access.making import fresh, start
from gateway.access.revoking import the_one
from gateway.errors import UsageError
from gateway.store.api_keys import Issued

LONG_AGO = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def issued(number: int, *, revoked: bool = False) -> Issued:
    return Issued(number, "ada", f"hgw_{number:08}", ["sync"], LONG_AGO, None, LONG_AGO if revoked else None)


def refusal(word: str, *fits: Issued) -> str:
    with pytest.raises(UsageError) as raised:
        the_one(word, fits)
    return str(raised.value)


def test_one_that_fits_is_meant() -> None:
    assert the_one("ada", [issued(1)]) == issued(1)


def test_revoked_ones_of_the_same_name_do_not_stand_in_the_way() -> None:
    assert the_one("ada", [issued(1, revoked=True), issued(2)]) == issued(2)


def test_an_unknown_word_is_told() -> None:
    text = refusal("eve")
    assert "'eve'" in text
    assert "gateway keys list" in text


def test_an_unknown_key_is_not_repeated_whole() -> None:
    key = fresh()
    text = refusal(key)
    assert key not in text
    assert start(key) in text


def test_several_that_fit_are_named_by_their_starts() -> None:
    text = refusal("ada", issued(1), issued(2), issued(3, revoked=True))
    assert "2 keys are called 'ada'" in text
    assert "hgw_00000001, hgw_00000002" in text
    assert "hgw_00000003" not in text


def test_one_that_is_revoked_says_since_when() -> None:
    assert "hgw_00000001 (ada) is revoked already, since 2026-01-02 03:04:05 UTC" in refusal(
        "ada", issued(1, revoked=True)
    )
