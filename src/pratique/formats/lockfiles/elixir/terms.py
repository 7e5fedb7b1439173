"""Literal terms of Elixir and Erlang, read without running anything.

Tuples, lists, keywords, maps, strings, binaries, atoms and numbers are all that
lockfiles are made of.  Sources: Elixir's "Syntax reference" (1.18), Erlang's
"Data types" (OTP 27).
"""

from __future__ import annotations

import re
from typing import Any

MAX_TERM_DEPTH = 16
"""Deepest nesting that is followed.  Lockfiles nest five deep, and an entry that is
never closed is tried at each of its lines down to this depth."""

_TOKEN = re.compile(
    r"""
    (?P<space>(?:\s|\#[^\n]*|%(?!\{)[^\n]*)+)
  | (?P<binary><<"(?:[^"\\]|\\.)*"(?:/utf8)?>>)
  | (?P<keyword>"(?:[^"\\]|\\.)*":(?=\s)|[a-z_][A-Za-z0-9_@]*[?!]?:(?=\s))
  | (?P<string>"(?:[^"\\]|\\.)*")
  | (?P<atom>:"(?:[^"\\]|\\.)*"|:[A-Za-z_][A-Za-z0-9_@]*[?!]?|'(?:[^'\\]|\\.)*'
            |[A-Za-z_][A-Za-z0-9_@.]*)
  | (?P<number>-?\d[\d_]*(?:\.\d+)?)
  | (?P<arrow>=>)
  | (?P<open>%\{|\{|\[)
  | (?P<close>\}|\])
  | (?P<comma>,)
    """,
    re.VERBOSE | re.DOTALL,
)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r"}


class Atom(str):
    """An atom, told apart from a string of the same letters."""

    __slots__ = ()


class TermError(ValueError):
    """The text is no literal term; ``offset`` says where."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message)
        self.offset = offset


def term(text: str, start: int) -> tuple[Any, int]:
    """The term that begins at an offset, and the offset behind it.

    Tuples come as tuples, lists as lists, keywords in lists as pairs, maps as
    lists of pairs, atoms as :class:`Atom`.

    Raises:
        TermError: There is none, or it is nested over ``MAX_TERM_DEPTH`` deep.
    """
    stack: list[tuple[str, list[Any]]] = []
    names: list[Any] = []  # of the keyword or arrow whose value is awaited, by depth
    offset = start
    while True:
        match = _TOKEN.match(text, offset)
        if match is None:
            raise TermError("is no literal term", offset)
        offset = match.end()
        kind, token = match.lastgroup, match[0]
        if kind in {"space", "comma"}:
            if kind == "comma" and not stack:
                raise TermError("begins with a comma", match.start())
            continue
        if kind == "open":
            if len(stack) >= MAX_TERM_DEPTH:
                raise TermError("is nested too deeply", match.start())
            stack.append((token, []))
            names.append(None)
            continue
        if kind == "keyword" and stack:
            names[-1] = Atom(_text(token[:-1].strip('"')))
            continue
        if kind == "arrow" and stack and stack[-1][1]:
            names[-1] = stack[-1][1].pop()
            continue
        if kind == "close":
            value = _closed(token, stack, names, match.start())
        elif kind in {"binary", "string", "atom", "number"}:
            value = _scalar(kind, token)
        else:
            raise TermError(f"has {token[:20]!r} where a term is expected", match.start())
        if not stack:
            return value, offset
        if names[-1] is not None:
            value, names[-1] = (names[-1], value), None
        stack[-1][1].append(value)


def _closed(token: str, stack: list[tuple[str, list[Any]]], names: list[Any], offset: int) -> Any:
    if not stack:
        raise TermError(f"ends with {token!r}", offset)
    opened, parts = stack.pop()
    names.pop()
    if token != ("]" if opened == "[" else "}"):
        raise TermError(f"closes {opened!r} with {token!r}", offset)
    return tuple(parts) if opened == "{" else parts


def _scalar(kind: str, token: str) -> Any:
    if kind == "binary":
        return _text(token[3 : token.rindex('"')])
    if kind == "string":
        return _text(token[1:-1])
    if kind == "number":
        return Atom(token)
    if token.startswith(":"):
        return Atom(_text(token[1:].strip('"')))
    return Atom(_text(token.strip("'")))


def _text(quoted: str) -> str:
    if "\\" not in quoted:
        return quoted
    return _ESCAPE.sub(lambda match: _ESCAPES.get(match[1], match[1]), quoted)
