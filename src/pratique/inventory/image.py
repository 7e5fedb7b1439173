"""Opens a container image: an OCI image layout (folder or archive) or a ``docker save`` archive."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, BinaryIO, Self, cast

import msgspec

from pratique.formats.base import Notes, ReadFunction
from pratique.inventory.images.blobs import Blobs, FolderBlobs, TarBlobs, Window
from pratique.inventory.images.filesystem import Filesystem, Node
from pratique.inventory.images.layers import Room, Unpacked, layer, packed_head, unpack_file
from pratique.inventory.images.manifest import Manifest, choose
from pratique.inventory.images.tar import Count, Member, is_tar, members
from pratique.model.errors import InputError
from pratique.model.inventory import Component, Location, Problem, Reading

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path
    from types import TracebackType

_MARKS = ("index.json", "manifest.json")


class Image:
    """An open image; use it in a ``with`` statement, which lets go of its files.

    Attributes:
        tree: The files that a container of it would see.
        manifest: Its name, platform and layers.
        problems: What is wrong with it as an image.

    Args:
        blobs: The parts of the image; the image closes them.
        manifest: Which of them are its layers.
    """

    def __init__(self, blobs: Blobs, manifest: Manifest) -> None:
        self.manifest = manifest
        self.tree = Filesystem()
        self.problems: tuple[Problem, ...] = ()
        self._blobs = blobs

    def stack(self, count: Count, notes: Notes) -> None:
        """Put the layers one upon another.

        Args:
            count: Of members that may come.
            notes: With what is wrong with the archive around it.

        Raises:
            InputError: None of the layers can be read.
        """
        problems = list(notes)
        room, applied = Room(), 0
        for number, ref in enumerate(self.manifest.layers, 1):
            notes = Notes(self.label(number))
            try:
                unpacked = layer(ref, self._blobs.open(ref.path), room, notes)
                self.tree.keep(number, unpacked.file)
                self._apply(number, unpacked, count, notes)
                applied += 1
            except InputError as error:
                notes.unreadable(f"{error.message}; what it brings is not known")
            problems += notes
        if not applied:
            raise InputError(problems[0].message if problems else "has no layers")
        self.problems = tuple(problems)

    def _apply(self, number: int, unpacked: Unpacked, count: Count, notes: Notes) -> None:
        """Apply a layer as far as its archive can be read."""
        found: list[Member] = []
        try:
            found.extend(members(unpacked.file, unpacked.size, count))
        except InputError as error:
            if not found:
                raise
            notes.unreadable(f"{error.message}; the rest of it is not known")
        self.tree.apply(number, found, notes)

    def __enter__(self) -> Self:
        """The image itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Let go of its files."""
        self.close()

    def close(self) -> None:
        """Let go of its files."""
        self.tree.close()
        self._blobs.close()

    def label(self, number: int) -> str:
        """How a layer is named in places: ``layer 3 (sha256:0123456789ab)``."""
        ref = self.manifest.layers[number - 1]
        digest = ref.digest or ref.diff_id or ref.path.partition("/")[0]
        return f"layer {number} ({digest[:19]})"

    def attributed(self, path: str, reading: Reading, parse: ReadFunction) -> Reading:
        """A reading whose places say which layer brought each component.

        A database that several layers wrote is read in each of its versions: a
        component belongs to the layer from which on it is in all of them.

        Args:
            path: Of the document.
            reading: Of its last version.
            parse: Reads a version of it.
        """
        node = self.tree.node(path)
        if node is None:
            return reading
        since = self._since(node, path, reading, parse) if node.earlier else {}
        return msgspec.structs.replace(
            reading,
            components=tuple(
                self._placed(part, path, since.get(part.ref, node.layer))
                for part in reading.components
            ),
            suspicions=tuple(
                msgspec.structs.replace(one, location=self._at(one.location, node.layer))
                for one in reading.suspicions
            ),
        )

    def _since(
        self, node: Node, path: str, reading: Reading, parse: ReadFunction
    ) -> dict[str, int]:
        """Layer from which on each component is there."""
        since = {part.ref: node.layer for part in reading.components}
        left = set(since)
        for version in reversed(node.earlier):
            try:
                refs = {
                    part.ref
                    for part in parse(self.tree.content(version), path, self.tree).components
                }
            except InputError:
                break
            left &= refs
            for ref in left:
                since[ref] = version.layer
        return since

    def _placed(self, part: Component, path: str, number: int) -> Component:
        """A component with its layer in front of its places."""
        places = part.locations or (Location(path),)
        return msgspec.structs.replace(
            part,
            locations=tuple(self._at(place, number) for place in places),
        )

    def _at(self, place: Location, number: int) -> Location:
        """A place with its layer in front."""
        return msgspec.structs.replace(place, path=f"{self.label(number)}/{place.path}")

    def history(self, components: Iterable[Component]) -> list[Problem]:
        """A notice for each layer that brought components: how many, and the step that made it."""
        counts = Counter(
            place.path.partition("/")[0] for part in components for place in part.locations[:1]
        )
        notes: list[Problem] = []
        for number, ref in enumerate(self.manifest.layers, 1):
            if count := counts.get(self.label(number)):
                own = Notes(self.label(number))
                step = f", made by: {ref.created_by}" if ref.created_by else ""
                own.notice(f"brought {count:,} component{'s' if count != 1 else ''}{step}")
                notes += own
        return notes


def open_folder(path: Path) -> Image:
    """Open an OCI image layout.

    Raises:
        InputError: It holds no image that can be read.
    """
    return _image(FolderBlobs(path), Count(), Notes("index.json"))


def open_archive(path: Path) -> Image | None:
    """Open an archive of an image, packed or not; nothing where the file is none.

    Raises:
        InputError: It is such an archive and cannot be read.
        OSError: The file cannot be read.
    """
    notes, count = Notes(path.name), Count()
    opened = [cast("BinaryIO", path.open("rb"))]
    try:
        found = _archive(opened[0], path.stat().st_size, notes)
        if found is None:
            opened[0].close()
            return None
        if found[0] is not opened[0]:
            opened.append(found[0])
        blobs = TarBlobs(*found, count)
    except BaseException:
        for file in opened:
            file.close()
        raise
    if len(opened) > 1:
        opened[0].close()
    return _image(blobs, count, notes)


def _image(blobs: Blobs, count: Count, notes: Notes) -> Image:
    opened: Blobs | Image = blobs
    try:
        opened = image = Image(blobs, choose(blobs, notes))
        image.stack(count, notes)
    except BaseException:
        opened.close()
        raise
    return image


def _archive(file: BinaryIO, size: int, notes: Notes) -> tuple[BinaryIO, int] | None:
    """The archive in a file, unpacked, and its size; nothing where it is none of an image."""
    window = Window(file, 0, size)
    head = packed_head(window, 512)
    if not is_tar(head if head is not None else window.read(512) or b""):
        return None
    if head is not None:
        file, size = unpack_file(window, notes)
    try:
        if any(one.path.removeprefix("./") in _MARKS for one in members(file, size, Count())):
            return file, size
    except BaseException:
        file.close()
        raise
    file.close()
    return None
