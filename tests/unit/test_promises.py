"""A schema breaks nothing in silence: what the changelog does not name fails the check."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.cli.releases import check, keep
from gateway.errors import GatewayError, UsageError
from gateway.resources import schema_file
from harvest_graphql.promises import between

OLD = """
directive @odd(way: Int) on FIELD
scalar Span
interface Thing { id: ID! }
type Query { thing(id: ID!, kind: Kind = RED): Job things(first: Int): [Job] any: Any }
type Job implements Thing { id: ID! name: String span: Span state: Kind! }
type Other { id: ID }
union Any = Job | Other
enum Kind { RED GREEN }
input Wanted { name: String }
"""
BREAKING = [
    ("scalar Span", "", "Span", ("span: Span", "span: String")),
    ("name: String span", "span", "Job.name", None),
    ("state: Kind!", "state: Kind", "Job.state", None),
    ("things(first: Int)", "things", "Query.things(first:)", None),
    ("things(first: Int)", "things(first: Int!)", "Query.things(first:)", None),
    ("things(first: Int)", "things(first: Int, by: Int!)", "Query.things(by:)", None),
    ("RED GREEN", "RED", "Kind.GREEN", None),
    ("input Wanted { name: String }", "input Wanted { name: String! }", "Wanted.name", None),
    ("input Wanted { name: String }", "input Wanted { name: String size: Int! }", "Wanted.size", None),
    ("Job implements Thing", "Job", "Job", None),
    ("Job | Other", "Job", "Any", None),
    ("directive @odd(way: Int) on FIELD", "", "@odd", None),
    ("@odd(way: Int) on FIELD", "@odd on FIELD", "@odd(way:)", None),
    ("on FIELD\n", "on QUERY\n", "@odd", None),
]


@pytest.mark.parametrize(("what", "instead", "coordinate", "also"), BREAKING)
def test_what_is_broken_has_a_coordinate(
    what: str, instead: str, coordinate: str, also: tuple[str, str] | None
) -> None:
    new = OLD.replace(what, instead, 1).replace(*also or ("", ""), 1)
    assert new != OLD
    found = between(OLD, new)
    assert coordinate in {change.coordinate for change in found.broken}
    named = "".join(f"* `{change.coordinate}` is gone\n" for change in found.broken)
    assert found.unnamed(f"# Changelog\n\n## Unreleased\n\n{named}\n## 0.1.0\n") == []
    assert found.unnamed(f"# Changelog\n\n## Unreleased\n\n## 0.1.0\n{named}") == list(found.broken)
    assert found.unnamed("") == list(found.broken)


@pytest.mark.parametrize(
    ("what", "instead", "coordinate"),
    [
        ("RED GREEN", "RED GREEN BLUE", "Kind.BLUE"),
        ("kind: Kind = RED", "kind: Kind = GREEN", "Query.thing(kind:)"),
        ("{ name: String }", "{ name: String size: Int }", "Wanted.size"),
    ],
)
def test_what_may_surprise_breaks_nothing(what: str, instead: str, coordinate: str) -> None:
    found = between(OLD, OLD.replace(what, instead))
    assert found.broken == ()
    assert [change.coordinate for change in found.risky] == [coordinate]


def test_what_is_new_surprises_nobody() -> None:
    found = between(OLD, OLD.replace("type Other {", "type More { a: Int }\ntype Other { more: More "))
    assert (found.broken, found.risky) == ((), ())


@pytest.fixture
def schema(tmp_path: Path) -> Path:
    """Return where the schema of a checkout is, whose changelog names one thing."""
    file = tmp_path / "graphql" / "schema.graphql"
    file.parent.mkdir()
    (tmp_path / "CHANGELOG.md").write_text("## Unreleased\n\n* `Job.name` is gone.\n\n## 0.1.0\n", "utf-8")
    return file


def test_before_a_release_nothing_can_be_broken(schema: Path) -> None:
    assert check(schema, OLD) == ["No schema was released yet: nothing can be broken."]


def test_a_named_break_passes_and_a_silent_one_fails(schema: Path) -> None:
    keep(schema, "0.2.0", OLD)
    assert check(schema, OLD) == ["The schema keeps what 0.2.0 promised."]
    said = check(schema, OLD.replace("name: String span", "span"))
    assert said == [
        "Broken, and the changelog says so: Field Job.name was removed.",
        "The schema breaks 0.2.0 where the changelog says so alone.",
    ]
    with pytest.raises(GatewayError, match=r"0\.2\.0 promised: Enum value Kind\.GREEN was removed") as raised:
        check(schema, OLD.replace("RED GREEN", "RED").replace("name: String span", "span"))
    assert "Job.name" not in raised.value.message
    assert "`Kind.GREEN`" in raised.value.hint
    assert raised.value.exit_code == 1


def test_a_risk_is_a_warning(schema: Path) -> None:
    keep(schema, "0.2.0", OLD)
    first, last = check(schema, OLD.replace("RED GREEN", "RED GREEN BLUE"))
    assert first == "Warning: may surprise clients of 0.2.0: Enum value Kind.BLUE was added."
    assert last == "The schema keeps what 0.2.0 promised."


def test_the_newest_release_counts(schema: Path) -> None:
    keep(schema, "0.9.0", OLD.replace("RED GREEN", "RED GREEN BLUE"))
    keep(schema, "0.10.0", OLD)
    (schema.parent / "released" / "draft.graphql").write_text("nonsense", "utf-8")
    assert check(schema, OLD) == ["The schema keeps what 0.10.0 promised."]


def test_a_release_is_not_rewritten(schema: Path) -> None:
    assert keep(schema, "1.0.0", OLD).read_text("utf-8") == OLD
    keep(schema, "1.0.0", OLD)
    with pytest.raises(UsageError, match="released with another schema"):
        keep(schema, "1.0.0", OLD + "scalar More\n")
    for version in ("1.0", "v1.0.0", "../1.0.0", ""):
        with pytest.raises(UsageError, match="is no version"):
            keep(schema, version, OLD)


def test_the_schema_keeps_what_was_released() -> None:
    """As `gateway schema --check` has it."""
    assert check(schema_file(), schema_file().read_text("utf-8"))[-1].startswith("The schema ")
