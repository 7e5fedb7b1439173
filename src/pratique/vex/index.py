"""Statements by vulnerability and package, so that each finding meets few of them."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from pratique.model.errors import LimitError
from pratique.vex.matching import part_matches, part_tokens, target_tokens
from pratique.vex.scene import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pratique.model.vex import Part, Product, Statement
    from pratique.vex.matching import Token
    from pratique.vex.scene import Scene, Target

MAX_COMPARISONS = 20_000_000
"""Comparisons of a statement with a finding in one run.

15,300 real statements and 10,000 findings need fewer than a hundred thousand;
at this number a run has taken half a minute, and the documents are built to
take longer.
"""


class Entry(NamedTuple):
    """A statement, by one of its products."""

    number: int
    """Of the statement, in the order given."""

    statement: Statement
    product: Product
    where: frozenset[str]
    """Where in the scene the product is: package URLs, and the root for the thing itself."""


class Index:
    """Finds the statements about a vulnerability in a part of what was checked.

    Args:
        statements: In the order in which ties are decided: the later one counts.
        scene: What was checked.
    """

    def __init__(self, statements: Sequence[Statement], scene: Scene) -> None:
        self._scene = scene
        self._entries: dict[tuple[str, Token], list[Entry]] = defaultdict(list)
        self._inherited: dict[str, list[Entry]] = defaultdict(list)
        self._names: set[str] = set()
        self._places: dict[Part, frozenset[str]] = {}
        self._nodes: dict[Token, list[str]] = defaultdict(list)
        self._comparisons = 0
        for node, target in scene.members.items():
            for token in target_tokens(target):
                self._nodes[token].append(node)
        for number, statement in enumerate(statements):
            names = {name.casefold() for name in statement.names}
            self._names |= names
            for product in statement.products:
                self._add(Entry(number, statement, product, self._at(product.part)), names)

    def _add(self, entry: Entry, names: Iterable[str]) -> None:
        product = entry.product
        if product.subcomponents:
            if not entry.where:
                return  # a product that is nowhere in what was checked
            parts: tuple[Part, ...] = product.subcomponents
        else:
            parts = (product.part,)
            if entry.where:
                for name in names:
                    self._inherited[name].append(entry)
        tokens = {token for part in parts for token in part_tokens(part)}
        for name in names:
            for token in tokens:
                self._entries[name, token].append(entry)

    def _at(self, part: Part) -> frozenset[str]:
        """Where in the scene a part is: package URLs, and the root for the thing itself."""
        known = self._places.get(part)
        if known is None:
            found = (
                {ROOT} if any(part_matches(part, one) for one in self._scene.products) else set()
            )
            for token in part_tokens(part):
                for node in self._nodes.get(token, ()):
                    if part_matches(part, self._scene.members[node]):
                        found.add(node)
            known = self._places[part] = frozenset(found)
        return known

    def knows(self, name: str) -> bool:
        """Whether any statement is about a vulnerability of this name."""
        return name.casefold() in self._names

    def find(self, names: Iterable[str], subject: str, target: Target) -> list[Entry]:
        """Statements about a vulnerability in a part, in the order given.

        Args:
            names: All ids of the vulnerability.
            subject: Package URL of the part, as the scene knows it.
            target: What identifies it.

        Raises:
            LimitError: ``MAX_COMPARISONS`` is reached.
        """
        found: dict[int, Entry] = {}
        tokens = tuple(target_tokens(target))
        for name in dict.fromkeys(one.casefold() for one in names):
            if name not in self._names:
                continue
            for token in tokens:
                for entry in self._entries.get((name, token), ()):
                    if entry.number not in found and self._direct(entry, subject, target):
                        found[entry.number] = entry
            for entry in self._inherited.get(name, ()):
                if entry.number not in found and self._inside(entry, subject):
                    found[entry.number] = entry
        return [found[number] for number in sorted(found)]

    def _direct(self, entry: Entry, subject: str, target: Target) -> bool:
        self._count()
        product = entry.product
        if not product.subcomponents:
            if not part_matches(product.part, target):
                return False
            return all(self._passes(subject, self._at(outer)) for outer in product.within)
        if not any(part_matches(sub, target) for sub in product.subcomponents):
            return False
        return self._inside(entry, subject)

    def _inside(self, entry: Entry, subject: str) -> bool:
        """Whether a part is in a product, and came in no other way."""
        self._count()
        if not self._passes(subject, entry.where):
            return False
        return all(self._passes(subject, self._at(outer)) for outer in entry.product.within)

    def _passes(self, subject: str, where: frozenset[str]) -> bool:
        return bool(where) and self._scene.all_paths_pass(subject, where)

    def _count(self) -> None:
        self._comparisons += 1
        if self._comparisons > MAX_COMPARISONS:
            raise LimitError(
                f"the VEX documents need over {MAX_COMPARISONS:,} comparisons",
                remedy="Give fewer documents, or those of your products only.",
            )
