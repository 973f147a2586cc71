"""The words that stand below the members of our own classes, for those who read pages and not code."""

from __future__ import annotations

import ast
import inspect
from textwrap import dedent


def words(of: type) -> dict[str, str]:
    """Return the text below each member of a class, by the member's name; "" where there is none."""
    [node] = ast.parse(dedent(inspect.getsource(of))).body
    assert isinstance(node, ast.ClassDef)
    found: dict[str, str] = {}
    for each, after in zip(node.body, [*node.body[1:], None], strict=True):
        name = _name(each)
        if name is not None:
            found[name] = _text(after)
    return found


def _name(node: ast.stmt) -> str | None:
    target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
    return target.id if isinstance(target, ast.Name) else None


def _text(node: ast.stmt | None) -> str:
    if (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    ):
        return node.value.value.replace("``", "`")
    return ""
