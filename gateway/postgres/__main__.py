"""What developers do with the schema: ``python -m gateway.postgres WORD``.

``check`` compares a freshly migrated database with the tables in the code. ``revision MESSAGE`` writes a
revision that brings it there; ``regenerate`` writes the first one anew, instead of all there are.
``run COMMAND...`` runs a command with ``GATEWAY_TEST_DATABASE_URL`` set to an empty
throwaway Postgres; ``GATEWAY_POSTGRES_BIN`` names its programs (as ``/usr/lib/postgresql/15/bin``).
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gateway.errors import GatewayError
from gateway.postgres.migrations import check, head, migrate, write_revision
from gateway.postgres.server import Server
from gateway.resources import alembic_folder


@contextmanager
def throwaway() -> Iterator[str]:
    """Start an empty Postgres in a temporary folder and yield its address."""
    binaries = os.environ.get("GATEWAY_POSTGRES_BIN")
    with tempfile.TemporaryDirectory(prefix="gateway-") as folder:
        Path(folder).chmod(0o755)
        server = Server(Path(folder), binaries=Path(binaries) if binaries else None, durable=False)
        server.start()
        try:
            yield server.url
        finally:
            server.stop()


def tidy() -> None:
    """Format what alembic wrote."""
    for words in (("format", "--quiet"), ("check", "--fix", "--quiet"), ("format", "--quiet")):
        subprocess.run([sys.executable, "-m", "ruff", *words, str(alembic_folder())], check=False)  # noqa: S603


def main(words: list[str]) -> int:
    """Do what *words* say and return the exit status."""
    match words:
        case ["check"]:
            with throwaway() as url:
                asyncio.run(migrate(url))
                asyncio.run(check(url))
        case ["regenerate"]:
            for file in (alembic_folder() / "versions").glob("*.py"):
                file.unlink()
            with throwaway() as url:
                asyncio.run(write_revision(url, "The first schema", number="0001"))
            tidy()
        case ["revision", message]:
            with throwaway() as url:
                asyncio.run(migrate(url))
                asyncio.run(write_revision(url, message, number=f"{int(head()) + 1:04}"))
            tidy()
        case ["run", *command] if command:
            with throwaway() as url:
                environment = os.environ | {"GATEWAY_TEST_DATABASE_URL": url}
                return subprocess.run(command, check=False, env=environment).returncode  # noqa: S603
        case _:
            sys.stderr.write(__doc__ or "")
            return 2
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except GatewayError as error:
        sys.exit(str(error))
