"""What was checked: the thing itself, what is in it, and through what each part came in."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import msgspec

from pratique.model.errors import InputError, LimitError
from pratique.model.nouns import Artifact
from pratique.model.purl import Package

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pratique.model.inventory import Inventory
    from pratique.model.vex import Part

MAX_STEPS = 50_000_000
"""Steps from parts to what needs them in one run.

The paths of 10,000 findings in the graphs of real inventories take a few
million; at this number a run has taken half a minute.
"""

ROOT = ""
"""The node above everything: what was checked."""


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """Something that a statement may be about, by all that identifies it."""

    packages: tuple[Package, ...] = ()
    ids: tuple[str, ...] = ()
    """IRIs, image references, names: compared as they are."""

    hashes: tuple[Artifact, ...] = ()
    cpes: tuple[str, ...] = ()
    boms: tuple[str, ...] = ()
    """Serial numbers of the bills of materials that describe it, bare, in lower case."""

    names: tuple[tuple[str, str], ...] = ()
    """Name and version of a package whose type a scanner's report does not say."""

    @classmethod
    def parse(cls, text: str) -> Target:
        """What a user or a document calls a product.

        Args:
            text: A package URL, ``sha256:hex``, a CPE name, a serial number
                (``urn:uuid:…``), or any other identifier.
        """
        text = text.strip()
        packages: tuple[Package, ...] = ()
        hashes: tuple[Artifact, ...] = ()
        try:
            if text.startswith("pkg:"):
                packages = (Package.parse(text),)
            elif ":" in text and "/" not in text:
                hashes = (Artifact.parse(text),)
        except InputError:
            pass
        return cls(
            packages=packages,
            ids=(text,),
            hashes=hashes + tuple(h for p in packages for h in _digests(p)),
            cpes=(text,) if text.startswith("cpe:") else (),
            boms=(text[9:].lower(),) if text.lower().startswith("urn:uuid:") else (),
        )

    @classmethod
    def of(cls, part: Part) -> Target:
        """The same software, where a document names it as a part."""
        ids = [part.id, *(value for _, value in part.identifiers)]
        if not part.packages:
            ids.append(part.name)
        return cls(
            packages=part.packages,
            ids=tuple(dict.fromkeys(one for one in ids if one)),
            hashes=part.hashes,
            cpes=part.cpes,
            boms=(part.bom,) if part.bom else (),
        )


def _digests(package: Package) -> list[Artifact]:
    """The digest that is the version of an image's package URL."""
    if package.type not in {"oci", "docker"} or ":" not in package.version:
        return []
    try:
        return [Artifact.parse(package.version)]
    except InputError:
        return []


class Scene:
    """What was checked and how its parts hang together.

    Args:
        products: The thing itself, by all its identifiers.
        members: Package URL of each part to what identifies it.
        parents: Package URL to those of the parts that need it; :data:`ROOT`
            for what the thing itself has.  A part without a key is one that
            nothing is known to need: it is in the thing itself.
    """

    def __init__(
        self,
        products: Sequence[Target] = (),
        members: Mapping[str, Target] | None = None,
        parents: Mapping[str, Iterable[str]] | None = None,
    ) -> None:
        self.products = tuple(products)
        self.members = dict(members or {})
        self.parents = {node: tuple(above) for node, above in (parents or {}).items()}
        self._steps = 0
        self._known: dict[tuple[str, frozenset[str]], bool] = {}

    @classmethod
    def of_inventory(cls, inventory: Inventory, products: Sequence[str] = ()) -> Scene:
        """The scene of an inventory; a document's subject stands above its components.

        Args:
            inventory: What was found.
            products: Further identifiers of the thing that was checked.
        """
        members: dict[str, Target] = {}
        parents: dict[str, set[str]] = defaultdict(set)
        names: dict[str, str] = {}
        for part in inventory.components:
            purl = names[part.ref] = str(part.package)
            before = members.get(purl)
            hashes = part.hashes if before is None else (*before.hashes, *part.hashes)
            members[purl] = Target(
                packages=(part.package,), ids=(purl,), hashes=tuple(dict.fromkeys(hashes))
            )
        subjects = {one.path: one.subject for one in inventory.documents if one.subject}
        for purl in subjects.values():
            members.setdefault(purl, Target.parse(purl))
        needed = {ref for targets in inventory.edges.values() for ref in targets}
        roots = set(inventory.roots)
        for ref, purl in names.items():
            if ref in roots or ref not in needed:
                subject = subjects.get(ref.partition("#")[0], ROOT)
                parents[purl].add(subject if subject != purl else ROOT)
        for ref, targets in inventory.edges.items():
            for target in targets:
                if names[ref] != names[target]:
                    parents[names[target]].add(names[ref])
        return cls([Target.parse(text) for text in products], members, parents)

    def target(self, subject: str) -> Target:
        """What identifies the subject of a finding."""
        found = self.members.get(subject)
        return found if found is not None else Target.parse(subject)

    def all_paths_pass(self, node: str, through: frozenset[str]) -> bool:
        """Whether a part came in, and in no way but through certain parts.

        Args:
            node: Package URL of the part.
            through: Package URLs of parts, or :data:`ROOT` for the thing itself.
        """
        key = (node, through)
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = self._walk(node, through)
        return known

    def _walk(self, node: str, through: frozenset[str]) -> bool:
        """Upward from a part: a way to the top that meets none of ``through`` refutes it."""
        met = False
        seen = {node}
        waiting = [node]
        while waiting:
            at = waiting.pop()
            self._steps += 1
            if self._steps > MAX_STEPS:
                raise LimitError(f"the paths of the findings take over {MAX_STEPS:,} steps")
            # Where the cut includes the top, a way up must still exist.
            for above in self.parents.get(at, (ROOT,)):
                if above in through:
                    met = met or above == ROOT or self._arrives(above)
                elif above == ROOT:
                    return False
                elif above not in seen:
                    seen.add(above)
                    waiting.append(above)
        return met

    def _arrives(self, node: str) -> bool:
        """Whether a part hangs, over any number of steps, below the thing itself."""
        key = (node, frozenset({ROOT}))
        if key not in self._known:
            seen = {node}
            waiting = [node]
            found = False
            while waiting and not found:
                for above in self.parents.get(waiting.pop(), (ROOT,)):
                    if above == ROOT:
                        found = True
                    elif above not in seen:
                        seen.add(above)
                        waiting.append(above)
            self._known[key] = found
        return self._known[key]
