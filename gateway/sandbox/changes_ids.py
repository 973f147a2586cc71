"""Ids of the Data.gov-style world: UUIDs (version 4) that depend on the seed and that can be read back."""

from __future__ import annotations

from hashlib import blake2b


class Ids:
    """The UUIDs of one kind of row: ``of`` makes one of a number, ``index`` finds the number again.

    The last ten bytes are a fingerprint of the number, the first six are the number under a pad that the
    fingerprint gives: no table is needed in either direction.
    """

    def __init__(self, seed: int, kind: str) -> None:
        self._mark = blake2b(f"{seed}/{kind}/mark/".encode(), digest_size=10)
        self._pad = blake2b(f"{seed}/{kind}/pad/".encode(), digest_size=6)

    def of(self, number: int) -> str:
        """Return the UUID of *number* (0 to 2**48 - 1)."""
        mark = self._mark.copy()
        mark.update(b"%d" % number)
        tail = bytearray(mark.digest())
        tail[0] = tail[0] & 0x0F | 0x40
        tail[2] = tail[2] & 0x3F | 0x80
        head = (number ^ self._padding(tail)).to_bytes(6, "big").hex()
        rest = tail.hex()
        return f"{head[:8]}-{head[8:]}-{rest[:4]}-{rest[4:8]}-{rest[8:]}"

    def index(self, text: str) -> int | None:
        """Return the number of a UUID of this kind, None for every other text."""
        digits = text.replace("-", "")
        try:
            head, tail = int(digits[:12], 16), bytes.fromhex(digits[12:])
        except ValueError:
            return None
        number = head ^ self._padding(tail)
        return number if self.of(number) == text else None

    def _padding(self, tail: bytes | bytearray) -> int:
        pad = self._pad.copy()
        pad.update(tail)
        return int.from_bytes(pad.digest(), "big")
