"""Requests that nobody means well with: most hold a hostile document, the others are hostile as such."""

from __future__ import annotations

from acceptance.fuzzing.bodies import Bodies
from acceptance.fuzzing.dice import Dice
from acceptance.fuzzing.documents import Documents
from acceptance.fuzzing.heads import Heads
from acceptance.fuzzing.sending import Case, asked
from acceptance.fuzzing.sockets import Sockets
from acceptance.fuzzing.values import variables

DOCUMENTS = 0.7
"""Share of the documents."""


class Requests:
    """Writes them; the same dice write the same ones."""

    def __init__(self, documents: Documents, dice: Dice) -> None:
        self._documents = documents
        self._dice = dice
        kinds = (Bodies(dice), Heads(documents, dice), Sockets(documents, dice))
        self._makers = [maker for kind in kinds for maker in kind.makers]

    def case(self) -> Case:
        """Return any of them."""
        if self._dice.random() > DOCUMENTS:
            return self._dice.choice(self._makers)()
        maker = self._dice.choice(self._documents.makers)
        return asked(f"document {maker.__name__}", maker(), variables(self._dice))
