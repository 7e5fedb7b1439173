"""Which registries a gate serves: those of options, and of the package managers' configuration."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pratique.gate import crates, golang, maven, npm, pypi
from pratique.model.errors import UsageError
from pratique.sources.registries import Upstream, address, configured

if TYPE_CHECKING:
    from collections.abc import Iterable

NAMES = {
    "pypi": pypi.ECOSYSTEM,
    "npm": npm.ECOSYSTEM,
    "crates": crates.ECOSYSTEM,
    "go": golang.ECOSYSTEM,
    "maven": maven.ECOSYSTEM,
}
"""Ecosystems by the word that options and paths have for them."""


def find(given: Iterable[str], wanted: Iterable[str]) -> dict[str, Upstream]:
    """Upstreams, by ecosystem.

    Args:
        given: ``NAME=URL``, as options give them; they come before any configuration.
        wanted: Names of the ecosystems to serve; where there are none, those that an
            option names, else those that some configuration names.

    Raises:
        UsageError: One is not an address, or nothing names one of those wanted.
    """
    named = dict(map(_option, given))
    required = dict.fromkeys([*wanted, *named])
    found = {}
    for word in required or NAMES:
        upstream = named.get(word) or configured(word)
        if upstream is None and not required and word != "pypi":
            continue
        if upstream is None:
            raise UsageError(
                f"no configuration names a registry for {word}.",
                remedy=f"Give --upstream {word}=URL, or configure the package manager.",
            )
        found[NAMES[word]] = upstream
    return found


def _option(text: str) -> tuple[str, Upstream]:
    word, _, url = text.partition("=")
    if word not in NAMES:
        raise UsageError(
            f"--upstream {text[:80]!r} names no ecosystem.", remedy=f"NAME is {' or '.join(NAMES)}."
        )
    return word, Upstream(address(url, f"--upstream {word}"), "--upstream")
