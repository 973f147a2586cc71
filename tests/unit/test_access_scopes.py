"""Which scopes there are and what they imply."""

from __future__ import annotations

import pytest

from gateway.access.scopes import ADMIN, READ_PRIVATE, SCOPES, SYNC, granted, parsed
from gateway.errors import UsageError
from harvest_graphql import visibility


def test_scopes_are_kept_once_and_in_order() -> None:
    assert parsed([SYNC, READ_PRIVATE, SYNC]) == [READ_PRIVATE, SYNC]


@pytest.mark.parametrize("words", [[], ["sync", "everything"], ["SYNC"], [""]])
def test_a_wrong_word_or_none_lists_the_scopes(words: list[str]) -> None:
    with pytest.raises(UsageError) as raised:
        parsed(words)
    assert all(scope in raised.value.hint for scope in SCOPES)


def test_admin_implies_the_others() -> None:
    assert granted([ADMIN]) == {ADMIN, READ_PRIVATE, SYNC}
    assert granted([SYNC]) == {SYNC}
    assert granted([]) == frozenset()


def test_the_endpoint_knows_the_scope_to_read_by_the_same_word() -> None:
    assert visibility.READ_PRIVATE == READ_PRIVATE
