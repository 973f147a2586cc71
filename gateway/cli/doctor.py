"""``gateway doctor``: whether everything that the gateway needs is there, and what to do where it is not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.cli.options import LOOK, AsJson, DataDir, Sandbox, examples

if TYPE_CHECKING:
    from gateway.cli.checks import Finding
    from gateway.config import Settings


def register(app: typer.Typer) -> None:
    """Add the command of this module to *app*."""
    app.command(
        "doctor",
        rich_help_panel=LOOK,
        epilog=examples("gateway doctor", "gateway doctor --offline --json"),
    )(doctor)


def doctor(
    *,
    offline: Annotated[bool, typer.Option("--offline", help="Ask no portal.")] = False,
    data: DataDir = None,
    sandbox: Sandbox = None,
    as_json: AsJson = False,
) -> None:
    """Check Python, settings, adapters, Postgres, disk, port and portals; 1 if one is wrong."""
    from gateway.cli.calling import await_result
    from gateway.cli.opening import settings_for

    findings = await_result(_all(settings_for(data=data, sandbox=sandbox), offline=offline))
    _show(findings, as_json=as_json)
    raise typer.Exit(int(any(finding.state == "wrong" for finding in findings)))


async def _all(settings: Settings, *, offline: bool) -> list[Finding]:
    return [finding async for finding in _findings(settings, offline=offline)]


async def _findings(settings: Settings, *, offline: bool) -> AsyncIterator[Finding]:
    from gateway.cli import checks

    yield checks.python()
    yield checks.settings_known()
    yield checks.adapters()
    yield checks.disk(settings.data_dir)
    yield await asyncio.to_thread(checks.port, settings)
    for finding in await checks.database(settings):
        yield finding
    if not offline and not settings.sandbox:
        for finding in await checks.portals(settings):
            yield finding


def _show(findings: Sequence[Finding], *, as_json: bool) -> None:
    from gateway.cli import output

    if as_json:
        output.print_json([asdict(finding) for finding in findings])
        return
    rows = [[finding.name, finding.state, finding.words, finding.advice] for finding in findings]
    output.print_table("Doctor", ["what", "state", "found", "what to do"], rows)
