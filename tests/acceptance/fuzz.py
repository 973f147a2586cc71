"""Hostile input: whatever is sent to the endpoint, it answers, soon, and tells nothing of its inside.

``python tests/acceptance/fuzz.py --cases N --seed S`` sends N cases to a public and to a locked gateway, one after
the other: documents that schemathesis draws from the schema, hostile documents, hostile HTTP and websockets. Each is
timed in CPU of the server's process. What is wrong is listed; the last line is one JSON object: *cases*, *5xx*,
*over_250ms*, *leaks* (of anything inside) and *unanswered*.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[:0] = [str(Path(__file__).parents[2]), str(Path(__file__).parents[1])]

from acceptance.fuzzing.dice import Dice
from acceptance.fuzzing.documents import Documents
from acceptance.fuzzing.drawn import drawn
from acceptance.fuzzing.exchange import Exchange, exchanged
from acceptance.fuzzing.judging import SHORT, Verdict
from acceptance.fuzzing.requests import Requests
from acceptance.fuzzing.sending import Case, asked
from acceptance.fuzzing.serving import Target, gateways

from harvest_graphql.schema import core

DRAWN = 0.3
"""Share of the cases that schemathesis draws."""
LOCKED = 0.1
"""Share of the cases that a locked gateway gets."""
BAD = ("5xx", "over_250ms", "leaks", "unanswered")


def fuzzed(cases: int, seed: int) -> Verdict:
    """Send *cases* cases and return what came of them."""
    verdict, dice = Verdict(), Dice(seed)
    with gateways("public", "locked") as targets:

        def send(case: Case) -> None:
            target = targets[dice.random() < LOCKED]
            verdict.judge(case, _exchanged(target, case))

        for target in targets:  # what is made once, at the first request, is nobody's fault
            _exchanged(target, asked("first", "{ portals { key } }"))
        drawn(int(cases * DRAWN), seed, lambda text: send(asked("drawn", text)))
        requests = Requests(Documents(core(), dice), dice)
        while verdict.counts["cases"] < cases:
            send(requests.case())
    return verdict


def _exchanged(target: Target, case: Case) -> Exchange:
    return exchanged(target.address, target.pid, case.data, ends=case.broken and not case.stays)


def main() -> int:
    """Run the command; return 1 where anything is wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    verdict = fuzzed(chosen.cases, chosen.seed)
    for line in verdict.found[:100]:
        print(line[:1500])
    for words, most in ((f"at most {SHORT:,} bytes", SHORT), ("any length", None)):
        seconds, size, name = verdict.worst(most)
        print(f"Slowest of {words}: {seconds * 1000:.0f} ms of CPU for {size:,} bytes ({name})")
    counts = {name: verdict.counts[name] for name in ("cases", *BAD)}
    print(json.dumps(counts))
    return int(any(counts[name] for name in BAD))


if __name__ == "__main__":
    sys.exit(main())
