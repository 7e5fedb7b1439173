"""What an open store keeps in memory, so that the next question need not read it again.

Bills and nouns never change, so that they are kept by their numbers; whatever
changes is kept by the token of the state of the record it was read from.
"""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from array import array
    from collections.abc import Hashable, Iterable

    from pratique.store.roles import Roles

MAX_KEPT_BYTES = 64 * 1024 * 1024
"""Memory for the roles of bills; those of 10,000 bills of 500 packages fit."""

MAX_KEPT_ROWS = 500_000
"""Products and environments of which the newest bill is kept; some 60 MB."""

MAX_KEPT_TEXTS = 32 * 1024 * 1024
"""Memory for the texts of packages; some 90,000 fit."""

MAX_KEPT_STATES = 4
"""States of records of which a graph is kept mapped: those asked about last."""

MAX_KEPT_TOTALS = 1_000
"""Lengths of whole lists that are kept: of some forty lists, each with any filter."""

K = TypeVar("K", bound="Hashable")
V = TypeVar("V")


class Kept(Generic[V]):
    """Values by key, of which those used longest ago are dropped.

    Args:
        most: Sum of the sizes that is kept.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._size = 0
        self._lock = Lock()
        self._values: OrderedDict[Hashable, tuple[int, V]] = OrderedDict()

    def get(self, key: Hashable) -> V | None:
        """A value that is kept; ``None`` for any other."""
        return self.several((key,)).get(key)

    def several(self, keys: Iterable[K]) -> dict[K, V]:
        """Those values that are kept."""
        with self._lock:
            values = self._values
            found = {key: values[key][1] for key in keys if key in values}
            for key in found:
                values.move_to_end(key)
        return found

    def put(self, key: Hashable, value: V, size: int) -> None:
        """Keep a value; one that is larger than all that may be kept is not."""
        self.keep(((key, value, size),))

    def keep(self, rows: Iterable[tuple[Hashable, V, int]]) -> None:
        """As :meth:`put`, for keys, values and their sizes."""
        with self._lock:
            for key, value, size in rows:
                if size > self._most:
                    continue
                old = self._values.pop(key, None)
                self._size += size - (old[0] if old else 0)
                self._values[key] = (size, value)
            while self._size > self._most:
                _, (dropped, _) = self._values.popitem(last=False)
                self._size -= dropped

    def clear(self) -> None:
        """Keep nothing."""
        with self._lock:
            self._values.clear()
            self._size = 0


class Memory:
    """What an open store keeps."""

    def __init__(self) -> None:
        self.roles: Kept[tuple[array[int], Roles]] = Kept(MAX_KEPT_BYTES)
        """Packages and their roles, by the number of the bill."""

        self.texts: Kept[str] = Kept(MAX_KEPT_TEXTS)
        """Texts of nouns, by their numbers."""

        self.newest: Kept[dict[tuple[str, str], str]] = Kept(MAX_KEPT_ROWS)
        """Newest bills by product and environment, by the state of the record."""

        self.states: Kept[Any] = Kept(MAX_KEPT_STATES)
        """What the rooms above work out of a whole record, by its state."""

        self.totals: Kept[int] = Kept(MAX_KEPT_TOTALS)
        """Lengths of whole lists, by the state of the record, the list and its filter."""

    def clear(self) -> None:
        """Keep nothing."""
        self.roles.clear()
        self.texts.clear()
        self.newest.clear()
        self.states.clear()
        self.totals.clear()
