"""Relay's compiler and its rules for schemas, where Node is: every list of the schema can be paged and fetched anew."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import node
import pytest
from graphql import GraphQLObjectType, get_named_type

from gateway.resources import schema_file
from harvest_graphql.schema import core

PACKAGES = ("relay-compiler@21.0.1", "graphql-schema-linter@3.0.1", "graphql@16.12.0")
SECONDS = 120
CONFIG = {
    "src": "./src",
    "language": "javascript",
    "schema": "./schema.graphql",
    "eagerEsModules": True,
    "noSourceControl": True,
}


@dataclass(frozen=True, slots=True)
class Paged:
    """A field that is a list in pages."""

    owner: str
    name: str
    member: str
    backward: bool

    @property
    def fragment(self) -> str:
        """Return the name of the fragment, which begins with that of its file."""
        return f"lists_{self.owner}_{self.name}"

    def text(self) -> str:
        """Return a fragment that is paged both ways where the list can be, and fetched anew."""
        forward, back = "first: $first, after: $after", "last: $last, before: $before"
        arguments = f"{forward}, {back}" if self.backward else forward
        backward = 'last: {type: "Int"} before: {type: "Cursor"}' if self.backward else ""
        member = "__typename" if self.member == "SearchResult" else "id"
        return f"""fragment {self.fragment} on {self.owner}
          @argumentDefinitions(first: {{type: "Int", defaultValue: 10}} after: {{type: "Cursor"}} {backward})
          @refetchable(queryName: "{self.fragment}_Again") {{
            {self.name}({arguments}{self.needed()}) @connection(key: "{self.fragment}_{self.name}") {{
              edges {{ node {{ {member} }} }} }} }}"""

    def needed(self) -> str:
        """Return the arguments that the list cannot do without."""
        return ', text: "air"' if self.member == "SearchResult" else ""


def lists() -> Iterator[Paged]:
    """Yield every field of the schema whose type is a connection, as the schema itself tells them."""
    for type_ in core().type_map.values():
        if not isinstance(type_, GraphQLObjectType) or type_.name.startswith("__"):
            continue
        for name, field in type_.fields.items():
            found = get_named_type(field.type)
            if isinstance(found, GraphQLObjectType) and {"edges", "pageInfo"} <= found.fields.keys():
                edge = get_named_type(found.fields["edges"].type)
                member = get_named_type(edge.fields["node"].type).name
                yield Paged(type_.name, name, member, "before" in field.args)


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder in which the packages are installed."""
    return node.install(tmp_path_factory.mktemp("relay"), *PACKAGES)


def run(folder: Path, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a *program* of the packages in *folder*."""
    command = [str(folder / "node_modules" / ".bin" / program), *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=SECONDS, check=False)


def compiled(folder: Path, fragments: list[str]) -> subprocess.CompletedProcess[str]:
    """Compile a file of *fragments* with the written schema."""
    source = folder / "src"
    source.mkdir(exist_ok=True)
    texts = "\n".join(f"graphql`{text}`;" for text in fragments)
    (source / "lists.js").write_text(f"import {{ graphql }} from 'relay-runtime';\n{texts}\n", "utf-8")
    (folder / "schema.graphql").write_text(schema_file().read_text("utf-8"), "utf-8")
    (folder / "relay.config.json").write_text(json.dumps(CONFIG), "utf-8")
    return run(folder, "relay-compiler", "relay.config.json")


def test_the_schema_tells_its_lists() -> None:
    found = {(each.owner, each.name) for each in lists()}
    assert {("Query", "search"), ("Query", "harvestJobs"), ("HarvestJob", "errors")} <= found
    assert len(found) == len(list(lists())) > 15


@pytest.mark.index
def test_relay_compiles_a_fragment_of_every_list(packages: Path) -> None:
    done = compiled(packages, [each.text() for each in lists()])
    assert done.returncode == 0, done.stdout + done.stderr
    made = {file.name for file in (packages / "src" / "__generated__").iterdir()}
    for each in lists():
        assert {f"{each.fragment}.graphql.js", f"{each.fragment}_Again.graphql.js"} <= made


@pytest.mark.index
def test_relay_does_not_compile_what_the_schema_has_not(packages: Path) -> None:
    (one, *_) = lists()
    done = compiled(packages, [one.text().replace("edges", "rows")])
    assert done.returncode != 0
    assert "rows" in done.stdout + done.stderr


@pytest.mark.index
def test_no_rule_of_the_linter_finds_anything(packages: Path) -> None:
    done = run(packages, "graphql-schema-linter", "--format", "json", str(schema_file()))
    assert json.loads(done.stdout) == {"errors": []}, done.stderr
    assert done.returncode == 0


@pytest.mark.index
def test_the_linter_finds_what_is_wrong(packages: Path) -> None:
    file = packages / "wrong.graphql"
    wrong = (
        "type Query { rows(first: Int): RowConnection @deprecated }\ntype RowConnection { nodes: [Int] }\n"
    )
    file.write_text(wrong, "utf-8")
    done = run(packages, "graphql-schema-linter", "--format", "json", str(file))
    found = {each["rule"] for each in json.loads(done.stdout)["errors"]}
    assert {
        "relay-connection-types-spec",
        "relay-connection-arguments-spec",
        "relay-page-info-spec",
        "deprecations-have-a-reason",
        "fields-have-descriptions",
    } <= found
