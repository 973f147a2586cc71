"""Documents that nobody means well with: of hostile shape, of hostile values, or no documents at all."""

from __future__ import annotations

from collections.abc import Callable

from acceptance.fuzzing.dice import Dice
from acceptance.fuzzing.shapes import Shapes
from acceptance.fuzzing.values import Values
from graphql import GraphQLSchema

SIGNS = "{}()[]!$:=@|&.,#\"'\\ \n\t\0aé🏊_09-+eE\ufeff\u2028"


class Documents:
    """Writes them for *schema*."""

    def __init__(self, schema: GraphQLSchema, dice: Dice) -> None:
        self._dice = dice
        self._good = [*Shapes(dice).makers, *Values(schema, dice).makers]
        self.makers: list[Callable[[], str]] = [*self._good, self.noise, self.mutated]

    def document(self) -> str:
        """Return any of them."""
        return self._dice.choice(self.makers)()

    def noise(self) -> str:
        """Signs without a meaning."""
        return "".join(self._dice.choices(SIGNS, k=self._dice.one(1, 20, 500, 5000)))

    def mutated(self) -> str:
        """Return a document with a piece cut out, doubled or turned around."""
        text = self._dice.choice(self._good)()
        begin, end = sorted(self._dice.randrange(len(text) + 1) for _ in range(2))
        piece = text[begin:end]
        return text[:begin] + self._dice.one("", piece * 2, piece[::-1], "\0", "{", "}") + text[end:]
