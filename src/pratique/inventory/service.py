"""Takes the inventory of whatever the user names."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from pratique.formats import registry
from pratique.formats.base import MAX_DOCUMENT_BYTES, Kind, Reader, Tree
from pratique.inventory.errors import NothingThereError
from pratique.inventory.find import Found, documents, excluded
from pratique.inventory.git_files import GIT, is_bare
from pratique.inventory.join import Read, join
from pratique.inventory.systems import (
    VIRTUAL,
    folder_documents,
    image_documents,
    is_image_folder,
    is_system,
    may_be_image,
)
from pratique.inventory.tree import INSTALLED_FOLDERS, FolderTree, LoneTree
from pratique.model.errors import InputError, UnsupportedError
from pratique.model.inventory import (
    Component,
    Inventory,
    Location,
    Problem,
    Reading,
    Relation,
    Scope,
    Trouble,
)
from pratique.model.purl import Package

if TYPE_CHECKING:
    from pratique.inventory.image import Image

Progress = Callable[[int, int, str], None]
"""Told how many documents are read, of how many, and the next one's path."""


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """What to leave out and what to add."""

    exclude: tuple[str, ...] = ()
    """Globs of paths to leave out; see :func:`pratique.inventory.find.excluded`."""

    installed: bool = False
    """Whether to read installed trees (``node_modules``, virtual environments) too."""

    own: bool = False
    """Whether the git checkout that is looked at is a component itself; its
    submodules and checkouts further down always are."""


def take(
    subject: str,
    options: Options | None = None,
    *,
    stdin: Callable[[], bytes] | None = None,
    progress: Progress | None = None,
) -> Inventory:
    """The inventory of a folder, a file, an image, a package URL or standard input.

    A container image is an OCI image layout (folder or archive) or what
    ``docker save`` wrote.  Of an image, and of a folder that is the root of a
    system, what is installed is taken, whatever the options say.

    Args:
        subject: A path, a package URL (``pkg:…``), or ``-``.
        options: What to leave out and what to add.
        stdin: Gives the bytes of standard input; needed for ``-`` only.
        progress: Told about each document before it is read.

    Raises:
        NothingThereError: The subject is none of these.
        InputError: A package URL, or a document given alone, cannot be read at all.
    """
    options = options or Options()
    if subject.startswith("pkg:"):
        return _of_purl(subject)
    if subject == "-":
        if stdin is None:
            raise NothingThereError("standard input is not available here")
        return _of_document(subject, stdin(), LoneTree(), subject)
    path = Path(subject)
    if path.is_dir():
        if is_image_folder(path):
            from pratique.inventory.image import open_folder

            return _of_image(subject, open_folder(path), options, progress)
        return _of_folder(subject, path, options, progress)
    if path.is_file():
        if image := _image(path):
            return _of_image(subject, image, options, progress)
        tree = FolderTree(path.parent)
        try:
            data = tree.read(path.name)
        except InputError as error:
            raise type(error)(f"{subject}: {error.message}", remedy=error.remedy) from error
        return _of_document(path.name, data, tree, subject)
    if path.exists():
        raise NothingThereError(f"{subject} is neither a file nor a folder.")
    raise NothingThereError(f"there is no {subject!r} here.", remedy=_instead_of(subject))


def _instead_of(subject: str) -> str:
    """What was likely meant by a subject that is not there."""
    name, equal, version = subject.partition("==")
    if equal and name.isidentifier():
        return f"As a package it is written pkg:pypi/{name}@{version}."
    if subject.startswith("git:"):
        return f"Give the folder of the checkout; 'pratique verify {subject}' verifies a revision."
    if re.fullmatch(r"(CVE|GHSA|PYSEC|RUSTSEC|GO|MAL)-[\w-]+", subject):
        return (
            f"See 'pratique explain {subject}', and 'pratique affected {subject}' for the record."
        )
    return "Give a folder, a lockfile, an SBOM, a package URL (pkg:type/name@version) or '-'."


def _of_purl(text: str) -> Inventory:
    package = Package.parse(text)
    from pratique.model.ecosystems import ecosystem_of

    component = Component(
        ref=str(package),
        package=package,
        ecosystem=ecosystem_of(package),
        relation=Relation.DIRECT,
        scope=Scope.RUNTIME,
        locations=(Location(text),),
    )
    return Inventory(subject=text, components=(component,), roots=(component.ref,))


def _of_document(path: str, data: bytes, tree: Tree, subject: str) -> Inventory:
    if len(data) > MAX_DOCUMENT_BYTES:
        raise InputError(f"{subject} is over the limit of {MAX_DOCUMENT_BYTES:,} bytes")
    try:
        name, content = registry.opened(path, data)
        reader = registry.detect(name, content)
        if reader is None:
            raise UnsupportedError(
                "is of no format that is known here.",
                remedy="See 'pratique formats' for what can be read.",
            )
        reading = _read(reader, content, path, tree)
    except InputError as error:
        shown = "standard input" if subject == "-" else subject
        raise type(error)(f"{shown}: {error.message}", remedy=error.remedy) from None
    return join(subject, [Read(path, data, reader, reading)], [], tree)


