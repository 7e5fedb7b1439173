"""The generation in use, followed while a server runs.

A request takes the index once and keeps it to its end; a new generation is
opened beside it in a thread, and the old one is given back when the last
request that uses it is done.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from pratique.advisories import generation
from pratique.advisories.served import ServedIndex, is_generation, open_served
from pratique.advisories.snapshot import data_root
from pratique.model.errors import PratiqueError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

LOOK_SECONDS = 1.0
"""How often to look whether there is another generation: one small file is read."""


class Live:
    """Gives the index of the current generation.

    Args:
        path: Of a generation, or of a data folder, whose current generation is
            then followed; the user's own where it is not given.
        clock: Seconds.

    Raises:
        GenerationError: There is none, or it is damaged.
    """

    def __init__(
        self, path: Path | None = None, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._path = path
        self._index = open_served(path)
        self._root = None if path is not None and is_generation(path) else path or data_root()
        self._clock = clock
        self._looked = clock()
        self._opening: asyncio.Task[None] | None = None
        self._refused = ""
        self.problem = ""
        """Why a newer generation is not served; empty where there is none."""

    def index(self) -> ServedIndex:
        """The index to answer a request from; to be called in the event loop."""
        now = self._clock()
        if self._root is not None and now - self._looked >= LOOK_SECONDS:
            self._looked = now
            if self._opening is None and self._changed(self._root):
                self._opening = asyncio.get_running_loop().create_task(self._open())
        return self._index

    def _changed(self, root: Path) -> bool:
        try:
            folder = generation.current(root)
        except PratiqueError as error:
            self.problem = str(error)
            return False
        if folder is None or folder.name == self._index.folder.name:
            self.problem = self._refused = ""
            return False
        return folder.name != self._refused

    async def _open(self) -> None:
        try:
            self._index = await asyncio.to_thread(open_served, self._path)
            self.problem = self._refused = ""
        except PratiqueError as error:
            # What is served stays right; it only gets older, and the health page says so.
            self.problem = str(error)
            folder = generation.current(self._root) if self._root is not None else None
            self._refused = folder.name if folder is not None else ""
        finally:
            self._opening = None
