"""What the configurations of package managers are judged with."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pratique.controls.configs.names import parse
from pratique.controls.configs.service import judge


@pytest.fixture
def rules_of() -> Callable[..., list[tuple[str, str, int]]]:
    """Rule, path and line of every fault; the inside host is known by its ending."""

    def call(texts: dict[str, str], *names: str) -> list[tuple[str, str, int]]:
        faults, unknown = judge(texts, parse(list(names)), frozenset({"acme.test"}))
        assert unknown == []
        return [(one.rule, one.place.path, one.place.line) for one in faults]

    return call
