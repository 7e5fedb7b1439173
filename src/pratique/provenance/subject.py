"""The artifact that evidence is asked about: a name and its digests."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from pratique.model.errors import InputError
from pratique.provenance.errors import UnsupportedEvidenceError, VerificationError

if TYPE_CHECKING:
    from pathlib import Path

    from pratique.formats.intoto import ResourceDescriptor, Statement

ALGORITHMS = ("sha256", "sha512")
"""Digests that are taken of a file."""

STRONG = frozenset({"sha256", "sha384", "sha512", "sha3_256", "sha3_384", "sha3_512", "gitCommit"})
"""Digests by which a statement may name an artifact; a match by another proves
nothing.  ``gitCommit`` names a revision, which is the strength Git has."""

MAX_SIGNED_FILE = 256 * 1024 * 1024
"""Largest file that is held in memory for a key that signs whole files (Ed25519)."""


class Subject:
    """What evidence is asked about.

    Args:
        name: Base name of the file, or what stands for it.
        digests: Algorithm, as in-toto writes it, to lower-case hexadecimal.
        path: Where the bytes are, for the few signatures over whole files.
        data: The bytes themselves, where they are no file.
    """

    def __init__(
        self,
        name: str,
        digests: dict[str, str],
        path: Path | None = None,
        data: bytes | None = None,
    ) -> None:
        self.name = name
        self.digests = {key: value.lower() for key, value in digests.items()}
        self._path = path
        self._data = data

    @property
    def path(self) -> Path | None:
        """Where the bytes are; ``None`` where only digests are known."""
        return self._path

    def content(self) -> bytes:
        """The bytes of the artifact.

        Raises:
            UnsupportedEvidenceError: Only its digest is known, or it is too large.
            InputError: The file cannot be read.
        """
        if self._data is not None:
            return self._data
        if self._path is None:
            raise UnsupportedEvidenceError("the signature is over the file, which is not here")
        try:
            if self._path.stat().st_size > MAX_SIGNED_FILE:
                raise UnsupportedEvidenceError(
                    f"the signature is over the file, which has over {MAX_SIGNED_FILE:,} bytes"
                )
            return self._path.read_bytes()
        except OSError as error:
            raise InputError(f"{self._path} cannot be read: {error.strerror}.") from None

    def is_named_by(self, descriptor: ResourceDescriptor) -> bool:
        """Whether a descriptor's digests are this artifact's.

        At least one strong digest must agree, and none that is known may disagree.
        """
        agree = False
        for algorithm, value in descriptor.digests.items():
            known = self.digests.get(algorithm)
            if known is None:
                continue
            if known != value.lower():
                return False
            agree = agree or algorithm in STRONG
        return agree

    def __str__(self) -> str:
        algorithm = next(iter(self.digests), "")
        return f"{algorithm}:{self.digests[algorithm]}" if algorithm else self.name


def subject_of(path: Path) -> Subject:
    """A file with its digests, read once.

    Raises:
        InputError: It is no file, or cannot be read.
    """
    sums = [hashlib.new(name) for name in ALGORITHMS]
    buffer = memoryview(bytearray(1 << 20))
    try:
        with path.open("rb", buffering=0) as file:
            while count := file.readinto(buffer):
                for one in sums:
                    one.update(buffer[:count])
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from None
    digests = {name: one.hexdigest() for name, one in zip(ALGORITHMS, sums, strict=True)}
    return Subject(path.name, digests, path)


def subject_of_bytes(name: str, data: bytes) -> Subject:
    """Bytes that are in memory, with their digests."""
    digests = {one: hashlib.new(one, data).hexdigest() for one in ALGORITHMS}
    return Subject(name, digests, data=data)


def descriptor_of(statement: Statement, subject: Subject) -> ResourceDescriptor:
    """The descriptor of a statement that names an artifact.

    Raises:
        VerificationError: None does.
    """
    for one in statement.subject:
        if subject.is_named_by(one):
            return one
    raise VerificationError(
        "the artifact is not among the subjects of the statement",
        error="ErrorMismatchHash",
        remedy="Check that the artifact is the one that was published with this evidence.",
    )
