"""The fixtures of ``tests/unit/store/stores.py``."""

from __future__ import annotations

import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

NAME = "pratique_test_stores"

if NAME not in sys.modules:
    path = Path(__file__).resolve().parent.parent / "store" / "stores.py"
    spec = spec_from_file_location(NAME, path)
    sys.modules[NAME] = module = module_from_spec(spec)
    spec.loader.exec_module(module)

globals().update(
    (name, value) for name, value in vars(sys.modules[NAME]).items() if not name.startswith("_")
)


@pytest.fixture(autouse=True)
def graphs_of_the_test(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The folder with the graphs that reach keeps."""
    monkeypatch.setenv("PRATIQUE_DATA", str(tmp_path / "data"))
    return tmp_path / "data" / "graphs"
