"""What is known of the portal's wire: told by its answers, remembered from pass to pass."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from adapters.data_gouv_fr.generations import WAYS, Generation
from gateway.model.entities import JSON
from gateway.ports import JOB_STATUSES, WIRE

GENERATION, SLASH, STATUSES = WIRE, "trailingSlash", JOB_STATUSES


class Contradicted(Exception):
    """The portal is of another generation than the one it was spoken to as: the scope has to be read again."""


class Noted:
    """What earlier passes noted and what this one adds."""

    def __init__(self) -> None:
        self._embedded: bool | None = None
        self.slash: bool | None = None
        """Whether paths that differ in it end in a slash; None: not told."""
        self.statuses: Sequence[str] | None = None
        """The portal's words for jobs' statuses, None where it does not tell them."""
        self.asked_statuses = False
        """Whether the portal was asked for them."""
        self.settled = 0
        """How many scopes are being read in which jobs of either form are taken for what they are: while there are any,
        jobs tell nothing of the portal."""
        self.ways = WAYS[Generation.V17]
        """How the portal gives its jobs: as today's portals do unless another way has shown."""

    def recall(self, noted: Mapping[str, Any] | None) -> None:
        """Take over what earlier passes noted; what cannot be read was not noted."""
        noted = noted or {}
        known = [one for one in Generation if one == noted.get(GENERATION)]
        self._embedded = WAYS[known[0]].embedded if known else None
        slash = noted.get(SLASH)
        self.slash = slash if isinstance(slash, bool) else None
        self._look_up_ways()
        if STATUSES in noted:
            self.asked_statuses = True
            self.statuses = words(noted[STATUSES])

    @property
    def generation(self) -> Generation | None:
        """Return the portal's generation, None while no answer has shown it."""
        if self._embedded is None:
            return None
        if not self._embedded:
            return Generation.V17
        return Generation.V9 if self.slash is False else Generation.V10

    def saw(self, embedded: bool | None) -> bool:
        """Take in whether jobs hold their items (None: not shown); return whether the portal was asked wrongly."""
        if embedded is None or self.settled:
            return False
        wrong = embedded is not self.ways.embedded
        before = self.generation
        self._embedded = embedded
        self._forget_unless(before)
        return wrong

    def saw_slash(self, *, slash: bool) -> None:
        """Take in whether a path that differs in it ends in a slash."""
        before = self.generation
        self.slash = slash
        self._forget_unless(before)

    def saw_statuses(self, statuses: Sequence[str] | None) -> None:
        """Take in the words for jobs' statuses, None where the portal does not tell them."""
        self.asked_statuses, self.statuses = True, statuses

    def _forget_unless(self, before: Generation | None) -> None:
        """Look up what goes with the generation; forget the words for statuses where it is another than *before*."""
        self._look_up_ways()
        if before is not None and before is not self.generation:
            self.asked_statuses, self.statuses = False, None

    def _look_up_ways(self) -> None:
        self.ways = WAYS[self.generation or Generation.V17]

    def as_json(self) -> Mapping[str, JSON]:
        """Return it all as the next pass recalls it; what was not told is left out."""
        found: dict[str, JSON] = {}
        if self.generation is not None:
            found[GENERATION] = self.generation.value
        if self.slash is not None:
            found[SLASH] = self.slash
        if self.asked_statuses:
            found[STATUSES] = None if self.statuses is None else list(self.statuses)
        return found


def words(found: Any) -> Sequence[str] | None:
    """Return a list of words, None for anything else."""
    if isinstance(found, list) and all(isinstance(word, str) for word in found):
        return found
    return None
