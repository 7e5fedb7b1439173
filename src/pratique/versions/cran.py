"""CRAN and Bioconductor: R's ``package_version``.

Numbers between dots or hyphens; where one version begins with all of the other,
the longer one is above ("Writing R Extensions", section 1.1.1).
"""

from __future__ import annotations

import re

from pratique.versions.encoding import checked, number, sign, unordered
from pratique.versions.models import Ordering

_shape = re.compile(r"[0-9]+(?:[.-][0-9]+)*").fullmatch


def _parse(text: str) -> list[str]:
    text = checked(text)
    if not _shape(text):
        raise unordered(text, "R's package_version")
    return text.replace("-", ".").split(".")


def compare(left: str, right: str) -> int:
    """Order of two versions."""
    return sign([int(one) for one in _parse(left)], [int(one) for one in _parse(right)])


def key(text: str) -> bytes:
    """Bytes that sort as R does."""
    return "".join(map(number, _parse(text))).encode()


ORDERING = Ordering("cran", compare, key)
