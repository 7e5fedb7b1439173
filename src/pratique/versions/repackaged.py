"""Root and Echo: the versions of others, with a patch number of their own.

The patch decides only between versions that the ordering underneath holds to
be equal once it is taken off.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pratique.versions.encoding import TEXT_END, checked, number, sign
from pratique.versions.models import Ordering

if TYPE_CHECKING:
    from collections.abc import Callable

_root_patch = re.compile(r"(.+?)[+.]root\.io\.([0-9]+)").fullmatch
_root_revision = re.compile(r".+?-r([0-9]+)").fullmatch
_echo_patch = re.compile(r"\+echo\.([0-9]+)").search


def _split_root(text: str) -> tuple[str, str]:
    text = checked(text)
    if match := _root_patch(text):
        return match[1], match[2]
    if match := _root_revision(text):
        return text, match[1]
    return text, "0"


def _split_echo(text: str) -> tuple[str, str]:
    match = _echo_patch(checked(text))
    return text, match[1] if match else "0"


def root(inner: Ordering) -> Ordering:
    """Ordering of ``1.2.3+root.io.4``, ``1.2.3.root.io.4`` and ``1.2.3-r40``.

    Args:
        inner: How the versions without the patch are ordered.
    """
    return _patched(f"root:{inner.name}", inner, _split_root)


def echo(inner: Ordering) -> Ordering:
    """Ordering of ``1.2.3+echo.4`` where the ordering underneath takes no note of builds.

    Args:
        inner: How the versions without the patch are ordered.
    """
    return _patched(f"echo:{inner.name}", inner, _split_echo)


def _patched(name: str, inner: Ordering, split: Callable[[str], tuple[str, str]]) -> Ordering:
    def compare(left: str, right: str) -> int:
        one, other = split(left), split(right)
        return inner.compare(one[0], other[0]) or sign(int(one[1]), int(other[1]))

    def key(text: str) -> bytes:
        version, patch = split(text)
        return inner.key(version) + (TEXT_END + number(patch)).encode()

    return Ordering(name, compare, key)
