"""Fields with arguments, as Strawberry is told of them: the planner answers, nobody calls their resolvers."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Annotated, Any

import strawberry


def said(description: str) -> Any:
    """Return the description of an argument."""
    return strawberry.argument(description=description)


def unread(
    arguments: Mapping[str, tuple[Any, str]], result: Any, defaults: Mapping[str, Any] | None = None
) -> Callable[..., Any]:
    """Return a resolver that only tells Strawberry the arguments: type and description by name.

    An argument that may be null may be left out; what is in *defaults* is written into the schema.
    """

    def resolver(**_: Any) -> Any:
        raise NotImplementedError("the planner answers this field")

    resolver.__annotations__ = {
        **{name: Annotated[kind, said(text)] for name, (kind, text) in arguments.items()},
        "return": result,
    }
    parameters = [
        inspect.Parameter(
            name,
            inspect.Parameter.KEYWORD_ONLY,
            annotation=resolver.__annotations__[name],
            default=(defaults or {}).get(name, _left_out(kind)),
        )
        for name, (kind, _) in arguments.items()
    ]
    resolver.__signature__ = inspect.Signature(parameters, return_annotation=result)  # type: ignore[attr-defined]
    return resolver


def _left_out(kind: Any) -> Any:
    optional = type(None) in getattr(kind, "__args__", ())
    return strawberry.UNSET if optional else inspect.Parameter.empty
