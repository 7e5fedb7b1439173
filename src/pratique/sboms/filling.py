"""What was filled in, what was kept, and what stayed unknown."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec

from pratique.licenses.service import judge
from pratique.model.inventory import LicenseClaim

if TYPE_CHECKING:
    from collections.abc import Callable

    from pratique.sources.packages.models import Described

_WORDS = re.compile(r"[^\s()]+")
_OPERATORS = frozenset({"AND", "OR", "WITH"})

FIELDS = ("license", "hashes", "supplier", "author", "vcs", "homepage", "deprecated")
"""What is asked of registries, by the words of options and reports."""


class Filled(msgspec.Struct, frozen=True, kw_only=True):
    """One field that was filled."""

    component: str
    """Package URL of the component."""

    field: str
    path: str
    """Where it now is: ``components[3].licenses``."""

    value: Any
    source: str
    """Address of the answer that says so."""

    before: Any = None
    """What stood there and was overwritten."""


class Conflict(msgspec.Struct, frozen=True, kw_only=True):
    """Something that the document and the registry say differently; the document's was kept."""

    component: str
    field: str
    path: str
    stated: str
    registry: str
    source: str


class Unasked(msgspec.Struct, frozen=True, kw_only=True):
    """Something that could not be determined."""

    component: str
    field: str
    """One of :data:`FIELDS`, or empty for all."""

    reason: str


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What came of enriching one document."""

    document: str
    form: str
    components: int
    """With a package URL, and so asked about."""

    registries: dict[str, str]
    """Address by word, with what named it."""

    filled: tuple[Filled, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    unknown: tuple[Unasked, ...] = ()
    lost: tuple[str, ...] = ()
    """Leaves or lines of the original that could not be written back."""

    dropped_signature: bool = False
    notes: tuple[str, ...] = ()
    """What else there is to know, as that it is written in another form."""


class Entry:
    """One component or package of a document while it is filled.

    Args:
        value: Its object, which is changed.
        path: Where it is.
        purl: Its package URL.
        overwrite: Whether what it states may be replaced.
    """

    def __init__(self, value: dict[str, Any], path: str, purl: str, *, overwrite: bool) -> None:
        self.value = value
        self.path = path
        self.purl = purl
        self.overwrite = overwrite
        self.filled: list[Filled] = []
        self.conflicts: list[Conflict] = []
        self.unknown: list[Unasked] = []

    def put(self, field: str, key: str, value: Any, source: str, *, absent: bool) -> None:
        """Set a member where it is absent, or may be overwritten and differs."""
        before = self.value.get(key)
        if not absent and (not self.overwrite or before == value):
            return
        self.value[key] = value
        self.added(field, f"{self.path}.{key}", value, source, None if absent else before)

    def append(self, field: str, key: str, item: Any, source: str) -> None:
        """Add an item to a list, which is made where there is none."""
        items = self.value.get(key)
        if not isinstance(items, list):
            if items is not None:
                return
            items = self.value[key] = []
        items.append(item)
        self.added(field, f"{self.path}.{key}[{len(items) - 1}]", item, source, None)

    def added(self, field: str, path: str, value: Any, source: str, before: Any) -> None:
        """Note what was set, here or elsewhere in the document."""
        self.filled.append(
            Filled(
                component=self.purl,
                field=field,
                path=path,
                value=value,
                source=source,
                before=before,
            )
        )

    def differs(self, field: str, key: str, stated: str, registry: str, source: str) -> None:
        """Note that the document says something else than the registry."""
        self.conflicts.append(
            Conflict(
                component=self.purl,
                field=field,
                path=f"{self.path}.{key}",
                stated=stated,
                registry=registry,
                source=source,
            )
        )

    def compare_digests(
        self,
        key: str,
        stated: set[tuple[Any, str]],
        found: Described,
        word: Callable[[str], str] = str,
    ) -> None:
        """Note a digest of an algorithm that the registry has for no file of the version.

        Args:
            key: Of the digests in the document.
            stated: Algorithm and digest of each, as the document has them.
            found: What the registry says.
            word: The document's word for an algorithm of the registry's answer.
        """
        for algorithm in sorted({str(name) for name, _ in stated}):
            said = {
                one.value
                for file in found.distributions
                for one in file.digests
                if word(one.algorithm) == algorithm
            }
            mine = {value for name, value in stated if name == algorithm}
            if said and not mine & said:
                self.differs(
                    "hashes",
                    key,
                    f"{algorithm} {', '.join(sorted(mine))}",
                    f"{algorithm} {', '.join(sorted(said)[:3])}",
                    found.distributions_source,
                )

    def unsure(self, field: str, reason: str) -> None:
        """Note what stays unknown, and why."""
        self.unknown.append(Unasked(component=self.purl, field=field, reason=reason))


def contradicts(stated: list[str], expression: str) -> bool:
    """Whether the licences that a document states are others than a registry's.

    Texts that name no licence exactly contradict nothing, and neither do the same
    licences without the word whether all or any of them apply.

    Args:
        stated: As the document has them, in any words.
        expression: SPDX expression of the registry.
    """
    claims = [judge([LicenseClaim(text, "document")]).expression for text in stated]
    if not claims or not all(claims):
        return False
    mine = {word for claim in claims for word in _WORDS.findall(claim)}
    return mine - _OPERATORS != set(_WORDS.findall(expression)) - _OPERATORS
