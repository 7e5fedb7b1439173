"""One package's entries against one version: which hold, why, and what fixes them."""

from __future__ import annotations

from bisect import bisect_left, bisect_right

import msgspec

from pratique.advisories.layout import Detail, Entry, Flag, version_hash
from pratique.advisories.orders import Order

_detail = msgspec.msgpack.Decoder(Detail).decode

# Plain numbers: an operation on a flag costs as much as the whole evaluation.
_ALL = int(Flag.ALL)
_SEMVER = int(Flag.SEMVER)
_COMMITS_ONLY = int(Flag.COMMITS_ONLY)
_NO_ORDERING = int(Flag.NO_ORDERING)
_DOUBTFUL = int(Flag.UNEVALUATED | Flag.NO_ORDERING | Flag.COMMITS_ONLY)


class Hit(msgspec.Struct, frozen=True, gc=False):
    """An entry that holds for the version asked."""

    entry: Entry
    how: int
    """Index of the interval the version is in; ``ALL``, ``LISTED``."""


ALL = -1
LISTED = -2


class Asked(msgspec.Struct):
    """A version as asked, with its keys made once."""

    text: str
    order: Order
    semver: Order
    versions_only: bool = False
    """Evaluate listed versions only (bare ``Alpine`` and ``Ubuntu``)."""

    _key: bytes | None = None
    _made: bool = False
    _semver_key: bytes | None = None
    _semver_made: bool = False
    _number: int = 0

    def key(self) -> bytes | None:
        """Key of the ecosystem's ordering."""
        if not self._made:
            self._key = self.order.key(self.text)
            self._made = True
        return self._key

    def semver_key(self) -> bytes | None:
        """Key under SemVer."""
        if not self._semver_made:
            self._semver_key = self.semver.key(self.text)
            self._semver_made = True
        return self._semver_key

    def hash(self) -> int:
        """Number of the version in lists of versions."""
        if not self._number:
            self._number = version_hash(self.key(), self.text)
        return self._number


def evaluate(entries: list[Entry], asked: Asked) -> tuple[list[Hit], list[tuple[Entry, str]]]:
    """Entries that hold, and those that could not be evaluated, with the reason.

    Source: OSV schema 1.7.5, *Evaluation*: listed versions or any range.
    """
    hits: list[Hit] = []
    doubts: list[tuple[Entry, str]] = []
    key = asked.key()
    for entry in entries:
        flags = entry.flags
        if flags & _ALL and not asked.versions_only:
            hits.append(Hit(entry, ALL))
            continue
        bounds = entry.bounds
        if bounds and not asked.versions_only:
            at = key if not flags & _SEMVER else asked.semver_key()
            if at is not None and (place := bisect_right(bounds, at)) & 1:
                hits.append(Hit(entry, place >> 1))
                continue
        else:
            at = key
        versions = entry.versions
        if versions and is_listed(versions, asked.hash()):
            hits.append(Hit(entry, LISTED))
            continue
        if bounds and asked.versions_only:
            doubts.append((entry, "its versions are told per release, and none was named"))
        elif bounds and at is None:
            doubts.append((entry, f"version {asked.text[:80]!r} cannot be ordered"))
        elif flags & _DOUBTFUL:
            doubts.append((entry, _doubt(flags)))
    return hits, doubts


def _doubt(flags: int) -> str:
    if flags & _COMMITS_ONLY:
        return "it names commits only, no versions"
    if flags & _NO_ORDERING:
        return "its ecosystem has no ordering of versions"
    return "its affected versions cannot be read or ordered"


def is_listed(versions: bytes, number: int) -> bool:
    """Whether a list of versions has one of a number."""
    view = memoryview(versions).cast("Q")
    at = bisect_left(view, number)
    return at < len(view) and view[at] == number


def why(hit: Hit, identifier: str, version: str) -> str:
    """Why an entry holds, in one line."""
    if hit.how == LISTED:
        return f"version {version} is listed by {identifier}"
    if hit.how == ALL:
        return f"all versions are affected according to {identifier}"
    introduced, end, until = _detail(hit.entry.detail).texts[hit.how]
    ending = f", {end.replace('_', ' ')} {until}" if end else ", not fixed"
    return f"in range introduced {introduced}{ending} of {identifier}"


def fixes(hits: list[Hit], asked: Asked) -> tuple[str, ...]:
    """Versions after the one asked that none of the entries affects, lowest first.

    Args:
        hits: All entries of one vulnerability that hold.
        asked: The version asked; where it has no key, no version is after it.
    """
    found: dict[bytes, str] = {}
    for hit in hits:
        semver = hit.entry.flags & _SEMVER
        order = asked.semver if semver else asked.order
        own = asked.semver_key() if semver else asked.key()
        if own is None:
            continue
        for text in _detail(hit.entry.detail).fixed:
            key = order.key(text)
            if key is None or key <= own:
                continue
            place = asked.order.key(text) if semver else key
            if not any(_affects(other.entry, text, asked) for other in hits):
                found.setdefault(place if place is not None else key, text)
    return tuple(found[key] for key in sorted(found))


def _affects(entry: Entry, text: str, asked: Asked) -> bool:
    if entry.flags & _ALL:
        return True
    order = asked.semver if entry.flags & _SEMVER else asked.order
    key = order.key(text)
    if key is not None and bisect_right(entry.bounds, key) & 1:
        return True
    own = asked.order.key(text)
    return bool(entry.versions) and is_listed(entry.versions, version_hash(own, text))
