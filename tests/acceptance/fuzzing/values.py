"""Documents and variables of hostile values: arguments, lists, objects, texts, numbers, ids, cursors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from acceptance.fuzzing.dice import Dice, many
from graphql import GraphQLSchema, get_named_type, is_leaf_type

from harvest_graphql.limits import Limits

LIMITS = Limits()
TEXTS = (
    *("", "x", "\\u0000", "\\ud800", "\\u{10FFFF}", "é" * 50, "' OR 1=1 --", "; DROP TABLE portal"),
    *("%" * 200, "_" * 300, "\\\\" * 100, "x" * 9000, "& | ! ( ) <->", ":*", "a:b & !c", "é" * 2000),
)
NUMBERS = (
    "0",
    "-0",
    "-1",
    "101",
    "2147483647",
    "2147483648",
    "9" * 400,
    "1e400",
    "-1e-400",
    "0.5",
    "1" + "0" * 5000,
)
WORDS = (
    "null",
    "true",
    "[]",
    "{}",
    "[null]",
    "[[[]]]",
    "{a: {a: []}}",
    "$v",
    "NOPE",
    "FAILED",
    '"""x"""',
    '"\\""',
)
IDS = (
    *("SGFydmVzdEpvYjpkYXRhLWdvdjp4", "UG9ydGFsOmRhdGEtZ292", "SGFydmVzdEVycm9yOg"),
    *("x", "", "====", "A" * 5000, "\\u0000", "w6k6w6k6w6k"),
)
CURSORS = (
    *("x", "W10", "bnVsbA", "A" * 9000, "WyJJRCIsIkFTQyIsbnVsbCwxXQ"),
    *("WyJDUkVBVEVEX0FUIiwiREVTQyIsMWU5OTksMV0", "WyJDUkVBVEVEX0FUIiwiREVTQyIsIjk5OTktMTItMzEiLDFd"),
)
ODD: tuple[Any, ...] = (
    *(None, True, 0, -1, 10**30, 1e308, "", "x", "\0", "\ud800", "\U0010ffff", "x" * 20_000, "x" * 9000),
    *([], {}, [[[]]], ["x"] * 600, ["x"] * 400, [None] * 400, {"status": ["NOPE"] * 300}, {"statu": 5}),
    *([{"a": 1}] * 300, {f"k{n}": n for n in range(400)}, "2026-13-45", "P1Y", "9999-12-31T23:59:59+14:00"),
)
TYPES = (
    "Int",
    "HarvestJobFilter",
    "[[[Int]]]",
    "Nope",
    "HarvestJob",
    "[ID!]!",
    "Cursor",
    "DateTime",
    "[JobStatus!]",
)


class Values:
    """Writes documents for *schema*; each of *makers* is one kind."""

    def __init__(self, schema: GraphQLSchema, dice: Dice) -> None:
        self._schema = schema
        self._dice = dice
        self.makers: list[Callable[[], str]] = [
            self.arguments,
            self.argument_siblings,
            self.lists,
            self.nested,
            self.objects,
            self.variables,
            self.strings,
            self.fields,
            self.ids,
            self.cursors,
            self.everything,
            self.groups,
            self.searches,
        ]

    def _value(self) -> str:
        text = '"' + self._dice.choice(TEXTS) + '"'
        return self._dice.one(self._dice.choice(NUMBERS), self._dice.choice(WORDS), text)

    def arguments(self) -> str:
        """One argument many times, or many that there are not."""
        name = self._dice.one("x", "first", "filter", "after", "x{n}")
        pairs = many(self._dice.one(2, 50, 400, 900), lambda n: f"{name.format(n=n)}: {self._value()}")
        return f"{{ harvestJobs({pairs}) {{ totalCount }} }}"

    def argument_siblings(self) -> str:
        """Large arguments that have to be compared."""
        field = (
            f"harvestJobs(filter: {{status: [{'FAILED ' * self._dice.one(1, 20, 80)}]}}) {{ totalCount }} "
        )
        return "{ " + field * self._dice.around(LIMITS.siblings) + "}"

    def lists(self) -> str:
        """Long lists of any value."""
        value = self._value()
        found = many(self._dice.around(LIMITS.values), lambda _: value)
        return self._dice.one(
            f"{{ harvestJobs(filter: {{status: [{found}]}}) {{ totalCount }} }}",
            f"{{ harvestSources(filter: {{portal: [{found}]}}) {{ totalCount }} }}",
            f"{{ nodes(ids: [{found}]) {{ id }} }}",
        )

    def nested(self) -> str:
        """Lists in lists, objects in objects."""
        size = self._dice.one(2, 20, 150, 250, 3000)
        left, right = self._dice.one(("[", "]"), ("{a: ", "}"), ("{status: [", "]}"))
        return f"{{ harvestJobs(filter: {left * size}1{right * size}) {{ totalCount }} }}"

    def objects(self) -> str:
        """Wide objects: what is wrong with them is told with the whole object."""
        name = self._dice.one("status", "x", "x{n}", "createdAt", "portal")
        found = many(self._dice.one(3, 100, 490, 900), lambda n: f"{name.format(n=n)}: {self._value()}")
        return f"{{ harvestJobs(filter: {{{found}}}) {{ totalCount }} }}"

    def variables(self) -> str:
        """Many variables, of types that fit or not."""
        type_, default = self._dice.choice(TYPES), self._dice.one("", f" = {self._value()}")
        declared = many(self._dice.around(LIMITS.variables), lambda n: f"$v{n}: {type_}{default}")
        argument = self._dice.one("first", "filter", "after")
        used = many(
            self._dice.one(0, 5, 50), lambda n: f"a{n}: harvestJobs({argument}: $v{n}) {{ totalCount }}"
        )
        return f"query ({declared}) {{ __typename {used} }}"

    def strings(self) -> str:
        """Texts of any length."""
        text = self._dice.choice(TEXTS) * self._dice.one(1, 10, 50)
        text = self._dice.one(f'"{text}"', f'"""{text}"""', f'"""\n  {text}\n"""')
        return self._dice.one(
            f"{{ portal(key: {text}) {{ title }} }}",
            f"{{ search(text: {text}) {{ totalCount }} }}",
            f"{{ harvestSources(filter: {{nameContains: {text}}}) {{ totalCount }} }}",
            text,
        )

    def fields(self) -> str:
        """Any value for any argument of any root field."""
        root = self._schema.query_type
        assert root is not None
        name = self._dice.choice(list(root.fields))
        given = ", ".join(f"{each}: {self._value()}" for each in root.fields[name].args)
        below = "" if is_leaf_type(get_named_type(root.fields[name].type)) else " { __typename }"
        return f"{{ {name}{f'({given})' if given else ''}{below} }}"

    def ids(self) -> str:
        """Ids that the gateway did not make."""
        found = many(self._dice.one(1, 100, 101, 400), lambda _: f'"{self._dice.choice(IDS)}"')
        return self._dice.one(
            f'{{ node(id: "{self._dice.choice(IDS)}") {{ id }} }}',
            f"{{ nodes(ids: [{found}]) {{ id }} }}",
            f"{{ harvestJobs(filter: {{source: [{found}]}}) {{ totalCount }} }}",
        )

    def cursors(self) -> str:
        """Cursors that the gateway did not make, and pages that there are not."""
        cursor = self._dice.choice(CURSORS)
        page = self._dice.one(
            f'after: "{cursor}"',
            f'before: "{cursor}"',
            f'first: 1, last: 1, after: "{cursor}"',
            "first: -1",
            "last: 100000",
        )
        return f"{{ harvestJobs({page}) {{ nodes {{ id }} pageInfo {{ endCursor }} }} }}"

    def everything(self) -> str:
        """All leaves of a type, many times over."""
        leaves = [
            name
            for name, each in self._schema.type_map["HarvestJob"].fields.items()  # type: ignore[attr-defined]
            if is_leaf_type(get_named_type(each.type)) and not each.args
        ]
        body = " ".join(self._dice.sample(leaves, self._dice.randint(1, len(leaves))))
        field = f"harvestJobs(first: 1) {{ nodes {{ {body} source {{ name }} }} }}"
        return "{ " + many(self._dice.randint(1, 60), lambda n: f"a{n}: {field}") + " }"

    def groups(self) -> str:
        """Grouped counts by anything, in any time zone."""
        keys = " ".join(
            self._dice.choices(["PORTAL", "STATUS", "MONTH", "DAY", "NOPE"], k=self._dice.randint(0, 12))
        )
        zone = self._dice.one(
            "UTC",
            "Europe/Paris",
            "Nowhere/Land",
            "",
            "\\u0000",
            "UTC" * 100,
            "../../etc",
            "posix/UTC",
            "localtime",
        )
        field = f'harvestJobs {{ groups(by: [{keys}], timeZone: "{zone}") {{ count }} }}'
        return "{ " + many(self._dice.around(LIMITS.groups), lambda n: f"a{n}: {field}") + " }"

    def searches(self) -> str:
        """Anything to search for."""
        text, first = self._dice.choice(TEXTS), self._dice.one(1, 20, 100, 101)
        return f'{{ search(text: "{text}", first: {first}) {{ nodes {{ __typename }} totalCount }} }}'


def variables(dice: Dice) -> dict[str, Any]:
    """Return variables that fit nothing in particular."""
    names = ("v", "v0", "v1", "a", "k", "s", "", "$", "é", "\0")
    return {dice.choice(names): dice.choice(ODD) for _ in range(dice.one(0, 0, 1, 5))}
