"""Siblings: the processes that answer on one port, so that whichever is asked for its numbers tells those of all."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

LABEL = "process"
"""Tells the numbers of the processes apart: each has a place that it keeps when it is restarted."""
SECONDS = 1.0
"""How long a process may take to tell its numbers."""
_ENDING = ".sock"
Collect = Callable[[], Iterable[Metric]]

Sample = tuple[str, dict[str, str], float]


class Told(msgspec.Struct, array_like=True):
    """The numbers of one name, as they go from one process to another."""

    name: str
    words: str
    kind: str
    samples: list[Sample]

    @classmethod
    def of(cls, metric: Metric) -> Told:
        """Return *metric* without what only its process could use."""
        samples = [(each.name, dict(each.labels), float(each.value)) for each in metric.samples]
        return cls(metric.name, metric.documentation, metric.type, samples)


class Numbers(Collector):
    """Numbers that were collected already."""

    def __init__(self, metrics: Iterable[Metric]) -> None:
        self._metrics = list(metrics)

    def collect(self) -> Iterator[Metric]:
        """Yield them."""
        yield from self._metrics


@dataclass(frozen=True, slots=True)
class Siblings:
    """The processes that meet in *folder*, each under its *place*; this one has *place*, from 1."""

    folder: Path
    place: int

    @asynccontextmanager
    async def telling(self, collect: Collect) -> AsyncIterator[None]:
        """Tell the others the numbers of this process for the length of a ``with`` block."""

        async def tell(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                writer.write(msgspec.msgpack.encode([Told.of(each) for each in collect()]))
                await writer.drain()
            except OSError:
                pass  # whoever asked has gone
            finally:
                writer.close()

        path = self._path(self.place)
        path.unlink(missing_ok=True)  # of one that was killed
        server = await asyncio.start_unix_server(tell, path)
        try:
            yield
        finally:
            server.close()
            path.unlink(missing_ok=True)

    async def gathered(self, own: Iterable[Metric], shared: tuple[str, ...]) -> Numbers:
        """Return *own* numbers beside the others', each labelled by its process.

        Names that begin with one of *shared* tell the same in all of them: they are this process's own, unlabelled.
        """
        others = await asyncio.gather(*(self._told(place) for place in self._places()))
        told = {place: each for place, each in others if each is not None}
        own = list(own)
        told[self.place] = [Told.of(each) for each in own if not each.name.startswith(shared)]
        return Numbers([*merged(told, shared), *(each for each in own if each.name.startswith(shared))])

    def _path(self, place: int) -> Path:
        return self.folder / f"{place}{_ENDING}"

    def _places(self) -> list[int]:
        """Return the places of the others that tell their numbers."""
        found = (int(path.stem) for path in self.folder.glob(f"*{_ENDING}"))
        return sorted(place for place in found if place != self.place)

    async def _told(self, place: int) -> tuple[int, list[Told] | None]:
        """Return what the process at *place* tells; None where it cannot."""
        try:
            async with asyncio.timeout(SECONDS):
                reader, writer = await asyncio.open_unix_connection(self._path(place))
                try:
                    return place, msgspec.msgpack.decode(await reader.read(), type=list[Told])
                finally:
                    writer.close()
        except (OSError, msgspec.DecodeError):  # a TimeoutError is an OSError
            return place, None


def merged(told: dict[int, list[Told]], shared: tuple[str, ...]) -> Iterator[Metric]:
    """Yield what the processes told, each name once with the samples of all of them, and how many they are."""
    families: dict[str, Metric] = {}
    for place, numbers in sorted(told.items()):
        for each in numbers:
            if each.name.startswith(shared):
                continue
            family = families.setdefault(each.name, Metric(each.name, each.words, each.kind))
            for name, labels, value in each.samples:
                family.add_sample(name, {LABEL: str(place), **labels}, value)
    yield from families.values()
    yield GaugeMetricFamily("harvest_gateway_processes", "Processes that told their numbers.", len(told))
