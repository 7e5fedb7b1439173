"""Names reserved for internal packages, and the deny and allow lists.

A file has one entry a line: ``reserved``, ``deny``, ``allow`` or ``known``, then
a pattern; ``#`` begins a comment.  A reserved name is a glob, optionally with
the ecosystem before it (``acme-*``, ``npm:@acme/*``); a known one, which others
may imitate, is a name (``npm:alpha``); the others are package URLs in which
``*`` stands for anything (``pkg:npm/alpha@1.*``).
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Self

import msgspec

from pratique.model.ecosystems import ECOSYSTEMS, normalise_name
from pratique.model.errors import UsageError
from pratique.policy.waivers import check_pattern, covers

if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_BYTES = 4 * 1024 * 1024
"""Largest file: some 100,000 entries, each of which is compared with every version asked for."""

_KINDS = ("reserved", "deny", "allow", "known")


class Lists(msgspec.Struct, frozen=True):
    """What an organisation has said of names itself."""

    reserved: tuple[str, ...] = ()
    deny: tuple[str, ...] = ()
    allow: tuple[str, ...] = ()
    known: tuple[str, ...] = ()
    """Names that others may imitate, popular ones and one's own."""

    @classmethod
    def of(
        cls,
        reserved: Iterable[str] = (),
        deny: Iterable[str] = (),
        allow: Iterable[str] = (),
        known: Iterable[str] = (),
    ) -> Self:
        """Lists of patterns, each checked.

        Raises:
            UsageError: A pattern is none.
        """
        reserved, deny, allow = tuple(reserved), tuple(deny), tuple(allow)
        known = tuple(known)
        for name in known:
            if "*" in name or not name.strip("@/: ") or len(name) > 300:
                raise UsageError(
                    f"{name[:80]!r} is no name.", remedy="Write it like npm:alpha, without '*'."
                )
        for pattern in reserved:
            if not pattern.strip("*/@: ") or len(pattern) > 300:
                raise UsageError(f"{pattern[:80]!r} reserves everything, or nothing.")
        for pattern in (*deny, *allow):
            if wrong := check_pattern(pattern):
                raise UsageError(
                    f"{pattern[:80]!r} {wrong}.", remedy="Write it like pkg:npm/alpha@1.*"
                )
        return cls(reserved, deny, allow, known)

    def joined(self, other: Lists) -> Lists:
        """Both together."""
        return Lists(
            self.reserved + other.reserved,
            self.deny + other.deny,
            self.allow + other.allow,
            self.known + other.known,
        )

    def known_names(self, ecosystem: str) -> list[str]:
        """Names that another one may imitate; a glob that is reserved is none.

        Args:
            ecosystem: OSV ecosystem; a name without one is of each.
        """
        found = []
        for entry in (*self.known, *self.reserved):
            where, glob = _parts(entry)
            if "*" not in glob and "?" not in glob and where.lower() in {"", ecosystem.lower()}:
                found.append(normalise_name(ecosystem, glob))
        return found

    def is_reserved(self, ecosystem: str, name: str) -> bool:
        """Whether a name is for internal packages only.

        Args:
            ecosystem: OSV ecosystem.
            name: In any spelling the ecosystem takes for the same.
        """
        name = normalise_name(ecosystem, name).lower()
        for pattern in self.reserved:
            where, glob = _parts(pattern)
            if where and where.lower() != ecosystem.lower():
                continue
            wanted = normalise_name(ecosystem, glob).lower()
            # A scope alone reserves all that is in it.
            if fnmatchcase(name, wanted) or (
                wanted.startswith("@") and "/" not in wanted and name.startswith(f"{wanted}/")
            ):
                return True
        return False

    def denies(self, purl: str) -> bool:
        """Whether a package URL is on the deny list."""
        return any(covers(pattern, purl) for pattern in self.deny)

    def allows(self, purl: str) -> bool:
        """Whether a package URL is on the allow list."""
        return any(covers(pattern, purl) for pattern in self.allow)


def _parts(entry: str) -> tuple[str, str]:
    """Ecosystem of an entry, empty where it has none, and the rest."""
    where, colon, rest = entry.partition(":")
    return (where, rest) if colon and where.lower() in _LOWER else ("", entry)


_LOWER = frozenset(name.lower() for name in ECOSYSTEMS)


def read_lists(data: bytes, path: str) -> Lists:
    """Read a file of lists.

    Raises:
        UsageError: A line is not an entry; each is named with its number.
    """
    found: dict[str, list[str]] = {kind: [] for kind in _KINDS}
    if len(data) > MAX_BYTES:
        raise UsageError(f"{path}: is over the limit of {MAX_BYTES:,} bytes.")
    for number, line in enumerate(data.decode("utf-8", "replace").splitlines(), 1):
        words = line.partition("#")[0].split()
        if not words:
            continue
        if len(words) != 2 or words[0] not in _KINDS:
            raise UsageError(
                f"{path}:{number}: not an entry.", remedy="Write 'deny pkg:npm/alpha@1.*'."
            )
        try:
            Lists.of(**{words[0]: [words[1]]})
        except UsageError as error:
            raise UsageError(f"{path}:{number}: {error.message}", remedy=error.remedy) from None
        found[words[0]].append(words[1])
    if not data.strip():  # a file of comments says that nothing is listed; an empty one, nothing
        raise UsageError(
            f"{path}: is empty.", remedy="Write 'deny pkg:npm/alpha@1.*', or leave --lists out."
        )
    return Lists.of(**found)
