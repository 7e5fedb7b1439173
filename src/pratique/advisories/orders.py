"""Version keys by ecosystem, remembered, and a fingerprint of all of them."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

from pratique.model.ecosystems import ECOSYSTEMS
from pratique.versions import VersionError, ordering, semver_ordering

if TYPE_CHECKING:
    from pratique.versions import Ordering

MAX_REMEMBERED = 200_000
"""Keys remembered per ordering; distributions repeat a version for every package."""

_SAMPLES = (
    "0", "1", "1.0", "1.0.0", "1.2.3-alpha.1", "1.2.3-rc1", "1.2.3+build", "2:1.4~beta-3",
    "1.0a1", "1.0.post1", "1.0.dev3", "10.0.0", "1.10", "1_p2", "1.2.3-r4", "4.18.0-80.el8",
    "1.0-SNAPSHOT", "1.0.0-beta+exp.sha.5114f85", "v1.2.3", "1.0^git1", "2024.1.1", "1.0-1ubuntu2",
)  # fmt: skip


class Order:
    """The ordering of one ecosystem, with the keys of versions seen before.

    Args:
        ordering: Of the ecosystem; ``None`` where versions are only texts.
    """

    def __init__(self, ordering: Ordering | None) -> None:
        self.ordering = ordering
        self._keys: dict[str, bytes | None] = {}

    def key(self, version: str) -> bytes | None:
        """Memcomparable key; ``None`` where the version cannot be ordered."""
        try:
            return self._keys[version]
        except KeyError:
            pass
        key: bytes | None = None
        if self.ordering is not None:
            try:
                key = self.ordering.key(version)
            except VersionError:
                key = None
        if len(self._keys) >= MAX_REMEMBERED:
            self._keys.clear()
        self._keys[version] = key
        return key


class Orders:
    """The orderings of all ecosystems, each made once."""

    def __init__(self) -> None:
        self._by_name: dict[str, Order] = {}
        self._shared: dict[int, Order] = {}

    def of(self, ecosystem: str) -> Order:
        """Ordering of an ecosystem, with or without its suffix."""
        order = self._by_name.get(ecosystem)
        if order is None:
            order = self._by_name[ecosystem] = self._order(ordering(ecosystem))
        return order

    def semver(self) -> Order:
        """Ordering of ``SEMVER`` ranges, whatever the ecosystem."""
        order = self._by_name.get("")
        if order is None:
            order = self._by_name[""] = self._order(semver_ordering())
        return order

    def _order(self, ordering: Ordering | None) -> Order:
        order = self._shared.get(id(ordering))
        if order is None:
            order = self._shared[id(ordering)] = Order(ordering)
        return order


def fingerprint() -> str:
    """Digest over the keys that all orderings give a set of sample versions.

    It changes with the keys, also where nobody thought of raising
    :data:`~pratique.advisories.layout.ORDERING_FORMAT`.
    """
    digest = sha256()
    orders = Orders()
    for ecosystem in sorted(ECOSYSTEMS):
        order = orders.of(ecosystem)
        digest.update(f"{ecosystem}\n".encode())
        for sample in _SAMPLES if order.ordering is not None else ():
            key = order.key(sample)
            digest.update(b"-\n" if key is None else key.hex().encode() + b"\n")
    return digest.hexdigest()[:16]
