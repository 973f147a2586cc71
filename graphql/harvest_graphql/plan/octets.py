"""Bytes that may be anything, as text: no statement fails for what a portal sent."""

from __future__ import annotations


def utf8_text(octets: str) -> str:
    """Return the SQL of the text whose UTF-8 are the bytes *octets*: null where they are none. NUL is U+FFFD."""
    return f"octets_text({octets})"


def json_of(text: str) -> str:
    """Return the SQL of a text as JSON text, the word null where it is none. An escaped NUL is U+FFFD."""
    clean = (
        f"CASE WHEN position('\\u0000' IN {text}) > 0 THEN"
        f" regexp_replace({text}, '(?<!\\\\)((?:\\\\\\\\)*)\\\\u0000', '\\1\\\\ufffd', 'g') ELSE {text} END"
    )
    return f"coalesce(text_json({clean})::text, 'null')"
