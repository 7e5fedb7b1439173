"""Members of a ZIP file, in memory and within limits (APPNOTE.TXT 6.3.10).

Nothing is written anywhere, so that names that lead upwards are only names.
"""

from __future__ import annotations

import io
import posixpath
import zipfile
import zlib
from typing import TYPE_CHECKING

from pratique.formats.base import TreeError
from pratique.model.errors import InputError, LimitError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

MAX_MEMBERS = 200_000
"""Members of one archive.  The largest Java applications packed into one file
have some hundred thousand classes."""

MAX_MEMBER = 256 * 1024 * 1024
"""Bytes of one member that is read, unpacked; archives within archives are the largest."""

MAX_UNPACKED = 512 * 1024 * 1024
"""Bytes unpacked from one archive with all that are in it."""

MAX_RATIO = 200
"""How much larger than packed a member may be, above ``FREE``; deflate ends at
1,032, and what is read here (text, archives) stays below twenty."""

FREE = 1024 * 1024
"""Bytes of a member that may come out whatever the ratio."""

_CENTRAL = b"PK\x01\x02"
_CHUNK = 256 * 1024
_METHODS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
_ERRORS = (
    *(zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError),
    *(ValueError, OverflowError, OSError, KeyError, IndexError),
)
"""What the standard library raises for archives that are damaged or of another kind."""


class Budget:
    """What may still be unpacked of an archive and those inside of it."""

    def __init__(self) -> None:
        self.bytes = MAX_UNPACKED
        self.members = MAX_MEMBERS

    def take(self, count: int) -> None:
        """Use up bytes.

        Raises:
            LimitError: There are none left.
        """
        self.bytes -= count
        if self.bytes < 0:
            raise LimitError(f"unpacks to more than {MAX_UNPACKED:,} bytes")


class Members:
    """An open archive; also the :class:`~pratique.formats.base.Tree` of its files.

    Args:
        data: Of the whole archive.
        budget: Shared with the archive that this one is inside of.

    Raises:
        InputError: It is no ZIP file.
        LimitError: It has too many members.
    """

    def __init__(self, data: bytes, budget: Budget) -> None:
        import struct

        # Counted before the library makes an object of each.
        budget.members -= data.count(_CENTRAL)
        if budget.members < 0:
            raise LimitError(f"has more than {MAX_MEMBERS:,} members")
        self.budget = budget
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(data))
            infos = self._zip.infolist()
        except (*_ERRORS, struct.error) as error:
            raise InputError(f"is no ZIP archive that can be read: {_reason(error)}") from None
        self._infos = {info.filename: info for info in infos if not info.filename.endswith("/")}

    def paths(self) -> Iterable[str]:
        """Names of the files in it, as written, in the order of the archive."""
        return self._infos.keys()

    def read(self, path: str) -> bytes:
        """Bytes of a member.

        Raises:
            TreeError: There is none of this name, or it cannot be unpacked.
            LimitError: It exceeds a limit.
        """
        import struct

        info = self._infos.get(path) or self._infos.get(posixpath.normpath(path))
        if info is None:
            raise TreeError("is not in the archive")
        if info.compress_type not in _METHODS:
            raise TreeError(f"is packed by method {info.compress_type}, which is not read")
        if info.flag_bits & 1:
            raise TreeError("is encrypted")
        try:
            return self._unpacked(info)
        except InputError:
            raise
        except (*_ERRORS, struct.error) as error:
            raise TreeError(f"cannot be unpacked: {_reason(error)}") from None

    def _unpacked(self, info: zipfile.ZipInfo) -> bytes:
        """Bytes of a member, counted as they come and not as the archive states."""
        parts, size = [], 0
        most = min(MAX_MEMBER, max(FREE, info.compress_size * MAX_RATIO))
        with self._zip.open(info) as stream:
            while piece := stream.read(_CHUNK):
                size += len(piece)
                if size > most:
                    raise LimitError(f"is over {most:,} bytes when it is unpacked")
                self.budget.take(len(piece))
                parts.append(piece)
        return b"".join(parts)

    def is_file(self, path: str) -> bool:
        """Whether there is a member of this name."""
        return path in self._infos or posixpath.normpath(path) in self._infos

    def names(self, path: str) -> Sequence[str]:
        """Sorted names in a folder of the archive."""
        folder = posixpath.normpath(path)
        prefix = "" if folder == "." else f"{folder}/"
        return sorted(
            {
                name[len(prefix) :].partition("/")[0]
                for name in self._infos
                if name.startswith(prefix)
            }
        )


def printable(name: str) -> str:
    """A member's name as places and messages hold it: control characters escaped."""
    return name if name.isprintable() else name.encode("unicode_escape").decode("ascii")


def _reason(error: Exception) -> str:
    text = printable(" ".join(str(error).split()))
    return text[:120] or type(error).__name__
