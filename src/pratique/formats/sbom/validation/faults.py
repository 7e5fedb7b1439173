"""What is wrong with a document, and where."""

from __future__ import annotations

import msgspec

MAX_FAULTS = 1000
"""Faults of one document that are collected; a generator's one mistake is in every item."""

MAX_MESSAGE = 300
"""Characters of a message: a schema's may repeat a whole array of the document."""


class Fault(msgspec.Struct, frozen=True, order=True):
    """One departure from a specification."""

    line: int
    """Counted from 1; 0 where it is not known."""

    path: str
    """In the JSON form: ``components[3].hashes[0].alg``; empty is the document itself."""

    message: str


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What a validation found."""

    specification: str
    """What it was held against: ``CycloneDX 1.6, JSON schema``."""

    faults: tuple[Fault, ...] = ()
    more: bool = False
    """Whether there are more faults than ``MAX_FAULTS``."""

    @property
    def valid(self) -> bool:
        """Whether nothing is wrong."""
        return not self.faults


def cut(message: str) -> str:
    """A message on one line and of bounded length."""
    message = " ".join(message.split())
    return message if len(message) <= MAX_MESSAGE else message[: MAX_MESSAGE - 1] + "…"


def path_of(parts: list[str | int]) -> str:
    """A path of keys and positions as text."""
    text = ""
    for part in parts:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += f".{part}" if text else part
    return text
