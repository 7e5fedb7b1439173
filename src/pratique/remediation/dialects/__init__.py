"""What ecosystems mean by their requirements, and how each writes a new one."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from pratique.remediation.dialects.base import Dialect, numbers, step_between

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Dialect", "dialect", "numbers", "step_between"]


@cache
def dialect(ecosystem: str) -> Dialect | None:
    """The dialect of an OSV ecosystem, ``None`` where none is known here."""
    from pratique.remediation.dialects.cargo import Cargo, Golang
    from pratique.remediation.dialects.maven import Maven
    from pratique.remediation.dialects.npm import Npm
    from pratique.remediation.dialects.pypi import Pypi

    known: dict[str, Callable[[], Dialect]] = {
        "npm": Npm,
        "PyPI": Pypi,
        "Maven": Maven,
        "crates.io": Cargo,
        "Go": Golang,
    }
    return known[ecosystem]() if ecosystem in known else None
