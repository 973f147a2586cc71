"""What an operation costs is the product of its page sizes along each path, known before it runs."""

from __future__ import annotations

from typing import Any

import pytest

from harvest_graphql.documents import Documents
from harvest_graphql.limits import Limits
from harvest_graphql.schema import core, schema

DOCUMENTS = Documents(core(schema), Limits())


def cost(text: str, **values: Any) -> int:
    return DOCUMENTS.read(text).operation(None).weight.of(values)


@pytest.mark.parametrize(
    ("selection", "expected"),
    [
        ("portals { key }", 5),
        ("harvestSources { nodes { name } }", 20),
        ("harvestSources(first: 3) { nodes { name } }", 3),
        ("harvestSources(last: 7) { edges { cursor node { name } } }", 7),
        ("harvestSources(first: 50) { totalCount pageInfo { endCursor } }", 10),
        ("harvestSources(first: 5) { totalCount ...P } } fragment P on HarvestSourceConnection { nodes { id }", 15),
        ("harvestSources(first: 3) { nodes { organization { name } } }", 6),
        ("harvestSources(first: 10) { nodes { jobs(first: 5) { nodes { status } } } }", 10 * (1 + 5)),
        ("harvestSources(first: 9) { nodes { ...F } } } fragment F on HarvestSource { jobs { totalCount }", 9 * 11),
        ("harvestRecords(first: 2) { nodes { raw { text } } }", 2 * (1 + 1 + 20)),
        ("harvestRecords(first: 2) { nodes { logs { message } } }", 2 * (1 + 5)),
        ('search(text: "eau", first: 3) { nodes { rank } }', 20 + 3),
        ('nodes(ids: ["a", "b"]) { id }', 2),
        ("a: harvestJobs(first: 4) { nodes { id } } b: harvestJobs(first: 6) { nodes { id } }", 10),
        ("harvestJobs { groups(by: [DAY], first: 5) { count } }", 10 + 5),
        ("harvestJobs(first: 0) { groups(by: [DAY]) { count } }", 10 + 100),
        ("harvestJobs { groups(by: [PORTAL], first: 9) { keys { portal { key } } } }", 10 + 9 * 3),
        ("harvestSources(first: 3) { nodes { jobs { groups(by: [DAY], first: 5) { count } } } }", 3 * 16),
        ('harvestJobs(asOf: "2026-01-01", first: 4) { nodes { id } }', 20 + 4),
        ('harvestSource(portal: "p", slug: "s", asOf: "2026-01-01") { id }', 20 + 1),
        ("__schema { types { name } }", 0),
    ],
)  # fmt: skip
def test_what_a_selection_costs(selection: str, expected: int) -> None:
    assert cost(f"{{ {selection} }}") == expected


def test_sizes_come_from_variables() -> None:
    text = "query ($n: Int = 9, $ids: [ID!]!) { harvestJobs(first: $n) { nodes { id } } nodes(ids: $ids) { id } }"
    assert cost(text, n=9, ids=["a"]) == 9 + 1
    assert cost(text, n=2, ids=["a", "b", "c"]) == 2 + 3
    assert cost(text, n=None, ids=[]) == 20


def test_fragments_within_fragments_are_weighed_once() -> None:
    """Written out, the document would have a thousand organizations; each fragment is weighed once."""
    parts = [
        f"fragment F{n} on HarvestSource {{ a{n}: organization {{ name }} ...F{n + 1} ...F{n + 1} }}"
        for n in range(9)
    ]
    last = "fragment F9 on HarvestSource { organization { name } }"
    text = f"{{ harvestSources(first: 1) {{ nodes {{ ...F0 }} }} }} {' '.join(parts)} {last}"
    generous = Documents(core(schema), Limits(fields=1_000_000, comparisons=1_000_000))
    assert generous.read(text).operation(None).weight.of({}) == 1 + sum(2**n for n in range(10))
