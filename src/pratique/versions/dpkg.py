"""Debian and Ubuntu: Debian policy, section 5.6.12, and deb-version(7)."""

from __future__ import annotations

import re

from pratique.versions.encoding import (
    MAX_REMEMBERED,
    MAX_REMEMBERED_LENGTH,
    MAX_VERSION_LENGTH,
    checked,
    number,
    sign,
    unordered,
)
from pratique.versions.models import Ordering

_RULE = "Debian policy"
_chunks = re.compile(r"[^0-9]*[0-9]+|[^0-9]+").findall
_shape = re.compile(r"[!-~]+").fullmatch

_TILDE, _END = "\x01", "\x02"
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_OTHERS = "".join(c for c in map(chr, range(0x21, 0x7E)) if not c.isalnum())
_TRANSLATION = {
    ord("~"): _TILDE,
    **{ord(c): chr(0x10 + at) for at, c in enumerate(_LETTERS + _OTHERS)},
}


class _Chunks(dict[str, str]):
    """What stands between numbers and the number after it, to their tokens.

    Letters are below other characters and ``~`` is below the end; a number that
    is missing at the end is 0.
    """

    def __missing__(self, chunk: str) -> str:
        word = chunk.rstrip("0123456789")
        token = word.translate(_TRANSLATION) + _END + number(chunk[len(word) :] or "0")
        if len(chunk) <= MAX_REMEMBERED_LENGTH and len(self) < MAX_REMEMBERED:
            self[chunk] = token
        return token


_chunk = _Chunks().__getitem__


def parse(text: str) -> tuple[str, str, str]:
    """Epoch, upstream version and revision; what is missing is ``0``.

    Raises:
        VersionError: The epoch is no number, nothing follows it, or a character
            is not printable ASCII.
    """
    if len(text) > MAX_VERSION_LENGTH or not _shape(text):
        text = checked(text)
        if not _shape(text):
            raise unordered(text, _RULE)
    epoch, rest = "0", text
    if ":" in text:
        epoch, _, rest = text.partition(":")
        if not epoch.isdigit():
            raise unordered(text, _RULE)
    upstream, hyphen, revision = rest.rpartition("-")
    if not hyphen:
        upstream, revision = rest, "0"
    if not upstream:
        raise unordered(text, _RULE)
    return epoch, upstream, revision or "0"


def _weight(character: str) -> int:
    if not character or character.isdigit():
        return 0
    if character == "~":
        return -1
    return ord(character) if character.isalpha() else ord(character) + 256


def compare_part(left: str, right: str) -> int:
    """Order of two upstream versions or two revisions, by turns as text and as numbers."""
    i = j = 0
    while i < len(left) or j < len(right):
        while (i < len(left) and not left[i].isdigit()) or (
            j < len(right) and not right[j].isdigit()
        ):
            if order := sign(_weight(left[i : i + 1]), _weight(right[j : j + 1])):
                return order
            i, j = i + 1, j + 1
        one, other = _digits(left, i), _digits(right, j)
        if order := sign(int(one or "0"), int(other or "0")):
            return order
        i, j = i + len(one), j + len(other)
    return 0


def _digits(text: str, start: int) -> str:
    end = start
    while end < len(text) and text[end].isdigit():
        end += 1
    return text[start:end]


def compare(left: str, right: str) -> int:
    """Order of two versions: epoch, then upstream version, then revision."""
    one, other = parse(left), parse(right)
    return (
        sign(int(one[0]), int(other[0]))
        or compare_part(one[1], other[1])
        or compare_part(one[2], other[2])
    )


def encode_part(part: str) -> str:
    """Tokens of an upstream version or a revision."""
    return "".join(map(_chunk, _chunks(part))) + _END


def key(text: str) -> bytes:
    """Bytes that sort as dpkg does."""
    epoch, upstream, revision = parse(text)
    return (number(epoch) + encode_part(upstream) + encode_part(revision)).encode()


ORDERING = Ordering("dpkg", compare, key)
