"""Maven: the "Version Order Specification" of the POM reference, made total.

The specification orders ``.qualifier`` < ``-qualifier`` < ``-number`` <
``.number`` at one place of two versions, and what is missing among the
qualifiers: above ``snapshot``, below ``sp``.  Both cannot hold at once:
``1.0.rc`` < ``1`` < ``1-1`` < ``1.0.rc``.  Here the place of what is missing
wins: a prerelease is below its release and a release below what is added to it.
"""

from __future__ import annotations

import re
from enum import Enum
from functools import lru_cache
from typing import NamedTuple

from pratique.versions.encoding import TEXT_END, ZERO, checked, number, sign, unordered
from pratique.versions.models import Ordering

_common = re.compile(
    r"([0-9]{1,18}(?:\.[0-9]{1,18}){0,7})([.-][A-Za-z][0-9A-Za-z.-]{0,30})?"
).fullmatch
_pieces = re.compile(r"([-.]?)(?:([0-9]+)|([^-.0-9]+)|(?=[-.]|$))").findall
MAX_TAILS = 4_096
"""Most endings that are remembered."""

_FOREIGN = frozenset("[](){}$,;:/\\<>\"'*?| ")
"""Not in a version but in ranges, unresolved properties and paths."""

_BEFORE = ("alpha", "beta", "milestone", "rc", "snapshot")
_AFTER = ("", "sp")
_ALIASES = {"cr": "rc", "ga": "", "final": "", "release": ""}
_ABBREVIATIONS = {"a": "alpha", "b": "beta", "m": "milestone"}

_BEFORE_MARKS = ("\x02", "\x03")
_AFTER_MARKS = ("\x0a", "\x0b")
"""After a dot, after a hyphen."""

_ZEROS_BEFORE = "\x07"
"""Zeros that lead up to a qualifier of a prerelease; their number follows."""

_END = "\x08"
_HYPHEN_NUMBER = "\x0d"


class _Token(NamedTuple):
    hyphen: bool
    digits: str
    """Empty for a qualifier."""

    qualifier: str

    @property
    def is_nothing(self) -> bool:
        return not self.digits.strip("0") if self.digits else not self.qualifier

    @property
    def is_plain_zero(self) -> bool:
        return bool(self.digits) and not self.hyphen and not self.digits.strip("0")

    @property
    def is_before(self) -> bool:
        return not self.digits and self.qualifier in _BEFORE


def _parse(text: str) -> list[_Token]:
    text = checked(text).lower()
    if not _FOREIGN.isdisjoint(text):
        raise unordered(text, "Maven's rule")
    found = _pieces(text)
    tokens: list[_Token] = []
    for at, (separator, digits, word) in enumerate(found):
        if not separator and not digits and not word and at:
            continue
        hyphen = separator == "-" or (not separator and at > 0)
        if word:
            follows = found[at + 1] if at + 1 < len(found) else ("", "", "")
            if not follows[0] and follows[1]:
                word = _ABBREVIATIONS.get(word, word)  # noqa: PLW2901
            tokens.append(_Token(hyphen, "", _ALIASES.get(word, word)))
        else:
            tokens.append(_Token(hyphen, digits or "0", ""))
    return _trimmed(tokens)


def _trimmed(tokens: list[_Token]) -> list[_Token]:
    """Without what means nothing at the end and before a hyphen."""
    kept: list[_Token] = []
    for token in tokens:
        if token.hyphen:
            _drop_nothing(kept)
        kept.append(token)
    _drop_nothing(kept)
    return kept


def _drop_nothing(tokens: list[_Token]) -> None:
    while tokens and tokens[-1].is_nothing:
        tokens.pop()


def _rank(tokens: list[_Token], at: int) -> tuple[int, int, int, str]:
    """Place of a token among those that may stand at its position."""
    if at >= len(tokens):
        return (3, 0, 0, "")
    token = tokens[at]
    if token.digits:
        zeros = 0
        while at + zeros < len(tokens) and tokens[at + zeros].is_plain_zero:
            zeros += 1
        if zeros and tokens[at + zeros].is_before:
            return (2, zeros, 0, "")
        return (6 if token.hyphen else 7, int(token.digits), 0, "")
    if token.is_before:
        return (int(token.hyphen), _BEFORE.index(token.qualifier), 0, "")
    known = token.qualifier in _AFTER
    place = _AFTER.index(token.qualifier) if known else len(_AFTER)
    return (4 + token.hyphen, place, 0, token.qualifier)


def compare(left: str, right: str) -> int:
    """Order of two versions."""
    one, other = _parse(left), _parse(right)
    for at in range(max(len(one), len(other))):
        if order := sign(_rank(one, at), _rank(other, at)):
            return order
    return 0


def key(text: str) -> bytes:
    """Bytes that sort as Maven does."""
    match = _common(text)
    if match is None:
        return (_encode(_parse(text)) + _END).encode()
    numbers = "".join(map(number, match[1].split(".")))
    zeros, tail = _tail(match[2]) if match[2] else (_Zeros.DROPPED, "")
    if zeros is not _Zeros.KEPT:
        length = len(numbers)
        while numbers.endswith(ZERO):
            numbers = numbers[:-2]
        if zeros is _Zeros.COUNTED and len(numbers) < length:
            numbers += f"{_ZEROS_BEFORE}{(length - len(numbers)) // len(ZERO):04d}"
    return f"{numbers}{tail}\x08".encode()


class _Zeros(Enum):
    """What becomes of the zeros that numbers end with."""

    DROPPED = 0
    KEPT = 1
    COUNTED = 2


@lru_cache(MAX_TAILS)
def _tail(text: str) -> tuple[_Zeros, str]:
    """What follows the numbers (``.Final``, ``-rc1``): few endings serve most versions."""
    tokens = _parse(f"1{text}")[1:]
    if not tokens or tokens[0].hyphen:
        return _Zeros.DROPPED, _encode(tokens)
    return _Zeros.COUNTED if tokens[0].is_before else _Zeros.KEPT, _encode(tokens)


def _encode(tokens: list[_Token]) -> str:
    encoded: list[str] = []
    zeros = 0
    for token in tokens:
        if token.is_plain_zero:
            zeros += 1
            continue
        if zeros:
            encoded.append(f"{_ZEROS_BEFORE}{zeros:04d}" if token.is_before else ZERO * zeros)
            zeros = 0
        encoded.append(_encode_one(token))
    return "".join(encoded)


def _encode_one(token: _Token) -> str:
    if token.digits:
        return _HYPHEN_NUMBER + number(token.digits) if token.hyphen else number(token.digits)
    if token.is_before:
        return _BEFORE_MARKS[token.hyphen] + number(str(_BEFORE.index(token.qualifier)))
    known = token.qualifier in _AFTER
    place = _AFTER.index(token.qualifier) if known else len(_AFTER)
    end = "" if known else token.qualifier + TEXT_END
    return _AFTER_MARKS[token.hyphen] + number(str(place)) + end


ORDERING = Ordering("maven", compare, key)
