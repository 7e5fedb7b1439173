"""Packagist: the rule of PHP's ``version_compare``, as Composer applies it.

A leading ``v`` is dropped, and digits and letters are taken apart.  Words rank
``dev`` < ``alpha`` < ``beta`` < ``rc`` < nothing < a number < ``pl``, by how
they begin and in this letter case (``RC`` too); any other word is below ``dev``.
"""

from __future__ import annotations

import re

from pratique.versions.encoding import checked, number, sign, unordered
from pratique.versions.models import Ordering

_common = re.compile(r"v?([0-9]{1,18}(?:\.[0-9]{1,18}){0,7})").fullmatch
_pieces = re.compile(r"[0-9]+|[A-Za-z]+").findall
_digit = re.compile(r"[0-9]").search

_FORMS = (("dev", 1), ("a", 2), ("b", 3), ("rc", 4), ("RC", 4), ("p", 7))
_END_RANK = 5
_NUMBER_RANK = 6
_MARKS = "\x01\x02\x03\x04\x05\x08\x08\x7e"
_END = _MARKS[_END_RANK]


def _parse(text: str) -> list[str]:
    text = checked(text)
    if not text.isascii() or " " in text or not (_digit(text) or text.startswith("dev-")):
        raise unordered(text, "Composer's rule")
    return _pieces(text[1:] if text[0] in "vV" else text)


def _rank(piece: str) -> int:
    if piece.isdigit():
        return _NUMBER_RANK
    return next((rank for form, rank in _FORMS if piece.startswith(form)), 0)


def compare(left: str, right: str) -> int:
    """Order of two versions."""
    one, other = _parse(left), _parse(right)
    for a, b in zip(one, other, strict=False):
        order = sign(_rank(a), _rank(b))
        if not order and a.isdigit():
            order = sign(int(a), int(b))
        if order:
            return order
    if len(one) > len(other):
        return sign(_rank(one[len(other)]), _END_RANK)
    if len(one) < len(other):
        return sign(_END_RANK, _rank(other[len(one)]))
    return 0


def key(text: str) -> bytes:
    """Bytes that sort as Composer does."""
    match = _common(text)
    if match is not None:
        return f"{''.join(map(number, match[1].split('.')))}\x08".encode()
    tokens = [number(one) if one.isdigit() else _MARKS[_rank(one)] for one in _parse(text)]
    return ("".join(tokens) + _END).encode()


ORDERING = Ordering("packagist", compare, key)
