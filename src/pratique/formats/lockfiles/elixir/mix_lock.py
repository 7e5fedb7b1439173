"""``mix.lock`` of Elixir's build tool.

Source: the ``Mix.Dep.Lock`` and ``Hex.SCM`` modules.  A line is an entry:
``"name": {:hex, :package, version, inner checksum, managers, needs, repository,
outer checksum}`` or ``{:git, url, commit, options}``.  Only the outer checksum
is of the archive as it is served.  What the project itself asks for stands in
``mix.exs``, which is a program and is not run.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from pratique.formats.lockfiles.elixir.terms import TermError, term
from pratique.formats.lockfiles.gathering import Gathering, shown, without_credentials
from pratique.formats.text import Lines, decode
from pratique.model.errors import InputError
from pratique.model.nouns import Artifact, Source

if TYPE_CHECKING:
    from pratique.formats.base import Tree
    from pratique.model.inventory import Reading

_ENTRY = re.compile(r'"((?:[^"\\\n]|\\.)+)"[ \t]*(?::|=>)\s*(?=[{\[])')
_START = re.compile(r"\s*+(?:#[^\n]*+\s*+)*+%\{")
_COMMIT = re.compile(r"(?:[0-9a-f]{40}|[0-9a-f]{64})\Z")
_MARKERS = re.compile(r"^(?:<{7}|={7}|>{7}|\|{7})", re.MULTILINE)


def read(data: bytes, path: str, tree: Tree) -> Reading:
    """Read a lockfile of mix.

    Raises:
        InputError: It is not the map that such a file is.
    """
    del tree
    text = decode(data)
    lines = Lines(text)
    gathering = Gathering(path, type="hex", ecosystem="Hex")
    opening = _START.match(text)
    if opening is None:
        raise InputError("line 1: is not an Elixir map")
    if conflict := _MARKERS.search(text):
        gathering.notes.unreadable("has an unresolved merge conflict", lines.at(conflict.start()))
    seen: dict[str, int] = {}
    needs: list[tuple[str, list[tuple[str, bool]], int]] = []
    refs: dict[str, str] = {}
    offset = opening.end()
    while match := _ENTRY.search(text, offset):
        line = lines.at(match.start())
        _note_skipped(text, offset, match.start(), lines, gathering)
        name = match[1]
        try:
            value, offset = term(text, match.end())
        except TermError as error:
            gathering.notes.unreadable(f"entry {shown(name)} {error}", lines.at(error.offset))
            end = text.find("\n", match.end())
            offset = len(text) if end < 0 else end
            continue
        if name in seen:
            gathering.notes.unreadable(f"{shown(name)} is stated twice", line)
        seen[name] = line
        ref, wanted = _add(name, value, line, gathering)
        if ref:
            refs[name] = ref
            needs.append((ref, wanted, line))
    _note_skipped(text, offset, len(text), lines, gathering)
    if "}" not in text[offset:]:
        gathering.notes.unreadable("is cut off: the map is not closed", lines.at(len(text)))
    _connect(needs, refs, gathering)
    return gathering.reading("mix.lock")


def sniff(head: bytes) -> bool:
    """Whether a document is a lockfile of mix, judged by its first 64 KiB."""
    return (
        re.match(rb'(?:\xef\xbb\xbf)?\s*%\{\s*(?:"[^"\n]+"\s*(?::|=>)\s*\{:|\})', head) is not None
    )


def _note_skipped(text: str, start: int, end: int, lines: Lines, gathering: Gathering) -> None:
    """Say what stands between two entries and is no part of any."""
    for match in re.finditer(r"[^\s,}][^\n]*", text[start:end]):
        if not match[0].startswith("#"):
            gathering.notes.unreadable(
                f"{shown(match[0])} is no part of an entry", lines.at(start + match.start())
            )


def _add(
    key: str, value: Any, line: int, gathering: Gathering
) -> tuple[str, list[tuple[str, bool]]]:
    """Take one entry; its reference, and the names of what it needs and whether it must."""
    kind = value[0] if isinstance(value, tuple) and value else ""
    if kind == "hex" and len(value) >= 3:
        return _add_hex(key, value, line, gathering)
    if kind == "git" and len(value) >= 3:
        url, commit = value[1], value[2]
        if isinstance(url, str) and isinstance(commit, str):
            package = gathering.package(key, line=line)
            if package is None:
                return "", []
            ref = gathering.add(package, line=line, source=_git(url, commit))
            return ref, []
    gathering.notes.unreadable(f"entry {shown(key)} is of no known shape", line)
    return "", []


def _git(url: str, commit: str) -> Source:
    bare = without_credentials(url)
    if _COMMIT.match(commit):
        return Source(bare, commit=commit)
    return Source(bare, reference=commit)


def _add_hex(
    key: str, value: tuple[Any, ...], line: int, gathering: Gathering
) -> tuple[str, list[tuple[str, bool]]]:
    name, version = value[1], value[2]
    if not isinstance(name, str) or not isinstance(version, str):
        gathering.notes.unreadable(f"entry {shown(key)} has no name and version", line)
        return "", []
    repository = value[6] if len(value) > 6 and isinstance(value[6], str) else "hexpm"
    host, _, organisation = repository.partition(":")
    package = gathering.package(name, version, line=line, namespace=organisation)
    if package is None:
        return "", []
    hashes: tuple[Artifact, ...] = ()
    if len(value) > 7 and isinstance(value[7], str):
        hashes = gathering.digest("sha256", value[7], line)
    ref = gathering.add(
        package,
        line=line,
        hashes=hashes,
        registry="" if host == "hexpm" else host,
        alias=key if key != name else "",
    )
    gathering.states_edges(ref)
    return ref, _needs(value[5] if len(value) > 5 else [])


def _needs(value: Any) -> list[tuple[str, bool]]:
    """Names that an entry needs, each with whether it can do without."""
    found = []
    for need in value if isinstance(value, list) else ():
        if not isinstance(need, tuple) or not need or not isinstance(need[0], str):
            continue
        options = need[2] if len(need) > 2 and isinstance(need[2], list) else []
        optional = any(
            isinstance(pair, tuple)
            and len(pair) == 2
            and pair[0] == "optional"
            and pair[1] == "true"
            for pair in options
        )
        found.append((str(need[0]), optional))
    return found


def _connect(
    needs: list[tuple[str, list[tuple[str, bool]], int]], refs: dict[str, str], gathering: Gathering
) -> None:
    told: set[str] = set()
    for ref, wanted, line in needs:
        for name, optional in wanted:
            if name in refs:
                gathering.edge(ref, refs[name])
            elif not optional and name not in told:
                told.add(name)
                gathering.notes.unknown(
                    f"{shown(ref)} needs {shown(name)}, which the lockfile does not hold", line
                )
