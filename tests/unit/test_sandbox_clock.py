"""The clock of a sandbox portal: moved by days, kept in a folder, never going back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from gateway.sandbox.clock import kept_in, opened

EPOCH = datetime(2026, 11, 22, 6, 30, tzinfo=UTC)


def test_it_moves_by_days_only() -> None:
    clock = opened("x", seed=1, scale=1, epoch=EPOCH, folder=None, live=False)
    assert clock.now() == EPOCH
    assert clock.advance(1.5) == EPOCH + timedelta(days=1, hours=12)
    with pytest.raises(ValueError, match="back"):
        clock.advance(-1)


def test_the_epoch_is_the_first_start(tmp_path: Path) -> None:
    first = opened(
        "x",
        seed=1,
        scale=1,
        epoch=EPOCH.astimezone(timezone(timedelta(hours=2))),
        folder=tmp_path,
        live=False,
    )
    first.advance(3)
    again = opened("x", seed=1, scale=1, epoch=EPOCH + timedelta(days=9), folder=tmp_path, live=False)
    assert (again.kept.epoch, again.now()) == (EPOCH, EPOCH + timedelta(days=3))


def test_another_seed_begins_anew(tmp_path: Path) -> None:
    opened("x", seed=1, scale=1, epoch=EPOCH, folder=tmp_path, live=False).advance(3)
    later = EPOCH + timedelta(days=9)
    assert opened("x", seed=2, scale=1, epoch=later, folder=tmp_path, live=False).now() == later


def test_what_was_spoken_last_is_kept_with_the_world(tmp_path: Path) -> None:
    opened("x", seed=1, scale=1, epoch=EPOCH, folder=tmp_path, live=False).speak("old")
    kept = kept_in(tmp_path, "x", seed=1, scale=1)
    assert kept is not None
    assert kept.dialect == "old"
    assert kept_in(tmp_path, "x", seed=2, scale=1) is None
    assert kept_in(tmp_path, "y", seed=1, scale=1) is None
    assert kept_in(None, "x", seed=1, scale=1) is None
    again = opened("x", seed=1, scale=1, epoch=EPOCH, folder=tmp_path, live=False)
    assert again.kept.dialect == "old"
    assert opened("x", seed=2, scale=1, epoch=EPOCH, folder=tmp_path, live=False).kept.dialect == ""


def test_a_file_of_the_time_before_dialects_is_read(tmp_path: Path) -> None:
    text = '{"seed": 1, "scale": 1, "epoch": "2026-11-22T06:30:00Z", "days": 2.0, "started": 0.0}'
    (tmp_path / "sandbox-x.json").write_text(text, encoding="utf-8")
    clock = opened("x", seed=1, scale=1, epoch=EPOCH, folder=tmp_path, live=False)
    assert (clock.now(), clock.kept.dialect) == (EPOCH + timedelta(days=2), "")


def test_a_broken_file_is_a_new_start(tmp_path: Path) -> None:
    (tmp_path / "sandbox-x.json").write_text("{", encoding="utf-8")
    assert opened("x", seed=1, scale=1, epoch=EPOCH, folder=tmp_path, live=False).now() == EPOCH


def test_a_live_clock_starts_at_its_epoch() -> None:
    clock = opened("x", seed=1, scale=1, epoch=EPOCH, folder=None, live=True)
    assert clock.now() == EPOCH
    clock.kept.started -= 100
    assert clock.now() == EPOCH + timedelta(seconds=90)
