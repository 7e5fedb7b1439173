"""A copy of what is to be fixed, in which everything is tried first."""

from __future__ import annotations

import os
import posixpath
import shutil
import stat
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Self

from pratique.inventory.tree import FolderTree
from pratique.model.errors import LimitError, UsageError
from pratique.remediation.errors import AttemptError, ChangedError, CutOffError
from pratique.remediation.running import run

if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_FILE_BYTES = 32 * 1024 * 1024
"""Largest file that is copied; lockfiles of monorepos reach 10 MB."""

MAX_COPY_BYTES = 2 * 1024 * 1024 * 1024
"""Most that is copied in all."""

LEFT_OUT = frozenset(
    {".git", ".hg", ".svn", "node_modules", ".cargo", ".mvn", ".venv", "venv", "target",
     "site-packages", "__pycache__", ".tox", ".nox", ".mypy_cache", ".ruff_cache", ".pytest_cache"}
)  # fmt: skip
"""Folders that no resolver needs; Cargo's and Maven's settings may name programs to run."""

PROGRAM_NAMING = frozenset(
    {".python-version", ".python-versions", "rust-toolchain", "rust-toolchain.toml"}
)
"""Files by which a project can have a program of its own run as interpreter or compiler."""


SUFFIXES = frozenset(
    {".cfg", ".go", ".in", ".json", ".lock", ".mod", ".rs", ".sum", ".toml", ".txt", ".xml",
     ".yaml", ".yml"}
)  # fmt: skip
"""Endings of what resolvers read: manifests, lockfiles, and sources for their imports."""

NAMES = frozenset({".npmrc", "Pipfile"})
"""What they read that has another ending, or none."""


def _needed(name: str) -> bool:
    return name not in PROGRAM_NAMING and (
        name in NAMES or os.path.splitext(name)[1] in SUFFIXES  # noqa: PTH122  (a text is at hand)
    )


class Workspace:
    """A folder's copy; the folder itself stays as it is until :meth:`give_back`.

    Args:
        source: The folder to be fixed.
        commands: Whether resolvers may be run.
        builds: Whether resolvers may be run that build packages to know what they need.
        documents: Paths that are copied whatever they are called: what was checked before must
            be there when it is checked again.
    """

    def __init__(
        self,
        source: Path,
        *,
        commands: bool,
        documents: Iterable[str] = (),
        builds: bool = False,
    ) -> None:
        self.source = source
        self.commands = commands
        self.builds = commands and builds
        self._documents = tuple(documents)
        self._holder = tempfile.TemporaryDirectory(prefix="pratique-fix-")
        self.root = Path(self._holder.name) / "copy"
        self._before: dict[str, bytes] = {}

    def __enter__(self) -> Self:
        try:
            self._copy()
        except BaseException:
            self._holder.cleanup()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._holder.cleanup()

    def _copy(self) -> None:
        """Copy what resolvers may need; links are left out, so that nothing outside is reached."""
        total = 0
        self.root.mkdir()
        for folder, names, files in os.walk(self.source):
            names[:] = sorted(
                one for one in names if one not in LEFT_OUT and not Path(folder, one).is_symlink()
            )
            place = self.root / Path(folder).relative_to(self.source)
            place.mkdir(exist_ok=True)
            for name in sorted(files):
                if not _needed(name):
                    continue
                path = Path(folder, name)
                try:
                    status = path.lstat()
                    if not stat.S_ISREG(status.st_mode) or status.st_size > MAX_FILE_BYTES:
                        continue
                    total += status.st_size
                    if total > MAX_COPY_BYTES:
                        raise LimitError(
                            f"{self.source} has more than {MAX_COPY_BYTES:,} bytes to copy",
                            remedy="Give the folder of one project.",
                        )
                    shutil.copyfile(path, place / name)
                except OSError:
                    continue
        tree = FolderTree(self.source)
        for document in self._documents:
            target = self.root / document
            if not target.exists():
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(tree.read(document))

    def exists(self, path: str) -> bool:
        """Whether there is a file."""
        return (self.root / path).is_file()

    def read(self, path: str) -> str:
        """Text of a file, line ends as they are.

        Raises:
            AttemptError: There is none, or it is not UTF-8.
        """
        try:
            return (self.root / path).read_bytes().decode("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise AttemptError(f"{path} cannot be read: {error}") from None

    def write(self, path: str, text: str) -> None:
        """Write a file of the copy."""
        self.keep(path)
        (self.root / path).write_bytes(text.encode("utf-8"))

    def keep(self, path: str) -> None:
        """Remember what a file was at the start, so that a change of it is noticed."""
        if path not in self._before:
            file = self.root / path
            self._before[path] = file.read_bytes() if file.is_file() else b""

    def named(self, folder: str, name: str) -> list[str]:
        """Files of a name in a folder and below, nearest first."""
        found = [
            Path(at, name).relative_to(self.root).as_posix()
            for at, _, files in os.walk(self.root / folder)
            if name in files
        ]
        return sorted(found, key=lambda one: (one.count("/"), one))

    def run(self, folder: str, *words: str) -> str:
        """Run a resolver in a folder of the copy; see :func:`pratique.remediation.running.run`."""
        if not self.commands:
            raise CutOffError("no resolver was to be run")
        return run(self.root / folder, *words)

    def snapshot(self, paths: Iterable[str]) -> dict[str, bytes | None]:
        """Content of files, to go back to."""
        found: dict[str, bytes | None] = {}
        for path in paths:
            self.keep(path)
            file = self.root / path
            found[path] = file.read_bytes() if file.is_file() else None
        return found

    def restore(self, snapshot: dict[str, bytes | None]) -> None:
        """Go back to what files were."""
        for path, data in snapshot.items():
            if data is None:
                (self.root / path).unlink(missing_ok=True)
            else:
                (self.root / path).write_bytes(data)

    def changes(self) -> dict[str, tuple[bytes, bytes]]:
        """Files that are different now, with what they were and are."""
        found = {}
        for path, before in sorted(self._before.items()):
            file = self.root / path
            after = file.read_bytes() if file.is_file() else b""
            if after != before:
                found[path] = (before, after)
        return found

    def give_back(self) -> list[str]:
        """Put the changed files into the folder itself, each at once or not at all.

        Returns:
            Their paths.

        Raises:
            ChangedError: One is no longer what it was; nothing is written then.
        """
        changes = self.changes()
        for path, (before, _) in changes.items():
            target = self.source / path
            there = target.read_bytes() if target.is_file() else b""
            if there != before or target.is_symlink():
                raise ChangedError(
                    f"{path} has changed since it was read; nothing was written.",
                    remedy="Run the command again.",
                )
        staged: list[tuple[Path, Path]] = []
        try:
            for path, (_, after) in changes.items():
                target = self.source / path
                staged.append((_stage(target, after), target))
            for temporary, target in staged:
                temporary.replace(target)
        except OSError as error:
            raise UsageError(f"the changes cannot be written: {error}.") from None
        finally:
            for temporary, _ in staged:
                temporary.unlink(missing_ok=True)
        return sorted(changes)


def _stage(target: Path, data: bytes) -> Path:
    """The new content in a file beside the target, with the target's mode."""
    handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    path = Path(name)
    path.chmod(stat.S_IMODE(target.stat().st_mode) if target.exists() else 0o644)
    return path


def below(folder: str, name: str) -> str:
    """Path of a file in a folder."""
    return posixpath.join(folder, name) if folder else name
