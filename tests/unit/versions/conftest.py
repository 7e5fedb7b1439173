"""Random versions: real shapes put together from real fragments, and noise."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

NUMBERS = (
    "0", "0", "0", "1", "1", "2", "3", "7", "9", "10", "11", "19", "99", "100", "2024",
    "00", "01", "007", "010", "20240131", "9007199254740993", "1" * 28, "1" * 29, "1" * 30, "9" * 40,
)  # fmt: skip
WORDS = (
    "a", "alpha", "b", "beta", "c", "rc", "RC", "cr", "pre", "preview", "dev", "SNAPSHOT", "Final",
    "GA", "RELEASE", "sp", "M", "m", "post", "r", "rev", "p", "pl", "patch", "jre", "x", "v", "z",
    "Beta", "ALPHA", "el7", "deb12u1", "ubuntu0", "bpo", "dfsg", "git", "svn", "cvs", "hg", "root",
    "io", "echo", "stable", "incompatible", "debian", "final-ga", "foo", "foobar", "fo", "Foo",
)  # fmt: skip
SEPARATORS = (".", ".", ".", "-", "-", "", "", "_", "+", "~", ":", "!", "^", "..", "--", "-r", "_p", "_rc", ".root.io.", "+echo.")  # fmt: skip
NOISE = "0123456789abcABCxyzXYZ.-+~^_!:# \t\n\x00\x7fαéß٣１²\ud800\U0001f600/()[]{}$,*"


@pytest.fixture(scope="session")
def versions() -> Callable[[int, int], list[str]]:
    """``versions(count, seed)``: texts as above; many of one seed share beginnings."""

    def make(count: int, seed: int) -> list[str]:
        pick = random.Random(seed)
        return [_one(pick) for _ in range(count)]

    return make


@pytest.fixture(scope="session")
def noise() -> Callable[[int, int], list[str]]:
    """``noise(count, seed)``: arbitrary texts, control characters and surrogates among them."""

    def make(count: int, seed: int) -> list[str]:
        pick = random.Random(seed)
        return ["".join(pick.choices(NOISE, k=pick.randint(0, 12))) for _ in range(count)]

    return make


def _one(pick: random.Random) -> str:
    numbers = [
        pick.choice(NUMBERS[:8] if pick.random() < 0.7 else NUMBERS)
        for _ in range(pick.randint(1, 4))
    ]
    text = ".".join(numbers)
    if pick.random() < 0.1:
        text = pick.choice(("v", "V", "=", "1:", "0:", "1!", "a:", "dev-")) + text
    for _ in range(pick.choice((0, 0, 1, 1, 2, 3, 4))):
        piece = pick.choice(WORDS) if pick.random() < 0.6 else pick.choice(NUMBERS)
        text += pick.choice(SEPARATORS) + piece
    return text
