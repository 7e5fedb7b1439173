"""RubyGems: the rule of ``Gem::Version``.

A version is split into runs of digits and of letters; a hyphen is ``.pre.``;
letters sort below numbers, and so a version with letters is a prerelease;
missing segments are 0.
"""

from __future__ import annotations

import re

from pratique.versions.encoding import TEXT_END, ZERO, checked, number, sign, unordered
from pratique.versions.models import Ordering

_common = re.compile(r"[0-9]{1,18}(?:\.[0-9]{1,18}){0,7}").fullmatch
_shape = re.compile(r"[0-9][0-9A-Za-z.-]*").fullmatch
_pieces = re.compile(r"[0-9]+|[A-Za-z]+").findall

_WORD = "\x05"
_ZEROS_THEN_WORD = "\x06"
_END = "\x08"


def _segments(text: str) -> list[str]:
    """Canonical segments: zeros are dropped before the first letters and at the end."""
    text = checked(text)
    if not _shape(text):
        raise unordered(text, "Gem::Version")
    segments = _pieces(text.replace("-", ".pre."))
    head = next((at for at, one in enumerate(segments) if one.isalpha()), len(segments))
    return _without_zeros(segments[:head]) + _without_zeros(segments[head:])


def _without_zeros(segments: list[str]) -> list[str]:
    end = len(segments)
    while end and not segments[end - 1].strip("0"):
        end -= 1
    return segments[:end]


def compare(left: str, right: str) -> int:
    """Order of two versions, as ``Gem::Version#<=>`` gives it."""
    one, other = _segments(left), _segments(right)
    for at in range(max(len(one), len(other))):
        a = one[at] if at < len(one) else "0"
        b = other[at] if at < len(other) else "0"
        if a.isalpha() and b.isalpha():
            order = sign(a, b)
        elif a.isalpha() or b.isalpha():
            order = -1 if a.isalpha() else 1
        else:
            order = sign(int(a), int(b))
        if order:
            return order
    return 0


def key(text: str) -> bytes:
    """Bytes that sort as ``Gem::Version`` does."""
    if _common(text):
        joined = "".join(map(number, text.split(".")))
        while joined.endswith(ZERO):
            joined = joined[:-2]
        return f"{joined}\x08".encode()
    return _encode(_segments(text)).encode()


def _encode(segments: list[str]) -> str:
    """Tokens; zeros before letters are counted, as they sort below the end of a version."""
    tokens: list[str] = []
    zeros = 0
    for segment in segments:
        if segment.isalpha():
            if zeros:
                tokens.append(f"{_ZEROS_THEN_WORD}{zeros:04d}")
            tokens.append(f"{_WORD}{segment}{TEXT_END}")
            zeros = 0
            continue
        token = number(segment)
        if token == ZERO:
            zeros += 1
            continue
        tokens.append(ZERO * zeros + token)
        zeros = 0
    tokens.append(_END)
    return "".join(tokens)


ORDERING = Ordering("rubygems", compare, key)
