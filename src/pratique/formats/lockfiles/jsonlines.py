"""Line numbers of the members of a JSON document (RFC 8259)."""

from __future__ import annotations

import json
import re

Path = tuple[str | int, ...]
"""Member names and array positions from the top of a document to a value."""

_SPACE = re.compile(r"\s*")
_TOKEN = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[{}\[\],:]', re.DOTALL)


class JsonLines:
    """Lines on which the members and items of a JSON text begin.

    Args:
        text: A text that has been parsed before, so that it is known to be JSON.
        depth: Longest path that is recorded.
    """

    def __init__(self, text: str, depth: int) -> None:
        self.repeated: list[tuple[Path, int]] = []
        """Members whose name occurs twice in one object, with the later line."""

        self._lines: dict[Path, int] = {}
        self._scan(text, depth)

    def __getitem__(self, path: Path) -> int:
        return self._lines.get(path, 0)

    def _scan(self, text: str, depth: int) -> None:
        line, position = 1, 0
        stack: list[str | int | None] = []  # a name, a position, or None before the first name
        kinds: list[str] = []
        last = ""
        last_line = 1
        for match in _TOKEN.finditer(text):
            start = match.start()
            line += text.count("\n", position, start)
            position = start
            mark = match.group()
            if mark == ":":
                stack[-1] = _name(last)
                if len(stack) <= depth:
                    self._record(stack, last_line)
            elif mark in "{[":
                kinds.append(mark)
                stack.append(0 if mark == "[" else None)
                if mark == "[" and len(stack) <= depth:
                    self._record(stack, line + _breaks(text, start + 1))
            elif mark in "}]":
                kinds.pop()
                stack.pop()
            elif mark == ",":
                if kinds and kinds[-1] == "[":
                    stack[-1] = int(stack[-1] or 0) + 1
                    if len(stack) <= depth:
                        self._record(stack, line + _breaks(text, start + 1))
            else:
                last, last_line = mark, line

    def _record(self, stack: list[str | int | None], line: int) -> None:
        path = tuple(part for part in stack if part is not None)
        if len(path) != len(stack):
            return
        if path in self._lines and isinstance(path[-1], str):
            self.repeated.append((path, line))
        self._lines[path] = line


def _breaks(text: str, start: int) -> int:
    """Line breaks between an offset and the value that follows."""
    space = _SPACE.match(text, start)
    return space.group().count("\n") if space else 0


def _name(token: str) -> str:
    if "\\" not in token:
        return token[1:-1]
    try:
        return str(json.loads(token))
    except ValueError:
        return token[1:-1]
