"""What an answer must not be: a mistake of the gateway's, slow, or telling of its inside."""

from __future__ import annotations

import builtins
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import asyncpg
from acceptance.fuzzing.exchange import Exchange
from acceptance.fuzzing.sending import Case

HARD_SECONDS = 0.25
"""CPU that one request may take."""
AIM_SECONDS = 0.1
"""CPU that a request of at most SHORT bytes may take."""
SHORT = 15_000
_OURS = re.compile(rb'"code":"(?:INTERNAL|UNAVAILABLE)"')
_RAISED = {
    name
    for module in (builtins, asyncpg, asyncpg.exceptions)
    for name, each in vars(module).items()
    if isinstance(each, type) and issubclass(each, BaseException) and name not in {"DataError", "InterfaceError"}
}  # fmt: skip
_INSIDE = (
    r"(?i:did you mean)",
    r"\bSELECT\b.{0,200}\bFROM\b",
    r"\bpg_\w+|asyncpg|sqlalchemy|msgspec|strawberry|graphql-core|aiohttp/|Python/|PostgreSQL",
    r"postgres(?:ql)?://",
    r"Traceback|File \"|\bline \d+, in\b|0x[0-9a-f]{8,}|\bsys\.|\bUndefined\b",
    r"(?<![\w/.])/(?:usr|home|root|tmp|opt|var|proc|etc|lib)/\w",
    rf"\b(?:{'|'.join(sorted(_RAISED, key=len, reverse=True))})\b",
)
LEAKS = re.compile("|".join(_INSIDE), re.DOTALL)


@dataclass(slots=True)
class Verdict:
    """The count over all cases, and the slowest of them."""

    counts: Counter[str] = field(default_factory=Counter)
    slowest: list[tuple[float, int, str]] = field(default_factory=list)
    """Seconds of CPU, bytes sent, and what it was."""
    found: list[str] = field(default_factory=list)

    def judge(self, case: Case, done: Exchange) -> None:
        """Count one case."""
        self.counts["cases"] += 1
        for name, words in faults(case, done):
            self.counts[name] += 1
            self.found.append(f"{name}: {case.name}: {words}: {case.data[:300]!r}")
        self.slowest.append((done.cpu, len(case.data), case.name))
        self.slowest.sort(reverse=True)
        del self.slowest[200:]

    def worst(self, most: int | None = None) -> tuple[float, int, str]:
        """Return the slowest case, of those of at most *most* bytes."""
        fitting = [each for each in self.slowest if most is None or each[1] <= most]
        return max(fitting, default=(0.0, 0, "none"))


def faults(case: Case, done: Exchange) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with the answers to one case."""
    if not done.replies and not case.broken:
        yield "unanswered", "no answer"
    if done.cpu > HARD_SECONDS:
        yield "over_250ms", f"{done.cpu * 1000:.0f} ms"
    for reply in done.replies:
        if reply.status >= 500 or _OURS.search(reply.body):
            yield "5xx", f"{reply.status} {reply.body[:200]!r}"
    told = "\n".join(f"{reply.head}\n{reply.body.decode('utf-8', 'replace')}" for reply in done.replies)
    told += done.rest.decode("utf-8", "replace")
    if leak := LEAKS.search(told):
        yield "leaks", told[max(0, leak.start() - 100) : leak.end() + 100]
