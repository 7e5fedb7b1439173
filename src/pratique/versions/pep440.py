"""PyPI: PEP 440 ("Version Identification"), and the legacy texts from before it.

A text that PEP 440 does not know is ordered below every version it knows, in
the way of setuptools before PEP 440 ("Specifying Your Project's Version").
"""

from __future__ import annotations

import re
from typing import NamedTuple

from pratique.versions.encoding import TEXT_END, ZERO, checked, number, sign, unordered
from pratique.versions.models import Ordering

_common = re.compile(r"[0-9]{1,18}(?:\.[0-9]{1,18}){0,7}").fullmatch
_shape = re.compile(
    r"v?(?:([0-9]+)!)?([0-9]+(?:\.[0-9]+)*)"
    r"(?:[-_.]?(alpha|a|beta|b|preview|pre|c|rc)[-_.]?([0-9]*))?"
    r"(?:-([0-9]+)|[-_.]?(post|rev|r)[-_.]?([0-9]*))?"
    r"(?:[-_.]?(dev)[-_.]?([0-9]*))?"
    r"(?:\+([a-z0-9]+(?:[-_.][a-z0-9]+)*))?",
    re.ASCII,
).fullmatch
_legacy_pieces = re.compile(r"[0-9]+|[a-z]+|\.|-").findall
_local_pieces = re.compile(r"[a-z0-9]+").findall

_PHASES = {"a": 0, "alpha": 0, "b": 1, "beta": 1, "c": 2, "rc": 2, "pre": 2, "preview": 2}
_LEGACY_WORDS = {"pre": "c", "preview": "c", "-": "final-", "rc": "c", "dev": "@"}
_LEGACY_DIGITS = 8

_LEGACY, _NO_EPOCH, _EPOCH = "\x01", "\x02", "\x03"
_DEV_ONLY, _PHASE_MARKS, _NO_PRE = "\x04", "\x05\x06\x07", "\x0a"
_NO_POST, _POST = "\x04", "\x06"
_DEV, _NO_DEV = "\x05", "\x08"
_LOCAL, _LOCAL_WORD = "\x07", "\x05"


class _Version(NamedTuple):
    """Digits stay text, so that the key need not read them; ``None`` is absence."""

    epoch: str
    release: tuple[str, ...]
    pre: tuple[int, str] | None
    post: str | None
    dev: str | None
    local: tuple[str, ...]


def _legacy(text: str) -> tuple[str, ...]:
    """Pieces of a legacy version, each of which compares as text."""
    pieces: list[str] = []
    for raw in [*_legacy_pieces(text), "final"]:
        if raw == ".":
            continue
        if raw.isdigit():
            pieces.append(raw.zfill(_LEGACY_DIGITS))
            continue
        piece = "*" + _LEGACY_WORDS.get(raw, raw)
        if piece < "*final":
            while pieces and pieces[-1] == "*final-":
                pieces.pop()
        while pieces and pieces[-1] == "0" * _LEGACY_DIGITS:
            pieces.pop()
        pieces.append(piece)
    if len(pieces) == 1:
        raise unordered(text, "PEP 440 or the rule before it")
    return tuple(pieces)


def _parse(text: str) -> _Version | tuple[str, ...]:
    text = checked(text).lower()
    match = _shape(text)
    if match is None:
        return _legacy(text)
    epoch, release, phase, phase_digits, implicit, post, post_digits, dev, dev_digits, local = (
        match.groups()
    )
    return _Version(
        epoch or "0",
        tuple(release.split(".")),
        (_PHASES[phase], phase_digits or "0") if phase else None,
        implicit or ((post_digits or "0") if post else None),
        (dev_digits or "0") if dev else None,
        tuple(_local_pieces(local)) if local else (),
    )


def _release(version: _Version) -> list[int]:
    numbers = [int(digits) for digits in version.release]
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return numbers


def _pre(version: _Version) -> tuple[int, int, int]:
    if version.pre is not None:
        return (1, version.pre[0], int(version.pre[1]))
    if version.post is None and version.dev is not None:
        return (0, 0, 0)
    return (2, 0, 0)


def compare(left: str, right: str) -> int:
    """Order of two versions: PEP 440, "Summary of permitted suffixes and relative ordering"."""
    one, other = _parse(left), _parse(right)
    if not isinstance(one, _Version):
        return -1 if isinstance(other, _Version) else sign(one, other)
    if not isinstance(other, _Version):
        return 1
    return (
        sign(int(one.epoch), int(other.epoch))
        or sign(_release(one), _release(other))
        or sign(_pre(one), _pre(other))
        or _absent_first(one.post, other.post)
        or _absent_last(one.dev, other.dev)
        or _compare_local(one.local, other.local)
    )


def _absent_first(left: str | None, right: str | None) -> int:
    if left is None or right is None:
        return sign(left is not None, right is not None)
    return sign(int(left), int(right))


def _absent_last(left: str | None, right: str | None) -> int:
    if left is None or right is None:
        return sign(left is None, right is None)
    return sign(int(left), int(right))


def _compare_local(left: tuple[str, ...], right: tuple[str, ...]) -> int:
    for one, other in zip(left, right, strict=False):
        if one.isdigit() and other.isdigit():
            order = sign(int(one), int(other))
        elif one.isdigit() or other.isdigit():
            order = 1 if one.isdigit() else -1
        else:
            order = sign(one, other)
        if order:
            return order
    return sign(len(left), len(right))


def key(text: str) -> bytes:
    """Bytes that sort as PEP 440 does, legacy versions below all others."""
    if _common(text):
        joined = "".join(map(number, text.split(".")))
        while joined.endswith(ZERO):
            joined = joined[:-2]
        return f"\x02{joined}\x0a\x04\x08".encode()
    version = _parse(text)
    if not isinstance(version, _Version):
        return (_LEGACY + "".join(piece + TEXT_END for piece in version)).encode()
    return _encode(version).encode()


def _encode(version: _Version) -> str:
    epoch = number(version.epoch)
    release = "".join(map(number, version.release))
    while release.endswith(ZERO):
        release = release[:-2]
    if version.pre is not None:
        pre = _PHASE_MARKS[version.pre[0]] + number(version.pre[1])
    elif version.post is None and version.dev is not None:
        pre = _DEV_ONLY
    else:
        pre = _NO_PRE
    return "".join(
        (
            _NO_EPOCH if epoch == ZERO else _EPOCH + epoch,
            release,
            pre,
            _NO_POST if version.post is None else _POST + number(version.post),
            _NO_DEV if version.dev is None else _DEV + number(version.dev),
            _LOCAL if version.local else "",
            *(number(p) if p.isdigit() else _LOCAL_WORD + p + TEXT_END for p in version.local),
        )
    )


ORDERING = Ordering("pep440", compare, key)
