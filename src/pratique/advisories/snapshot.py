"""The starter: a generation that comes with the program, facts only.

Three files in the package: the facts of all records, the index built from
them, and ``sources.json`` with their origins.  The index is unpacked once into
the user's folder.  Where its version orderings are no longer those of the
program, it is built anew from the facts.
"""

from __future__ import annotations

import os
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import msgspec

from pratique.advisories import generation
from pratique.advisories.errors import FormatError, GenerationError
from pratique.advisories.index import STARTER, Index
from pratique.advisories.layout import MANIFEST, NAMES, Manifest
from pratique.advisories.orders import fingerprint
from pratique.advisories.origins import PARTIAL
from pratique.advisories.records import Records
from pratique.formats.osv import OsvRecord

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pratique.advisories.inputs import Source

FACTS = "facts.zst"
INDEX = "index.zst"
SOURCES = "sources.json"

MAX_UNPACKED_BYTES = 512 * 1024 * 1024
"""Most that a file of the starter unpacks to; today it is 30 MB."""

VARIABLE = "PRATIQUE_DATA"
"""Environment variable that names another data folder."""

_LEFT_OUT = (f"{NAMES}.idx", f"{NAMES}.dat")
"""Files that do not compress and are quickly made from the records."""

_encode = msgspec.msgpack.Encoder().encode


class Fact(msgspec.Struct, frozen=True, array_like=True):
    """One record of the starter, and which of its sources it is from."""

    source: int
    record: OsvRecord


class SourceInfo(msgspec.Struct, frozen=True, kw_only=True):
    """One source of the starter, as ``sources.json`` has it."""

    name: str
    commit: str
    path: str
    license: str
    note: str
    records: int
    newest: str


def data_root() -> Path:
    """Folder of the advisories' data: ``PRATIQUE_DATA``, or the user's cache folder."""
    named = os.environ.get(VARIABLE)
    if named:
        return Path(named) / "advisories"
    from platformdirs import user_cache_path

    return user_cache_path("pratique") / "advisories"


def shipped() -> Path:
    """Folder of the starter inside the package."""
    return Path(str(files("pratique.advisories") / "data"))


def open_root(root: Path) -> Index:
    """Open the generation in use; the starter where there is none yet.

    Args:
        root: Folder of the advisories' data.

    Raises:
        GenerationError: The generation in use is damaged or of another format,
            or the starter cannot be unpacked.
    """
    folder = generation.current(root)
    if folder is None or folder.name.startswith(STARTER):
        name = starter_name()
        if folder is None or folder.name != name:
            return Index.open(install(root))
        try:
            return Index.open(folder)
        except GenerationError:
            return Index.open(install(root))
    return Index.open(folder)


def starter_name() -> str:
    """Name of the starter's folder: another one for each version of its files."""
    digest = sha256()
    for name in (SOURCES, INDEX):
        path = shipped() / name
        try:
            size = path.stat().st_size
            digest.update(f"{name} {size}\n".encode())
            digest.update(path.read_bytes()[-65536:])
        except OSError:
            raise GenerationError(f"{path} is absent from the installation.") from None
    return f"{STARTER}-{digest.hexdigest()[:12]}"


def install(root: Path) -> Path:
    """Unpack the starter into a data folder and make it the current generation.

    Two processes may do so at once: each writes beside, the first one to
    finish is kept.

    Returns:
        The generation's folder.

    Raises:
        GenerationError: The starter is damaged, or the folder cannot be written.
    """
    name = starter_name()
    try:
        with generation.workshop(root) as folder:
            try:
                unpack(shipped() / INDEX, folder)
            except FormatError:
                for path in folder.iterdir():
                    path.unlink()
                rebuild(shipped(), folder)
            published = generation.publish(root, folder, name)
            generation.prune(root, name)
            return published
    except OSError as error:
        raise GenerationError(
            f"the advisories cannot be unpacked to {root}: {error}.",
            remedy=f"Set {VARIABLE} to a folder that can be written.",
        ) from None


