"""What an adapter's tests are made of: the contract that every adapter keeps, and fakes to keep it with.

Subclass ``AdapterContract`` in a test module; ask pytest to rewrite the assertions of ``gateway.testing`` with
``pytest.register_assert_rewrite("gateway.testing")`` before it is imported.
"""

from __future__ import annotations

from gateway.testing.contract import AdapterContract
from gateway.testing.fake_portal import FakePortal, Reply, Request
from gateway.testing.harvest import Interrupted, client_for, harvest, portal_for
from gateway.testing.memory import MemoryKnown

__all__ = [
    "AdapterContract",
    "FakePortal",
    "Interrupted",
    "MemoryKnown",
    "Reply",
    "Request",
    "client_for",
    "harvest",
    "portal_for",
]
