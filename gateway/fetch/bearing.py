"""Which failures a pass bears as those of one list or item alone, and which end it as the portal's own.

One source, run or record that cannot be had must not cost its neighbours; a portal that refuses everything must not be
asked on and on.
"""

from __future__ import annotations

from gateway.errors import PortalError, PortalRefused

FAILING = 3
"""So many answers in a row that cannot be had or read are the portal's matter, not one source's, job's or record's."""
UNTAKEN = 25
"""The same of addresses that are not taken: ids that no address holds well may lie side by side."""


class Bearing:
    """What one stream of a pass has borne; lists and items are told apart by whoever asks for them."""

    def __init__(self) -> None:
        self._row = 0
        self._shown = False
        self._refused: PortalRefused | None = None

    def shown(self) -> None:
        """Take in that a list or an item was shown, or that the portal said itself that it has none."""
        self._row = 0
        self._shown = True

    def bear(self, error: PortalError, *, most: int = FAILING) -> None:
        """Take *error* for one list's or item's own; raise it as the *most*-th failure in a row."""
        self._row += 1
        if self._row >= most:
            raise error

    def refuse(self, error: PortalRefused, *, most: int = FAILING) -> None:
        """Take a refusal for one list's or item's own as ``bear`` does, unless nothing else comes of its stream."""
        self._refused = error
        self.bear(error, most=most)

    def settle(self) -> None:
        """End a stream: raise PortalRefused where all that was asked for in it was refused."""
        refused, shown = self._refused, self._shown
        self._refused, self._shown = None, False
        if refused is not None and not shown:
            raise refused
