"""The SBOMit document: layout, metadata, bills and mutations, addendums (section 5.2).

::

    {"sbomit": "urn:pratique:sbomit:1", "specification": "0.1.0",
     "layout": {…},                                as its owner signed it
     "metadata": {"build.776a00e2.link": {…}},     links, sublayouts, attestations
     "sits": [{"name": "app.cdx.json", "step": "build", "subject": {…}, "mutation": […]}],
     "addendums": [[…]]}                           JSON Patches to the three above

What the document says is what it says after all addendums, in their order.
"""

from __future__ import annotations

import hashlib
from pathlib import PurePosixPath
from typing import Any

import msgspec

from pratique.formats.dsse.wire import convert
from pratique.formats.jsf import canonical_json, strict_json
from pratique.formats.json_patch import apply, read_patch
from pratique.formats.sbom.convert.delta import copied
from pratique.model.errors import InputError, LimitError, UnsupportedError

SCHEMA = "urn:pratique:sbomit:1"
SPECIFICATION = "0.1.0"

MAX_DOCUMENT_BYTES = 256 * 1024 * 1024
"""Largest document; links of a build with a hundred thousand files have some 20 MB each."""

MAX_METADATA = 10_000
"""Most links, sublayouts and attestations of one document."""

MAX_ADDENDUMS = 1_000
SECTIONS = ("layout", "metadata", "sits")
"""Members that addendums change."""


class SitSubject(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a bill is about, as its owner calls it; no link attests a name."""

    name: str
    version: str = ""


class Sit(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A bill that is derived from the document."""

    name: str
    """File name: ``app.cdx.json``."""

    step: str
    """Step of the layout whose functionaries may sign it."""

    subject: SitSubject
    mutation: list[Any] = []
    """JSON Patch to what is derived (RFC 6902)."""


class SbomitDocument(msgspec.Struct, frozen=True, kw_only=True):
    """A document after its addendums."""

    layout: dict[str, Any]
    metadata: dict[str, Any]
    sits: tuple[Sit, ...]
    addendums: tuple[tuple[str, ...], ...] = ()
    """Sections that each addendum changes."""

    def digest(self, sit: Sit) -> str:
        """SHA-256 of all that a bill is made of, in canonical JSON: its bill refers to it."""
        value = {
            "layout": self.layout,
            "metadata": self.metadata,
            "sit": msgspec.to_builtins(sit),
        }
        return hashlib.sha256(canonical_json(value)).hexdigest()

    def sit(self, name: str = "") -> Sit:
        """A bill by its name; without one, the only one.

        Raises:
            InputError: There is none of the name, or there are several.
        """
        found = [one for one in self.sits if not name or one.name == name]
        if len(found) != 1:
            names = ", ".join(one.name for one in self.sits) or "none"
            raise InputError(f"the document has {names}; name the bill", remedy="Use --sit NAME.")
        return found[0]

    @property
    def links(self) -> dict[str, Any]:
        """Links and sublayouts by their path."""
        return {name: one for name, one in self.metadata.items() if name.endswith(".link")}

    @property
    def attestations(self) -> dict[str, Any]:
        """Other signed statements, by name."""
        return {name: one for name, one in self.metadata.items() if not name.endswith(".link")}


def read(data: bytes) -> tuple[SbomitDocument, dict[str, Any]]:
    """A document, after its addendums, and its value as it is written.

    Raises:
        UnsupportedError: It is none, or of another version.
        LimitError: It exceeds a limit of this module.
        InputError: It is damaged, or an addendum cannot be applied.
    """
    if len(data) > MAX_DOCUMENT_BYTES:
        raise LimitError(f"is {len(data):,} bytes, over the limit of {MAX_DOCUMENT_BYTES:,}")
    value = strict_json(data)
    if not isinstance(value, dict) or value.get("sbomit") != SCHEMA:
        raise UnsupportedError("is no SBOMit document of a form that is known here.")
    return effective(value), value


def effective(value: dict[str, Any]) -> SbomitDocument:
    """What a document's value says after its addendums; raises as :func:`read`."""
    sections = {name: copied(value.get(name)) for name in SECTIONS}
    addendums = value.get("addendums", [])
    if not isinstance(addendums, list):
        raise InputError("has addendums that are no array")
    if len(addendums) > MAX_ADDENDUMS:
        raise LimitError(f"has over {MAX_ADDENDUMS:,} addendums")
    changed = []
    for number, one in enumerate(addendums):
        operations = read_patch(one)
        paths = [path for op in operations for path in (op.path, op.from_) if path is not None]
        if outside := [p for p in paths if p.split("/")[1:2] not in [[name] for name in SECTIONS]]:
            raise InputError(f"addendum {number} changes {outside[0][:80]!r}, which is no section")
        try:
            sections = apply(sections, operations)
        except InputError as error:
            raise InputError(f"addendum {number}: {error.message}") from None
        changed.append(tuple(sorted({path.split("/")[1] for path in paths})))
    layout, metadata = sections.get("layout"), sections.get("metadata")
    if not isinstance(layout, dict) or not isinstance(metadata, dict):
        raise InputError("has no layout, or no metadata")
    if len(metadata) > MAX_METADATA:
        raise LimitError(f"has over {MAX_METADATA:,} links and attestations")
    for name in metadata:
        _check_name(name)
    sits = tuple(convert(sections.get("sits"), list[Sit], "sits of the SBOMit document"))
    if len({one.name for one in sits}) != len(sits):
        raise InputError("has two bills of one name")
    for sit in sits:
        read_patch(sit.mutation)
    return SbomitDocument(layout=layout, metadata=metadata, sits=sits, addendums=tuple(changed))


def _check_name(name: str) -> None:
    """Refuse a name that would lead out of a folder."""
    path = PurePosixPath(name)
    good = name and not path.is_absolute() and str(path) == name and len(name) <= 500
    if not good or {"..", "."} & set(path.parts) or "\\" in name or not name.isprintable():
        raise InputError(f"has metadata of the name {name[:80]!r}")


def new_value(layout: Any, metadata: dict[str, Any], sits: tuple[Sit, ...]) -> dict[str, Any]:
    """The value of a new document."""
    return {
        "sbomit": SCHEMA,
        "specification": SPECIFICATION,
        "layout": layout,
        "metadata": dict(sorted(metadata.items())),
        "sits": list(msgspec.to_builtins(sits)),
        "addendums": [],
    }
