"""What the newest ``go.mod`` of a module says of its versions: withdrawn, or deprecated as a whole.

Source: Go Modules Reference, *retract directive* and *Deprecation*.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from pratique.formats.lockfiles.golang.mod_lines import Directive, directives
from pratique.gate.golang import is_version
from pratique.versions.ecosystems import ordering_named
from pratique.versions.errors import VersionError

if TYPE_CHECKING:
    from pratique.gate.models import Project

MAX_RANGES = 1000
"""Retractions of one module; the longest known list has some 40."""

_DEPRECATED = re.compile(r"(?:^|\n)//[ \t]*Deprecated:[^\n]*\n(?:[ \t]*//[^\n]*\n)*module[ \t(]")
_DEPRECATED_BESIDE = re.compile(r"(?:^|\n)module[ \t]+[^\n]*//[ \t]*Deprecated:")


class Said(msgspec.Struct, frozen=True):
    """What a ``go.mod`` says of the versions before it."""

    retracted: tuple[tuple[str, str], ...] = ()
    """Ranges, first and last version included."""

    deprecated: bool = False


def said(text: str) -> Said:
    """Read a ``go.mod``; a line that cannot be read says nothing."""
    ranges: list[tuple[str, str]] = []
    for line in directives(text):
        if not isinstance(line, Directive) or line.verb != "retract" or not line.words:
            continue
        words = " ".join(line.words).replace("[", " ").replace("]", " ").replace(",", " ").split()
        good = len(words) in {1, 2} and all(map(is_version, words))
        if good and len(ranges) < MAX_RANGES:
            ranges.append((words[0], words[-1]))
    deprecated = _DEPRECATED.search(text) or _DEPRECATED_BESIDE.search(text)
    return Said(tuple(ranges), bool(deprecated))


def apply(project: Project, found: Said) -> None:
    """Mark the versions of a module that are retracted, and all where it is deprecated."""
    bounds = [(_key(first), _key(last)) for first, last in found.retracted]
    project.releases = tuple(
        msgspec.structs.replace(
            release,
            yanked=any(
                first is not None and last is not None and first <= key <= last
                for first, last in bounds
            )
            if (key := _key(release.version)) is not None
            else None,
            deprecated=found.deprecated,
        )
        for release in project.releases
    )


def _key(version: str) -> bytes | None:
    try:
        return ordering_named("semver").key(version.removeprefix("v"))
    except VersionError:
        return None
