"""What clients said last: they name it again, by its ids, when they bring the bill.

What is remembered holds for one state of a tenant's record, and goes on to the next if
that came of a write of this process alone.  Whenever anybody else has written, or taken
something back, it is forgotten and the record is read instead.
"""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pratique.store.engine import Store
    from pratique.store.nouns import Noun
    from pratique.store.writing import Written
    from pratique.surfaces.guac.writing import Saying

MAX_RECENT = 250_000
"""Claims, and nouns, that are remembered of all tenants together: those of the largest
bill, some 60 MB."""


class Recent:
    """What is remembered of one store."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._states: dict[str, str] = {}
        self._said: dict[str, dict[bytes, Saying]] = {}
        self._told: dict[str, set[Noun]] = {}

    def wrote(self, tenant: str, written: Written, said: Mapping[bytes, Saying]) -> None:
        """Go on to the state after a write.  Writers call it one after another.

        Args:
            tenant: Whose record was written to.
            written: What came of it.
            said: Claims of it, by their keys.
        """
        with self._lock:
            kept = self._said.setdefault(tenant, {})
            if self._states.get(tenant) != written.before:
                kept.clear()
            self._states[tenant] = written.after
            if _size(self._said) + len(said) > MAX_RECENT:
                for several in self._said.values():
                    several.clear()
            if len(said) <= MAX_RECENT:
                kept.update(said)

    def said(self, tenant: str, state: str, keys: Iterable[bytes]) -> dict[bytes, Saying]:
        """Those of a tenant's claims that are remembered, and made in a state of its record."""
        with self._lock:
            if not state or self._states.get(tenant) != state:
                return {}
            kept = self._said.get(tenant, {})
            return {key: kept[key] for key in keys if key in kept}

    def tell(self, tenant: str, nouns: Iterable[Noun]) -> None:
        """Remember that a tenant's nouns were mentioned, which is never taken back."""
        with self._lock:
            self._told.setdefault(tenant, set()).update(nouns)
            if _size(self._told) > MAX_RECENT:
                self._told.clear()

    def told(self, tenant: str, nouns: Iterable[Noun]) -> set[Noun]:
        """Those of a tenant's nouns that are remembered."""
        with self._lock:
            return self._told.get(tenant, set()).intersection(nouns)


def _size(kept: Mapping[str, dict[bytes, Saying] | set[Noun]]) -> int:
    return sum(map(len, kept.values()))


_recents: WeakKeyDictionary[Store, Recent] = WeakKeyDictionary()
_lock = Lock()


def recent(store: Store) -> Recent:
    """What is remembered of a store."""
    with _lock:
        return _recents.setdefault(store, Recent())
