"""An operator who types commands beside a sandbox portal and its mirror."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

from acceptance.commanding import gateway
from acceptance.forking import Run
from acceptance.syncing import Rehearsal


class Operator:
    """Types commands beside a sandbox portal and its mirror."""

    def __init__(self, mirror: Rehearsal, database_url: str, folder: Path, run: Run = gateway) -> None:
        self.mirror = mirror
        self._run = run
        self._folder = folder
        portal = f"GATEWAY_PORTALS__{mirror.portal.key.upper().replace('-', '_')}"
        self.settings = {
            "GATEWAY_DATABASE_URL": database_url,
            f"{portal}__BASE_URL": mirror.sandbox.base_url,
            f"{portal}__SANDBOX": "true",  # the sandbox's clock counts
        }

    async def types(self, *words: str) -> CompletedProcess[str]:
        """Run ``gateway`` with these words, while the sandbox goes on serving."""
        return await asyncio.to_thread(self._run, *words, data=self._folder, env=self.settings)

    async def told(self, *words: str) -> Any:
        """Return what a command prints as JSON."""
        done = await self.types(*words, "--json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)
