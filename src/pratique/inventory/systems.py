"""Root file systems: what tells one, and which of its files say what is installed.

In a system only what is there counts: manifests say what somebody wanted
elsewhere, and lockfiles inside of installed packages what their authors had.
"""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

from pratique.formats import registry
from pratique.formats.base import Kind, Reader, TreeError
from pratique.inventory.find import Found, documents
from pratique.inventory.tree import INSTALLED_FOLDERS, SKIPPED_FOLDERS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from pratique.inventory.image import Image
    from pratique.inventory.tree import FolderTree

_RELEASES = ("etc/os-release", "usr/lib/os-release", "etc/alpine-release")
_DATABASES = (
    *("var/lib/dpkg/status", "var/lib/dpkg/status.d", "lib/apk/db/installed"),
    *("usr/lib/apk/db/installed", "var/lib/rpm", "usr/lib/sysimage/rpm", "usr/share/rpm"),
    *("usr/lib/opkg/status", "var/lib/pacman/local", "var/db/pkg", "nix/store"),
)
_LIBRARIES = (".so", ".dll", ".dylib", ".exe", ".node", ".pyd")

VIRTUAL = frozenset({"proc", "sys", "dev"})
"""Folders at a system's root whose files its kernel makes up."""

_WANTED = frozenset({"requirements.txt"})
"""Lockfiles in form that mostly say what was wanted."""

_PACKED = (b"\x1f\x8b", b"\x28\xb5\x2f\xfd")
"""How gzip and zstd files begin."""

HEAD = 64
"""Bytes by which an executable is recognised."""


def is_system(root: Path) -> bool:
    """Whether a folder is the root of a system: it names a release, and has packages."""
    return any(_is_there(root / place) for place in _RELEASES) and any(
        _is_there(root / place) for place in _DATABASES
    )


def is_image_folder(path: Path) -> bool:
    """Whether a folder is an OCI image layout; no where it may not be looked into."""
    return os.path.isfile(path / "oci-layout") and os.path.isfile(path / "index.json")  # noqa: PTH113 - Path.is_file raises where access is denied


def may_be_image(path: Path) -> bool:
    """Whether a file may be an archive of an image, by its name and first bytes.

    Raises:
        OSError: It cannot be read.
    """
    with path.open("rb") as file:
        head = file.read(262)
    return head[257:] == b"ustar" or head.startswith(_PACKED) or path.suffix == ".tar"


def _is_there(path: Path) -> bool:
    # A link in a copied system may lead to a place that exists only in its own root.
    return path.is_symlink() or path.exists()


def folder_documents(tree: FolderTree, paths: Iterable[str]) -> list[Found]:
    """The documents of a system in a folder that say what is installed, executables among them.

    Symbolic links are passed over: what they lead to is met by itself.

    Args:
        tree: The system.
        paths: Of all its files.
    """
    files = [path for path in paths if not (tree.root / path).is_symlink()]
    return _documents(files, _folder_executables(tree, files))


def image_documents(image: Image, skip: Callable[[str], bool]) -> list[Found]:
    """The documents of an image that say what is installed, executables among them.

    Args:
        image: Open.
        skip: Whether to leave out a path, folders included.
    """

    def left_out(path: str) -> bool:
        return path.rpartition("/")[2] in SKIPPED_FOLDERS or skip(path)

    files = [path for path, _ in image.tree.files(left_out)]
    return _documents(files, _image_executables(image, files))


def _documents(files: list[str], executables: Iterable[str]) -> list[Found]:
    found = [
        one
        for one in documents(files, installed=True)
        if _says_what_is_there(one.path, one.readers[0])
    ]
    named = {one.path for one in found}
    reader = next(reader for reader in registry.readers() if reader.name == "executable")
    return [*found, *(Found(path, (reader,)) for path in executables if path not in named)]


def _says_what_is_there(path: str, reader: Reader) -> bool:
    folder, _, name = path.rpartition("/")
    if reader.kind is Kind.MANIFEST or reader.name in _WANTED:
        return False
    if reader.kind is Kind.LOCKFILE:
        inside = not INSTALLED_FOLDERS.isdisjoint(folder.split("/"))
        return not inside or name.startswith(".")
    return True


def _folder_executables(tree: FolderTree, paths: Iterable[str]) -> Iterator[str]:
    """Those of the paths that are executables with a list of what they were built from."""
    from pratique.formats.installed.binaries.read import carries_list, is_executable

    for path in paths:
        try:
            status = (tree.root / path).lstat()
            if not stat.S_ISREG(status.st_mode) or not _may_be(path, status.st_mode):
                continue
            with (tree.root / path).open("rb") as file:
                if not is_executable(file.read(HEAD)):
                    continue
            if carries_list(tree.read(path)):
                yield path
        except (OSError, TreeError):
            # Reading it for its list says why it cannot be read.
            yield path


def _image_executables(image: Image, paths: Iterable[str]) -> Iterator[str]:
    """Those of the paths that are executables with a list of what they were built from."""
    from pratique.formats.installed.binaries.read import carries_list, is_executable

    for path in paths:
        node = image.tree.node(path)
        if node is None or not _may_be(path, node.mode):
            continue
        try:
            if is_executable(image.tree.head(node, HEAD)) and carries_list(
                image.tree.content(node)
            ):
                yield path
        except TreeError:
            yield path


def _may_be(path: str, mode: int) -> bool:
    name = path.rpartition("/")[2].lower()
    return bool(mode & 0o111) or name.endswith(_LIBRARIES) or ".so." in name
