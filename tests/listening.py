"""A gateway that serves for the length of a ``with`` block."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from gateway.compose import Gateway


@asynccontextmanager
async def listening(gateway: Gateway) -> AsyncIterator[str]:
    """Serve *gateway* on a port that the system picks; yield its address."""
    stop, address = asyncio.Event(), asyncio.get_running_loop().create_future()
    task = asyncio.ensure_future(gateway.serve(host="127.0.0.1", port=0, stop=stop, ready=address.set_result))
    try:
        yield await address
    finally:
        stop.set()
        await task
