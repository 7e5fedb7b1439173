"""What an executable says it was built from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pratique.formats.installed.binaries import golang, rust
from pratique.formats.installed.binaries.sections import images, is_executable
from pratique.formats.lockfiles.gathering import Gathering
from pratique.model.errors import InputError, UnsupportedError

if TYPE_CHECKING:
    from pratique.formats.base import Tree
    from pratique.model.inventory import Reading
    from pratique.model.purl import Package

__all__ = ["carries_list", "is_executable", "read"]


def carries_list(data: bytes) -> bool:
    """Whether an executable carries a list, or is too damaged to tell.

    Args:
        data: Of the whole file.
    """
    if golang.MAGIC not in data and rust.SECTION.encode() not in data:
        return False
    try:
        return any(
            golang.build_info(image) is not None or rust.dependency_list(image) is not None
            for image in images(data)
        )
    except InputError:
        return True


def read(data: bytes, path: str, tree: Tree) -> Reading:  # noqa: ARG001 - one file
    """Read the lists of an executable, of all its architectures.

    Raises:
        InputError: It is no executable, or its list cannot be read.
        UnsupportedError: It carries no list that is known here.
    """
    gathering = Gathering(path, type="generic")
    formats: list[str] = []
    subject: Package | None = None
    for image in images(data):
        info = golang.build_info(image)
        if info is not None:
            formats.append("Go build info")
            subject = golang.take(info, gathering) or subject
        packed = rust.dependency_list(image)
        if packed is not None:
            formats.append("cargo-auditable")
            try:
                subject = rust.take(packed, gathering) or subject
            except InputError as error:
                if info is None:
                    raise
                gathering.notes.unreadable(error.message)
    if not formats:
        raise UnsupportedError("is an executable without a list of what it was built from")
    return gathering.reading(" and ".join(dict.fromkeys(formats)), subject=subject)
