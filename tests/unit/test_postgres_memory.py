"""The memory of the embedded Postgres: an eighth of what there is, within bounds."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.postgres.memory import available, shared_buffers

GB = 2**30


@pytest.mark.parametrize(
    ("memory", "setting"),
    [(GB // 2, "256MB"), (2 * GB, "256MB"), (4 * GB, "512MB"), (8 * GB, "1024MB"), (512 * GB, "1024MB")],
)
def test_an_eighth_of_the_memory_within_bounds(memory: int, setting: str) -> None:
    assert shared_buffers(memory) == setting


def test_a_container_may_have_less_than_its_machine(tmp_path: Path) -> None:
    limit = tmp_path / "memory.max"
    limit.write_text("123456789\n", "ascii")
    assert available([tmp_path / "none", limit]) == 123456789


def test_no_limit_leaves_the_machine(tmp_path: Path) -> None:
    limit = tmp_path / "memory.max"
    limit.write_text("max\n", "ascii")
    assert available([limit]) == available([]) > 0
