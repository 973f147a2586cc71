"""Documents of hostile shape: fragments in fragments, the same keys again and again, too much of everything."""

from __future__ import annotations

from collections.abc import Callable

from acceptance.fuzzing.dice import Dice, many
from graphql import get_introspection_query

from harvest_graphql.limits import Limits

LIMITS = Limits()
LEAF = "name description args { name defaultValue type { name kind ofType { name } } } type { name kind }"


class Shapes:
    """Writes them; each of *makers* is one kind."""

    def __init__(self, dice: Dice) -> None:
        self._dice = dice
        self.makers: list[Callable[[], str]] = [
            self.dag,
            self.wide_dag,
            self.circle,
            self.aliases,
            self.tokens,
            self.deep,
            self.siblings,
            self.inline_siblings,
            self.fragment_siblings,
            self.operations,
            self.directives,
            self.comments,
            self.names,
            self.introspection,
            self.schema_fragments,
            self.mutations,
            self.interfaces,
            self.unknown,
            self.unused,
        ]

    def dag(self) -> str:
        """Each fragment spreads the next one twice: written out, there are two to the power of them."""
        size, last = self._dice.around(LIMITS.definitions - 1), self._dice.one("key", "...No", "__typename")
        parts = many(size, lambda n: f"fragment F{n} on Portal {{ ...F{n + 1} ...F{n + 1} }}")
        return f"{{ portals {{ ...F0 }} }} {parts} fragment F{size} on Portal {{ {last} }}"

    def wide_dag(self) -> str:
        """Each fragment spreads many of the later ones."""
        size, most = self._dice.randint(5, 49), self._dice.randint(1, 20)
        body = self._dice.one("", "key ", "sync { state } ")

        def part(number: int) -> str:
            spreads = many(min(most, size - number), lambda n: f"...F{number + 1 + n}")
            return f"fragment F{number} on Portal {{ {body}{spreads} }}"

        return f"{{ portals {{ ...F0 }} }} {many(size, part)} fragment F{size} on Portal {{ key }}"

    def circle(self) -> str:
        """Fragments that come back to themselves."""
        size, inside = self._dice.randint(1, 40), self._dice.one("portals", "__schema", "harvestSources")
        return f"{{ {inside} {{ ...F0 }} }} " + many(
            size, lambda n: f"fragment F{n} on Portal {{ key ...F{(n + 1) % size} }}"
        )

    def aliases(self) -> str:
        """One field under many names."""
        field = self._dice.one(
            "__typename",
            "portals { key }",
            "harvestSources { totalCount }",
            '__type(name: "Query") { name }',
            "harvestJobs(first: 1) { nodes { id source { name } } }",
        )
        return "{ " + many(self._dice.around(LIMITS.aliases), lambda n: f"a{n}: {field}") + " }"

    def tokens(self) -> str:
        """One sign or word, thousands of times."""
        signs = ["key ", "! ", "... ", ": ", "{ ", "} ", "@x ", '"" ', "$ ", "1 ", ", ", "& "]
        return "{ portals { " + self._dice.choice(signs) * self._dice.around(LIMITS.tokens) + "} }"

    def deep(self) -> str:
        """Fields within fields."""
        size = self._dice.around(self._dice.one(LIMITS.depth // 2, 60, 200, 5000))
        step = self._dice.one(
            "lastJob { source", "a", "... { portal", "... on HarvestSource { lastJob { source"
        )
        closing = "}" * (size * (step.count("{") + 1))
        return "{ harvestSources { nodes { " + f"{step} {{ " * size + "id " + closing + " } } }"

    def _alike(self, width: int, levels: list[str]) -> str:
        if not levels:
            return "id "
        return f"{levels[0]} {{ {self._alike(width, levels[1:])}}} " * width

    def siblings(self) -> str:
        """Fields of one key below fields of one key: each pair of them has to be compared."""
        levels = ["harvestSources", "nodes", "lastJob", "source", "organization"]
        return "{ " + self._alike(self._dice.randint(2, 7), levels[: self._dice.randint(1, 5)]) + "}"

    def inline_siblings(self) -> str:
        """The same inside of inline fragments."""
        inner = self._alike(self._dice.randint(1, 6), ["harvestSources", "nodes"])
        return "{ " + f"... {{ {inner}}} " * self._dice.around(LIMITS.siblings) + "}"

    def fragment_siblings(self) -> str:
        """The same keys in every fragment, and every fragment wherever it fits."""
        count = self._dice.randint(2, 20)
        words = ["key", "title", "sync { state }", "x: key", "x: title"]
        body = " ".join(self._dice.choices(words, k=self._dice.randint(1, 20)))
        field = f"portals {{ {many(count, lambda n: f'...F{n}')} }} "
        parts = many(count, lambda n: f"fragment F{n} on Portal {{ {body} }}")
        return f"{{ {field * self._dice.randint(1, 10)}}} {parts}"

    def operations(self) -> str:
        """Every operation declares variables that are used at the end of a chain of fragments."""
        length = self._dice.randint(1, 20)
        declared = many(self._dice.randint(1, 4), lambda n: f"$v{n}: Int")
        body = "harvestSources { nodes { ...F0 } }"
        asked = many(self._dice.randint(1, 49), lambda n: f"query Q{n} ({declared}) {{ {body} }}")
        step = "jobs(first: $v0) { totalCount }"
        parts = many(length, lambda n: f"fragment F{n} on HarvestSource {{ {step} ...F{n + 1} }}")
        return f"{asked} {parts} fragment F{length} on HarvestSource {{ id }}"

    def directives(self) -> str:
        """Directives at all places, again and again."""
        word = self._dice.one(
            "@aa", "@include(if: true)", "@skip(if: $v)", "@include", "@deprecated", "@a{n}"
        )
        found = many(self._dice.one(2, 4, 5, 50, 900), lambda n: word.format(n=n))
        return self._dice.one(
            f"query {found} {{ portals {{ key }} }}",
            f"{{ portals {found} {{ key }} }}",
            f"{{ ... {found} {{ __typename }} }}",
            f"query ($v: Boolean {found}) {{ __typename }}",
            f"fragment F on Query {found} {{ __typename }} {{ ...F }}",
        )

    def comments(self) -> str:
        """What graphql-core skips."""
        sign = self._dice.one("#\n", "# x\n", "\n", "\r\n", "\ufeff", ",", " ", "\t")
        text = self._dice.one("{ portals { key } }", "{ no }", "{ portals { a b c d e f g } }")
        return sign * self._dice.one(10, 999, 1001, 14_000, 49_000, 90_000) + text

    def names(self) -> str:
        """Names as long as a book."""
        name = self._dice.one("x", "_", "harvestSource", "é") * self._dice.one(1, 100, 4000, 95_000)
        return self._dice.one(
            f"{{ {name} }}",
            f"query {name} {{ portals {{ key }} }}",
            f"{{ {name}: __typename }}",
            f"{{ ...{name} }}",
            f"query (${name}: Int) {{ __typename }}",
            f"{{ portals {{ ... on {name} {{ key }} }} }}",
        )

    def introspection(self) -> str:
        """All that can be asked of the schema, often."""
        repeated = self._dice.around(LIMITS.aliases)
        return self._dice.one(
            get_introspection_query(),
            "{ __schema { types { fields { type { fields { type { fields { type { name } } } } } } } } }",
            f"{{ __schema {{ types {{ fields {{ {LEAF} }} }} }} }}",
            f"{{ __schema {{ types {{ fields {{ type {{ fields {{ {LEAF} }} }} }} }} }} }}",
            "{ " + many(repeated, lambda n: f'a{n}: __type(name: "Query") {{ fields {{ {LEAF} }} }}') + " }",
            "{ " + many(repeated, lambda n: f"a{n}: __schema {{ types {{ name }} }}") + " }",
            "{ __schema { types { " + many(repeated, lambda n: f"a{n}: fields {{ name }}") + " } } }",
            "{ __schema { types " + "{ ofType " * 100 + "{ name }" + "}" * 100 + " } }",
        )

    def schema_fragments(self) -> str:
        """Fragments in fragments below the schema."""
        size = self._dice.randint(2, 48)
        parts = many(size, lambda n: f"fragment F{n} on __Type {{ ...F{n + 1} ofType {{ ...F{n + 1} }} }}")
        last = f"fragment F{size} on __Type {{ name fields {{ name }} }}"
        return f"{{ __schema {{ types {{ ...F0 }} }} }} {parts} {last}"

    def mutations(self) -> str:
        """What is no query."""
        word = self._dice.one("mutation", "subscription", "mutation M", "subscription S ($x: Int)")
        body = self._dice.one(
            "x", "__typename", "a b c", "syncProgress { portal }", "__schema { types { name } }"
        )
        return f"{word} {{ {body} }}"

    def interfaces(self) -> str:
        """Fields of an interface: they are written once for each type that has it."""
        field = self._dice.one(
            "portal { key title baseUrl sync { streams { note stream } } }",
            "document { endpoint fetchedAt }",
            'provenance(field: "status") { rule }',
            "id",
        )
        found = many(self._dice.around(LIMITS.aliases), lambda n: f"a{n}: {field}")
        return f"{{ nodes(ids: []) {{ ... on Entity {{ {found} }} }} }}"

    def unknown(self) -> str:
        """Names that are nearly right."""
        name = self._dice.one("portl", "harvestSource", "harvestSourcse", "x", "__typenam", "Typ\u0435")
        return "{ " + many(self._dice.one(1, 20, 900), lambda n: f"{name}{n}") + " }"

    def unused(self) -> str:
        """Fragments that nobody spreads."""
        type_ = self._dice.one("Portal", "HarvestJob", "Query", "PageInfo", "Node", "Nope", "JobStatus")
        count = self._dice.around(LIMITS.definitions)
        return "{ __typename } " + many(count, lambda n: f"fragment F{n} on {type_} {{ __typename }}")
