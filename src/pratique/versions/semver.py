"""Semantic Versioning 2.0.0, section 11, read as leniently as OSV does.

Beyond the letter of the standard are read: a leading ``v`` or ``=``, one or two
numbers instead of three (the others are 0), more than three (they go on
counting), leading zeros, and a prerelease without its hyphen (``1.0.0rc1``).
Build metadata is of no account, so that Go's ``+incompatible`` is none either.
Go's pseudo-versions are prereleases and need no rule of their own.
"""

from __future__ import annotations

import re
from itertools import zip_longest
from typing import NamedTuple

from pratique.versions.encoding import TEXT_END, ZERO, checked, number, sign, unordered
from pratique.versions.models import Ordering

PRERELEASE = "\x01"
RELEASE = "\x02"
WORD = "\x60"

_common = re.compile(
    r"v?([0-9]{1,18})\.([0-9]{1,18})\.([0-9]{1,18})(?:\+[0-9A-Za-z.-]{0,99})?"
).fullmatch
_shape = re.compile(
    r"=?\s*[vV]?([0-9]+(?:\.[0-9]+)*)"
    r"(?:-([0-9A-Za-z._~-]*)|\.?([A-Za-z][0-9A-Za-z._~-]*))?"
    r"(?:\+([!-~]*))?"
).fullmatch
_WILDCARDS = frozenset("xX")


class Parsed(NamedTuple):
    """The parts of a version that precedence looks at, still as text."""

    numbers: tuple[str, ...]
    prerelease: tuple[str, ...]
    """Empty for a release."""

    build: tuple[str, ...]


def parse(text: str, rule: str) -> Parsed:
    """Parts of a version.

    Raises:
        VersionError: It does not begin with numbers, or goes on with what no
            prerelease holds (a range, a word, a wildcard).
    """
    match = _shape(checked(text))
    if match is None:
        raise unordered(text, rule)
    numbers, hyphened, bare, build = match.groups()
    prerelease = hyphened or bare
    if bare and bare.partition(".")[0] in _WILDCARDS:
        raise unordered(text, rule)
    return Parsed(
        tuple(numbers.split(".")),
        tuple(prerelease.split(".")) if prerelease else (),
        tuple(build.split(".")) if build else (),
    )


def compare_numbers(left: tuple[str, ...], right: tuple[str, ...]) -> int:
    """Section 11.2: one after the other, by value; missing ones are 0."""
    for one, other in zip_longest(left, right, fillvalue="0"):
        if order := sign(int(one), int(other)):
            return order
    return 0


def compare_identifiers(left: tuple[str, ...], right: tuple[str, ...]) -> int:
    """Section 11.4: digits by value and below words, words by ASCII, fewer below more."""
    for one, other in zip(left, right, strict=False):
        if one == other:
            continue
        one_counts, other_counts = one.isdigit(), other.isdigit()
        if one_counts and other_counts:
            order = sign(int(one), int(other))
        elif one_counts or other_counts:
            order = -1 if one_counts else 1
        else:
            order = sign(one, other)
        if order:
            return order
    return sign(len(left), len(right))


def compare_prereleases(left: tuple[str, ...], right: tuple[str, ...]) -> int:
    """Section 11.3: a prerelease is below its release."""
    if not left or not right:
        return sign(not left, not right)
    return compare_identifiers(left, right)


def encode_numbers(numbers: tuple[str, ...]) -> str:
    """Tokens of the numbers, at least three; zeros after the third are left out."""
    tokens = [number(digits) for digits in numbers]
    while len(tokens) < 3:
        tokens.append(ZERO)
    while len(tokens) > 3 and tokens[-1] == ZERO:
        tokens.pop()
    return "".join(tokens)


def encode_identifiers(identifiers: tuple[str, ...]) -> str:
    """Tokens of a prerelease's or a build's identifiers."""
    return "".join(
        number(one) if one.isdigit() else f"{WORD}{one}{TEXT_END}" for one in identifiers
    )


def compare(left: str, right: str) -> int:
    """Precedence of two versions, section 11."""
    one, other = parse(left, "SemVer"), parse(right, "SemVer")
    return compare_numbers(one.numbers, other.numbers) or compare_prereleases(
        one.prerelease, other.prerelease
    )


def key(text: str) -> bytes:
    """Bytes that sort by precedence."""
    match = _common(text)
    if match is not None:
        major, minor, patch = match.groups()
        return f"{number(major)}{number(minor)}{number(patch)}\x02".encode()
    numbers, prerelease, _ = parse(text, "SemVer")
    if prerelease:
        return (encode_numbers(numbers) + PRERELEASE + encode_identifiers(prerelease)).encode()
    return (encode_numbers(numbers) + RELEASE).encode()


ORDERING = Ordering("semver", compare, key)
