"""Makes of a table's rules one function without a loop: its source is written once, and compiled.

A loop over the rules looks up by name what never changes: of the 20 µs that a record of data.gouv.fr was normalised in,
half went there. What is written is what the loop would do, rule by rule; tests hold the two against each other. The
source is shown by tracebacks, and in ``__source__`` of the function.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import MISSING, fields
from typing import TYPE_CHECKING, Any

from gateway.model.written import function

if TYPE_CHECKING:
    from gateway.model.mapping import Rule

Path = tuple[str, ...]
Parted = Callable[[Any], tuple[Any, Any]]
_OPEN = ("native", "native_private")
"""Fields that hold what is read by no rule."""
UNREAD = object()
"""Stands for the ``native`` that nobody has given: the keys that no rule reads."""
_NOTHING: dict[str, Any] = {}
"""What has no members is asked for them like an object without any."""


def unrolled(
    entity: type[Any], rules: tuple[Rule, ...], consumed: frozenset[str], parted: Parted
) -> Callable[..., Any]:
    """Return a function of an element that returns its *entity*; fields without a rule are keywords of it.

    Keys that are not *consumed* are ``native``, unless a rule or a keyword gives that; *parted* tells what of it
    anybody may see, and what is private.
    """
    if hasattr(entity, "__post_init__"):
        raise TypeError(f"{entity.__name__} wants to be made by its own __init__")
    writing = _Writing()
    ruled = {rule.field for rule in rules}
    # Slots are set one by one: by keywords, __init__ takes three times as long.
    writing.line(f"made = {writing.bound('new', entity.__new__)}({writing.bound('entity', entity)})")
    for field in fields(entity):
        if field.name not in ruled and field.name not in _OPEN:
            writing.line(f"made.{field.name} = {field.name}")
    for rule in rules:
        value = writing.value(rule)
        writing.line(f"{'native' if rule.field == 'native' else f'made.{rule.field}'} = {value}")
    if "native" not in ruled:
        writing.unread(consumed)
    writing.line(f"made.native, made.native_private = {writing.bound('parted', parted)}(native)")
    writing.line("return made")
    return writing.compiled(entity.__name__, _signature(entity, ruled, writing))


def _signature(entity: type[Any], ruled: set[str], writing: _Writing) -> str:
    """Return the parameters: the element, and by keyword what no rule reads."""
    given = [] if "native" in ruled else [f"native={writing.bound('unread', UNREAD)}"]
    for field in fields(entity):
        if field.name not in ruled and field.name not in _OPEN:
            default = "" if field.default is MISSING else f"={writing.bound('default', field.default)}"
            given.append(f"{field.name}{default}")
    return f"element, *, {', '.join(given)}" if given else "element"


class _Writing:
    """The source of one function, and what its names stand for."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._names: dict[str, Any] = {}
        self._places: dict[Path, str] = {(): "element"}
        self._getters: dict[Path, str] = {}

    def line(self, text: str) -> None:
        """Write one line."""
        self._lines.append(f"    {text}\n")

    def bound(self, name: str, value: Any) -> str:
        """Return a name of *value*, like *name*."""
        name = f"{name if name.isidentifier() else 'value'}_{len(self._names)}"
        self._names[name] = value
        return name

    def value(self, rule: Rule) -> str:
        """Return the expression of a rule's value; no function is called for what it would return as it is."""
        place = self._place(rule.path)
        if rule.passes is object:
            return place
        read = self.bound(getattr(rule.read, "__name__", "value"), rule.read)
        if rule.passes is not None:
            kind = self.bound(rule.passes.__name__, rule.passes)
            return f"{place} if {place} is None or {place}.__class__ is {kind} else {read}({place})"
        absent = rule.read(None) if rule.path else ...
        if absent is ... or not _lasts(absent):
            return f"{read}({place})"
        return f"{'None' if absent is None else self.bound('absent', absent)} if {place} is None else {read}({place})"

    def _place(self, path: Path) -> str:
        """Return the variable of the value at *path*, and write how it is found where that is not yet written."""
        if path not in self._places:
            getter = self._getter(path[:-1])
            self._places[path] = f"at_{len(self._places)}"
            self.line(f"{self._places[path]} = {getter}({path[-1]!r})")
        return self._places[path]

    def _getter(self, path: Path) -> str:
        if path not in self._getters:
            here = self._place(path)
            self._getters[path] = f"of_{here}"
            other = f" if isinstance({here}, dict) else {self.bound('nowhere', _NOTHING.get)}" if path else ""
            self.line(f"{self._getters[path]} = {here}.get{other}")
        return self._getters[path]

    def unread(self, consumed: frozenset[str]) -> None:
        """Write how the keys that are not *consumed* are found: mostly there are none."""
        keys = self.bound("consumed", consumed)
        every = self.bound("every", consumed.issuperset)
        self.line(f"if native is {self.bound('unread', UNREAD)}:")
        rest = f"{{key: element[key] for key in element if key not in {keys}}}"
        self.line(f"    native = None if {every}(element) else {rest}")

    def compiled(self, name: str, signature: str) -> Callable[..., Any]:
        """Return the function; *name* is told by tracebacks."""
        source = f"def read({signature}):\n{''.join(self._lines)}"
        return function("read", source, self._names, title=f"{name} read by rules")


def _lasts(value: Any) -> bool:
    """Whether *value* can be shared: what can be changed, each entity needs for itself."""
    try:
        hash(value)
    except TypeError:
        return False
    return True
