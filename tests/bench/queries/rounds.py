"""Interleaved rounds: each has every peer and workload once, in another order, so that no moment favours anybody."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path

import load
import workloads
from load import Burst
from peers import Peer

Key = tuple[str, str]
"""Peer and workload."""


@dataclass
class Measured:
    """The bursts of each peer and workload, a round after the other."""

    bursts: dict[Key, list[Burst]] = field(default_factory=dict)

    def of(self, peer: str, name: str) -> list[Burst]:
        """Return the bursts of a peer and a workload."""
        return self.bursts[peer, name]


def measure(
    peers: Mapping[str, Peer],
    names: Sequence[str],
    chosen: workloads.Chosen,
    folder: Path,
    postgres: int,
    *,
    rounds: int,
    seconds: int,
    lengths: Mapping[Key, float],
) -> Measured:
    """Return what *rounds* rounds measure, after a burst of each that does not count."""
    files = {
        (peer, name): load.written(peers[peer], name, chosen, folder) for peer, name in product(peers, names)
    }
    found = Measured({key: [] for key in files})
    for (peer, name), file in files.items():
        load.burst(peers[peer], name, file, postgres, seconds=1)
    for number in range(rounds):
        print(f"Round {number + 1} of {rounds}", flush=True)
        for peer, name in _order(list(peers), names, number):
            length = lengths.get((peer, name))
            one = load.burst(peers[peer], name, files[peer, name], postgres, seconds=seconds, length=length)
            found.bursts[peer, name].append(one)
    return found


def _order(peers: Sequence[str], names: Sequence[str], number: int) -> list[Key]:
    """Return the order of a round: workload by workload, so that what is compared is close in time."""
    turn = number % len(peers)
    turned = [*peers[turn:], *peers[:turn]]
    if number % 2:
        turned.reverse()
    return [(peer, name) for name in names for peer in turned]
