"""One requirement as Python packaging writes it (PEP 508; version specifiers, PEP 440).

Only its parts are told apart.  Markers and specifiers stay text: nothing here
evaluates them, and old forms that the present grammar refuses still name their
package.  The ``packaging`` library's parser takes some thirty times as long,
which an environment's thousands of ``Requires-Dist`` lines would feel.
"""

from __future__ import annotations

import re

import msgspec

from pratique.model.errors import InputError

MAX_REQUIREMENT = 8192
"""Characters of one requirement that are read; the longest seen carry an
address and dozens of hashes' worth of markers in under 2,000."""

_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")
_EXTRAS = re.compile(r"[ \t]*\[([^\[\]]*)\]")
_CLAUSE = re.compile(r"(===|==|~=|!=|<=|>=|<|>)[ \t]*([^\s,;()=<>!~]+)\Z")
_RUNS = re.compile(r"[-_.]+")


class Requirement(msgspec.Struct, frozen=True):
    """The parts of a requirement."""

    name: str
    """As written."""

    extras: tuple[str, ...] = ()
    specifier: str = ""
    """Version specifiers as written, without parentheses."""

    url: str = ""
    marker: str = ""

    @property
    def text(self) -> str:
        """The constraint: specifiers or address, and the marker."""
        constraint = f"@ {self.url}" if self.url else self.specifier
        return f"{constraint}; {self.marker}".lstrip("; ") if self.marker else constraint

    @property
    def version(self) -> str:
        """The one version that the specifiers allow, or empty."""
        return pinned(self.specifier)


def parse(text: str) -> Requirement:
    """Tell the parts of a requirement apart.

    Raises:
        InputError: It does not begin with a name, or what follows is neither
            extras, specifiers, an address nor a marker.
    """
    text = text.strip()
    if len(text) > MAX_REQUIREMENT:
        raise InputError(f"requirement of {len(text):,} characters exceeds {MAX_REQUIREMENT:,}")
    name = _NAME.match(text)
    if not name:
        raise InputError(f"{text[:80]!r} is no requirement: it does not begin with a name")
    rest = text[name.end() :]
    extras: tuple[str, ...] = ()
    bracket = _EXTRAS.match(rest)
    if bracket:
        extras = tuple(part for raw in bracket[1].split(",") if (part := raw.strip()))
        rest = rest[bracket.end() :]
    rest = rest.strip()
    if rest.startswith("@"):
        # A marker behind an address needs a space, as addresses may hold semicolons.
        url, _, marker = rest[1:].strip().partition(" ")
        marker = marker.strip()
        if not url or (marker and not marker.startswith(";")):
            raise InputError(f"{text[:80]!r} is no requirement: its address cannot be told")
        return Requirement(name[0], extras, "", url.rstrip(";"), marker.lstrip("; "))
    specifier, _, marker = rest.partition(";")
    specifier = specifier.strip()
    if specifier.startswith("(") and specifier.endswith(")"):
        specifier = specifier[1:-1].strip()
    for clause in specifier.split(",") if specifier else ():
        if clause.strip() and not _CLAUSE.match(clause.strip()):
            raise InputError(f"{text[:80]!r} is no requirement: {clause.strip()[:40]!r} in it")
    return Requirement(name[0], extras, specifier, "", marker.strip())


def normal(name: str) -> str:
    """A project name by the rules of PEP 503: lower case, runs of ``-_.`` as one ``-``."""
    return _RUNS.sub("-", name).lower()


def pinned(specifier: str) -> str:
    """The version that ``==`` or ``===`` pins; empty for ranges and ``==1.*``."""
    for clause in specifier.split(","):
        match = _CLAUSE.match(clause.strip())
        if match and match[1] in {"==", "==="} and not match[2].endswith("*"):
            return match[2]
    return ""
