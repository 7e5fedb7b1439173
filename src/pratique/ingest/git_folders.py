"""Where a checkout's repository is, and its files, opened so that nothing leads elsewhere.

Source: git, *gitrepository-layout*.  No git is run.  A ``.git`` file (of a
linked work tree or a submodule) is followed out of the folder that is checked
only where the repository it names says in turn that the checkout is its own:
else whoever made the folder could have any repository of this machine read.
"""

from __future__ import annotations

import mmap
import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from pratique.formats.git import GitError, Repository
from pratique.formats.git.base import MAX_SMALL_BYTES
from pratique.formats.git.config import last, read_config

if TYPE_CHECKING:
    from collections.abc import Sequence

MAX_NAMES = 100_000
"""Most names of one folder that are looked at."""

MAX_ALTERNATES = 32
"""Most further folders of objects; ``git clone --shared`` makes one a time."""

GIT = ".git"
"""The folder, or the file that says where it is."""


class Folder:
    """The files below one folder; see :class:`pratique.formats.git.GitFiles`.

    Args:
        root: The folder.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._real = os.path.realpath(root)

    def _open(self, path: str) -> int | None:
        """Open a regular file; ``None`` where it does not exist."""
        full = os.path.realpath(os.path.join(self._real, path))  # noqa: PTH118 - a str is at hand
        if "\0" in path or not full.startswith(self._real.rstrip(os.sep) + os.sep):
            raise GitError(f"{path[:80]} leads out of the repository")
        try:
            # Without blocking, so that a named pipe cannot hold the program up.
            descriptor = os.open(full, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise GitError(f"{path[:80]} cannot be read: {error.strerror}") from None
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            folder = stat.S_ISDIR(os.fstat(descriptor).st_mode)
            os.close(descriptor)
            if folder:
                return None
            raise GitError(f"{path[:80]} is not a regular file")
        return descriptor

    def read(self, path: str, limit: int = MAX_SMALL_BYTES) -> bytes | None:
        """Bytes of a file; ``None`` where it does not exist.

        Raises:
            GitError: It is no regular file, larger than the limit, or unreadable.
        """
        descriptor = self._open(path)
        if descriptor is None:
            return None
        with os.fdopen(descriptor, "rb") as file:
            try:
                data = file.read(limit + 1)
            except OSError as error:
                raise GitError(f"{path[:80]} cannot be read: {error.strerror}") from None
        if len(data) > limit:
            raise GitError(f"{path[:80]} is over the limit of {limit:,} bytes")
        return data

    def view(self, path: str) -> memoryview | None:
        """The bytes of a file, mapped; ``None`` where it does not exist.

        Raises:
            GitError: It is no regular file, or unreadable.
        """
        descriptor = self._open(path)
        if descriptor is None:
            return None
        with os.fdopen(descriptor, "rb") as file:
            try:
                return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
            except ValueError:
                return memoryview(b"")
            except OSError as error:
                raise GitError(f"{path[:80]} cannot be read: {error.strerror}") from None

    def names(self, path: str) -> Sequence[str]:
        """Sorted names in a folder; empty where there is none."""
        full = os.path.realpath(os.path.join(self._real, path))  # noqa: PTH118 - a str is at hand
        if full != self._real and not full.startswith(self._real.rstrip(os.sep) + os.sep):
            return ()
        try:
            return sorted(os.listdir(full))[:MAX_NAMES]  # noqa: PTH208 - names are wanted
        except (OSError, ValueError):
            return ()


def is_bare(folder: Path) -> bool:
    """Whether a folder is itself a repository, without a work tree."""
    return (
        all((folder / name).is_dir() for name in ("objects", "refs"))
        and (folder / "HEAD").is_file()
    )


def open_repository(checkout: Path, within: Path) -> Repository:
    """The repository of a checkout, or of a bare repository.

    Args:
        checkout: The folder that has ``.git``, or is bare.
        within: The folder that is checked.

    Raises:
        GitError: It is not one, is damaged, or belongs to something else.
    """
    place = checkout / GIT
    if not os.path.lexists(place) and is_bare(checkout):
        own = checkout
    elif place.is_dir():
        own = place
        if not _inside(own, within):
            raise GitError(f"{GIT} leads out of what is checked")
    else:
        own = _named(place)
        if not _inside(own, within) and not _is_its_own(own, checkout):
            raise GitError(
                f"{GIT} names a repository outside of what is checked that does not know of it"
            )
    return _opened(own, within)


def module_repository(above: Path, name: str, within: Path) -> Repository | None:
    """The repository kept for a submodule that is not checked out; ``None`` where there is none.

    Args:
        above: The checkout that has the submodule.
        name: Of the submodule.
        within: The folder that is checked.

    Raises:
        GitError: It is damaged.
    """
    own = above / GIT / "modules" / name
    if ".." in name.split("/") or not is_bare(own) or not _inside(own, within):
        return None
    return _opened(own, within)


def _opened(own: Path, within: Path) -> Repository:
    files = Folder(own)
    common = own
    told = files.read("commondir", 4096)
    if told is not None:
        common = own / _line(told)
        if not _inside(common, within) and not _inside(own, common):
            raise GitError("commondir leads out of what is checked")
    if not (common / "objects").is_dir():
        raise GitError("it has no objects: it is no repository")
    shared = Folder(common)
    folders = [common / "objects"]
    for folder in folders:
        told = Folder(folder).read("info/alternates")
        for line in (told or b"").decode("utf-8", "replace").splitlines():
            other = folder / line.strip()
            if line.strip() and not line.startswith("#") and len(folders) < MAX_ALTERNATES:
                real = Path(os.path.realpath(other))
                # An object is what its name stands for wherever it is kept.
                if real.name == "objects" and real.is_dir() and real not in folders:
                    folders.append(real)
    return Repository(files, shared, [Folder(folder) for folder in folders])


def _named(place: Path) -> Path:
    data = Folder(place.parent).read(place.name, 4096)
    if data is None or not data.startswith(b"gitdir:"):
        raise GitError(f"{GIT} is neither a folder nor names one")
    return place.parent / _line(data[len(b"gitdir:") :])


def _line(data: bytes) -> str:
    text = data.decode("utf-8", "surrogateescape").strip()
    if not text or "\0" in text or "\n" in text:
        raise GitError("the place of the repository is no path")
    return text


def _inside(path: Path, root: Path) -> bool:
    return Path(os.path.realpath(path)).is_relative_to(os.path.realpath(root))


def _is_its_own(own: Path, checkout: Path) -> bool:
    """Whether a repository says that a checkout is its own (``gitdir``, ``core.worktree``)."""
    files = Folder(own)
    back = files.read("gitdir", 4096)
    if back is not None:
        said = own / _line(back)
        return os.path.realpath(said) == os.path.realpath(checkout / GIT)
    tree = last(read_config(files.read("config") or b""), "core", "", "worktree")
    return bool(tree) and os.path.realpath(own / tree) == os.path.realpath(checkout)
