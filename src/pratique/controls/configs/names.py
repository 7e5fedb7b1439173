"""The names that belong to the organisation."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import NamedTuple
from urllib.parse import unquote

from pratique.model.errors import UsageError

KINDS = {
    "pypi": "pypi",
    "npm": "npm",
    "cargo": "cargo",
    "golang": "golang",
    "maven": "maven",
    "nuget": "nuget",
    "gem": "gem",
    "composer": "composer",
}
"""Types of package URLs that a name may be given as."""

MAX_NAMES = 5_000
"""Names that are asked about; each is asked of each configuration of its kind."""

PLUGIN = " (plugin)"
"""Ends the id of a Gradle plugin, which is looked up elsewhere than dependencies."""


class Names(NamedTuple):
    """Internal names by the kind of package, in the order given."""

    by_kind: dict[str, tuple[str, ...]]

    def of(self, kind: str) -> tuple[str, ...]:
        """The names of a kind; ``pypi``, ``npm`` … as package URLs have them."""
        return self.by_kind.get(kind, ())


def parse(given: list[str]) -> Names:
    """Sort names by kind.

    A package URL says its kind (``pkg:npm/%40acme/ui``).  A bare name belongs to every kind it
    can be one of: ``@acme/ui`` to npm, ``com.acme:billing`` to Maven, ``git.acme.test/billing``
    to Go, ``acme/billing`` to Composer, any other to all that have plain names.

    Raises:
        UsageError: There are too many, or one is empty or of an unknown kind.
    """
    if len(given) > MAX_NAMES:
        raise UsageError(f"over {MAX_NAMES:,} internal names.", remedy="Name scopes or patterns.")
    found: dict[str, dict[str, None]] = {}
    for text in given:
        for kind, name in _kinds(text.strip()):
            found.setdefault(kind, {})[name] = None
    return Names({kind: tuple(names) for kind, names in found.items()})


def _kinds(text: str) -> list[tuple[str, str]]:
    if not text or not text.isprintable():
        raise UsageError(f"--internal-name {text[:80]!r} is no name.")
    if text.startswith("pkg:"):
        kind, _, name = text[4:].partition("/")
        name = unquote(name.partition("?")[0].rstrip("/"))
        if kind not in KINDS or not name:
            raise UsageError(
                f"--internal-name {text[:80]!r} is of no kind that is known.",
                remedy=f"Kinds: {', '.join(KINDS)}.",
            )
        if kind == "maven":
            name = ":".join(name.rsplit("/", 1))
        return [(kind, name)]
    if text.endswith(PLUGIN) or ":" in text:
        return [("maven", text)]
    if text.startswith("@"):
        return [("npm", text)]
    head, slash, _ = text.partition("/")
    if slash:
        return [("golang" if "." in head else "composer", text)]
    return [(kind, text) for kind in ("pypi", "npm", "cargo", "nuget", "gem")]


def same_python(one: str, other: str) -> bool:
    """Whether two Python names are one (PEP 503), ``*`` in the first allowed."""
    return fnmatchcase(_python(other), _python(one))


def _python(name: str) -> str:
    return "-".join(part for part in name.lower().replace("_", "-").replace(".", "-").split("-"))
