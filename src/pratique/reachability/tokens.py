"""Words and marks of Go and Rust sources, without comments and texts.

Enough to see what is imported and which names are used; it is no parser.  A
source that the language would refuse gives whatever words it has.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterator

GO = re.compile(
    r"""
      (?P<skip>//[^\n]* | /\*.*?(?:\*/|\Z) | '(?:\\.|[^'\\\n])*' )
    | (?P<string>"(?:\\.|[^"\\\n])*" | `[^`]*(?:`|\Z))
    | (?P<word>[^\W\d]\w*)
    | (?P<mark>[.(){};=*])
    """,
    re.VERBOSE | re.DOTALL,
)
"""The Go Programming Language Specification, "Lexical elements"."""

RUST = re.compile(
    r"""
      (?P<skip>//[^\n]* | b?"(?:\\.|[^"\\])*(?:"|\Z) | b?'(?:\\[^\n]|[^'\\\n])[^'\n]{0,8}?'
         | '[^\W\d]\w* )
    | (?P<open>/\*)
    | (?P<raw>[bc]?r(?P<hash>\#*)")
    | (?P<word>(?:r\#)?[^\W\d]\w*)
    | (?P<mark>:: | [.(){};=!*,])
    """,
    re.VERBOSE | re.DOTALL,
)
"""The Rust Reference, "Lexical structure"."""

_NESTED = re.compile(r"/\*|\*/")


class Token(msgspec.Struct, frozen=True):
    """One word, mark, or (Go) text."""

    text: str
    """A text is given with its quotes."""

    offset: int
    """In characters from the start of the source."""

    word: bool = False


def go(source: str) -> Iterator[Token]:
    """Tokens of a Go source; texts are kept, for import paths are texts."""
    for match in GO.finditer(source):
        if match.lastgroup != "skip":
            yield Token(match[0], match.start(), match.lastgroup == "word")


def rust(source: str) -> Iterator[Token]:
    """Tokens of a Rust source; comments nest, raw texts end at their own hashes."""
    place = 0
    while match := RUST.search(source, place):
        place = match.end()
        if match["open"]:
            place = _after_comment(source, place)
        elif match["raw"]:
            end = source.find(f'"{match["hash"]}', place)
            place = len(source) if end < 0 else end + 1 + len(match["hash"])
        elif not match["skip"]:
            yield Token(match[0].removeprefix("r#"), match.start(), match["word"] is not None)


def _after_comment(source: str, place: int) -> int:
    depth = 1
    for match in _NESTED.finditer(source, place):
        depth += 1 if match[0] == "/*" else -1
        if not depth:
            return match.end()
    return len(source)


class Lines:
    """Line numbers of offsets.

    Args:
        source: The whole text.
    """

    def __init__(self, source: str) -> None:
        self._ends = [match.start() for match in re.finditer("\n", source)]

    def at(self, offset: int) -> int:
        """The line of an offset, counted from 1."""
        return bisect_right(self._ends, offset - 1) + 1
