"""Files of checksums beside an artifact: ``SHA256SUMS``, ``*.sha256``, GNU and BSD lines.

Sources: coreutils, *cksum output modes*; the escapes of its file names.  A file
of checksums shows that a file is whole, not where it is from, unless somebody
known signed it: then the signature reaches the artifact through it.
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

import msgspec

from pratique.model.attestation import Grade, VerifiedEvidence
from pratique.model.errors import LimitError, UnsupportedError
from pratique.provenance.errors import VerificationError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pratique.provenance.subject import Subject

KIND = "checksums"

NAMES = (
    "SHA256SUMS",
    "SHA512SUMS",
    "SHA256SUMS.txt",
    "SHA512SUMS.txt",
    "SHASUMS256.txt",
    "SHASUMS512.txt",
    "sha256sum.txt",
    "sha512sum.txt",
    "sha256sums.txt",
    "checksums.txt",
    "checksums.sha256",
    "checksums.sha512",
    "CHECKSUMS",
    "CHECKSUM",
)
"""Names of files with the checksums of a whole folder."""

SUFFIXES = (".sha256", ".sha512", ".sha256sum", ".sha512sum", ".sha256.txt")
"""What is appended to an artifact's name for its own checksum."""

ENDINGS = ("_checksums.txt", "_SHA256SUMS", "-checksums.txt", "-SHA256SUMS", "-CHECKSUM")
"""How names of files of checksums end that begin with the name of a release."""

MAX_NAMES = 10_000
"""Most files of a folder that are looked at for such names."""

MAX_BYTES = 16 * 1024 * 1024
"""Largest file of checksums; that of a whole distribution's release has some megabytes."""

_LENGTHS = {64: "sha256", 96: "sha384", 128: "sha512"}
_GNU = re.compile(r"(\\?)([0-9A-Fa-f]{64,128}) [ *](.+)\Z")
_BSD = re.compile(r"(\\?)(SHA256|SHA384|SHA512) \((.+)\) = ([0-9A-Fa-f]{64,128})\Z")
_BARE = re.compile(r"[0-9A-Fa-f]{64,128}\Z")
_ESCAPES = {"\\\\": "\\", "\\n": "\n", "\\r": "\r"}


class Listed(msgspec.Struct, frozen=True):
    """A line of a file of checksums."""

    algorithm: str
    digest: str
    name: str
    """As written; empty where the file has a digest alone."""


def find(artifact: Path) -> tuple[Path, ...]:
    """Files of checksums beside an artifact."""
    folder = artifact.parent
    found = [artifact.with_name(artifact.name + suffix) for suffix in SUFFIXES]
    found += [folder / name for name in NAMES]
    try:
        for number, path in enumerate(sorted(folder.iterdir())):
            if number >= MAX_NAMES:
                break
            if path.name.endswith(ENDINGS):
                found.append(path)
    except OSError:
        pass  # what cannot be listed is looked up by name alone
    return tuple(path for path in dict.fromkeys(found) if path.is_file() and path != artifact)


def is_named(path: Path) -> bool:
    """Whether a file's name is that of a file of checksums."""
    name = path.name
    return name in NAMES or name.endswith((*SUFFIXES, *ENDINGS))


def is_own(path: Path, subject: Subject) -> bool:
    """Whether a file of checksums is named as one about an artifact alone."""
    return path.name in {f"{subject.name}{suffix}" for suffix in SUFFIXES}


def read_checksums(data: bytes) -> tuple[Listed, ...]:
    """Lines of a file of checksums; others, as in a signed message, are passed over.

    Raises:
        InputError: It is too large; UnsupportedError: it has no checksum of 256 bits or more.
    """
    if len(data) > MAX_BYTES:
        raise LimitError(f"is over the limit of {MAX_BYTES:,} bytes")
    found = tuple(_lines(data.decode("utf-8", "surrogateescape")))
    if not found:
        raise UnsupportedError("has no checksum of 256 bits or more")
    return found


def _lines(text: str) -> Iterator[Listed]:
    lines = [line.strip("\r") for line in text.split("\n")]
    for line in lines:
        if gnu := _GNU.match(line):
            mark, digest, name = gnu[1], gnu[2], gnu[3]
        elif bsd := _BSD.match(line):
            mark, digest, name = bsd[1], bsd[4], bsd[3]
            if _LENGTHS.get(len(digest)) != bsd[2].lower():
                continue
        else:
            continue
        if algorithm := _LENGTHS.get(len(digest)):
            yield Listed(algorithm, digest.lower(), _unescaped(name) if mark else name)
    alone = [line for line in lines if line.strip()]
    if len(alone) == 1 and _BARE.match(alone[0].strip()):
        digest = alone[0].strip().lower()
        if algorithm := _LENGTHS.get(len(digest)):
            yield Listed(algorithm, digest, "")


def _unescaped(name: str) -> str:
    return re.sub(r"\\[\\nr]", lambda found: _ESCAPES[found[0]], name)


def judge_checksums(data: bytes, path: str, subject: Subject, *, own: bool) -> VerifiedEvidence:
    """What a file of checksums says of an artifact.

    Args:
        data: The file.
        path: For the answer.
        subject: The artifact.
        own: Whether the file is about this artifact alone, so that its line needs no name.

    Returns:
        *Unsupported* where the checksum is right, as nobody signed it; *none* where the
        artifact is not listed.

    Raises:
        VerificationError: The checksum is another's.
        InputError: The file cannot be read.
    """
    listed = read_checksums(data)
    digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
    names = {subject.name, f"./{subject.name}"}
    about = [one for one in listed if one.name in names or (own and not one.name)]
    if not about:
        # some list the artifact under the folder that it was made in
        about = [one for one in listed if one.name.rpartition("/")[2] == subject.name]
    bare = VerifiedEvidence(
        grade=Grade.NONE, kind=KIND, path=path, digest=digest, subject=str(subject)
    )
    if not about:
        return msgspec.structs.replace(bare, cause="the artifact is not listed")
    known = [one for one in about if one.algorithm in subject.digests]
    for one in known:
        if subject.digests[one.algorithm] != one.digest:
            raise VerificationError(
                f"the artifact's {one.algorithm} is not the one that is listed",
                error="ErrorMismatchHash",
                remedy="Do not use the artifact; fetch it and the checksums again.",
            )
    if not known:
        cause = "the artifact is listed with a digest that is not taken here"
        return msgspec.structs.replace(
            bare, grade=Grade.UNSUPPORTED, cause=cause, error="ErrorNotSupported"
        )
    algorithms = " and ".join(dict.fromkeys(one.algorithm for one in known))
    cause = f"the {algorithms} checksum matches; nobody is known to have signed it"
    return msgspec.structs.replace(
        bare,
        grade=Grade.UNSUPPORTED,
        cause=cause,
        next_action="A checksum shows that the file is whole, not where it is from: ask for a "
        "signature of the checksums, or for attestations.",
    )
