"""What must not leave, as options say it: ``component=GLOB``, ``paths``, ``urls=GLOB``."""

from __future__ import annotations

import re
from fnmatch import translate
from functools import lru_cache
from ipaddress import ip_address
from typing import TYPE_CHECKING

import msgspec

from pratique.model.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

REMOVABLE = ("component", "paths", "authors", "properties", "annotations", "urls")
"""Words of ``--remove``; ``component`` needs ``=GLOB``, paths and authors have none."""

PSEUDONYMOUS = ("component", "authors")
"""Words of ``--pseudonymise``."""

MAX_GLOB = 1000
"""Longest pattern."""

_LOCAL_SUFFIXES = (
    ".internal", ".local", ".localhost", ".localdomain", ".corp", ".lan", ".intranet",
    ".private", ".home", ".home.arpa",
)  # fmt: skip


class Rules(msgspec.Struct, frozen=True, kw_only=True):
    """What is removed and what is replaced by pseudonyms."""

    removed: tuple[str, ...] = ()
    """Patterns of components that go."""

    pseudonymous: tuple[str, ...] = ()
    """Patterns of components that stay under a pseudonym."""

    paths: bool = False
    authors: str = ""
    """``remove`` or ``pseudonymise``; empty keeps them."""

    properties: tuple[str, ...] = ()
    """Patterns of names of CycloneDX properties."""

    annotations: tuple[str, ...] = ()
    """Patterns of the texts of annotations."""

    hosts: tuple[str, ...] = ()
    """Patterns of hosts whose addresses go; ``internal`` stands for those that only a
    network of one's own resolves."""

    rewire: bool = True
    """Whether what a removed component needs is needed by what needed it."""

    @property
    def needs_key(self) -> bool:
        """Whether pseudonyms are asked for."""
        return bool(self.pseudonymous) or self.authors == "pseudonymise"


def rules_of(remove: Iterable[str], pseudonymise: Iterable[str], *, rewire: bool) -> Rules:
    """Rules of options.

    Raises:
        UsageError: A word is not known, lacks its pattern, or nothing is asked for.
    """
    found: dict[str, list[str]] = {word: [] for word in REMOVABLE}
    hidden: dict[str, list[str]] = {word: [] for word in PSEUDONYMOUS}
    for option, words, into in (
        ("--remove", remove, found),
        ("--pseudonymise", pseudonymise, hidden),
    ):
        for one in words:
            word, equals, glob = one.partition("=")
            if word not in into:
                raise UsageError(
                    f"{option} {one[:80]!r} is not known.", remedy=f"Known are {', '.join(into)}."
                )
            if (word == "component") != bool(glob) and word in {"component", "paths", "authors"}:
                how = "component=GLOB" if word == "component" else word
                raise UsageError(f"{option} {one[:80]!r} says too much or little: write {how}.")
            if equals and not glob:
                raise UsageError(f"{option} {one[:80]!r} has an empty pattern.")
            if len(glob) > MAX_GLOB:
                raise UsageError(f"{option} has a pattern of over {MAX_GLOB} characters.")
            into[word].append(glob or ("internal" if word == "urls" else "*"))
    if not any(found.values()) and not any(hidden.values()):
        raise UsageError(
            "nothing is to be redacted.",
            remedy="Say what with --remove or --pseudonymise, as in --remove paths.",
        )
    if found["authors"] and hidden["authors"]:
        raise UsageError("authors are removed or pseudonymised, not both.")
    authors = "remove" if found["authors"] else "pseudonymise" if hidden["authors"] else ""
    return Rules(
        removed=tuple(found["component"]),
        pseudonymous=tuple(hidden["component"]),
        paths=bool(found["paths"]),
        authors=authors,
        properties=tuple(found["properties"]),
        annotations=tuple(found["annotations"]),
        hosts=tuple(found["urls"]),
        rewire=rewire,
    )


def matches(globs: Iterable[str], *texts: str) -> bool:
    """Whether one of some texts matches one of some patterns; case is told apart."""
    pattern = _compiled(tuple(globs))
    return pattern is not None and any(pattern.match(text) for text in texts if text)


@lru_cache(maxsize=256)
def _compiled(globs: tuple[str, ...]) -> re.Pattern[str] | None:
    return re.compile("|".join(f"(?:{translate(glob)})" for glob in globs)) if globs else None


def is_named_host(globs: Iterable[str], host: str) -> bool:
    """Whether a host is among those whose addresses go."""
    host = host.lower().rstrip(".")
    return any(
        _is_internal(host) if glob == "internal" else matches((glob.lower(),), host)
        for glob in globs
    )


def _is_internal(host: str) -> bool:
    """Whether only a network of one's own resolves a host (RFC 6761, 6762, 8375, 9476)."""
    try:
        return not ip_address(host.strip("[]")).is_global
    except ValueError:
        return bool(host) and ("." not in host or host.endswith(_LOCAL_SUFFIXES))
