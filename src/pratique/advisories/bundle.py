"""One signed file with a generation, to carry across an air gap.

The file begins with a line ``pratique-advisories 1 SIZE``, an envelope (DSSE)
of so many bytes, and then the files of the generation, one after another, as
they are.  What is signed is the manifest, which has the size and the digest of
each file: nothing is read, or written, that it does not account for.
"""

from __future__ import annotations

import os
import re
import tempfile
from hashlib import sha256
from pathlib import Path
from typing import IO, TYPE_CHECKING

import msgspec

from pratique.advisories import generation
from pratique.advisories.errors import FormatError, GenerationError
from pratique.advisories.files import sync
from pratique.advisories.index import STARTER
from pratique.advisories.layout import MANIFEST, Manifest
from pratique.advisories.orders import fingerprint
from pratique.advisories.signing import sign, verify
from pratique.formats.dsse import read_envelope
from pratique.formats.dsse.write import write_envelope
from pratique.model.errors import EvidenceError, InputError, LimitError, UsageError

if TYPE_CHECKING:
    from datetime import datetime

VERSION = 1
"""Of the bundle's form."""

PAYLOAD_TYPE = "application/vnd.pratique.advisories+json"

MAX_ENVELOPE_BYTES = 32 * 1024 * 1024
"""Largest signed manifest; those with 20,000 records of one's own have 1 MB."""

MAX_BYTES = 64 * 1024 * 1024 * 1024
"""Most bytes of one generation; one of two million records has 0.7 GB."""

MAX_FILES = 1000

_FIRST = re.compile(rb"pratique-advisories (\d{1,6}) (\d{1,12})\n\Z")
_FILE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}\Z")
_BLOCK = 1024 * 1024


def export_bundle(folder: Path, target: Path, key: Path) -> Manifest:
    """Write a generation as a bundle, which is put in place in one step.

    Args:
        folder: Of the generation; every byte of it is checked.
        target: The file.
        key: PEM file of the private key.

    Raises:
        GenerationError: The generation is damaged.
        UsageError: The key cannot be read, or the generation is the starter.
    """
    manifest = generation.verify(folder)
    if manifest.generation.startswith(STARTER):
        raise UsageError(
            "only the starter is in use, which every installation has.",
            remedy="Run 'pratique advisories update' or 'build' first.",
        )
    envelope = write_envelope(sign(msgspec.json.encode(manifest), PAYLOAD_TYPE, key))
    handle, name = tempfile.mkstemp(prefix=f".{target.name}-", dir=target.parent)
    part = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(b"pratique-advisories %d %d\n" % (VERSION, len(envelope)))
            file.write(envelope)
            for each in manifest.files:
                with (folder / each).open("rb") as content:
                    while block := content.read(_BLOCK):
                        file.write(block)
        sync(part)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    return manifest


def import_bundle(
    root: Path, source: Path, key: Path, *, accept_older: bool = False, now: datetime
) -> Manifest:
    """Take the generation of a bundle, and make it the current one.

    Args:
        root: Folder of the advisories' data.
        source: The bundle.
        key: PEM file of the public key that must have signed it.
        accept_older: Take one that is older than the generation in use.
        now: One that says it is from later than that is not believed.

    Raises:
        InputError: It is not a bundle, or not as its manifest says.
        EvidenceError: It is not signed by the key, or is older than what is in use.
        FormatError: It was made by another version of the program.
    """
    try:
        with source.open("rb") as file:
            manifest = _manifest(file, source, key)
            _refuse_older(root, manifest, now, accept_older=accept_older)
            with generation.workshop(root) as built:
                _unpack(file, source, manifest, built)
                sealed = generation.seal(built, manifest, manifest.files)
                generation.publish(root, built, sealed.generation)
    except OSError as error:
        raise InputError(f"{source}: cannot be read: {error.strerror or error}") from None
    generation.prune(root, sealed.generation)
    return sealed


def _manifest(file: IO[bytes], source: Path, key: Path) -> Manifest:
    first = _FIRST.match(file.readline(64))
    if first is None:
        raise InputError(f"{source}: is not a bundle of advisories")
    if int(first[1]) != VERSION:
        raise FormatError(
            f"{source} is a bundle of form {int(first[1])}, not {VERSION}.",
            remedy="Write and read it with the same version of the program.",
        )
    size = int(first[2])
    if size > MAX_ENVELOPE_BYTES:
        raise LimitError(
            f"{source}: its manifest is over the limit of {MAX_ENVELOPE_BYTES:,} bytes"
        )
    try:
        envelope = read_envelope(file.read(size))
    except InputError as error:
        raise InputError(f"{source}: {error.message}") from None
    if envelope.payload_type != PAYLOAD_TYPE:
        raise InputError(f"{source}: what is signed is no manifest of advisories")
    try:
        verify(envelope, key)
    except EvidenceError as error:
        raise EvidenceError(f"{source}: {error.message}", remedy=error.remedy) from None
    manifest = generation.manifest_of(envelope.payload, source)
    _check(manifest, source)
    return manifest


def _check(manifest: Manifest, source: Path) -> None:
    """A signed manifest is still only a text: names and sizes are checked."""
    if manifest.fingerprint != fingerprint():
        raise FormatError(
            f"{source} was built with other version orderings.",
            remedy="Write and read it with the same version of the program.",
        )
    names = [manifest.generation, *manifest.files]
    starter = manifest.generation.startswith(STARTER)
    if starter or not all(map(_FILE.match, names)) or MANIFEST in manifest.files:
        raise InputError(f"{source}: its manifest names files that cannot be")
    if len(manifest.files) > MAX_FILES:
        raise LimitError(f"{source}: has more than {MAX_FILES} files")
    if sum(info.size for info in manifest.files.values()) > MAX_BYTES or any(
        info.size < 0 for info in manifest.files.values()
    ):
        raise LimitError(f"{source}: is over the limit of {MAX_BYTES:,} bytes")


def _refuse_older(root: Path, manifest: Manifest, now: datetime, *, accept_older: bool) -> None:
    if manifest.as_of > now:
        raise EvidenceError(
            f"the bundle says it is from {manifest.as_of:%Y-%m-%d %H:%M} UTC, which is to come.",
            remedy="Check the clocks of this machine and of the one that wrote it.",
        )
    try:
        folder = generation.current(root)
        before = None if folder is None else generation.read_manifest(folder, any_ordering=True)
    except GenerationError:
        return
    if before is None or accept_older:
        return
    known = (before.as_of, before.created)
    if (manifest.as_of, manifest.created) < known:
        raise EvidenceError(
            f"the bundle is of {manifest.as_of:%Y-%m-%d %H:%M} UTC, older than the advisories "
            f"in use, of {before.as_of:%Y-%m-%d %H:%M} UTC.",
            remedy="An old bundle hides what was found since; --accept-older takes it.",
        )


def _unpack(file: IO[bytes], source: Path, manifest: Manifest, built: Path) -> None:
    for name, info in manifest.files.items():
        digest, left = sha256(), info.size
        with (built / name).open("xb") as target:
            while left:
                block = file.read(min(_BLOCK, left))
                if not block:
                    raise InputError(f"{source}: is truncated in {name}")
                digest.update(block)
                target.write(block)
                left -= len(block)
        if digest.hexdigest() != info.sha256:
            raise InputError(f"{source}: {name} is not what was signed")
    if file.read(1):
        raise InputError(f"{source}: has more in it than was signed")