def unpack(path: Path, folder: Path) -> Manifest:
    """Unpack the starter's index.

    Raises:
        FormatError: It was built in another format or with other version orderings
            than the program's.
        GenerationError: It is damaged.
    """
    from pratique.advisories.rows import write_names

    with _opened(path) as packed:
        stream = _Packed(packed, path)
        manifest = generation.manifest_of(stream.frame(), path)
        _same_orderings(manifest)
        for name, info in manifest.files.items():
            if "/" in name or name.startswith("."):
                raise GenerationError(f"{path} is damaged: it holds {name!r}.")
            if name in _LEFT_OUT:
                continue
            data = stream.frame()
            if len(data) != info.size or sha256(data).hexdigest() != info.sha256:
                raise GenerationError(f"{path} is damaged: {name} is not what was packed.")
            (folder / name).write_bytes(data)
    records = Records(folder)
    try:
        write_names(folder, (records[number] for number in range(records.count)))
    finally:
        records.close()
    return generation.seal(folder, msgspec.structs.replace(manifest, files={}))


def _same_orderings(manifest: Manifest) -> None:
    if manifest.fingerprint != fingerprint():
        raise FormatError("the starter was built with other version orderings.")


def rebuild(data: Path, folder: Path) -> Manifest:
    """Build the starter's generation from its facts.

    Args:
        data: Folder with the facts and ``sources.json``.
        folder: Empty; receives the generation.

    Raises:
        GenerationError: The facts are damaged.
    """
    # Building needs much that opening does not.
    from pratique.advisories.build import Builder

    try:
        listed = msgspec.json.decode((data / SOURCES).read_bytes(), type=list[SourceInfo])
    except (OSError, msgspec.DecodeError) as error:
        raise GenerationError(f"the starter's sources cannot be read: {error}.") from None
    with Builder(folder) as builder:
        for info in listed:
            builder.source(source_of(info))
        for fact in read_facts(data / FACTS):
            builder.add(fact.record, source=fact.source)
        return builder.finish(STARTER, None, None, packed=False, partial=PARTIAL)


def source_of(info: SourceInfo) -> Source:
    """A source of the starter, as the index names it."""
    from pratique.advisories.inputs import Source

    title = f"{info.name} ({info.note})" if info.note else info.name
    return Source(path="", name=title, license=info.license)


def read_facts(path: Path) -> Iterator[Fact]:
    """The records of the starter.

    Raises:
        GenerationError: They are damaged.
    """
    decode = msgspec.msgpack.Decoder(Fact).decode
    with _opened(path) as packed:
        stream = _Packed(packed, path)
        while frame := stream.frame(optional=True):
            try:
                yield decode(frame)
            except msgspec.DecodeError as error:
                raise GenerationError(f"{path} is damaged: {error}.") from None


def _opened(path: Path) -> IO[bytes]:
    try:
        return path.open("rb")
    except OSError as error:
        raise GenerationError(f"{path} cannot be read: {error}.") from None


class _Packed:
    """Frames of a zstd stream: each its length in four bytes, then its bytes."""

    def __init__(self, packed: IO[bytes], path: Path) -> None:
        import zstandard

        self._path = path
        self._error = zstandard.ZstdError
        unpacker = zstandard.ZstdDecompressor(max_window_size=1 << 27)
        self._stream: Any = unpacker.stream_reader(packed)
        self._left = MAX_UNPACKED_BYTES

    def _read(self, size: int) -> bytes:
        self._left -= size
        if self._left < 0:
            raise GenerationError(f"{self._path} is damaged: it unpacks to too much.")
        try:
            return bytes(self._stream.read(size))
        except self._error as error:
            raise GenerationError(f"{self._path} is damaged: {error}.") from None

    def frame(self, *, optional: bool = False) -> bytes:
        """The next frame; empty at the end, where that is allowed."""
        head = self._read(4)
        if not head and optional:
            return b""
        data = self._read(size := int.from_bytes(head, "little")) if len(head) == 4 else b""
        if len(head) != 4 or len(data) != size:
            raise GenerationError(f"{self._path} is damaged: it is truncated.")
        return data


def write_packed(path: Path, frames: Iterator[bytes]) -> None:
    """Write frames as one zstd stream; the same frames give the same bytes."""
    import zstandard

    parameters = zstandard.ZstdCompressionParameters.from_level(19, window_log=27, enable_ldm=True)
    packer = zstandard.ZstdCompressor(compression_params=parameters)
    with path.open("wb") as file, packer.stream_writer(file) as stream:
        for frame in frames:
            stream.write(len(frame).to_bytes(4, "little"))
            stream.write(frame)


def pack(folder: Path, path: Path) -> None:
    """Pack a sealed generation into one file."""
    manifest = generation.read_manifest(folder)

    def frames() -> Iterator[bytes]:
        yield msgspec.json.encode(manifest)
        for name in manifest.files:
            if name not in (*_LEFT_OUT, MANIFEST):
                yield (folder / name).read_bytes()

    write_packed(path, frames())
