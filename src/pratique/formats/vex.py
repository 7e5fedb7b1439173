"""Which VEX format a document is of, and its reading; also pairs of format name and writer."""

from __future__ import annotations

import re
from importlib import import_module
from typing import TYPE_CHECKING, cast

from pratique.model.errors import UnsupportedError

if TYPE_CHECKING:
    from collections.abc import Callable

    from pratique.model.vex import VexDocument

READERS = {
    "openvex": "pratique.formats.openvex.read",
    "attestation": "pratique.formats.openvex.attestation",
    "csaf": "pratique.formats.csaf.read",
    "cyclonedx": "pratique.formats.cyclonedx_vex.read",
    "spdx": "pratique.formats.spdx_vex.read",
}
"""Modules with a ``read`` function, by format."""

WRITERS = {
    "openvex": "pratique.formats.openvex.write",
    "csaf": "pratique.formats.csaf.write",
    "cyclonedx": "pratique.formats.cyclonedx_vex.write",
}
"""Modules with a ``write`` function, by format."""

_MARKS = (
    ("attestation", re.compile(rb'"(?:predicateType|payloadType)"\s*:')),
    ("csaf", re.compile(rb'"csaf_version"\s*:')),
    ("cyclonedx", re.compile(rb'"bomFormat"\s*:\s*"CycloneDX"')),
    ("openvex", re.compile(rb'"@context"\s*:\s*(?:\[\s*)?"https://openvex\.dev/ns')),
    ("spdx", re.compile(rb'"@context"\s*:[^}]{0,200}spdx\.org/rdf/3')),
    # Last: hand-written documents without a context, and YAML.
    ("openvex", re.compile(rb'"statements"\s*:\s*\[|^statements:\s*$', re.MULTILINE)),
)


def detect(data: bytes) -> str:
    """The format of a document by its content; empty where it is none that is known."""
    if data[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        data = data.decode("utf-16", "ignore").encode()
    return next((name for name, mark in _MARKS if mark.search(data)), "")


def read(data: bytes, path: str, *, format: str = "", signer: str = "") -> VexDocument:
    """Read a VEX document of any format.

    Args:
        data: Its bytes.
        path: For the places of problems.
        format: A key of :data:`READERS`; found out where it is empty.
        signer: Identity whose signature over these bytes the caller has verified.

    Raises:
        InputError: Nothing of it can be read.
        UnsupportedError: It is of no format that is known.
    """
    format = format or detect(data)
    if format not in READERS:
        raise UnsupportedError("is neither OpenVEX, CSAF, CycloneDX nor SPDX 3")
    function = import_module(READERS[format]).read
    return cast("VexDocument", function(data, path, signer=signer))


def writer(format: str) -> Callable[[VexDocument], tuple[bytes, tuple[str, ...]]]:
    """The writer of a format: takes a document, gives bytes and what was lost.

    Args:
        format: A key of :data:`WRITERS`.
    """
    return cast(
        "Callable[[VexDocument], tuple[bytes, tuple[str, ...]]]",
        import_module(WRITERS[format]).write,
    )
