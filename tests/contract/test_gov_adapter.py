"""Data.gov's adapter keeps the contract of adapters, before its own sandbox."""

from __future__ import annotations

from typing import ClassVar

from adapters.data_gov import ADAPTER
from adapters.data_gov.sandbox import SANDBOX
from gateway.ports import Adapter
from gateway.sandbox.portal import SandboxPortal
from gateway.testing import AdapterContract


class TestDataGov(AdapterContract):
    adapter: ClassVar[Adapter] = ADAPTER
    sandbox: ClassVar[SandboxPortal] = SANDBOX
