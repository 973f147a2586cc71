"""The entry point of ``gateway`` and of ``python -m gateway``."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line on this process's arguments and end with its exit code."""
    from gateway.cli.app import run  # noqa: PLC0415 - an import of gateway.__main__ alone stays free of typer

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
