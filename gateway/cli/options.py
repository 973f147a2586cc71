"""The options that several commands share, and how examples are written into a command's help."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
DataDir = Annotated[
    Path | None,
    typer.Option("--data", help="Folder of the embedded Postgres and the sandbox.", show_default=False),
]
PortalKeys = Annotated[
    list[str] | None,
    typer.Option("--portal", "-p", help="Key of a portal; may be given again.", show_default=False),
]
Sandbox = Annotated[
    bool | None,
    typer.Option("--sandbox", help="Use the sandbox portals and their own database.", show_default=False),
]
Seed = Annotated[
    int | None, typer.Option("--seed", min=0, help="Which world the sandbox invents.", show_default="1")
]
Scale = Annotated[
    int | None,
    typer.Option("--scale", min=1, help="Size of the sandbox; 1 is 20,000 records.", show_default="1"),
]
Dialects = Annotated[
    list[str] | None,
    typer.Option(
        "--dialect",
        help="What sandbox portals speak; may be given again. `gateway sandbox dialect` lists what there is.",
        show_default="what they spoke last",
    ),
]
Host = Annotated[str | None, typer.Option("--host", help="Address to serve on.", show_default="127.0.0.1")]

WAIT_SECONDS = 600.0
"""How long what is asked for once waits for another process that is at work on a portal."""
Wait = Annotated[
    float,
    typer.Option(
        "--wait", min=0, help="Seconds to wait at most while another process is at work on a portal."
    ),
]
RUN = "Run"
LOOK = "Look"
KEEP = "Maintain"


def examples(*lines: str) -> str:
    """Return the end of a command's help: each of *lines* is a command as one would type it."""
    heading = "Example:" if len(lines) == 1 else "Examples:"
    return "\n\n".join([heading, *(f"  {line}" for line in lines)])
