"""What pages are made of: operations and their variables, marked-up GraphQL, costs in words, policies."""

from __future__ import annotations

import json
from dataclasses import fields
from datetime import date

import pytest
from graphql import GraphQLInt, GraphQLString, OperationDefinitionNode, build_schema, parse
from graphql.pyutils import Undefined

from gateway.resources import operations
from harvest_graphql.cost import HEAVY, Scale
from harvest_graphql.limits import Limits
from harvest_graphql.pages.hints import hint
from harvest_graphql.pages.markup import Writer, literal
from harvest_graphql.pages.named import about, as_script, named
from harvest_graphql.pages.policy import hashed, headers
from harvest_graphql.pages.shelves import kind, shelves
from harvest_graphql.pages.spoken import words
from harvest_graphql.problems import Code
from harvest_graphql.schema import core

TODAY = date(2026, 11, 20)
DOCUMENT = """# What is
# asked.

# Not this.
query Q($id: ID!, $since: DateTime!, $n: Int = 5, $all: Boolean!, $keys: [String!]!, $on: [String!], $k: [A!] = [B]) {
  a
}
"""


def test_an_operation_is_shown_with_what_it_needs() -> None:
    [found] = named({"q": DOCUMENT}, TODAY)
    assert (found.name, found.about, found.query) == ("q", "What is asked.", DOCUMENT)
    assert json.loads(found.variables) == {
        "id": "",
        "since": "2026-10-21T00:00:00Z",
        "n": 5,
        "all": False,
        "keys": [],
        "k": ["B"],
    }


def test_all_operations_say_what_they_are_for() -> None:
    assert all(each.about.endswith(".") for each in named(operations(), TODAY))
    assert not about("query { a }")


def test_operations_end_no_script() -> None:
    text = as_script(named({"q": '# </script><!-- \u2028\n{ a(b: "</script>") }'}, TODAY))
    assert not {"<", "\u2028"} & set(text)
    assert "</script>" in json.loads(text)["operations"][0]["query"]


def test_descriptions_are_escaped_and_lead_to_types() -> None:
    prose = Writer({"Job"}).prose
    assert prose("a <b> `Job` `x<y`") == 'a &lt;b&gt; <code><a href="#Job">Job</a></code> <code>x&lt;y</code>'
    assert (
        prose('[one](https://a.example/"x)') == '<a href="https://a.example/&#34;x" rel="noreferrer">one</a>'
    )
    assert prose("[one](javascript:x)") == "[one](javascript:x)"
    assert prose(None) == ""


def test_documents_are_marked_and_stay_what_they_are() -> None:
    writer = Writer({"Job"})
    marked = writer.document('query Q($a: Job!) { b(c: "<i>") } # d')
    assert '<span class="keyword">query</span>' in marked
    assert '<span class="type"><a href="#Job">Job</a></span>!' in marked
    assert '<span class="string">&#34;&lt;i&gt;&#34;</span>' in marked
    assert '<span class="comment"># d</span>' in marked
    for text in operations().values():
        assert writer.document(text).striptags() == " ".join(text.split())


@pytest.mark.parametrize(("value", "text"), [(5, "5"), (None, "null"), (Undefined, "")])
def test_defaults_are_written_as_graphql(value: object, text: str) -> None:
    assert literal(value, GraphQLInt) == text
    assert literal('a"', GraphQLString) == '"a\\""'


def test_every_type_stands_on_one_shelf() -> None:
    found = [type_.name for shelf in shelves(core()) for type_ in shelf.types]
    assert sorted(found) == sorted(name for name in core().type_map if not name.startswith("__"))
    assert kind(core().type_map["HarvestJobFilter"]) == "input"
    assert kind(core().type_map["Node"]) == "interface"
    union = build_schema("type Query { a: U } type A { b: Int } union U = A")
    assert kind(union.type_map["U"]) == "union"


def test_hints_say_what_operations_cost() -> None:
    def weigh(text: str) -> int:
        node = parse(text).definitions[0]
        assert isinstance(node, OperationDefinitionNode)
        return Scale(core(), {}).operation(node).of({})

    def told(type_: str, name: str) -> str:
        return hint(type_, name, core().type_map[type_].fields[name])  # type: ignore[attr-defined]

    assert told("Query", "harvestJobs") == "costs 1 a row and what a row holds; 20 rows unless said"
    assert weigh("{ harvestJobs { nodes { id } } }") == 20
    assert told("HarvestJobConnection", "totalCount") == "costs 10"
    assert weigh("{ harvestJobs { totalCount } }") == 10
    assert told("Query", "search").startswith("costs 20, and 1 a row")
    assert weigh('{ search(text: "a", first: 3) { nodes { rank } } }') == 23
    assert told("Query", "portal") == told("HarvestJob", "status") == ""
    assert {told(*field) for field in HEAVY} == {"costs 20"}


def test_every_code_and_every_limit_is_told() -> None:
    assert list(words(Code)) == [code.value for code in Code]
    assert all(words(Code).values())
    assert all(each.metadata["says"] for each in fields(Limits))


def test_a_policy_allows_what_it_names() -> None:
    found = headers(script_src=hashed("a"))["Content-Security-Policy"]
    assert "default-src 'none'" in found
    assert "script-src 'sha256-ypeBEsobvcr6wjGzmiPcTaeG7/gUfE5yuYB3ha/uSLs='" in found
