"""Which library a vendored folder is: hashes of its files against known ones.

Source: OSV.dev, *POST /v1experimental/determineversion*.  OSV.dev estimates how
many files differ from 512 buckets of hashes; here the hashes themselves are
kept, and the numbers are counts.
"""

from __future__ import annotations

import base64
import binascii
from collections import Counter
from hashlib import md5
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import msgspec

from pratique.advisories.questions import ApiError, decoded
from pratique.model.errors import LimitError, UsageError

if TYPE_CHECKING:
    from pathlib import Path

SUFFIXES = frozenset({".c", ".cc", ".h", ".hh", ".cpp", ".hpp"})
"""Files that are hashed, as OSV.dev documents."""

VENDORED = frozenset(
    {"3rdparty", "dep", "deps", "thirdparty", "third-party", "third_party", "libs", "external",
     "externals", "vendor", "vendored"}
)  # fmt: skip
"""Folders whose files are another library's; OSV.dev leaves out the same."""

MIN_SCORE = 0.05
MAX_MATCHES = 10
"""Worst score and most matches that are answered, as in OSV.dev."""

MAX_FILES = 100_000
"""Files of one library, and of one question."""

MAX_LIBRARIES = 10_000
MAX_FILE_BYTES = 32 * 1024 * 1024
"""Largest source file hashed; amalgamated ones have up to 10 MB."""


class _FileHash(msgspec.Struct):
    hash: str = ""
    file_path: str = ""
    hash_type: str = "MD5"


class _Body(msgspec.Struct):
    name: str = ""
    file_hashes: list[_FileHash] = []


class Library(msgspec.Struct, frozen=True):
    """One release of a library."""

    address: str
    version: str
    files: Counter[bytes]
    """How many files have each hash."""


_decoder = msgspec.json.Decoder(_Body)


def read_files(body: bytes) -> Counter[bytes]:
    """Hashes of the files asked.

    Raises:
        ApiError: The body is not such a question.
    """
    asked = decoded(_decoder, body).file_hashes
    if len(asked) > MAX_FILES:
        raise ApiError("too many file hashes")
    found: Counter[bytes] = Counter()
    for each in asked:
        if each.hash_type != "MD5":
            raise ApiError("invalid hash type")
        try:
            hash = base64.b64decode(each.hash, validate=True)
        except (binascii.Error, ValueError):
            raise ApiError("invalid hash") from None
        if hash and not _vendored(each.file_path):
            found[hash] += 1
    return found


def _vendored(path: str) -> bool:
    return any(part.lower() in VENDORED for part in path.split("/")[:-1])


class Libraries:
    """Libraries by the hashes of their files.

    Args:
        libraries: All that are known.
    """

    def __init__(self, libraries: tuple[Library, ...] = ()) -> None:
        self._libraries = libraries

    def __bool__(self) -> bool:
        return bool(self._libraries)

    @classmethod
    def of(cls, folder: Path) -> Libraries:
        """Hash a folder of sources.

        Args:
            folder: Has a folder ``ADDRESS@VERSION`` for each release, the
                address with ``%2F`` for ``/``.

        Raises:
            UsageError: It is not there, or has no such folder.
            LimitError: There are too many libraries or files.
        """
        try:
            named = sorted(path for path in folder.iterdir() if path.is_dir() and "@" in path.name)
        except OSError as error:
            raise UsageError(
                f"{folder} cannot be read: {error.strerror}.", remedy="Name a folder of libraries."
            ) from None
        if not named:
            raise UsageError(
                f"{folder} has no library.", remedy="Name its folders like zlib@1.2.11."
            )
        if len(named) > MAX_LIBRARIES:
            raise LimitError(f"{folder} has more than {MAX_LIBRARIES:,} libraries")
        return cls(tuple(map(_library, named)))

    def matches(self, files: Counter[bytes]) -> list[dict[str, Any]]:
        """Libraries that have files in common with those asked, the best first.

        The score is the part of the larger side's files that both have.
        """
        scored = []
        for library in self._libraries:
            common = (library.files & files).total()
            most = max(library.files.total(), files.total())
            if most and common / most >= MIN_SCORE:
                scored.append((common / most, common, most, library))
        scored.sort(key=lambda each: (-each[0], each[3].address, each[3].version))
        return [
            {
                "score": score,
                "repo_info": {
                    "type": "UNSPECIFIED",
                    "address": library.address,
                    "version": library.version,
                },
                "minimum_file_matches": str(common),
                "estimated_diff_files": str(most - common),
            }
            for score, common, most, library in scored[:MAX_MATCHES]
        ]


def _library(folder: Path) -> Library:
    address, _, version = folder.name.rpartition("@")
    root = folder.resolve()
    files: Counter[bytes] = Counter()
    for path in folder.rglob("*"):
        name = path.relative_to(folder).as_posix()
        if path.suffix.lower() not in SUFFIXES or _vendored(name):
            continue
        if not path.is_file() or not path.resolve().is_relative_to(root):
            continue
        if path.stat().st_size > MAX_FILE_BYTES or files.total() >= MAX_FILES:
            raise LimitError(f"{path} is over the limit of {MAX_FILE_BYTES:,} bytes or files")
        files[md5(path.read_bytes(), usedforsecurity=False).digest()] += 1
    return Library(unquote(address), version, files)