def _of_folder(subject: str, root: Path, options: Options, progress: Progress | None) -> Inventory:
    tree = FolderTree(root)
    problems: list[Problem] = []

    def failed(path: str, why: str) -> None:
        problems.append(Problem(Location(path), Trouble.UNREADABLE, why))

    system = is_system(root)
    within = not INSTALLED_FOLDERS.isdisjoint(root.resolve().parts)
    installed = options.installed or system or within
    made_up = VIRTUAL if system else frozenset()
    checkouts: list[str] = []

    def skip(path: str) -> bool:
        if path in made_up or excluded(path, options.exclude):
            return True
        folder, _, name = path.rpartition("/")
        if name == GIT:
            checkouts.append(folder)
        return False

    bare = is_bare(root)
    paths = [] if bare else list(tree.walk(installed=installed, skip=skip, failed=failed))
    found = folder_documents(tree, paths) if system else documents(paths, installed=installed)
    reads: list[Read] = []
    for number, document in enumerate(found):
        if progress:
            progress(number, len(found), document.path)
        reads.extend(_light(read) for read in _open(document, tree, problems))
    if progress and found:
        progress(len(found), len(found), "")
    joined = join(subject, list(_uncovered(reads, problems)), problems, tree)
    return _with_checkouts(joined, root, checkouts, options, bare=bare)


def _with_checkouts(
    inventory: Inventory, root: Path, folders: list[str], options: Options, *, bare: bool
) -> Inventory:
    """The inventory with the git checkouts of its folder and their submodules."""
    if not folders and not bare:
        return inventory
    from pratique.inventory.checkouts import OWN, find

    found = find(root, folders, bare=bare)
    parts = [
        part
        for part in found.components
        if (part.ref != OWN or options.own)
        and not excluded(part.ref.removesuffix(f"/{OWN}"), options.exclude)
    ]
    return msgspec.structs.replace(
        inventory,
        components=tuple(sorted((*inventory.components, *parts), key=lambda part: part.ref)),
        roots=(*inventory.roots, *(part.ref for part in parts)),
        problems=tuple(sorted({*inventory.problems, *found.problems})),
    )


def _image(path: Path) -> Image | None:
    """The image in a file, if it is an archive of one."""
    try:
        if not may_be_image(path):
            return None
        from pratique.inventory.image import open_archive

        return open_archive(path)
    except OSError:
        return None  # reading it as a document says why it cannot be read


def _of_image(subject: str, image: Image, options: Options, progress: Progress | None) -> Inventory:
    with image:
        problems = list(image.problems)
        found = image_documents(image, lambda path: excluded(path, options.exclude))
        reads: list[Read] = []
        for number, document in enumerate(found):
            if progress:
                progress(number, len(found), document.path)
            for read in _open(document, image.tree, problems):
                parse = partial(_read, read.reader)
                reading = image.attributed(read.path, read.reading, parse)
                reads.append(_light(msgspec.structs.replace(read, reading=reading)))
        if progress and found:
            progress(len(found), len(found), "")
        problems += image.history(part for read in reads for part in read.reading.components)
        return join(subject, reads, problems, image.tree)


def _light(read: Read) -> Read:
    """A document without its bytes where nothing looks at them again: binaries are large."""
    if read.reader.kind is not Kind.INSTALLED or read.reader.link:
        return read
    digest = sha256(read.data).hexdigest()
    return msgspec.structs.replace(read, data=b"", sha256=digest, size=len(read.data))


def _open(found: Found, tree: Tree, problems: list[Problem]) -> Iterator[Read]:
    """Read one document of a folder, or note why it cannot be read."""
    try:
        data = tree.read(found.path)
        name, content = registry.opened(found.path, data)
        reader = registry.detect(name, content)
        if reader is None or not _fits(reader, found.readers):
            reader = found.readers[0]
            if reader.sniff and content.strip():
                note = f"is named like a {reader.name} document but is none; left out"
                problems.append(Problem(Location(found.path), Trouble.NOTICE, note))
                return
        yield Read(found.path, data, reader, _read(reader, content, found.path, tree))
    except InputError as error:
        problems.append(Problem(Location(found.path), Trouble.UNREADABLE, error.message))


def _fits(reader: Reader, named: tuple[Reader, ...]) -> bool:
    """Whether the format that the content is of is one that the name allows.

    A bill of materials may be of any of their formats, whatever it is called.
    """
    sbom = reader.kind is Kind.SBOM and any(one.kind is Kind.SBOM for one in named)
    return sbom or reader in named


def _read(reader: Reader, data: bytes, path: str, tree: Tree) -> Reading:
    """Call a reader; a defect of it costs this document only."""
    try:
        return registry.read_function(reader)(data, path, tree)
    except InputError:
        raise
    except Exception as error:
        raise InputError(
            f"the reader of {reader.name} failed on it ({type(error).__name__}); "
            "please report this with the file",
        ) from error


def _uncovered(reads: list[Read], problems: list[Problem]) -> Iterator[Read]:
    """Leave out manifests of workspace members that a lockfile further up resolves."""
    locks = [read for read in reads if read.reader.kind is Kind.LOCKFILE]
    for read in reads:
        lock = _covering(read, locks) if read.reader.kind is Kind.MANIFEST else None
        if lock is None:
            yield read
        else:
            note = f"belongs to the workspace that {lock.path} resolves; not read for itself"
            problems.append(Problem(Location(read.path), Trouble.NOTICE, note))


def _covering(manifest: Read, locks: list[Read]) -> Read | None:
    folder = posixpath.dirname(manifest.path)
    subject = manifest.reading.subject
    for lock in locks:
        above = posixpath.dirname(lock.path)
        if lock.reader.ecosystem != manifest.reader.ecosystem or above == folder:
            continue
        if above and not folder.startswith(above + "/"):
            continue
        member = folder[len(above) + 1 :] if above else folder
        if _names(lock.data, member) or (subject and _names(lock.data, subject.full_name)):
            return lock
    return None


def _names(data: bytes, text: str) -> bool:
    """Whether a lockfile names a workspace member, as its own key or string."""
    name = text.encode()
    return any(mark in data for mark in (b'"%s"' % name, b"'%s'" % name, b"\n  %s:" % name))
