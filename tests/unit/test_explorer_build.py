"""When the explorer is built: with which Node, and of which sources."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

PROGRAM = Path(__file__).resolve().parents[2] / "graphql" / "explorer" / "build.py"


@pytest.fixture
def program() -> ModuleType:
    """The program that builds the explorer."""
    spec = importlib.util.spec_from_file_location("explorer_build", PROGRAM)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("says", "new"),
    [
        ("v18.19.0", False),
        ("v20.18.3", False),
        ("v20.19.0", True),
        ("v21.7.0", False),
        ("v22.11.0", False),
        ("v22.12.0", True),
        ("v24.1.0", True),
        ("nonsense", False),
    ],
)
def test_a_node_is_new_enough(program: ModuleType, tmp_path: Path, says: str, new: bool) -> None:
    node = tmp_path / "node"
    node.write_text(f"#!/bin/sh\necho {says}\n", "utf-8")
    node.chmod(0o755)
    assert program.is_new(str(node)) is new
    assert not program.is_new(str(tmp_path / "absent"))


def test_what_is_built_is_old_once_a_source_changed(program: ModuleType, tmp_path: Path) -> None:
    assert not program.is_current(tmp_path)
    (tmp_path / program.STAMP).write_text(program.digest(), "utf-8")
    assert program.is_current(tmp_path)
    (tmp_path / program.STAMP).write_text("of other sources", "utf-8")
    assert not program.is_current(tmp_path)


def test_the_sources_are_all_there(program: ModuleType) -> None:
    names = {file.name for file in program.sources()}
    assert {"package.json", "vite.config.js", "index.html", "main.jsx", "operations.jsx"} <= names
