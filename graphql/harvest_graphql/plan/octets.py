"""Bytes that may be anything, as text: no statement fails for what a portal sent."""

from __future__ import annotations

_UNSAFE = "é\"' || " + " || ".join(f"chr({code})" for code in range(1, 32)) + " || '"
_PAIR = r"'\\'"
_NUL = r"'\000', '\357\277\275'"


def utf8_text(octets: str) -> str:
    """Return the SQL of the text whose UTF-8 are the bytes *octets*: null where they are none. NUL is U+FFFD.

    ``convert_from`` ends a statement that it cannot serve, so ``document_member`` is asked first, which does not:
    for the member beside the bytes, which are nearly always JSON; else for the member beside a string of them.
    """
    json = f"""document_member('{{"t":'::bytea || {octets} || ',"ok":1}}'::bytea, 'ok')"""
    return f"(SELECT CASE WHEN {json} IS NOT NULL THEN convert_from({octets}, 'UTF8') ELSE {_any_text(octets)} END)"


def _any_text(octets: str) -> str:
    """Return the SQL of the same text of bytes that are no JSON: half a second for a million of them.

    In the string that ``document_member`` reads, what no JSON string holds as it stands is an x.
    ``encode(…, 'escape')`` is plain ASCII: a backslash is a pair of them, NUL and what is not ASCII three digits
    after one. The pairs are an é until the digits of NUL have been replaced.
    """
    plain = f"replace(replace(encode({octets}, 'escape'), {_PAIR}, 'é'), {_NUL})"
    string = f"decode(translate(o.plain, '{_UNSAFE}', repeat('x', 33)), 'escape')"
    valid = f"""document_member('{{"t":"'::bytea || {string} || '","ok":1}}'::bytea, 'ok')"""
    text = f"convert_from(decode(replace(o.plain, 'é', {_PAIR}), 'escape'), 'UTF8')"
    return f"(SELECT CASE WHEN {valid} IS NOT NULL THEN {text} END FROM (SELECT {plain} AS plain OFFSET 0) o)"


def json_of(text: str) -> str:
    """Return the SQL of a text as JSON text, the word null where it is none. An escaped NUL is U+FFFD."""
    clean = (
        f"CASE WHEN position('\\u0000' IN {text}) > 0 THEN"
        f" regexp_replace({text}, '(?<!\\\\)((?:\\\\\\\\)*)\\\\u0000', '\\1\\\\ufffd', 'g') ELSE {text} END"
    )
    return f"coalesce(text_json({clean})::text, 'null')"
