"""Lines of a document's entries, by the values that identify them."""

from __future__ import annotations

import msgspec


class Places:
    """Where the entries of a document are, by the values of their keys.

    A key is looked for in one pass over the text, and only when no key before
    it has the value.  A document on a single line has no places: every line is
    then 0.

    Args:
        text: The whole document, if it is JSON.
        keys: Whose text values identify entries (``bom-ref``, ``purl``).
        lines: Of values that are known already, in other serialisations.
    """

    def __init__(self, text: str = "", *keys: str, lines: dict[str, int] | None = None) -> None:
        self._lines: dict[str, int] = lines or {}
        self._text = text
        self._keys = list(keys) if "\n" in text.strip() else []

    def line(self, *values: str | None) -> int:
        """Line of the entry with the first of these values that occurs; else 0."""
        if found := self._known(values):
            return found
        while self._keys:
            self._find(self._text, f'"{self._keys.pop(0)}"')
            if found := self._known(values):
                return found
        return 0

    def _known(self, values: tuple[str | None, ...]) -> int:
        for value in values:
            if value and (line := self._lines.get(value)):
                return line
        return 0

    def _find(self, text: str, key: str) -> None:
        """Lines of all values of a key, with as little Python as possible."""
        find, count, lines = text.find, text.count, self._lines
        line, counted, at = 1, 0, find(key)
        while at >= 0:
            line += count("\n", counted, at)
            counted = at
            colon = find(":", at + len(key))
            start = find('"', colon + 1)
            if colon < 0 or start < 0:
                return
            if not text[at + len(key) : colon].strip() and not text[colon + 1 : start].strip():
                value, at = _string(text, start)
                lines.setdefault(value, line)
            else:  # the key's own text as a value, or a value that is no text
                at += len(key)
            at = find(key, at)


def _string(text: str, start: int) -> tuple[str, int]:
    """The JSON string that opens at an offset, and the offset behind it."""
    end = text.find('"', start + 1)
    if end < 0:
        return "", len(text)
    value = text[start + 1 : end]
    if "\\" not in value:
        return value, end + 1
    while end >= 0 and _escaped(text, end):
        end = text.find('"', end + 1)
    if end < 0:
        return "", len(text)
    try:
        return msgspec.json.decode(text[start : end + 1], type=str), end + 1
    except msgspec.DecodeError:
        return "", end + 1


def _escaped(text: str, at: int) -> bool:
    """Whether an odd number of backslashes stands before an offset."""
    backslashes = 0
    while text[at - 1 - backslashes] == "\\":
        backslashes += 1
    return backslashes % 2 == 1
