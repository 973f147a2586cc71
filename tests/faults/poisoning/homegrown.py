"""Our own list of what is nearly JSON, and of strings that break programs."""

from __future__ import annotations

_VALUES = (
    *(
        "0",
        "-0",
        "-",
        "+1",
        "01",
        "1.",
        ".5",
        "1e",
        "1e+",
        "1E400",
        "-1e400",
        "1e-400",
        "0x10",
        "1_000",
        "\uff11",
    ),
    *("NaN", "Infinity", "-Infinity", "nan", "null", "nul", "Null", "true", "True", "undefined", "None", ""),
    *('""', '"', "''", "'a'", '"a', 'a"', '"\\', '"\\x"', '"\\u12"', '"\\u00e"', '"\\ud800"', '"\\udc00"'),
    *('"\\ud83d\\ude00"', '"\\ude00\\ud83d"', '"\\u0000"', '"\\u2028"', '"\t"', '"\n"', '"\x01"', '"\x7f"'),
    *("[]", "[", "]", "[,]", "[1,]", "[1 2]", "[1,,2]", "[[]", "[]]", "[1]]", "{}", "{", "}", "{,}", "{]"),
    *(
        '{"a"}',
        '{"a":}',
        '{"a":1,}',
        "{a:1}",
        "{'a':1}",
        '{"a" 1}',
        '{"a":1 "b":2}',
        '{"a":1,"a":2}',
        "{1:1}",
    ),
    *("// a\n1", "/* a */ 1", "1 2", "1\x00", "\x001", "\ufeff1", "1\u00a0", "\u20601", " 1 ", "\r\n\t1"),
    *("99999999999999999999999999999999", "-9223372036854775809", "18446744073709551616", "4" * 5000),
    *("[" * 101 + "]" * 101, "[" * 5000, '{"a":' * 5000, "[" * 90 + "]" * 90, '{"a":' * 99 + "1" + "}" * 99),
)
_BYTES = (
    *(b"\xff", b"\xfe\xff", b'"\xff"', b'"\xc3"', b'"\xc0\x80"', b'"\xed\xa0\x80"', b'"\xf4\x90\x80\x80"'),
    *(
        b'"\xe9t\xe9"',
        b'{"\xff": 1}',
        b"\x1f\x8b\x08",
        b"PK\x03\x04",
        b"<html>",
        b"<?xml version='1.0'?><a/>",
    ),
)
_STRINGS = (
    *(
        "",
        " ",
        "\t",
        "\0",
        "a\0b",
        "\0" * 10,
        "\ufeff",
        "\ufffe",
        "\uffff",
        "\u202e",
        "\u200b",
        "\u2028",
        "\x7f",
    ),
    *(
        "null",
        "None",
        "undefined",
        "NaN",
        "true",
        "0",
        "-1",
        "1e999",
        "1/0",
        "0x0",
        "\\",
        "\\0",
        "\\u0000",
        "%00",
    ),
    *(
        "'",
        '"',
        "`",
        ";",
        "--",
        "'; DROP TABLE event; --",
        "' OR 1=1 --",
        "$1",
        "%s",
        "{}",
        "${x}",
        "{{7*7}}",
    ),
    *(
        "<script>",
        "&lt;",
        "../../etc/passwd",
        "/dev/null",
        "CON",
        "~",
        "/",
        "//",
        "a/b",
        "a~1b",
        "#",
        "?",
        "*",
    ),
    *(
        "Ω≈ç√∫µ≤≥÷",
        "田中さん",
        "\U0001f469\u200d\U0001f9b0",
        "\U000e0001",
        "\u0130\u0131Sß",
        "e\u0301",
        "ﷺ" * 50,
        "Z͑ͫ̓a̴l̡g̨o̢",
    ),
    *("a" * 300, "a" * 3000, "é" * 9000, "word " * 4000, "a" * 70_000, "\U0001f600" * 1500),
    *(
        "2026-13-45",
        "0000-00-00",
        "9999-12-31T23:59:60Z",
        "Sat, 31 Feb 2026 00:00:00 GMT",
        "10000-01-01",
        "-1-1-1",
    ),
    *("\ud800", "\udfff", "a\ud83d", "\udc00\ud800"),
)


def texts() -> list[bytes]:
    """Return texts that are JSON, or nearly, and their like inside of arrays and objects."""
    plain = [value.encode("utf-8", "surrogatepass") for value in _VALUES] + list(_BYTES)
    held = [form % value for value in plain for form in (b"[%s]", b'{"a": %s}', b'{"id": %s}')]
    return [*plain, *held, *(text.encode("utf-16") for text in ('{"a": 1}', "[]"))]


def strings() -> list[str]:
    """Return strings that break programs."""
    return list(_STRINGS)
