"""Which packages the advisories say something else of than they did in an earlier generation.

Where the earlier generation has the same base, its layers and those of the present
one name every package and every id that a change touched; nothing else is compared.
Where the base is another, or the layers of the earlier generation are gone, nobody
can tell, and every package is to be asked about.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from pratique.advisories.entries import broader
from pratique.advisories.errors import GenerationError
from pratique.advisories.layers import GONE, layered
from pratique.advisories.layout import NAMES, PACKAGES, PackageBlob, package_hash, text_hash
from pratique.advisories.table import Table
from pratique.formats.osv.affected import EARLIER_NAMES
from pratique.model.ecosystems import GIT, base, normalise_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from pratique.advisories.index import Index
    from pratique.advisories.layout import Layer, Manifest
    from pratique.model.advisory import Query

EVERYTHING = 0
"""Key of what may change with any record: repositories, which are found by commits too."""

_package = msgspec.msgpack.Decoder(PackageBlob).decode


class Mark(msgspec.Struct, frozen=True):
    """What a generation consists of, to be compared with a later one."""

    generation: str = ""
    base: tuple[str, ...] = ()
    """Digests of the base's tables, and the version orderings."""

    layers: tuple[tuple[str, str], ...] = ()
    """Names and digests of the layers, lowest first."""


class Changes(msgspec.Struct, frozen=True):
    """What differs between two generations."""

    packages: frozenset[int] = frozenset()
    """Keys as :func:`key_of` makes them."""

    names: frozenset[int] = frozenset()
    """Of ids and aliases, as :func:`~pratique.advisories.layout.text_hash` makes them."""

    def touch(self, key: int) -> bool:
        """Whether a package of a key may be answered otherwise."""
        return key in self.packages or (key == EVERYTHING and bool(self.names))

    def name(self, ids: Iterable[str]) -> bool:
        """Whether a record of one of the ids was touched."""
        return any(text_hash(one) in self.names for one in ids)


def key_of(query: Query) -> int:
    """Key of a package as it is asked about."""
    ecosystem = EARLIER_NAMES.get(query.ecosystem, query.ecosystem)
    if ecosystem == GIT:
        return EVERYTHING
    return package_hash(ecosystem, normalise_name(ecosystem, query.name))


def mark_of(index: Index) -> Mark:
    """The mark of a generation that is open."""
    manifest = index.manifest
    tables = (f"{name}.{end}" for name in (PACKAGES, NAMES) for end in ("idx", "dat"))
    return Mark(
        generation=manifest.generation,
        base=(manifest.fingerprint, *(_sha256(manifest, name) for name in tables)),
        layers=tuple((layer.name, _digest(manifest, layer)) for layer in manifest.layers),
    )


def _digest(manifest: Manifest, layer: Layer) -> str:
    return " ".join(
        _sha256(manifest, f"{layered(name, layer)}.{end}")
        for name in (PACKAGES, NAMES)
        for end in ("idx", "dat")
    )


def _sha256(manifest: Manifest, name: str) -> str:
    info = manifest.files.get(name)
    return info.sha256 if info is not None else ""


def changes(index: Index, before: Mark) -> Changes | None:
    """What differs between an earlier generation and the one that is open.

    Args:
        index: The one that is open.
        before: The mark of the earlier one.

    Returns:
        ``None`` where it cannot be told: everything may differ.

    Raises:
        GenerationError: The present generation is damaged.
    """
    now = mark_of(index)
    if now.base != before.base:
        return None
    same = 0
    while same < min(len(now.layers), len(before.layers)) and (
        now.layers[same] == before.layers[same]
    ):
        same += 1
    packages: set[int] = set()
    names: set[int] = set()
    _take(index.folder, now.layers[same:], packages, names)
    if before.layers[same:]:
        # They were merged or taken back; what they changed is to be known as well.
        folder = index.folder.parent / before.generation
        try:
            _take(folder, before.layers[same:], packages, names)
        except GenerationError:
            return None
    return Changes(frozenset(packages), frozenset(names))


def _take(
    folder: Path, layers: Iterable[tuple[str, str]], packages: set[int], names: set[int]
) -> None:
    for name, _ in layers:
        for key, blob in _items(folder, f"{name}.{PACKAGES}"):
            packages.add(key)
            if blob != GONE:
                packages.update(_also(blob))
        names.update(key for key, _ in _items(folder, f"{name}.{NAMES}"))


def _items(folder: Path, name: str) -> Iterator[tuple[int, bytes]]:
    if not (folder / f"{name}.idx").exists():
        raise GenerationError(f"{folder} holds no {name}.")
    table = Table(folder, name)
    try:
        yield from table.items()
    finally:
        table.close()


def _also(blob: bytes) -> Iterator[int]:
    """Keys under which a package of a release is found without the release, too."""
    try:
        package = _package(blob)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise GenerationError(f"the advisories are damaged: {error}.") from None
    for ecosystem in {base(package.ecosystem), *broader(package.ecosystem)} - {package.ecosystem}:
        yield package_hash(ecosystem, package.name)
