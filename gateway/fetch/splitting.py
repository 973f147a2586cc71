"""Takes one array out of a JSON object that is too large for memory, an element at a time.

Only the structure is read: brackets, strings, separators. What an element holds is for its reader to judge.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import BinaryIO

import msgspec

from gateway.fetch import decode
from gateway.fetch.decode import NotJsonError, WrongShapeError

BLOCK = 256 * 1024
"""Bytes that are read at a time."""
DEEPEST = 1000
"""Nesting of a value beyond which the whole is refused; what readers take ends at ``decode.MAX_DEPTH``."""

_SPACE = re.compile(rb"[ \t\n\r]*")
_SCALAR = re.compile(rb'[^\x00-\x20"\[\]{}:,]*')
_TEXT = re.compile(rb'[^"\\]*(?:\\.[^"\\]*)*', re.DOTALL)
"""What may follow a string's first quote, up to its last."""
_BETWEEN = re.compile(rb'[^"\[\]{}]*(?:"[^"\\]*(?:\\.[^"\\]*)*"[^"\[\]{}]*)*', re.DOTALL)
"""Everything up to the next bracket, or to a string whose end is not read yet."""
_QUOTE, _COMMA, _COLON, _ARRAY, _ARRAY_END, _OBJECT, _OBJECT_END = b'",:[]{}'
_ENDS = {_ARRAY: _ARRAY_END, _OBJECT: _OBJECT_END}
_BEGINS_A_VALUE = b'["-0123456789tfn'


class Members:
    """The elements of the array that the JSON object in *file* has at *key*: their exact bytes, in order, once.

    Iteration raises NotJsonError where the object is cut short or broken, WrongShapeError where the file holds
    something else or the key twice. Beside one element and one *block* only the other members are in memory.
    """

    def __init__(self, file: BinaryIO, key: str, *, block: int = BLOCK) -> None:
        self.rest = b""
        """After the last element: the object without that member, each value byte for byte, no space between."""
        self.found = False
        """After the last element: whether the member was there and an array."""
        self._key = key
        self._text = _Text(file, block)

    def __iter__(self) -> Iterator[bytes]:
        """Yield the exact bytes of each element."""
        text, others, there = self._text, dict[str, bytes](), False
        self._begin()
        for _ in text.parts(_OBJECT_END):
            name = text.name()
            if name != self._key:
                others[name] = text.value()
                continue
            if there:
                raise WrongShapeError(f"there are two `{name}`")
            there = True
            if text.peek() != _ARRAY:
                text.value()
                continue
            self.found = True
            text.take()
            for _ in text.parts(_ARRAY_END):
                yield text.value()
        text.end()
        self.rest = _written(others)

    def _begin(self) -> None:
        first = self._text.take()
        if first in _BEGINS_A_VALUE:
            raise WrongShapeError("it is no object")
        if first != _OBJECT:
            raise NotJsonError("it does not begin as JSON")


class _Text:
    """The text of a file, of which only what is being read is in memory."""

    def __init__(self, file: BinaryIO, block: int) -> None:
        self._file = file
        self._block = block
        self._held = bytearray()
        self._at = 0

    def peek(self) -> int:
        """Return the next byte that is no white space."""
        self._at = self._past(_SPACE, self._at)
        return self._held[self._at]

    def take(self) -> int:
        """Return the next byte that is no white space, and go past it."""
        byte = self.peek()
        self._at += 1
        return byte

    def parts(self, end: int) -> Iterator[None]:
        """Stand before each part of an array or object, up to and past its *end*."""
        if self.peek() == end:
            self.take()
            return
        while True:
            yield
            follows = self.take()
            if follows == end:
                return
            if follows != _COMMA:
                raise NotJsonError("a comma is missing")

    def name(self) -> str:
        """Return a member's name, and go past its colon."""
        if self.peek() != _QUOTE:
            raise NotJsonError("a member has no name")
        name: str = decode.value(self.value())
        if self.take() != _COLON:
            raise NotJsonError("a colon is missing")
        return name

    def value(self) -> bytes:
        """Return the exact bytes of the next value, and go past it."""
        first = self.peek()
        self._forget()
        if first == _QUOTE:
            end = self._past_string(self._at + 1)
        elif first in _ENDS:
            end = self._past_brackets(self._at)
        else:
            end = self._past(_SCALAR, self._at)
        if end == self._at:
            raise NotJsonError("a value is missing")
        value = bytes(self._held[self._at : end])
        self._at = end
        return value

    def end(self) -> None:
        """Read to the end, where nothing but white space may be."""
        while True:
            self._at = _end(_SPACE, self._held, self._at)
            if self._at < len(self._held):
                raise NotJsonError("something follows the object")
            self._forget()
            if not self._more():
                return

    def _past_brackets(self, at: int) -> int:
        """Return where the array or object ends that begins at *at*."""
        ends = bytearray()
        while True:
            at = self._past(_BETWEEN, at)
            byte = self._held[at]
            at += 1
            if byte == _QUOTE:
                at = self._past_string(at)
            elif byte in _ENDS:
                if len(ends) == DEEPEST:
                    raise NotJsonError(f"nested deeper than {DEEPEST}")
                ends.append(_ENDS[byte])
            elif byte != ends.pop():
                raise NotJsonError("brackets do not match")
            elif not ends:
                return at

    def _past_string(self, at: int) -> int:
        """Return where the string ends whose text goes on at *at*."""
        while True:
            at = self._past(_TEXT, at)
            if self._held[at] == _QUOTE:
                return at + 1
            self._need()  # a backslash, cut off from what it escapes

    def _past(self, run: re.Pattern[bytes], at: int) -> int:
        """Return where *run* stops that goes on at *at*: always before a byte that is held."""
        while True:
            at = _end(run, self._held, at)
            if at < len(self._held):
                return at
            self._need()

    def _need(self) -> None:
        if not self._more():
            raise NotJsonError("it ends too early")

    def _more(self) -> bool:
        block = self._file.read(self._block)
        self._held += block
        return bool(block)

    def _forget(self) -> None:
        """Let go of what has been read, now and then: what remains has to be moved."""
        if self._at >= self._block:
            del self._held[: self._at]
            self._at = 0


def without(body: bytes, key: str) -> bytes:
    """Return the JSON object *body* without one member, as ``Members.rest``; DecodeError where it is none."""
    return _written({name: value for name, value in decode.members(body).items() if name != key})


def _written(members: Mapping[str, bytes]) -> bytes:
    parts = (msgspec.json.encode(name) + b":" + value for name, value in members.items())
    return b"{" + b",".join(parts) + b"}"


def _end(run: re.Pattern[bytes], text: bytearray, at: int) -> int:
    """Return where *run*, which may be empty, stops."""
    found = run.match(text, at)
    return at if found is None else found.end()
