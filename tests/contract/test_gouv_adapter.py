from __future__ import annotations

from typing import ClassVar

from adapters.data_gouv_fr import ADAPTER
from adapters.data_gouv_fr.sandbox import SANDBOX
from gateway.ports import Adapter
from gateway.sandbox.portal import SandboxPortal
from gateway.testing import AdapterContract


class TestDataGouvFr(AdapterContract):
    adapter: ClassVar[Adapter] = ADAPTER
    sandbox: ClassVar[SandboxPortal] = SANDBOX


class TestUdata16(TestDataGouvFr):
    dialect: ClassVar[str] = "v16"


class TestUdata9(TestDataGouvFr):
    dialect: ClassVar[str] = "v9"
