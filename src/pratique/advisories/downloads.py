"""What an update has fetched and not yet built: kept, so that the next goes on from it."""

from __future__ import annotations

import os
import tempfile
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any
from urllib.parse import quote

import msgspec

from pratique.sources.parts import Validators

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from pratique.advisories.planning import Place

STATE = "state.json"


class _Fetched(msgspec.Struct, frozen=True):
    """A zip that is here and whole."""

    url: str
    validators: Validators


class _Line(msgspec.Struct):
    """A record that is here, as it was asked for."""

    id: str
    wanted: datetime
    record: dict[str, Any]


_line = msgspec.json.Decoder(_Line)


class Downloads:
    """The folder of what was fetched.

    Args:
        folder: Made where it is not there.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def archive(self, place: Place, name: str, known: Validators) -> tuple[Path, Validators] | None:
        """The newest zip of an ecosystem; ``None`` where it is the one that is known.

        Raises:
            UpstreamError: It cannot be had.
        """
        path = self._path(name, "zip")
        state = self._state()
        here = state.get(name)
        if here is not None and here.url == place.url and path.exists() and here.validators:
            validators = place.archive(name, path, here.validators)
            validators = here.validators if validators is None else validators
        else:
            answer = place.archive(name, path, known)
            if answer is None:
                return None
            validators = answer
        self._write(state | {name: _Fetched(place.url, validators)})
        return path, validators

    @contextmanager
    def records(self, name: str, wanted: Mapping[str, datetime]) -> Iterator[Kept]:
        """The records of an ecosystem that are here, to add more to them."""
        path = self._path(name, "changes")
        kept = {}
        whole = 0
        for line in path.read_bytes().splitlines(keepends=True) if path.exists() else ():
            try:
                one = _line.decode(line)
            except (msgspec.DecodeError, UnicodeDecodeError):
                break  # the last one, cut
            whole += len(line)
            if wanted.get(one.id) == one.wanted:
                kept[one.id] = one.record
        with path.open("r+b" if path.exists() else "wb") as file:
            file.seek(whole)
            file.truncate()
            yield Kept(file, wanted, kept)
            file.flush()

    def clear(self, names: Iterable[str]) -> None:
        """Remove what has been built."""
        state = self._state()
        for name in names:
            state.pop(name, None)
        self._write(state)
        for name in names:
            self._path(name, "zip").unlink(missing_ok=True)
            self._path(name, "changes").unlink(missing_ok=True)
        if not state:
            (self._folder / STATE).unlink(missing_ok=True)

    def _path(self, name: str, kind: str) -> Path:
        return self._folder / f"{quote(name, safe='')}.{kind}"

    def _state(self) -> dict[str, _Fetched]:
        try:
            data = (self._folder / STATE).read_bytes()
            return msgspec.json.decode(data, type=dict[str, _Fetched])
        except (OSError, msgspec.DecodeError):
            return {}

    def _write(self, state: dict[str, _Fetched]) -> None:
        handle, name = tempfile.mkstemp(prefix=".state-", dir=self._folder)
        with os.fdopen(handle, "wb") as file:
            file.write(msgspec.json.encode(state))
        Path(name).replace(self._folder / STATE)


class Kept:
    """Changed records of one ecosystem, each written as soon as it is here.

    Args:
        file: Of the lines.
        wanted: When each was modified, by id.
        kept: Those that are here.
    """

    def __init__(
        self,
        file: IO[bytes],
        wanted: Mapping[str, datetime],
        kept: dict[str, dict[str, Any]],
    ) -> None:
        self._file = file
        self._wanted = wanted
        self._kept = kept

    def missing(self) -> list[str]:
        """Ids that are still to be fetched."""
        return [identifier for identifier in self._wanted if identifier not in self._kept]

    def add(self, identifier: str, record: dict[str, Any]) -> None:
        """Keep a record."""
        self._kept[identifier] = record
        line = _Line(identifier, self._wanted[identifier], record)
        self._file.write(msgspec.json.encode(line) + b"\n")
        self._file.flush()

    def all(self) -> list[dict[str, Any]]:
        """All records, in the order in which they were wanted."""
        return [self._kept[identifier] for identifier in self._wanted]
