"""Persisted documents: those that are asked for by name or by the SHA-256 of their text."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256

import msgspec

from harvest_graphql.problems import Code
from harvest_graphql.serving.refusals import Unusable

_PREFIX = "sha256:"


def digest(text: str) -> str:
    """Return the SHA-256 of a document's text in UTF-8, in lower-case hex."""
    return sha256(text.encode()).hexdigest()


def manifest(documents: Mapping[str, str]) -> str:
    """Return the manifest of *documents* (text by name): a JSON array of their names and hashes, sorted."""
    rows = [{"name": name, "sha256": digest(text)} for name, text in sorted(documents.items())]
    return msgspec.json.format(msgspec.json.encode(rows), indent=2).decode() + "\n"


class Documents:
    """The documents (text by name) that can be asked for by id; *trusted*: no other may be run."""

    def __init__(self, documents: Mapping[str, str], *, trusted: bool = False) -> None:
        hashes = {digest(text): text for text in documents.values()}
        self._by_id = {**{f"{_PREFIX}{each}": text for each, text in hashes.items()}, **hashes, **documents}
        self._texts = frozenset(documents.values())
        self._trusted = trusted

    def has(self, text: str) -> bool:
        """Return whether *text* is that of one of them, to the letter."""
        return text in self._texts

    def text(self, query: str | None, document_id: str | None) -> str:
        """Return the text to run; Unusable for an unknown id, or a text that is not trusted.

        The very text of a trusted document is as good as its id.
        """
        if document_id is not None:
            return self._known(document_id)
        assert query is not None, "a request has the one or the other"
        if self._trusted and not self.has(query):
            words = "Only trusted documents are run here: ask for one by `documentId`."
            raise Unusable(403, words, code=Code.DOCUMENT_NOT_TRUSTED)
        return query

    def _known(self, document_id: str) -> str:
        prefix = document_id[: len(_PREFIX)].lower()
        found = self._by_id.get(document_id.lower() if prefix == _PREFIX else document_id)
        if found is None:
            words = "There is no document of this id: use a name or `sha256:` and the hash of its whole text."
            raise Unusable(400, words, code=Code.DOCUMENT_NOT_FOUND)
        return found
