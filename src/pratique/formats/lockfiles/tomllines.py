"""Line numbers of the entries and keys of a TOML 1.0 document, by one pass over its text."""

from __future__ import annotations

import re

from pratique.formats.text import Lines

_LONG_STRINGS = (
    r'"""(?:[^"\\]++|\\.|"(?!""))*+"""'
    r"|'''(?:[^']++|'(?!''))*+'''"
)
"""Multi-line strings, in which nothing is a header or a key."""

_HEADER = r"^[ \t]*(?P<header>\[\[?[^\]\n]+\])"
_KEY = (
    r"^[ \t]*(?P<key>(?:[\w-]+|\"[^\"\n]*\"|'[^'\n]*')"
    r"(?:[ \t]*\.[ \t]*(?:[\w-]+|\"[^\"\n]*\"|'[^'\n]*'))*)[ \t]*="
)
_KEYS = re.compile(f"{_LONG_STRINGS}|{_HEADER}|{_KEY}", re.MULTILINE | re.DOTALL)
_NAMES = re.compile(
    rf"{_LONG_STRINGS}|{_HEADER}|^[ \t]*(?P<key>name)[ \t]*=", re.MULTILINE | re.DOTALL
)


def entry_lines(text: str, table: str, count: int) -> list[int]:
    """Lines of the entries of an array of tables (``[[package]]``).

    Args:
        text: A document that was parsed before.
        table: Name of the array.
        count: How many entries the parser found.

    Returns:
        One line an entry: of its ``name``, or of its header where it has none;
        zeros where the text does not show as many headers (inline arrays).
    """
    lines = Lines(text)
    found: list[int] = []
    open_entry = False
    for match in _NAMES.finditer(text):
        if header := match["header"]:
            open_entry = header.startswith("[[") and header[2:-1].strip(" \t\"'") == table
            if open_entry:
                found.append(lines.at(match.start("header")))
        elif open_entry and match["key"]:
            found[-1] = lines.at(match.start("key"))
            open_entry = False
    return found if len(found) == count else [0] * count


class KeyLines:
    """Lines of the keys of a document, by the section they stand in.

    Args:
        text: A document that was parsed before.
    """

    def __init__(self, text: str) -> None:
        self._lines: dict[tuple[str, str], int] = {}
        lines, section = Lines(text), ""
        for match in _KEYS.finditer(text):
            if header := match["header"]:
                section = _bare(header.strip("[] \t"))
                self._lines.setdefault((section, ""), lines.at(match.start("header")))
            elif key := match["key"]:
                name, line = _bare(key), lines.at(match.start("key"))
                self._lines.setdefault((section, name), line)
                # "name.version = …" is where a table begins too.
                self._lines.setdefault((section, name.partition(".")[0]), line)

    def of(self, section: str, key: str) -> int:
        """Line of a key, written in its section or as a section of its own; 0 if neither."""
        for place in ((section, key), (f"{section}.{key}" if section else key, "")):
            if place in self._lines:
                return self._lines[place]
        head, dot, tail = section.rpartition(".")
        return self._lines.get((head, f"{tail}.{key}"), 0) if dot else 0


def _bare(key: str) -> str:
    """A dotted key without quotes and spaces."""
    return ".".join(part.strip(" \t\"'") for part in key.split("."))
