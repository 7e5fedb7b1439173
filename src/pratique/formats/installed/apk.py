"""What apk has installed: ``lib/apk/db/installed`` (apk-installed(5), apk-tools 2.14 and 3)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from pratique.formats.installed.distribution import Distribution, distribution, root_of
from pratique.formats.lockfiles.gathering import Gathering, named
from pratique.formats.text import decode
from pratique.model.ecosystems import ecosystem_of
from pratique.model.errors import InputError
from pratique.model.inventory import LicenseClaim, Relation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pratique.formats.base import Tree
    from pratique.model.inventory import Reading

PLACES = ("usr/lib/apk/db/installed", "lib/apk/db/installed")

_LINE = re.compile(r"([A-Za-z]):(.*)\Z")
_WANTED = frozenset("PVAoLDp")
_NAME = re.compile(r"[^<>=~@]+")


class _Entry(NamedTuple):
    fields: dict[str, str]
    line: int


def read(data: bytes, path: str, tree: Tree) -> Reading:
    """Read the database; what ``etc/apk/world`` lists was asked for.

    Raises:
        InputError: It is not text, or no line is of such a database.
    """
    gathering = Gathering(path, type="apk")
    text = decode(data)
    place = next((one for one in PLACES if f"/{path}".endswith(f"/{one}")), PLACES[0])
    root = root_of(path, place)
    system = distribution(root, "apk", tree, gathering.notes)
    world = _world(root, tree)
    taken: dict[str, _Entry] = {}
    for entry in _entries(text, gathering):
        if ref := _take(entry, gathering, system, world):
            taken[ref] = entry
    _edges(gathering, taken)
    direct = [ref for ref in taken if gathering[ref].relation is Relation.DIRECT]
    return gathering.reading("apk installed", roots=direct)


def _entries(text: str, gathering: Gathering) -> Iterator[_Entry]:
    """The packages' lines, without those of their files."""
    fields: dict[str, str] = {}
    first = good = 0
    bad: list[int] = []
    for number, line in enumerate((text + "\n").split("\n"), 1):
        if not line.strip():
            if fields:
                yield _Entry(fields, first)
            fields, first = {}, 0
            continue
        match = _LINE.match(line)
        if match is None:
            bad.append(number)
            continue
        good += 1
        if match[1] in _WANTED:
            first = first or number
            fields.setdefault(match[1], match[2].strip())
    if bad and not good:
        raise InputError(f"line {bad[0]}: is no line of an apk database")
    if bad:
        more = f", nor are {len(bad) - 1:,} further ones" if len(bad) > 1 else ""
        gathering.notes.unreadable(f"is no line of an apk database{more}", bad[0])


def _take(
    entry: _Entry, gathering: Gathering, system: Distribution, world: frozenset[str] | None
) -> str:
    fields, line = entry
    name, version = fields.get("P", ""), fields.get("V", "")
    if not name:
        gathering.notes.unreadable("a package without a name is left out", line)
        return ""
    if not version:
        gathering.notes.unknown(f"{named(name)} has no version", line)
    origin = fields.get("o", "")
    qualifiers = {
        "arch": fields.get("A", ""),
        "distro": system.distro,
        "upstream": origin if origin != name else "",
    }
    package = gathering.package(
        name, version, line=line, namespace=system.namespace, qualifiers=qualifiers
    )
    if package is None:
        return ""
    relation = Relation.UNKNOWN
    if world is not None:
        relation = Relation.DIRECT if name in world else Relation.TRANSITIVE
    claim = fields.get("L", "")
    return gathering.add(
        package,
        line=line,
        ecosystem=ecosystem_of(package),
        relation=relation,
        licenses=(LicenseClaim(claim, "package database"),) if claim else (),
    )


def _world(root: str, tree: Tree) -> frozenset[str] | None:
    """Names that the administrator asked for; nothing where no file tells."""
    if not tree.is_file(f"{root}etc/apk/world"):
        return None
    try:
        text = decode(tree.read(f"{root}etc/apk/world"))
    except InputError:
        return None
    return frozenset(_names(text)) or None


def _edges(gathering: Gathering, taken: dict[str, _Entry]) -> None:
    provided: dict[str, str] = {}
    for ref, entry in taken.items():
        provided[entry.fields["P"]] = ref
    for ref, entry in taken.items():
        for name in _names(entry.fields.get("p", "")):
            provided.setdefault(name, ref)
    for ref, entry in taken.items():
        gathering.states_edges(ref)
        for name in _names(entry.fields.get("D", "")):
            target = provided.get(name, "")
            if target and target != ref:
                gathering.edge(ref, target)


def _names(text: str) -> Iterator[str]:
    """Names in a list of dependencies, without constraints and conflicts (``!name``)."""
    for word in text.split():
        if not word.startswith("!") and (match := _NAME.match(word)):
            yield match[0]
