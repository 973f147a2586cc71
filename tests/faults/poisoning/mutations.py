"""Poison: elements of a portal with something in them that no portal should send."""

from __future__ import annotations

import json
from collections.abc import Callable
from random import Random
from typing import Any

from faults.poisoning.suites import Suites

from gateway.testing import garbage

Element = dict[str, Any]
_HERE = "@@poison@@"
_MARK = json.dumps(_HERE).encode()


class Poisoner:
    """Makes poison of real-shaped elements."""

    def __init__(self, dice: Random, suites: Suites) -> None:
        self._dice = dice
        self._suites = suites
        noise = "".join(dice.choices("abcdefghijklmnopqrstuvwxyz0123456789-", k=301_000))
        words = " ".join(f"w{dice.randrange(10**6)}" for _ in range(45_000))
        self._long_texts = ("a" * 301_000, noise, words)
        self._ways: tuple[tuple[Callable[[Element], bytes], int], ...] = (
            (self._string, 6),
            (self._text_inside, 4),
            (self._text_alone, 2),
            (self._value, 4),
            (self._bytes, 4),
            (self._nested, 1),
            (self._number, 1),
            (self._twice, 1),
            (self._long, 1),
            (self._wide, 1),
            (self._missing, 1),
        )

    def poison(self, element: Element) -> bytes:
        """Return the bytes of *element*, or of what stands in its place."""
        (way,) = self._dice.choices([way for way, _ in self._ways], [weight for _, weight in self._ways])
        return way(element)

    def page(self, good: bytes) -> bytes:
        """Return the bytes of a page that should be *good*."""
        kind = self._dice.randrange(4)
        if kind == 0:
            return self._dice.choice(self._suites.texts)
        if kind == 1:
            return self._dice.choice((b"\xef\xbb\xbf" + good, _in_utf16(good), good + good, good[::-1]))
        return self._broken(good)

    def _path(self, element: Element) -> tuple[Any, ...]:
        return self._dice.choice(list(garbage.paths(element)))

    def _string(self, element: Element) -> bytes:
        changed = garbage.with_value(element, self._path(element), self._dice.choice(self._suites.strings))
        if self._dice.random() < 0.5:
            return json.dumps(changed).encode()
        return json.dumps(changed, ensure_ascii=False).encode("utf-8", "surrogatepass")

    def _text_inside(self, element: Element) -> bytes:
        return self._with(element, self._dice.choice(self._suites.texts))

    def _text_alone(self, _: Element) -> bytes:
        return self._dice.choice(self._suites.texts)

    def _value(self, element: Element) -> bytes:
        value = self._dice.choice(garbage.VALUES)
        return json.dumps(garbage.with_value(element, self._path(element), value)).encode()

    def _missing(self, element: Element) -> bytes:
        return json.dumps(garbage.without(element, self._path(element))).encode()

    def _bytes(self, element: Element) -> bytes:
        return self._broken(json.dumps(element, ensure_ascii=self._dice.random() < 0.5).encode())

    def _nested(self, element: Element) -> bytes:
        depth = self._dice.choice((50, 97, 98, 99, 100, 101, 500, 1001, 5000))
        opened, closed = self._dice.choice(((b"[", b"]"), (b'{"a":', b"}")))
        return self._with(element, opened * depth + b"1" + closed * depth)

    def _number(self, element: Element) -> bytes:
        digits = b"9" * self._dice.choice((9, 10, 19, 20, 40, 300, 310, 4300, 4301, 20_000))
        form = self._dice.choice((b"%s", b"-%s", b"%s.5", b"0.%s", b"1e%s", b"-1E-%s"))
        return self._with(element, form % digits)

    def _twice(self, element: Element) -> bytes:
        """Return the element with a key in it twice."""
        key = self._dice.choice(list(element))
        value = json.dumps(self._dice.choice(garbage.VALUES)).encode()
        whole = json.dumps(element).encode()
        return b"{%s:%s,%s" % (json.dumps(key).encode(), value, whole[1:])

    def _long(self, element: Element) -> bytes:
        """Return the element with a very long text in it, which compresses badly or well."""
        length = self._dice.choice((2000, 2700, 9000, 70_000, 300_000))
        start = self._dice.randrange(1000)
        text = self._dice.choice(self._long_texts)[start : start + length]
        return json.dumps(garbage.with_value(element, self._path(element), text)).encode()

    def _wide(self, element: Element) -> bytes:
        """Return the element with very many keys, or a list of very many values, in it."""
        many = self._dice.choice((300, 3000))
        names = {f"key {n} {self._dice.random()}": n for n in range(many)}
        wide: Any = self._dice.choice((names, list(names), [names] * 3))
        return json.dumps(garbage.with_value(element, self._path(element), wide)).encode()

    def _with(self, element: Element, text: bytes) -> bytes:
        """Return the element with *text* for one of its values."""
        marked = json.dumps(garbage.with_value(element, self._path(element), _HERE)).encode()
        return marked.replace(_MARK, text, 1)

    def _broken(self, whole: bytes) -> bytes:
        """Return *whole* with a few of its bytes changed, taken out, put in or doubled."""
        body = bytearray(whole)
        for _ in range(self._dice.choice((1, 1, 1, 2, 5))):
            at = self._dice.randrange(len(body) or 1)
            length = self._dice.choice((1, 1, 2, 8, 50))
            kind = self._dice.randrange(6)
            if kind == 0:
                body[at : at + 1] = bytes([self._dice.randrange(256)])
            elif kind == 1:
                del body[at : at + length]
            elif kind == 2:
                body[at:at] = self._dice.randbytes(length)
            elif kind == 3:
                body[at:at] = body[at : at + length]
            elif kind == 4:
                body[at:at] = self._dice.choice(
                    (b"\0", b"\\u0000", b"\\ud800", b"\xff", b"\xc3", b'"', b"\\", b"{")
                )
            else:
                del body[at:]
        return bytes(body)


def _in_utf16(body: bytes) -> bytes:
    return body.decode("utf-8", "replace").encode("utf-16")
