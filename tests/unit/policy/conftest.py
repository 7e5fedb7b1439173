from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from pratique.policy.errors import Defect, PolicyError
from pratique.policy.service import LoadedPolicy, load

NOW = datetime(2027, 1, 1, 12, tzinfo=UTC)


@pytest.fixture(scope="session")
def now() -> datetime:
    return NOW


@pytest.fixture(scope="session")
def policy() -> Callable[..., LoadedPolicy]:
    """Loads rules written in YAML as a policy of their own."""

    def make(rules: str, **options) -> LoadedPolicy:
        return load(f"id: alpha\nrules:\n{rules}".encode(), "alpha.yaml", **options)

    return make


@pytest.fixture(scope="session")
def rule(policy) -> Callable[..., LoadedPolicy]:
    """Loads a policy of one rule."""

    def make(when: str, effect: str = "deny", **fields: str) -> LoadedPolicy:
        quoted = when.replace("'", "''")
        more = "".join(f"    {name}: {value}\n" for name, value in fields.items())
        return policy(
            f"  - id: one\n    when: '{quoted}'\n    effect: {effect}\n    reason: so\n{more}"
        )

    return make


@pytest.fixture(scope="session")
def defects() -> Callable[..., tuple[Defect, ...]]:
    """What is wrong with a document."""

    def find(text: str | bytes, **options) -> tuple[Defect, ...]:
        data = text.encode() if isinstance(text, str) else text
        with pytest.raises(PolicyError) as caught:
            load(data, "alpha.yaml", **options)
        return caught.value.defects

    return find
