from __future__ import annotations

from collections.abc import Iterator

import pytest
from acceptance.forking import Run, forks


@pytest.fixture(scope="session")
def forked() -> Iterator[Run]:
    """Run ``gateway`` in a fork of a process that has imported it: for commands whose start is not the point."""
    with forks() as run:
        yield run
