"""What is listed already: by the published bins, and by what is staged over them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from pratique.repository.bins import Target
from pratique.repository.published import read_published, read_published_bin
from pratique.repository.staging import staged

if TYPE_CHECKING:
    from pratique.repository.layout import Layout
    from pratique.repository.staging import Change


class Known:
    """What each path holds after all staged changes; published bins are read as needed."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._state = read_published(layout)
        self._division = self._state.division if self._state else None
        self._bins: dict[str, dict[str, msgspec.Raw]] = {}
        self._staged = {change.path: change for change in staged(layout)}

    def note(self, change: Change) -> None:
        """Take a change into account that is about to be staged."""
        self._staged[change.path] = change

    def get(self, path: str) -> tuple[int, str] | None:
        """Length and SHA-256 (empty where it has none) of an artifact; ``None`` where absent."""
        change = self._staged.get(path)
        if change is not None:
            return None if change.removes else (change.length, change.sha256)
        if self._state is None or self._division is None:
            return None
        name = self._division.of(path)
        if name not in self._state.versions:
            return None
        if name not in self._bins:
            part = read_published_bin(self._layout, self._state, name, self._division)
            self._bins[name] = part.targets
        entry = self._bins[name].get(path)
        if entry is None:
            return None
        target = msgspec.json.decode(entry, type=Target)
        return target.length, target.hashes.get("sha256", "")
