"""`gateway worker --sandbox` twice on one data folder: one Postgres and one set of portals, until their owner ends."""

from __future__ import annotations

import json
from pathlib import Path

import psutil
from acceptance.commanding import PATIENCE, started

WORKER = ["worker", "--sandbox"]


def test_two_that_start_at_once_share_and_end_together(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)  # Postgres may run as another user, who passes through
    with started(WORKER, data=tmp_path) as one, started(WORKER, data=tmp_path) as two:
        for each in (one, two):
            each.wait_for("Database ")
        holder = json.loads((tmp_path / "sandbox" / "postgres.lock").read_text("utf-8"))["pid"]
        owner, guest = (one, two) if one.process.pid == holder else (two, one)
        assert "embedded Postgres in" in owner.line("Database")
        assert "Postgres at" in guest.line("Database")
        family = owner.family() + guest.family()
        assert len([child for child in family if "sandbox" in child.cmdline()]) == 2, "a portal each"
        assert owner.stop() < PATIENCE
        assert owner.process.returncode == 0
        assert guest.process.wait(PATIENCE) in {4, 5}, guest.text
        assert "Error: The gateway has ended whose" in guest.text
        assert "Start this one again" in guest.text
        assert psutil.wait_procs(family, timeout=10)[1] == []
