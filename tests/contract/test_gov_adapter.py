"""Data.gov's adapter keeps the contract of adapters, before its own sandbox, in each dialect of it."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any, ClassVar

from adapters.data_gov import ADAPTER
from adapters.data_gov.sandbox import SANDBOX
from adapters.data_gov.sandbox_gateway import OPEN_KEY
from gateway.ports import Adapter, Scope
from gateway.sandbox.portal import SandboxPortal
from gateway.testing import AdapterContract, Interrupted, MemoryKnown

STREAMS = ("organizations", "sources", "jobs", "errors", "records")
STOPS = {"jobs": 30, "errors": 20, "records": 500}
"""After so many pages of a stream a pass is stopped."""


class TestDataGov(AdapterContract):
    adapter: ClassVar[Adapter] = ADAPTER
    sandbox: ClassVar[SandboxPortal] = SANDBOX


class TestGateway(TestDataGov):
    dialect: ClassVar[str] = "gateway"
    settings: ClassVar[Mapping[str, Any]] = {"api_key": OPEN_KEY}

    async def documents(self) -> MemoryKnown:
        """Return a few: they are the real wire's, which ``TestDataGov`` reads."""
        async with self.bench() as bench:
            return await bench.loaded(wanted=_reference)


class TestDocumented(TestDataGov):
    """Which records can be read depends on which errors were: where the contract reads a few scopes, this reads all."""

    dialect: ClassVar[str] = "documented"
    settings: ClassVar[Mapping[str, Any]] = {"api_key": OPEN_KEY}

    async def test_a_pass_that_is_stopped_after_any_page_goes_on(self) -> None:
        """A pass that goes on ends with what an unbroken one brings, and asks again only for what it was asking."""
        async with self.bench() as bench:
            whole = await bench.loaded()
            asked = {document.fetch.endpoint for document in whole.documents.values()}
            before = 0
            for stream, pages in STOPS.items():
                again = bench.known()
                with suppress(Interrupted):
                    await bench.run(again, pages=before + pages)
                before += len({scope for scope in whole.brought if scope[0] == stream})
                await bench.run(again)
                assert _hashes(again) == _hashes(whole), stream
            assert len(bench.server.requests) < len(asked)

    async def test_passing_failures_change_nothing(self) -> None:
        """Failures that pass are tried again; the documents are the same."""
        async with self.bench() as bench:
            whole = await bench.loaded()
            kinds = ("status-500", "status-503", "429", "drop", "truncate")
            for kind, endpoint in zip(kinds, _endpoints(whole).values(), strict=True):
                bench.order(kind, endpoint)
            assert _hashes(await bench.loaded()) == _hashes(whole)

    async def test_a_poison_row_costs_no_neighbour(self) -> None:
        """A row that is none is a rejection; every other row of its list arrives. Records are in no list."""
        async with self.bench() as bench:
            known = await bench.loaded()
            for (stream, key), endpoint in _endpoints(known).items():
                if stream == "records":
                    continue
                whole = known.brought[stream, key]
                known.rejections.clear()
                bench.order("poison", endpoint)
                await bench.run(
                    known, wanted=lambda scope, stream=stream: scope.stream in {stream, "sources"}
                )
                assert len(known.rejections) == 1, endpoint
                assert len(whole) - len(known.brought[stream, key]) == 1, endpoint


def _reference(scope: Scope) -> bool:
    return scope.stream in {"organizations", "sources"}


def _hashes(known: MemoryKnown) -> dict[Any, bytes]:
    return {name: document.hash for name, document in known.documents.items()}


def _endpoints(known: MemoryKnown) -> dict[tuple[str, str], str]:
    """Return the endpoint of one scope of each stream that brought something."""
    found: dict[str, tuple[str, str]] = {}
    for scope, documents in known.brought.items():
        if documents:
            found.setdefault(scope[0], scope)
    return {scope: next(iter(known.brought[scope].values())).fetch.endpoint for scope in found.values()}
