"""Package files of rpm: lead, signature and header (rpm 4.18, "Package format")."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from pratique.formats.installed.managers.single import one_package
from pratique.formats.installed.rpm.blobs import DamageError
from pratique.formats.installed.rpm.header import parse
from pratique.model.errors import InputError

if TYPE_CHECKING:
    from pratique.formats.base import Tree
    from pratique.model.inventory import Reading

_LEAD, _MAGIC, _HEADER = 96, b"\xed\xab\xee\xdb", b"\x8e\xad\xe8\x01"


def read(data: bytes, path: str, tree: Tree) -> Reading:
    """Read what one package file says that it is; its payload is not unpacked.

    Raises:
        InputError: It is none, or damaged.
    """
    del tree
    if not data.startswith(_MAGIC):
        raise InputError("is no package of rpm: it does not start as one")
    try:
        signature = _blob(data, _LEAD)
        at = _LEAD + 8 + len(signature)
        header = parse(_blob(data, at + -at % 8))
    except DamageError as error:
        raise InputError(error.message) from None
    release = f"-{header.release}" if header.release and header.version else ""
    return one_package(
        path,
        "rpm package",
        type="rpm",
        name=header.name,
        version=header.version + release,
        licenses=(header.license,),
        qualifiers={
            "arch": header.arch,
            "epoch": str(header.epoch) if header.epoch else "",
            "upstream": header.sourcerpm if header.sourcerpm != "(none)" else "",
        },
        unknown=f"which distribution {header.name} is for, the package does not say",
    )


def _blob(data: bytes, at: int) -> bytes:
    """A header without its magic; what it claims to hold must be there."""
    if data[at : at + 4] != _HEADER or len(data) < at + 16:
        raise DamageError("has no header where one belongs")
    entries, store = struct.unpack_from(">II", data, at + 8)
    end = at + 16 + entries * 16 + store
    if end > len(data):
        raise DamageError("has a header that is cut short")
    return data[at + 8 : end]
