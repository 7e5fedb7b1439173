"""Installed gems: the specifications that RubyGems writes (``Gem::Specification#to_ruby``, 3.5).

They are Ruby programs, and are never run: RubyGems writes them line by line in
one form, of which the lines that name, license and need something are read.
One document is one gem; :func:`link` finds who needs whom.
"""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from pratique.formats.lockfiles.gathering import Gathering, named
from pratique.formats.text import decode
from pratique.model.errors import InputError
from pratique.model.inventory import LicenseClaim

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pratique.formats.base import Tree
    from pratique.model.inventory import Reading

_ASSIGNED = re.compile(r"^\s*\w+\.(name|version|licenses?|platform)\s*=\s*(.+)$", re.MULTILINE)
_TEXT = re.compile(r"%q<([^>]*)>|\"((?:[^\"\\]|\\.)*)\"|'([^']*)'")
_NEED = re.compile(
    r"^\s*\w+\.add_(?:runtime_)?dependency[ (]\s*(?:%q<([^>]+)>|[\"']([^\"']+)[\"'])", re.MULTILINE
)
_STUB = re.compile(r"^# stub: (\S+) (\S+) (\S+) ", re.MULTILINE)
_HEAD = re.compile(r"Gem::Specification\.new\b")


def read(data: bytes, path: str, tree: Tree) -> Reading:  # noqa: ARG001 - one file
    """Read the specification of an installed gem.

    Raises:
        InputError: It is not text, is none, or does not say its name as RubyGems writes it.
    """
    gathering = Gathering(path, type="gem", ecosystem="RubyGems")
    text = _text(data)
    fields = _fields(text)
    if not fields.get("name"):
        raise InputError("does not say the name of its gem as RubyGems writes it")
    name, version = fields["name"][0], (fields.get("version") or [""])[0]
    if not version:
        gathering.notes.unknown(f"{named(name)} has no version")
    platform = (fields.get("platform") or [""])[0]
    package = gathering.package(
        name,
        version,
        line=1,
        qualifiers={"platform": platform} if platform not in {"", "ruby"} else None,
    )
    if package is not None:
        stated = fields.get("licenses") or fields.get("license") or []
        claims = tuple(LicenseClaim(one, "installed metadata") for one in stated if one)
        gathering.add(package, line=_line(text), licenses=claims)
    return gathering.reading("gem specification")


def link(documents: Iterable[tuple[str, bytes]], tree: Tree) -> dict[str, tuple[str, ...]]:  # noqa: ARG001 - no other file
    """Who needs whom among installed gems, whichever folder of specifications they are in.

    Args:
        documents: Paths and bytes of the specifications of an inventory.
        tree: Of the inventory; nothing else of it is looked at.

    Returns:
        Paths to the paths of what they need at run time.  Of several versions
        of a gem the first is taken from the same folder, else from any.
    """
    known: dict[str, list[str]] = {}
    wanted: dict[str, list[str]] = {}
    for path, data in documents:
        try:
            text = _text(data)
        except InputError:
            continue  # its reading says so
        if name := (_fields(text).get("name") or [""])[0]:
            known.setdefault(name, []).append(path)
        wanted[path] = [match[1] or match[2] for match in _NEED.finditer(text)]
    edges = {}
    for path, names in wanted.items():
        found = (_closest(path, known.get(name, [])) for name in dict.fromkeys(names))
        edges[path] = tuple(one for one in found if one and one != path)
    return edges


def _text(data: bytes) -> str:
    """The text; RubyGems puts NUL bytes between the extensions of a stub's comment."""
    return decode(data.replace(b"\0", b" "))


def _closest(path: str, places: list[str]) -> str:
    folder = posixpath.dirname(path)
    for place in places[:100]:
        if posixpath.dirname(place) == folder:
            return place
    return places[0] if places else ""


def _fields(text: str) -> dict[str, list[str]]:
    """Texts of the assignments that matter; the stub comment stands in for what is not there."""
    if not _HEAD.search(text):
        return {}
    found: dict[str, list[str]] = {}
    for match in _ASSIGNED.finditer(text):
        texts = [one[0] or one[1] or one[2] for one in _TEXT.findall(match[2])]
        if texts:
            found.setdefault(match[1], texts)
    if stub := _STUB.search(text):
        for name, value in zip(("name", "version", "platform"), stub.groups(), strict=True):
            found.setdefault(name, [value])
    return found


def _line(text: str) -> int:
    match = _HEAD.search(text)
    return text.count("\n", 0, match.start()) + 1 if match else 0
