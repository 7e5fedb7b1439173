"""Red Hat, SUSE and their kin: ``rpmvercmp`` (rpm-version(7)) on epoch, version and release."""

from __future__ import annotations

import re

from pratique.versions.encoding import (
    MAX_REMEMBERED,
    MAX_REMEMBERED_LENGTH,
    TEXT_END,
    checked,
    number,
    sign,
    unordered,
)
from pratique.versions.models import Ordering

_pieces = re.compile(r"[0-9]+|[A-Za-z]+|[~^]").findall
_epoch = re.compile(r"([0-9]*):").match

_NO_RELEASE, _RELEASE = "\x01", "\x02"
_END = "\x04"
_LETTERS = "\x08"
_TILDE, _CARET = "\x02", "\x06"


class _Pieces(dict[str, str]):
    """Segments to their tokens: ``~`` < the end < ``^`` < letters < digits."""

    def __missing__(self, piece: str) -> str:
        token = number(piece) if piece.isdigit() else f"{_LETTERS}{piece}{TEXT_END}"
        if len(piece) <= MAX_REMEMBERED_LENGTH and len(self) < MAX_REMEMBERED:
            self[piece] = token
        return token


_piece = _Pieces({"~": _TILDE, "^": _CARET}).__getitem__


def _parse(text: str) -> tuple[str, str, str | None]:
    """Epoch, version and release; a release that is missing is below every other.

    What stands before a colon is an epoch only where it is a number.
    """
    text = checked(text)
    epoch = "0"
    if ":" in text and (match := _epoch(text)):
        epoch, text = match[1] or "0", text[match.end() :]
    version, hyphen, release = text.partition("-")
    if not version:
        raise unordered(text, "rpm's rule")
    return epoch, version, release if hyphen else None


def _compare_part(left: str, right: str) -> int:
    one, other = _pieces(left), _pieces(right)
    for at in range(max(len(one), len(other))):
        a = one[at] if at < len(one) else ""
        b = other[at] if at < len(other) else ""
        if a == b:
            continue
        for mark, order in (("~", -1), ("^", -1 if a and b else 1)):
            if a == mark:
                return order
            if b == mark:
                return -order
        if not a or not b:
            return 1 if a else -1
        if a.isdigit() and b.isdigit():
            if order := sign(int(a), int(b)):
                return order
            continue
        if a.isdigit() or b.isdigit():
            return 1 if a.isdigit() else -1
        return sign(a, b)
    return 0


def compare(left: str, right: str) -> int:
    """Order of two versions."""
    one, other = _parse(left), _parse(right)
    if order := sign(int(one[0]), int(other[0])) or _compare_part(one[1], other[1]):
        return order
    if one[2] is None or other[2] is None:
        return sign(one[2] is not None, other[2] is not None)
    return _compare_part(one[2], other[2])


def key(text: str) -> bytes:
    """Bytes that sort as rpm does."""
    epoch, version, release = _parse(text)
    head = f"{number(epoch)}{''.join(map(_piece, _pieces(version)))}\x04"
    if release is None:
        return (head + _NO_RELEASE).encode()
    return f"{head}\x02{''.join(map(_piece, _pieces(release)))}\x04".encode()


ORDERING = Ordering("rpm", compare, key)
