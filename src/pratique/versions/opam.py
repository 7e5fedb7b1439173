"""opam: Debian's order of upstream version and revision, without epochs.

Follows the opam manual, "Version ordering": a colon is a character like others.
"""

from __future__ import annotations

import re

from pratique.versions.dpkg import compare_part, encode_part
from pratique.versions.encoding import checked, unordered
from pratique.versions.models import Ordering

_shape = re.compile(r"[!-~]+").fullmatch


def _parse(text: str) -> tuple[str, str]:
    text = checked(text)
    if not _shape(text):
        raise unordered(text, "opam's rule")
    version, hyphen, revision = text.rpartition("-")
    if not hyphen:
        return text, "0"
    return version or "0", revision or "0"


def compare(left: str, right: str) -> int:
    """Order of two versions."""
    one, other = _parse(left), _parse(right)
    return compare_part(one[0], other[0]) or compare_part(one[1], other[1])


def key(text: str) -> bytes:
    """Bytes that sort as opam does."""
    version, revision = _parse(text)
    return (encode_part(version) + encode_part(revision)).encode()


ORDERING = Ordering("opam", compare, key)
