"""PyPI: version specifiers (packaging.python.org, *Version specifiers*, formerly PEP 440)."""

from __future__ import annotations

import re
from functools import lru_cache

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version

from pratique.remediation.dialects.base import Ordered, numbers
from pratique.remediation.models import Step


@lru_cache(maxsize=4096)
def specifiers(text: str) -> SpecifierSet | None:
    """A specifier set; ``None`` where it is none.

    A bare version and Poetry's ``^`` are read as Poetry means them.
    """
    written = text.strip()
    if written in {"", "*"}:
        return SpecifierSet("")
    try:
        return SpecifierSet(_without_carets(written))
    except (InvalidSpecifier, InvalidVersion):
        return None


def _without_carets(text: str) -> str:
    """Poetry's caret and bare versions as PEP 440 writes them."""
    return ",".join(_plain(part.strip()) for part in text.split(","))


def _plain(part: str) -> str:
    if part.startswith("^") or re.match(r"~(?!=)", part):
        version = part[1:].strip()
        found = list(numbers(version)[0][1:])
        if not found:
            return part
        if part[0] == "^":
            place = next((at for at, value in enumerate(found) if value), len(found) - 1)
        else:
            place = min(1, len(found) - 1)
        top = [*found[:place], found[place] + 1]
        return f">={version},<{'.'.join(map(str, top))}"
    return f"=={part}" if part[:1].isdigit() else part


@lru_cache(maxsize=65536)
def _version(text: str) -> Version | None:
    try:
        return Version(text)
    except InvalidVersion:
        return None


class Pypi(Ordered):
    """PyPI's dialect, in the order of PEP 440."""

    ecosystem = "PyPI"

    def __init__(self) -> None:
        super().__init__("PyPI")

    def prerelease(self, version: str) -> bool:
        """Whether it is a development release, alpha, beta or candidate."""
        parsed = _version(version)
        return parsed is not None and parsed.is_prerelease

    def matches(self, requirement: str, version: str) -> bool:
        """Whether a specifier set takes a version, prereleases included."""
        wanted, parsed = specifiers(requirement), _version(version)
        return wanted is not None and parsed is not None and wanted.contains(parsed, True)

    def widened(self, requirement: str, *, upper: str, lower: str, step: Step) -> str:
        """A pin moves to the newest version, a range to the next series and no further."""
        if "==" in requirement:
            return f"=={upper}"
        if step is Step.PATCH:
            return f"~={lower}"
        return f">={lower},<{numbers(lower)[0][1] + 1}.0.0"

    def pinned(self, requirement: str, version: str) -> str:
        """In the style of the requirement: a pin, Poetry's caret, or the range from there on."""
        text = requirement.strip()
        if ("==" in text and "," not in text) or text[:1].isdigit():
            return f"=={version}" if "==" in text else version
        if text.startswith(("^", "~")) and not text.startswith("~="):
            return f"{text[0]}{version}"
        return (
            f">={version},<{numbers(version)[0][1] + 1}"
            if "<" in text or "~=" in text
            else (f">={version}")
        )
