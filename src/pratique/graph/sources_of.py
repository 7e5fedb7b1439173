"""Where packages of the record come from in version control, as far as that is stated.

Three things say so: a claim of the record (HasSourceAt), the package URL itself
(``pkg:github/owner/name@commit``, the qualifier ``vcs_url``), and a Go pseudo-version,
which ends in the first twelve digits of its commit (Go modules reference,
*Pseudo-versions*).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from pratique.formats.osv.affected import is_commit
from pratique.formats.sbom.addresses import source_of
from pratique.model.ecosystems import GIT, normalise_name

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pratique.model.purl import Package

FORGES = {"github": "github.com", "gitlab": "gitlab.com", "bitbucket": "bitbucket.org"}
"""Hosts of the package URL types that name repositories (their type definitions)."""

_PSEUDO = re.compile(r"-(?:[0-9A-Za-z.]+\.)?\d{14}-([0-9a-f]{12})(?:\+incompatible)?\Z")
_HOSTED = re.compile(r"(?:github\.com|bitbucket\.org)/[^/]+/[^/]+")
"""Go modules whose repository is the first three parts of their path."""


class Place(msgspec.Struct, frozen=True, order=True):
    """A repository, and what of it a package is."""

    repository: str
    """As advisories name it: ``github.com/owner/name``."""

    at: str = ""
    """A commit, a tag, or the beginning of a commit; empty where that is not stated."""

    @property
    def commit(self) -> str:
        """The full commit; empty where another thing is stated."""
        return self.at.lower() if is_commit(self.at.lower()) else ""


def places_of(package: Package, claimed: Iterable[str] = ()) -> tuple[Place, ...]:
    """The places that a package is said to come from, sorted.

    Args:
        package: With its version.
        claimed: Sources that claims of the record say it has: ``git+https://…@commit``.
    """
    found = {place for text in claimed if (place := _located(text)) is not None}
    if package.type in FORGES:
        name = f"{FORGES[package.type]}/{package.namespace}/{package.name}"
        found.add(Place(normalise_name(GIT, name), package.version))
    elif package.type == "git":
        found.add(Place(normalise_name(GIT, package.full_name), package.version))
    elif package.type == "golang" and (hosted := _HOSTED.match(package.full_name)):
        pseudo = _PSEUDO.search(package.version)
        at = pseudo[1] if pseudo else package.version
        found.add(Place(normalise_name(GIT, hosted[0]), at))
    for key, value in package.qualifiers:
        if key == "vcs_url" and (place := _located(value)) is not None:
            found.add(place)
    return tuple(sorted(found))


def may_state(purl: str) -> bool:
    """Whether a package URL may say itself where its package comes from."""
    kind = purl.removeprefix("pkg:").partition("/")[0]
    return kind in FORGES or kind in {"git", "golang"} or "vcs_url=" in purl


def _located(address: str) -> Place | None:
    source = source_of(address)
    if source is None:
        return None
    return Place(normalise_name(GIT, source.url), source.commit or source.reference)
