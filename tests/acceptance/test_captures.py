"""The captures of today's wire against sandboxes and adapters; see ``captures.py``, which ``make captures`` runs."""

from __future__ import annotations

from pathlib import Path

import pytest
from acceptance.captures import Outcome, check
from acceptance.wire.capture import shared


@pytest.fixture(scope="module")
def folder() -> Path:
    found = shared()
    if found is None:
        pytest.skip("the captures are not here: GATEWAY_SHARED names their folder")
    return found


async def test_sandboxes_answer_and_adapters_read_as_the_captures_say(folder: Path) -> None:
    outcome: Outcome = await check(folder)
    assert outcome.sandbox == {}
    assert outcome.adapter == {}
    assert outcome.crashes == []
    assert outcome.captures >= 200
    assert outcome.datasets >= 1810
