"""OSV's export as a folder: a copy of the bucket that was carried to an air-gapped site.

It has the files that :mod:`pratique.sources.osv` fetches, as far as they were
copied: a zip for each ecosystem, or the list of its changes and the changed
records, or both.
"""

from __future__ import annotations

import shutil
import zipfile
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Self
from urllib.parse import quote

from pratique.model.errors import UpstreamError, UsageError
from pratique.sources.osv import MAX_RECORD_BYTES
from pratique.sources.osv_changes import is_name, newest_rows
from pratique.sources.parts import Validators

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from pratique.sources.osv_changes import Row


class OsvFolder:
    """Reads a copy of OSV's files; the same questions as to the bucket itself.

    Args:
        folder: That has a folder for each ecosystem.

    Raises:
        UsageError: There is no such folder.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()
        self.url = str(self._folder)
        if not self._folder.is_dir():
            raise UsageError(f"{folder} is not a folder, nor an http or https address.")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def _file(self, ecosystem: str, name: str) -> Path | None:
        """A file of an ecosystem, inside the folder; ``None`` where there is none."""
        if not is_name(ecosystem) or not is_name(name):
            raise UsageError(f"{ecosystem[:80]!r} is not the name of an ecosystem.")
        for place in dict.fromkeys((ecosystem, quote(ecosystem), quote(ecosystem, safe=""))):
            path = self._folder / place / name
            if path.is_file() and path.resolve().is_relative_to(self._folder):
                return path
        return None

    def ecosystems(self) -> list[str]:
        """Names of the ecosystems that the copy has anything of.

        Raises:
            UpstreamError: It has none.
        """
        listed: list[str] = []
        try:
            text = (self._folder / "ecosystems.txt").read_text(encoding="utf-8")
            listed = [line.strip() for line in text.splitlines() if line.strip()]
        except (OSError, UnicodeDecodeError):
            listed = [path.name for path in self._folder.iterdir() if path.is_dir()]
        names = [
            name
            for name in sorted(filter(is_name, listed))
            if self._file(name, "all.zip") or self._file(name, "modified_id.csv")
        ]
        if not names:
            raise UpstreamError(
                f"{self._folder} has no ecosystem with an all.zip or a modified_id.csv.",
                remedy="Copy them as OSV's export has them: PyPI/all.zip.",
            )
        return names

    def archive(self, ecosystem: str, target: Path, known: Validators) -> Validators | None:
        """Bring the zip of an ecosystem to a file; ``None`` where it has not changed.

        Raises:
            UpstreamError: There is none, or it is not a zip.
        """
        path = self._file(ecosystem, "all.zip")
        if path is None:
            raise UpstreamError(
                f"{self._folder} has no all.zip of {ecosystem}.",
                remedy="Copy it as OSV's export has it, or name other ecosystems.",
            )
        state = path.stat()
        validators = Validators(f"{state.st_size}-{state.st_mtime_ns}")
        if validators == known:
            return None
        if not zipfile.is_zipfile(path):
            raise UpstreamError(f"{path} is not a zip.")
        part = target.with_name(f".{target.name}.part")
        shutil.copyfile(path, part)
        part.replace(target)
        return validators

    def archive_size(self, ecosystem: str) -> int:
        """Bytes of the zip of an ecosystem; 0 where there is none."""
        path = self._file(ecosystem, "all.zip")
        return path.stat().st_size if path is not None else 0

    def changes(self, ecosystem: str, stop: Callable[[Row], bool]) -> list[Row] | None:
        """What has changed in an ecosystem, newest first; ``None`` where there is no list.

        Raises:
            UpstreamError: It is not such a list.
        """
        path = self._file(ecosystem, "modified_id.csv")
        if path is None:
            return None
        with path.open("rb") as file:
            return newest_rows(str(path), file, stop)

    def records(
        self, ecosystem: str, identifiers: Iterable[str]
    ) -> Iterator[tuple[str, bytes | None]]:
        """Records by id; ``None`` for those that the copy does not have, or that are too large."""
        for identifier in identifiers:
            path = self._file(ecosystem, f"{identifier}.json")
            if path is None or path.stat().st_size > MAX_RECORD_BYTES:
                yield identifier, None
            else:
                yield identifier, path.read_bytes()

    def until(self, ecosystem: str) -> datetime | None:
        """Up to when the copy can be complete: the latest time that it speaks of.

        That of its lists of changes; without one, the latest date of a member
        of the zip.
        """
        rows: list[Row] = []
        path = self._file(ecosystem, "modified_id.csv")
        for each in (path, self._folder / "modified_id.csv"):
            if each is not None and each.is_file():
                with each.open("rb") as file:
                    first = [line for line in [file.readline(64 * 1024)] if line.strip()]
                rows += newest_rows(str(each), first, lambda _: False)
        if rows:
            return max(row.modified for row in rows)
        path = self._file(ecosystem, "all.zip")
        if path is None:
            return None
        try:
            with zipfile.ZipFile(path) as archive:
                dates = [datetime(*each.date_time, tzinfo=UTC) for each in archive.infolist()]
        except (zipfile.BadZipFile, OSError, ValueError):
            return None
        return max(dates, default=None)
