"""The packs that are shipped, and how a policy finds what it extends."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

PACKS = (
    "observe",
    "baseline",
    "strict",
    "s2c2f-level-1",
    "s2c2f-level-2",
    "s2c2f-level-3",
    "s2c2f-level-4",
)
"""Names of the packs, the mildest first."""


def pack(name: str) -> tuple[bytes, str] | None:
    """Bytes and name of a pack; ``None`` where there is none of that name."""
    if name not in PACKS:
        return None
    return files("pratique.policy.packs").joinpath(f"{name}.yaml").read_bytes(), f"{name}.yaml"


def library(
    files: Callable[[str], tuple[bytes, str] | None],
) -> Callable[[str], tuple[bytes, str] | None]:
    """A library of the packs and of files.

    A pack's name always means the pack: no file can take its place.

    Args:
        files: Gives bytes and path of a file by what ``extends`` says.
    """
    return lambda name: pack(name) or files(name)
