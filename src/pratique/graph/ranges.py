"""Package URLs that name many versions: none, one, or a range of them.

``pkg:npm/alpha`` is any version, ``pkg:npm/alpha@1.2`` that one, and
``pkg:npm/alpha@>=1,<2`` a range, as is ``pkg:npm/alpha?vers=vers:npm/>=1|<2``
(package-url specification, qualifier ``vers``; VERS, "Checking if a version is
in a range").
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING
from urllib.parse import unquote

import msgspec

from pratique.model.ecosystems import ecosystem_of
from pratique.model.errors import UsageError
from pratique.model.purl import Package
from pratique.versions import VersionError, ordering

if TYPE_CHECKING:
    from collections.abc import Sequence

MAX_CONSTRAINTS = 1_000
"""Most comparators of a range; a distribution's longest have some dozens."""

_RANGE = re.compile(r"\A(pkg:[^?#]*?[^/?#])@([<>=!*][^?#]*)\Z")
_ONE = re.compile(r"\s*(>=|<=|!=|==|=|<|>)?\s*(.+?)\s*\Z")


class Wanted(msgspec.Struct, frozen=True):
    """What a package URL of a question means."""

    package: Package
    """With a version where exactly one is meant."""

    constraints: tuple[tuple[str, str], ...] = ()
    """Comparators and versions, any of which may be in any order."""

    def matches(self, found: Package) -> bool | None:
        """Whether a package is meant; ``None`` where its version cannot be ordered.

        The qualifiers of the question must be among those of the package.
        """
        stated = self.package
        if (stated.type, stated.namespace, stated.name) != (
            found.type,
            found.namespace,
            found.name,
        ):
            return False
        if not set(stated.qualifiers) <= set(found.qualifiers):
            return False
        if not self.constraints:
            return not stated.version or stated.version == found.version
        try:
            return _inside(self.constraints, found)
        except VersionError:
            return None


def wanted(text: str) -> Wanted:
    """Read the package URL of a question.

    Raises:
        UsageError: The range cannot be read, or the ecosystem has no order of versions.
        InputError: It is no package URL.
    """
    text = text.strip()
    range = ""
    if found := _RANGE.match(text):
        text, range = found[1], found[2]
    package = Package.parse(text)
    if not range:
        range = dict(package.qualifiers).get("vers", "")
        kept = tuple(pair for pair in package.qualifiers if pair[0] != "vers")
        package = msgspec.structs.replace(package, qualifiers=kept)
    if not range:
        return Wanted(package)
    constraints = _constraints(range)
    if constraints and ordering(ecosystem_of(package)) is None:
        raise UsageError(f"versions of {package.type} packages have no order that is known here.")
    for _, version in constraints:
        try:
            _key(package, version)
        except VersionError as error:
            raise UsageError(f"{version!r} of the range cannot be ordered: {error}.") from None
    return Wanted(msgspec.structs.replace(package, version=""), constraints)


def _constraints(range: str) -> tuple[tuple[str, str], ...]:
    if range.startswith("vers:"):
        range = range.partition("/")[2]
    if range.strip() == "*":
        return ()
    parts = [part for part in re.split(r"[,|]", range) if part.strip()]
    if not parts or len(parts) > MAX_CONSTRAINTS:
        raise UsageError(f"{range[:80]!r} is no range of versions.", remedy="Write '>=1.0,<2.0'.")
    found = []
    for part in parts:
        one = _ONE.match(part)
        if one is None or one[2][0] in "<>=!":
            raise UsageError(f"{part[:80]!r} is no comparison of versions.")
        sign = one[1] or "="
        found.append(("=" if sign == "==" else sign, unquote(one[2])))
    return tuple(found)


def _inside(constraints: Sequence[tuple[str, str]], found: Package) -> bool:
    if not found.version:
        raise VersionError("no version is given")
    version = _key(found, found.version)
    rows = sorted((_key(found, text), sign) for sign, text in constraints)
    for key, sign in rows:
        if key == version and sign in {"=", ">=", "<="}:
            return True
        if key == version and sign == "!=":
            return False
    bounds = [(key, sign[0]) for key, sign in rows if sign[0] in "<>"]
    if not bounds:
        return all(sign == "!=" for _, sign in rows)
    if bounds[0][1] == "<" and version < bounds[0][0]:
        return True
    if bounds[-1][1] == ">" and version > bounds[-1][0]:
        return True
    return any(a[1] == ">" and b[1] == "<" and a[0] < version < b[0] for a, b in pairwise(bounds))


def _key(package: Package, version: str) -> bytes:
    found = ordering(ecosystem_of(package))
    if found is None:
        raise VersionError("its ecosystem has no order of versions")
    return found.key(version)
