"""Every capture of the portals' wires, held against the sandbox portals and the adapters.

``python tests/acceptance/captures.py`` lists each mismatch with its capture; the last line is one JSON object.
The captures are found by ``GATEWAY_SHARED``, else in ``shared`` beside the repository.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import aiohttp

if __name__ == "__main__":
    sys.path[:0] = [str(Path(__file__).parents[2]), str(Path(__file__).parents[1])]

from acceptance.wire import catalogues, gouv, gov, read_gouv, read_gov
from acceptance.wire.answer import Answer, Ask, ask, compared
from acceptance.wire.capture import Capture, captures, shared
from acceptance.wire.case import Asked, Case
from acceptance.wire.replay import NOW
from acceptance.wire.shape import Latitude
from acceptance.wire.survey import NothingFitsError, survey_gouv, survey_gov

from gateway.sandbox.control import running

SEED, SCALE = 1, 1


@dataclass(frozen=True, slots=True)
class Subject:
    """A portal: its table, how its world is read, how its captures are."""

    name: str
    table: ModuleType
    survey: Callable[[aiohttp.ClientSession, str], Awaitable[Any]]
    failures: Callable[[Capture], Awaitable[list[str]]]
    without: tuple[str, ...]
    """Beginnings of the names of captures that are no interface."""


SUBJECTS = (
    Subject("data-gouv-fr", gouv, survey_gouv, read_gouv.failures, ("swagger_",)),
    Subject("data-gov", gov, survey_gov, read_gov.failures, ("openapi", "metrics_html", "html_")),
)


@dataclass(slots=True)
class Outcome:
    """What was found, by capture."""

    captures: int = 0
    sandbox: dict[str, list[str]] = field(default_factory=dict)
    adapter: dict[str, list[str]] = field(default_factory=dict)
    datasets: int = 0
    crashes: list[str] = field(default_factory=list)

    def summary(self) -> dict[str, int]:
        """Return the numbers."""
        return {
            "captures": self.captures,
            "sandbox_mismatches": len(self.sandbox),
            "adapter_failures": len(self.adapter),
            "datasets": self.datasets,
            "crashes": len(self.crashes),
        }


async def check(folder: Path, *, seed: int = SEED, scale: int = SCALE) -> Outcome:
    """Hold every capture in *folder* against both portals' sandboxes and adapters."""
    outcome = Outcome()
    for subject in SUBJECTS:
        found = {one.name: one for one in captures(folder, subject.name, without=subject.without)}
        outcome.captures += len(found)
        unlisted = found.keys() - subject.table.CASES.keys()
        outcome.sandbox |= {f"{subject.name}/{name}": ["not in the table"] for name in sorted(unlisted)}
        listed = [found[name] for name in subject.table.CASES if name in found]
        await _against_sandbox(subject, listed, outcome, seed=seed, scale=scale)
        for capture in listed:
            _note(outcome.adapter, capture, await subject.failures(capture))
    outcome.datasets, outcome.crashes = catalogues.crashes(folder / "real" / "dcat-us")
    return outcome


def _note(problems: dict[str, list[str]], capture: Capture, found: list[str]) -> None:
    if found:
        problems[f"{capture.portal}/{capture.name}"] = found


async def _against_sandbox(
    subject: Subject, listed: list[Capture], outcome: Outcome, *, seed: int, scale: int
) -> None:
    portal = import_module(f"adapters.{subject.name.replace('-', '_')}.sandbox").SANDBOX
    async with (
        running(portal, seed=seed, scale=scale, epoch=NOW) as server,
        aiohttp.ClientSession() as session,
    ):
        asked = Asked(await subject.survey(session, server.base_url))
        for capture in listed:
            server.speak(subject.table.CASES[capture.name].dialect or portal.usual)
            found = await _answered(session, server.origin, capture, subject, asked)
            _note(outcome.sandbox, capture, found)


async def _answered(
    session: aiohttp.ClientSession, origin: str, capture: Capture, subject: Subject, asked: Asked[Any]
) -> list[str]:
    """Return how the sandbox's answer differs from a capture."""
    case: Case[Any] = subject.table.CASES[capture.name]
    try:
        how = Ask(case.ids(asked), case.headers, case.verbatim)
    except NothingFitsError as error:
        return [str(error)]
    await _prepare(session, origin, case, how)
    answer = await ask(session, origin, capture, how)
    if isinstance(answer.body, dict | list):
        asked.answers[capture.name] = answer.body
    return list(compared(capture, answer, how, _latitude(subject, capture, answer), origin))


def _latitude(subject: Subject, capture: Capture, answer: Answer) -> Latitude:
    payload = capture.name in getattr(subject.table, "PAYLOADS", ()) and answer.status == 200
    latitude: Latitude = subject.table.PAYLOAD if payload else subject.table.LATITUDE
    return latitude


async def _prepare(session: aiohttp.ClientSession, origin: str, case: Case[Any], how: Ask) -> None:
    if case.before is not None:
        method, path, key = case.before
        headers = {} if key is None else {"X-API-KEY": key}
        async with session.request(method, origin + how.translate(path), headers=headers) as response:
            await response.read()


def report(problems: Mapping[str, list[str]], what: str) -> None:
    """Print each problem on a line of its own."""
    for name, found in problems.items():
        for problem in found:
            print(f"{what}: {name}: {problem}")


async def main() -> int:
    """Print what was found; return 1 where anything was."""
    folder = shared()
    if folder is None:
        print("There are no captures here, so nothing was compared: GATEWAY_SHARED names their folder.")
        print(json.dumps(Outcome().summary()))
        return 0
    outcome = await check(folder)
    report(outcome.sandbox, "sandbox")
    report(outcome.adapter, "adapter")
    report({"real": outcome.crashes} if outcome.crashes else {}, "crash")
    summary = outcome.summary()
    print(json.dumps(summary))
    return int(any(summary[name] for name in ("sandbox_mismatches", "adapter_failures", "crashes")))


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
