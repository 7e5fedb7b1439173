"""The errors of this room, and what they carry."""

from __future__ import annotations

import msgspec

from pratique.model.errors import InputError


class Defect(msgspec.Struct, frozen=True, order=True):
    """One thing that is wrong with a document, with its place."""

    path: str
    line: int
    """Counted from 1."""

    column: int
    """Counted from 1."""

    message: str
    remedy: str = ""

    def __str__(self) -> str:
        return f"{self.path}:{self.line}:{self.column}: {self.message}"


class PolicyError(InputError):
    """A policy, waiver or facts document is refused.

    Args:
        defects: Everything that is wrong with it, at least one; the first is
            the message.
    """

    def __init__(self, defects: list[Defect] | tuple[Defect, ...]) -> None:
        self.defects = tuple(sorted(set(defects)))
        first, more = self.defects[0], len(self.defects) - 1
        message = f"{first}."
        if more:
            message += f" ({more} more)"
        super().__init__(message, remedy=first.remedy)
