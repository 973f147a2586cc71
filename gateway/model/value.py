"""How classes of values are made that there are millions of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar, dataclass_transform

C = TypeVar("C")


@dataclass_transform(frozen_default=True)
def value(cls: type[C]) -> type[C]:
    """Make a class of frozen values: type checkers see to it, as Python's guard costs more than the rest."""
    return dataclass(slots=True, unsafe_hash=True)(cls)


@dataclass_transform(frozen_default=True, kw_only_default=True)
def keyword_value(cls: type[C]) -> type[C]:
    """Make a class of frozen values as ``value`` does, whose fields are given by keyword."""
    return dataclass(slots=True, kw_only=True, unsafe_hash=True)(cls)
