"""The alphabet that all keys are written in.

A key is ASCII text, or UTF-8 where a version has other letters, built from
tokens none of which is the beginning of another.  The first character of a
token says how it sorts among those that may stand in the same place:

========== =====================================================
``00``     ends a piece of text; never begins a token
``01–1f``  marks of the ordering that sort below every number
``21–3e``  a number: its length, then its digits
``3f–7e``  marks of the ordering that sort above every number
========== =====================================================

As no token begins with ``00``, a caller may put two keys together with it
between them: the pair then sorts by the first key, and by the second where
the first are equal.
"""

from __future__ import annotations

from typing import Any

from pratique.versions.errors import VersionError

MAX_VERSION_LENGTH = 512
"""Longest version that is read, in characters.  The longest of the shared
fixtures has 92; branch names that Composer takes for versions may have 255."""

MAX_REMEMBERED = 32_768
"""Most encodings that one table keeps, so that hostile input cannot fill the memory."""

MAX_REMEMBERED_LENGTH = 16
"""Longest piece of a version whose encoding is kept; longer ones rarely come twice."""

ZERO = "!0"
"""The number 0, as a token; cannot occur inside another one."""

TEXT_END = "\x00"

_LENGTH_BASE = 0x20
_LONG_LENGTH = 0x3E


class Numbers(dict[str, str]):
    """Digits to the token of their number, worked out on first use.

    Look up ASCII digits only; leading zeros are of no account.
    """

    def __missing__(self, digits: str) -> str:
        number = digits.lstrip("0") or "0"
        size = len(number)
        if size < _LONG_LENGTH - _LENGTH_BASE:
            token = chr(_LENGTH_BASE + size) + number
        else:
            token = f"{chr(_LONG_LENGTH)}{size:04d}{number}"
        if len(digits) <= MAX_REMEMBERED_LENGTH and len(self) < MAX_REMEMBERED:
            self[digits] = token
        return token


NUMBERS = Numbers()
"""The one table of all orderings."""

number = NUMBERS.__getitem__
"""Token of a number given by its ASCII digits."""


def checked(text: str) -> str:
    """The version without space around it.

    Raises:
        VersionError: It is empty, longer than ``MAX_VERSION_LENGTH``, or holds
            control characters or lone surrogates.
    """
    if len(text) > MAX_VERSION_LENGTH:
        raise VersionError(
            f"version of {len(text):,} characters is over the limit of {MAX_VERSION_LENGTH}"
        )
    text = text.strip()
    if not text:
        raise VersionError("version is empty")
    if not text.isprintable():
        raise VersionError(f"version {text[:60]!a} holds control characters")
    return text


def unordered(text: str, rule: str) -> VersionError:
    """The error for a text that a rule has no place for.

    Args:
        text: The version as given.
        rule: As a reader knows it: ``SemVer``, ``Debian policy``.
    """
    return VersionError(f"version {text[:60]!r} cannot be ordered by {rule}")


def sign(left: Any, right: Any) -> int:
    """-1, 0 or 1, as ``left`` is less than, equal to or greater than ``right``."""
    return int(left > right) - int(left < right)
