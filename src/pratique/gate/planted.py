"""Two names of the gate's own in every ecosystem, by which it is tried out from outside.

One is answered by the gate itself with a signature; the other is a version that
was published to do harm and is on the deny list, as far as policy can tell.
Neither is ever asked for upstream, and there is nothing in them to install.
"""

from __future__ import annotations

from pratique.gate import crates, golang, maven, npm, pypi

ANSWERED = "pratique-gate-canary"
REFUSED = "pratique-gate-refused"
_DOMAIN = "pratique.invalid"  # RFC 2606, 2: nobody can have it

WORDS = {
    "pypi": pypi.ECOSYSTEM,
    "npm": npm.ECOSYSTEM,
    "crates": crates.ECOSYSTEM,
    "go": golang.ECOSYSTEM,
    "maven": maven.ECOSYSTEM,
}
"""Ecosystems by the word in paths."""


def place(word: str, name: str) -> str:
    """Path of a name below the address of its registry, as its package manager asks for it."""
    return {
        "pypi": f"{name}/",
        "npm": name,
        "crates": crates.place(name),
        "go": f"{_DOMAIN}/{name}/@v/list",
        "maven": f"invalid/pratique/{name}/maven-metadata.xml",
    }[word]


def prefix(word: str) -> str:
    """Path of a registry at the gate."""
    return "pypi/simple" if word == "pypi" else word


def full_name(word: str, name: str) -> str:
    """A name as its ecosystem has it."""
    return {"go": f"{_DOMAIN}/{name}", "maven": f"invalid.pratique:{name}"}.get(word, name)


def version(word: str) -> str:
    """The only version that there is of it."""
    return "v1.0.0" if word == "go" else "1.0.0"


def is_refused(name: str) -> bool:
    """Whether a package is the one that is planted to be refused."""
    return name in _REFUSED


_REFUSED = frozenset(full_name(word, REFUSED) for word in WORDS)


def signed(ecosystem: str, challenge: str, at: str, *, refused: bool) -> bytes:
    """What the gate signs: that it answers this question now, and how it decides."""
    verdict = "refuses" if refused else "admits"
    return f"pratique-gate-canary-v1\n{ecosystem}\n{challenge}\n{at}\n{verdict}".encode()
