"""Answers that are kept, until the data version moves, for callers with the same scopes alone.

The version that an answer is kept under is read before its statements are sent, and every commit that it counts could
be seen by then. So the answer's rows are of that version or newer, and a hit is at most fresher than what it is kept
under: also where several root fields were several statements, which each saw what was committed when they began. What
was committed meanwhile moves the version, and with it goes everything that is kept.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from sys import getsizeof
from typing import Any, NamedTuple, Protocol

import msgspec

from harvest_graphql.envelope import Answer, Data
from harvest_graphql.plan.cursors import Position
from harvest_graphql.visibility import ALL, Scopes

_SHARE = 16
"""One answer may take this part of the room; a larger one is not kept."""
_OVERHEAD = 600
"""About how many bytes an answer takes beside those of its texts; compressed, these take a quarter once more."""
_encode = msgspec.json.Encoder(order="sorted").encode


class Versions(Protocol):
    """Hears of commits: ``harvest_graphql.listening.Listener``."""

    @property
    def version(self) -> int | None:
        """The data version of now; None while nothing is heard."""
        ...

    @property
    def connections(self) -> int:
        """How many connections there have been."""
        ...


class Key(NamedTuple):
    """What two requests have in common whose answers are the same."""

    document: str
    operation_name: str | None
    variables: bytes
    """As JSON, their names sorted."""
    scopes: Scopes
    at: Position | None = None
    """Where a reader of events is by now."""
    most: int | None = None
    """How many of them it takes at most, whatever its operation says."""


class Moment(NamedTuple):
    """A state of the data: versions of two connections of the listener say nothing of each other."""

    connection: int
    version: int


class Question(NamedTuple):
    """A request, and what was known of the data when it came."""

    key: Key
    moment: Moment


class Kept(NamedTuple):
    """An answer that is kept."""

    key: Key
    data: Data


class Answers:
    """Keeps answers of *most* bytes together, those asked for last, while *versions* are heard; 0: none."""

    def __init__(self, most: int, versions: Versions | None) -> None:
        self._most = most
        self._versions = versions
        self._kept: OrderedDict[Key, Data] = OrderedDict()
        self._sent: dict[bytes, Key] = {}
        """What asked for some of them, without a key, by its bytes: each for one."""
        self._moment: Moment | None = None
        """The one that everything that is kept is of."""
        self._under_way: dict[Question, asyncio.Future[Answer | None]] = {}
        self.bytes = 0
        """How much room is taken."""
        self.hits = 0
        """How many requests were answered from here."""
        self.misses = 0
        """How many were not that could have been."""

    def __len__(self) -> int:
        return len(self._kept)

    @property
    def hears(self) -> bool:
        """Whether commits are heard of."""
        return self._now() is not None

    def question(
        self,
        document: str,
        operation_name: str | None,
        variables: Mapping[str, Any],
        scopes: Scopes,
        least: int = 0,
        at: Position | None = None,
        most: int | None = None,
    ) -> Question | None:
        """Return the request as it is known by here; None where nothing is kept now, or nothing like it.

        *least* is the data version that its answer must not be older than: one that is not heard of yet is read.
        """
        moment = self._now()
        if moment is None or not self._most or moment.version < least:
            return None
        try:
            written = _encode(variables) if variables else b""
        except (TypeError, ValueError, OverflowError, RecursionError):
            return None  # no JSON that Postgres could take
        return Question(Key(document, operation_name, written, scopes & ALL, at, most), moment)

    def find(self, question: Question, sent: bytes | None = None) -> Data | None:
        """Return what is kept for *question*, None where there is nothing; *sent* as in ``share``."""
        if self._moment != question.moment:
            self._clear(question.moment)
        found = self._kept.get(question.key)
        if found is not None:
            self.count(Kept(question.key, found))
            self._note(question.key, found, sent)
        return found

    def recall(self, sent: bytes) -> Kept | None:
        """Return what is kept for the bytes of a request without a key; ``count`` it where it is told.

        They were read once, at the same data version, and mean what they meant.
        """
        key, heard, moment = self._sent.get(sent), self._versions, self._moment
        if key is None or heard is None or moment is None:
            return None
        if heard.version != moment.version or heard.connections != moment.connection:
            return None
        return Kept(key, self._kept[key])

    def count(self, kept: Kept) -> None:
        """Count a request that was answered with what is *kept*."""
        self.hits += 1
        self._kept.move_to_end(kept.key)

    async def share(
        self, question: Question, run: Callable[[], Awaitable[Answer]], sent: bytes | None = None
    ) -> Answer:
        """Return what *run* answers to *question*, and keep it; one runs, who asks the same meanwhile waits for it.

        Where the one is cancelled, another of them runs. By *sent*, the bytes of the request, it is recalled.
        """
        self.misses += 1
        while (running := self._under_way.get(question)) is not None:
            answer = await asyncio.shield(running)
            if answer is not None:
                return answer
        mine = self._under_way[question] = asyncio.get_running_loop().create_future()
        told: Answer | None = None
        try:
            answer = told = await run()
        finally:
            del self._under_way[question]
            mine.set_result(told)
        if answer.held is not None:
            self._keep(question, answer.held, sent)
        return answer

    def _now(self) -> Moment | None:
        heard = self._versions
        if heard is None or heard.version is None:
            return None
        return Moment(heard.connections, heard.version)

    def _keep(self, question: Question, data: Data, sent: bytes | None) -> None:
        """Keep *data*, unless they may be older than what is known by now, or there is no room for them."""
        weight = _weight(question.key, data)
        if question.moment != self._now() or weight > self._most // _SHARE:
            return
        if self._moment != question.moment:
            self._clear(question.moment)
        if question.key in self._kept:
            return
        self._kept[question.key] = data
        self.bytes += weight
        self._note(question.key, data, sent)
        self._make_room()

    def _note(self, key: Key, data: Data, sent: bytes | None) -> None:
        """Note the bytes by which *data* can be recalled, the first that asked for them."""
        if sent is None or data.sent is not None or sent in self._sent or key.scopes:
            return
        data.sent = sent
        self._sent[sent] = key
        self.bytes += len(sent)

    def _make_room(self) -> None:
        while self.bytes > self._most:
            key, data = self._kept.popitem(last=False)
            self.bytes -= _weight(key, data)
            if data.sent is not None:
                del self._sent[data.sent]
                self.bytes -= len(data.sent)

    def _clear(self, moment: Moment) -> None:
        self._kept.clear()
        self._sent.clear()
        self.bytes = 0
        self._moment = moment


def _weight(key: Key, data: Data) -> int:
    texts = getsizeof(key.document) + getsizeof(key.operation_name) + len(key.variables)
    return _OVERHEAD + texts + len(data.json) * 5 // 4
