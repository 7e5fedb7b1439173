"""Typed reading of nodes: every defect is collected with its place and a remedy."""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import TYPE_CHECKING

from pratique.policy.documents import Mapping, Scalar, Sequence
from pratique.policy.errors import Defect, PolicyError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pratique.policy.documents import Node

MAX_TEXT = 4_000
"""Characters of a description, the longest text but an expression."""

ID = re.compile(r"[a-z0-9][a-z0-9._-]{0,79}\Z")
"""What an id of a policy, rule or waiver looks like."""


class Fields:
    """Reads the fields of one document.

    Args:
        path: Of the document.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self.defects: list[Defect] = []

    def wrong(self, node: Node, message: str, remedy: str = "") -> None:
        """Something is wrong with a node."""
        self.defects.append(Defect(self.path, node.line, node.column, message, remedy))

    def wrong_at(self, place: tuple[int, int], message: str, remedy: str = "") -> None:
        """Something is wrong at a line and column."""
        self.defects.append(Defect(self.path, *place, message, remedy))

    def refuse(self) -> None:
        """End here if anything was wrong.

        Raises:
            PolicyError: With every defect.
        """
        if self.defects:
            raise PolicyError(self.defects)

    def mapping(
        self, node: Node, what: str, allowed: Iterable[str], required: Iterable[str] = ()
    ) -> dict[str, Node] | None:
        """The fields of a mapping; ``None`` where it is none."""
        if not isinstance(node, Mapping):
            self.wrong(node, f"{what} is not a mapping of fields", "Write 'field: value' lines.")
            return None
        allowed = list(allowed)
        found: dict[str, Node] = {}
        for name, (key, value) in node.entries.items():
            if name in allowed:
                found[name] = value
                continue
            close = get_close_matches(name, allowed, n=1)
            hint = f"Did you mean {close[0]!r}? " if close else ""
            self.wrong(
                key,
                f"{what} has no field {name[:80]!r}",
                f"{hint}Its fields are {', '.join(allowed)}.",
            )
        for name in required:
            if name not in found:
                self.wrong(node, f"{what} lacks the field {name!r}", f"Add '{name}: …'.")
        return found

    def items(self, node: Node | None, what: str, limit: int) -> list[Node]:
        """The items of a list; empty where the field is absent."""
        if node is None:
            return []
        if not isinstance(node, Sequence):
            self.wrong(node, f"{what} is not a list", "Write one '- …' for each.")
            return []
        if len(node.items) > limit:
            self.wrong(node, f"{what} has {len(node.items):,} items, over the limit of {limit:,}")
            return node.items[:limit]
        return node.items

    def text(self, node: Node | None, what: str, *, limit: int = MAX_TEXT) -> str:
        """A text that is not empty; empty where it is absent or wrong."""
        if node is None:
            return ""
        if not isinstance(node, Scalar):
            self.wrong(node, f"{what} is not a text")
            return ""
        text = node.text.strip()
        if not text:
            self.wrong(node, f"{what} is empty")
        elif len(text) > limit:
            self.wrong(node, f"{what} has {len(text):,} characters, over the limit of {limit:,}")
            return ""
        elif not all(sign.isprintable() or sign in "\n\t" for sign in text):
            self.wrong(node, f"{what} has control characters")
            return ""
        return text

    def line(self, node: Node | None, what: str, *, limit: int = MAX_TEXT) -> str:
        """A text on one line, however it is folded in the document."""
        return " ".join(self.text(node, what, limit=limit).split())

    def id(self, node: Node | None, what: str) -> str:
        """An id; empty where it is absent or wrong."""
        text = self.text(node, what)
        if text and node is not None and not ID.match(text):
            self.wrong(
                node,
                f"{what} {text[:80]!r} is not an id",
                "Use lower-case letters, digits, '.', '_' and '-', at most 80.",
            )
            return ""
        return text

    def word(self, node: Node | None, what: str, words: Iterable[str]) -> str:
        """One of a few words; empty where it is absent or wrong."""
        text = self.text(node, what)
        words = list(words)
        if text and node is not None and text not in words:
            close = get_close_matches(text, words, n=1)
            hint = f"Did you mean {close[0]!r}? " if close else ""
            self.wrong(node, f"{what} is {text[:80]!r}", f"{hint}It is one of {', '.join(words)}.")
            return ""
        return text

    def texts(self, node: Node | None, what: str, limit: int) -> tuple[str, ...]:
        """A list of texts, or a single one."""
        if isinstance(node, Scalar):
            return tuple(filter(None, [self.line(node, what)]))
        return tuple(
            filter(None, (self.line(item, what) for item in self.items(node, what, limit)))
        )
