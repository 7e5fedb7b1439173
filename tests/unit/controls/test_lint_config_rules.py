"""The cases of all package managers together show every rule."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from pratique.controls.configs.rules import RULES


def test_every_rule_has_a_case() -> None:
    told: set[str | None] = set()
    for path in sorted(Path(__file__).parent.glob("test_lint_config_of_*.py")):
        spec = importlib.util.spec_from_file_location(path.stem, path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        told |= {rule for _, _, rule, _ in module.CASES}
    assert set(RULES) <= told
