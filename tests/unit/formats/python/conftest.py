"""Fixtures for the readers of Python's formats."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module

import pytest

from pratique.formats.base import Tree
from pratique.model.inventory import Component, Reading

Read = Callable[..., Reading]


@pytest.fixture
def read_file(memory_tree: Callable[[Mapping[str, bytes]], Tree]) -> Read:
    """Read one of several files: ``read_file("uv_lock", "uv.lock", text, {"x": "…"})``."""

    def read(module: str, path: str, text: str, beside: Mapping[str, str] | None = None) -> Reading:
        room = "installed" if module == "python" else "lockfiles.python"
        reader = import_module(f"pratique.formats.{room}.{module}")
        files = {name: other.encode() for name, other in (beside or {}).items()}
        return reader.read(text.encode(), path, memory_tree({path: text.encode(), **files}))

    return read


@pytest.fixture
def by_name() -> Callable[[Reading], dict[str, Component]]:
    """Components of a reading by name; each name must occur once."""

    def index(reading: Reading) -> dict[str, Component]:
        found = {component.package.name: component for component in reading.components}
        assert len(found) == len(reading.components)
        return found

    return index
