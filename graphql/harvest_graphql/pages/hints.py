"""What a field adds to an operation's cost, in words."""

from __future__ import annotations

from graphql import GraphQLField, get_named_type, get_nullable_type, is_leaf_type, is_list_type

from harvest_graphql.cost import COUNT, FEW, HEAVY, LARGEST, PAGE, SEARCH


def hint(type_: str, name: str, field: GraphQLField) -> str:
    """Return what *field* costs, "" where that is nothing or one like every object."""
    if is_leaf_type(get_named_type(field.type)):
        weight = COUNT if name == "totalCount" else HEAVY.get((type_, name), 0)
        return f"costs {weight}" if weight else ""
    if "by" in field.args:
        return f"costs {COUNT}, and 1 a group"
    if "first" in field.args:
        usual = field.args["first"].default_value
        size = usual if isinstance(usual, int) else PAGE
        own = f"{SEARCH}, and " if "text" in field.args else ""
        return f"costs {own}1 a row and what a row holds; {size} rows unless said"
    if "ids" in field.args:
        return "costs 1 an id and what each holds"
    if is_list_type(get_nullable_type(field.type)) and not type_.endswith("Connection"):
        return f"counts as {FEW} rows"
    return ""


RULES = (
    "A row of a list costs 1, and so does every object below it; plain values cost nothing.",
    f"A list multiplies what each of its rows holds by its page size, at most {LARGEST}.",
    "The cost is known before anything is run, and told in extensions.cost of every answer.",
)
"""How costs add up, in sentences."""
