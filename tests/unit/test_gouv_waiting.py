"""Runs whose items wait to be read: as few bytes as can be, and every one of them back as it was."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from adapters.data_gouv_fr.waiting import Waiting

ids = st.text(st.characters(exclude_categories=("Cs",)), min_size=1)


@given(st.lists(st.tuples(ids, st.none() | st.integers(0, 2**40))))
def test_what_was_added_comes_back_in_its_order(runs: list[tuple[str, int | None]]) -> None:
    waiting = Waiting()
    for native_id, total in runs:
        waiting.add(native_id, total)
    assert list(waiting) == runs
    assert list(waiting) == runs
