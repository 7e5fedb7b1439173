"""``rebar.lock`` of Erlang's rebar3.

Source: rebar3.org, "Dependencies" (lock files), and ``rebar_config``.  Version
1.2.0 is ``{"1.2.0", [{Name, {pkg, Package, Version}, Level}, …]}.`` and then
``[{pkg_hash, …}, {pkg_hash_ext, …}].``; before, it was the list alone.  Level 0
is what the project itself asks for; who needs which is not stated.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from pratique.formats.lockfiles.elixir.terms import TermError, term
from pratique.formats.lockfiles.gathering import Gathering, shown, without_credentials
from pratique.formats.text import Lines, decode
from pratique.model.errors import InputError
from pratique.model.inventory import Reading, Relation
from pratique.model.nouns import Artifact, Source

if TYPE_CHECKING:
    from pratique.formats.base import Notes, Tree

KNOWN = ("1.0.0", "1.1.0", "1.2.0")
"""Versions that rebar3 has written up to its version 3.25."""

_ENTRY = re.compile(r'\{<<"([^"]*)"(?:/utf8)?>>,\s*\{')
_BETWEEN = re.compile(r"(?:\s|%[^\n]*|\.(?=\s|\Z))*")


def read(data: bytes, path: str, tree: Tree) -> Reading:
    """Read a lockfile of rebar3.

    Raises:
        InputError: It does not begin with an Erlang term of its shape.
    """
    del tree
    text = decode(data)
    lines = Lines(text)
    gathering = Gathering(path, type="hex", ecosystem="Hex")
    terms = _terms(text, lines, gathering.notes)
    if not terms:
        raise InputError("line 1: holds no Erlang term")
    version, locked = _locked(terms[0])
    if locked is None:
        raise InputError("line 1: is not the list of a rebar3 lockfile")
    if version and version not in KNOWN:
        gathering.notes.unknown(f"lockfile version {shown(version)} is not known", 1)
    digests = _digests(terms[1:])
    places = {match[1]: lines.at(match.start()) for match in reversed(list(_ENTRY.finditer(text)))}
    roots = [ref for entry in locked if (ref := _add(entry, places, digests, gathering))]
    return gathering.reading(
        f"rebar.lock v{version}"[:40] if version else "rebar.lock",
        roots=[ref for ref in roots if gathering[ref].relation is Relation.DIRECT],
    )


def sniff(head: bytes) -> bool:
    """Whether a document is a lockfile of rebar3, judged by its first 64 KiB."""
    return re.match(rb'\s*(?:\{"[\d.]+",\s*)?\[\s*\{<<"', head) is not None


def _terms(text: str, lines: Lines, notes: Notes) -> list[Any]:
    """Top-level terms, each with a full stop behind; what follows an error is lost, and said."""
    found: list[Any] = []
    offset = 0
    while True:
        space = _BETWEEN.match(text, offset)
        offset = space.end() if space else offset
        if offset >= len(text):
            return found
        try:
            value, offset = term(text, offset)
        except TermError as error:
            notes.unreadable(f"the term here {error}", lines.at(error.offset))
            return found
        found.append(value)


def _locked(value: Any) -> tuple[str, list[Any] | None]:
    if isinstance(value, list):
        return "", value
    if isinstance(value, tuple) and len(value) == 2 and isinstance(value[1], list):
        return str(value[0]), value[1]
    return "", None


def _digests(terms: list[Any]) -> dict[str, str]:
    """Digests of archives as served (``pkg_hash_ext``), by name."""
    found: dict[str, str] = {}
    for value in terms:
        for part in value if isinstance(value, list) else ():
            if not isinstance(part, tuple) or len(part) != 2 or part[0] != "pkg_hash_ext":
                continue
            for pair in part[1] if isinstance(part[1], list) else ():
                if isinstance(pair, tuple) and len(pair) == 2 and isinstance(pair[1], str):
                    found[str(pair[0])] = pair[1]
    return found


def _add(entry: Any, places: dict[str, int], digests: dict[str, str], gathering: Gathering) -> str:
    if not isinstance(entry, tuple) or len(entry) < 2 or not isinstance(entry[0], str):
        gathering.notes.unreadable(f"entry {shown(entry)} is of no known shape")
        return ""
    key, origin = entry[0], entry[1]
    line = places.get(key, 0)
    level = entry[2] if len(entry) > 2 else ""
    relation = Relation.DIRECT if level == "0" else Relation.TRANSITIVE
    kind = origin[0] if isinstance(origin, tuple) and origin else ""
    kind = kind if isinstance(kind, str) else ""
    texts = [part for part in origin[1:] if isinstance(part, str)] if kind else []
    name, version, source = key, "", None
    hashes: tuple[Artifact, ...] = ()
    if kind == "pkg" and len(texts) >= 2:
        name, version = texts[0], texts[1]
        if key in digests:
            hashes = gathering.digest("sha256", digests[key], line)
    elif kind in {"git", "hg", "git_subdir"} and texts:
        source = _source(str(kind), texts[0], origin[2] if len(origin) > 2 else "")
    else:
        gathering.notes.unreadable(f"entry {shown(key)} is of no known shape", line)
        return ""
    package = gathering.package(name, version, line=line)
    if package is None:
        return ""
    return gathering.add(
        package,
        line=line,
        relation=relation,
        hashes=hashes,
        source=source,
        alias=key if key != name else "",
    )


def _source(kind: str, url: str, at: Any) -> Source:
    named = at if isinstance(at, tuple) and len(at) == 2 else ("", at)
    reference = named[1] if isinstance(named[1], str) else ""
    vcs = "hg" if kind == "hg" else "git"
    bare = without_credentials(url)
    if named[0] == "ref":
        return Source(bare, commit=str(reference), vcs=vcs)
    return Source(bare, reference=str(reference), vcs=vcs)
