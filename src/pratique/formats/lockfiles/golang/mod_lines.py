"""The directives of a ``go.mod`` (Go modules reference, "Lexical elements" and "Grammar")."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from pratique.model.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator

KNOWN = frozenset(
    {
        *("module", "go", "toolchain", "require", "replace", "exclude", "retract"),
        *("godebug", "tool", "ignore"),
    }
)
"""Directives that exist as of Go 1.25."""

_TOKEN = re.compile(
    # A quote that is not closed ends with its line, so that none is read twice.
    r'"((?:[^"\\]|\\.)*+)"?|`([^`]*)`?|(=>)|([()])|((?:(?!//|=>)[^\s"`()])+)'
)


class Directive(NamedTuple):
    """One line of the file, with its verb."""

    verb: str
    words: list[str]
    line: int
    indirect: bool
    """Whether a comment says that the module is not imported here."""


class BadLineError(InputError):
    """A line that is no directive.

    Args:
        message: What is wrong.
        line: Its number.
    """

    def __init__(self, message: str, line: int) -> None:
        super().__init__(message)
        self.line = line


def directives(text: str) -> Iterator[Directive | BadLineError]:
    """Directives in the order of the file, and the lines that are none.

    Args:
        text: Of the file.
    """
    block = ""
    for number, line in enumerate(text.split("\n"), 1):
        content, _, comment = _split(line)
        words = _words(content)
        if not words:
            continue
        if block:
            if words == [")"]:
                block = ""
                continue
            verb = block
        else:
            verb, *words = words
            if verb not in KNOWN:
                yield BadLineError(f"{verb[:40]!r} is no directive of a go.mod", number)
                continue
            if words == ["("]:
                block = verb
                continue
            if words and words[0] == "(" and words[-1] == ")":
                words = words[1:-1]
        indirect = comment.split(";")[0].strip() == "indirect"
        yield Directive(verb, words, number, indirect)
    if block:
        yield BadLineError(f"the block of {block} is not closed", 0)


def _split(line: str) -> tuple[str, str, str]:
    """Content and comment of a line; a ``//`` within quotes or an address is neither."""
    for match in re.finditer(r'"[^"]*"|`[^`]*`|//', line):
        if match[0] == "//" and (match.start() == 0 or line[match.start() - 1] in " \t()"):
            return line[: match.start()], "//", line[match.end() :]
    return line, "", ""


def _words(content: str) -> list[str]:
    words = []
    for match in _TOKEN.finditer(content):
        quoted, raw, *plain = match.groups()
        if quoted is not None:
            words.append(re.sub(r"\\(.)", r"\1", quoted))
        elif raw is not None:
            words.append(raw)
        else:
            words.append(next(word for word in plain if word is not None))
    return words
