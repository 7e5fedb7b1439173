"""Alpine and its kin: apk-package(5), "Package info metadata", as apk-tools 3 compares.

A version is ``number{.number}{letter}{_suffix{number}}{~hash}{-r#}``.  What
comes next in one version is compared with what comes next in the other; where
they are not of one kind, the kind decides.  What apk holds to be invalid is
below the same version without it.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from pratique.versions.encoding import (
    MAX_REMEMBERED,
    MAX_REMEMBERED_LENGTH,
    TEXT_END,
    checked,
    number,
    sign,
)
from pratique.versions.models import Ordering

_shape = re.compile(
    r"([0-9]+)((?:\.[0-9]+)*)([a-z]?)"
    r"((?:_(?:alpha|beta|pre|rc|cvs|svn|git|hg|p)[0-9]*)*)"
    r"(~[0-9a-f]+)?(-r[0-9]*)?"
).match
_common = re.compile(
    r"[0-9]{1,18}(?:\.[0-9]{1,18}){0,7}[a-z]?"
    r"(?:_(?:alpha|beta|pre|rc|cvs|svn|git|hg|p)[0-9]{0,18}){0,3}(?:-r[0-9]{1,18})?"
).fullmatch
_pieces = re.compile(r"\.?[0-9]+|_[a-z]+[0-9]*|-r[0-9]+|[a-z]").findall
_suffixes = re.compile(r"_([a-z]+)([0-9]*)").findall

_SUFFIXES = ("alpha", "beta", "pre", "rc", "cvs", "svn", "git", "hg", "p")
_LAST_PRERELEASE = _SUFFIXES.index("rc")

# Kinds of token, lowest first; a prerelease suffix is below even what is invalid.
_UNREADABLE, _PRERELEASE, _INVALID, _END, _REVISION = 0, 1, 2, 3, 4
_HASH, _SUFFIX_NUMBER, _POSTRELEASE, _LETTER, _PADDED, _NUMBER = 5, 6, 7, 8, 9, 10
_MARKS = "\x01\x02\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f"
_NUMERIC = frozenset((_REVISION, _SUFFIX_NUMBER, _NUMBER))


class _Token(NamedTuple):
    kind: int
    value: str


def _parse(text: str) -> list[_Token]:
    text = checked(text)
    match = _shape(text)
    if match is None:
        return [_Token(_UNREADABLE, text)]
    first, others, letter, suffixes, commit, revision = match.groups()
    tokens = [_Token(_NUMBER, first)]
    # apk sorts a number with a leading zero as text, below those without
    tokens += [
        _Token(_PADDED if digits[0] == "0" else _NUMBER, digits) for digits in others.split(".")[1:]
    ]
    if letter:
        tokens.append(_Token(_LETTER, letter))
    for word, digits in _suffixes(suffixes):
        rank = _SUFFIXES.index(word)
        kind = _PRERELEASE if rank <= _LAST_PRERELEASE else _POSTRELEASE
        tokens.append(_Token(kind, str(rank)))
        if digits:
            tokens.append(_Token(_SUFFIX_NUMBER, digits))
    if commit:
        tokens.append(_Token(_HASH, commit))
    rest = text[match.end() :]
    if rest:
        # the several ways to write a wrong revision are all alike
        tokens.append(_Token(_INVALID, "" if revision or rest[0] == "-" else rest))
        return tokens
    if revision:
        tokens.append(_Token(_REVISION, revision[2:] or "0"))
    tokens.append(_Token(_END, ""))
    return tokens


def compare(left: str, right: str) -> int:
    """Order of two versions."""
    for one, other in zip(_parse(left), _parse(right), strict=False):
        if one.kind != other.kind:
            return sign(one.kind, other.kind)
        if one.kind in _NUMERIC:
            order = sign(int(one.value), int(other.value))
        else:
            order = sign(one.value, other.value)
        if order:
            return order
    return 0


class _Pieces(dict[str, str]):
    """``1``, ``.2``, ``_rc3``, ``-r4`` and letters, to their tokens in a valid version."""

    def __missing__(self, piece: str) -> str:
        start = 1 if piece.isalpha() or piece[0] in "._-" else 0
        token = "".join(map(_encode, _parse(f"1{piece}" if start else piece)[start:-1]))
        if len(piece) <= MAX_REMEMBERED_LENGTH and len(self) < MAX_REMEMBERED:
            self[piece] = token
        return token


_piece = _Pieces().__getitem__


def key(text: str) -> bytes:
    """Bytes that sort as apk does."""
    if _common(text):
        return f"{''.join(map(_piece, _pieces(text)))}\x09".encode()
    return "".join(map(_encode, _parse(text))).encode()


def _encode(token: _Token) -> str:
    kind, value = token
    if kind == _NUMBER:
        return number(value)
    if kind == _END:
        return _MARKS[kind]
    if kind in _NUMERIC:
        return _MARKS[kind] + number(value)
    return f"{_MARKS[kind]}{value}{TEXT_END}"


ORDERING = Ordering("apk", compare, key)
