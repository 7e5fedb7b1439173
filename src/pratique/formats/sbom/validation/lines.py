"""Lines of values in a JSON text, by their paths."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from pratique.formats.text import Lines

if TYPE_CHECKING:
    from collections.abc import Sequence

_SPACE = re.compile(r"[ \t\n\r]*")
MAX_STEPS = 2_000_000
"""Members that are passed over for all paths of a document together: some 2 seconds."""


class JsonLines:
    """Finds where values stand; what was passed once is remembered.

    Args:
        text: A JSON text that has been decoded before.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._lines = Lines(text)
        self._decode = json.JSONDecoder().raw_decode
        self._members: dict[tuple[str | int, ...], dict[str | int, int]] = {}
        self._steps = 0

    def line(self, path: Sequence[str | int]) -> int:
        """Line of the value at a path, or of the nearest one around it; 0 if unknown."""
        try:
            at = _SPACE.match(self._text, 0).end()  # type: ignore[union-attr]
            for length, part in enumerate(path):
                found = self._inside(tuple(path[:length]), at).get(part)
                if found is None:
                    break
                at = found
        except (ValueError, IndexError, RecursionError):
            return 0
        return self._lines.at(at)

    def _inside(self, path: tuple[str | int, ...], at: int) -> dict[str | int, int]:
        """Offsets of the members of the object or array at an offset."""
        known = self._members.get(path)
        if known is None:
            known = self._members[path] = self._scan(at)
        return known

    def _scan(self, at: int) -> dict[str | int, int]:
        text, found = self._text, {}
        opening = text[at]
        if opening not in "[{":
            return {}
        at = self._skip(at + 1)
        number = 0
        while text[at] not in "]}" and self._steps < MAX_STEPS:
            key: str | int = number
            if opening == "{":
                key, at = self._decode(text, at)
                at = self._skip(self._skip(at) + 1)
            found[key] = at
            _, at = self._decode(text, at)
            at = self._skip(at)
            if text[at] == ",":
                at = self._skip(at + 1)
            number += 1
            self._steps += 1
        return found

    def _skip(self, at: int) -> int:
        return _SPACE.match(self._text, at).end()  # type: ignore[union-attr]
