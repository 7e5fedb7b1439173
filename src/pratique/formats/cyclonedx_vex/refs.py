"""What the ``affects[].ref`` of a CycloneDX document names: a component here, or in another BOM."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import msgspec

from pratique.formats.base import MAX_DEPTH, MAX_ITEMS
from pratique.model.errors import InputError, LimitError
from pratique.model.nouns import Artifact
from pratique.model.vex import Part, Product, bad_purls

if TYPE_CHECKING:
    from pratique.formats.base import Notes

_BOM_LINK = re.compile(r"urn:cdx:([0-9a-fA-F-]{36})/(\d{1,9})(?:#(.*))?\Z", re.DOTALL)
"""BOM-Link (CycloneDX, "BOM-Link"): serial number, version, and a reference in that BOM."""


class Components(msgspec.Struct):
    """The components of a document by their reference, and the one that it describes."""

    parts: dict[str, Part]
    parents: dict[str, str]
    """Reference of a nested component to that of the one around it."""

    main: str = ""
    """Reference of ``metadata.component``."""

    serial: str = ""


def read_components(value: dict[str, Any], notes: Notes) -> Components:
    """Read every component and service of a document that has a reference.

    Raises:
        LimitError: There are over ``MAX_ITEMS``, or they are nested too deep.
    """
    serial = value.get("serialNumber")
    found = Components({}, {}, serial=bare_serial(serial) if isinstance(serial, str) else "")
    metadata = value.get("metadata")
    main = metadata.get("component") if isinstance(metadata, dict) else None
    waiting: list[tuple[Any, str, int]] = []
    if isinstance(main, dict):
        found.main = str(main.get("bom-ref") or "metadata.component")
        waiting.append(({**main, "bom-ref": found.main}, "", 0))
    for key in ("components", "services"):
        rows = value.get(key)
        waiting.extend((row, "", 0) for row in (rows if isinstance(rows, list) else ()))
    while waiting:
        row, parent, depth = waiting.pop()
        if not isinstance(row, dict):
            continue
        if depth > MAX_DEPTH:
            raise LimitError(f"has components nested over {MAX_DEPTH} deep")
        ref = row.get("bom-ref")
        ref = ref if isinstance(ref, str) and ref else ""
        if ref:
            part = _part(row, ref, found.serial, notes)
            if ref == found.main and not part.id and found.serial:
                # What a bill describes is known by the bill, where by nothing better.
                part = msgspec.structs.replace(part, id=f"urn:uuid:{found.serial}")
            found.parts.setdefault(ref, part)
            if parent:
                found.parents[ref] = parent
            if len(found.parts) > MAX_ITEMS:
                raise LimitError(f"has over {MAX_ITEMS:,} components")
        inner = row.get("components")
        waiting.extend(
            (one, ref or parent, depth + 1) for one in (inner if isinstance(inner, list) else ())
        )
    return found


def bare_serial(text: str) -> str:
    """A serial number without its ``urn:uuid:``, in lower case."""
    return text.strip().lower().removeprefix("urn:uuid:")


def product_of(ref: str, here: Components) -> Product | None:
    """What a reference names, or ``None`` where it names nothing that is known.

    A component nested in another, or one of a document that describes a product,
    is a component of that product; a BOM-Link names a component of another BOM,
    by whose serial number alone it is known, besides a package URL that is its
    reference there.
    """
    link = _BOM_LINK.match(ref)
    if link:
        serial, _, inner = link.groups()
        if serial.lower() != here.serial or not inner or unquote(inner) not in here.parts:
            return Product(part=_linked(ref, serial, inner or ""))
        ref = unquote(inner)
    part = here.parts.get(ref)
    if part is None:
        return Product(part=Part.of(ref)) if ref.startswith("pkg:") else None
    outer = here.parents.get(ref) or (here.main if here.main != ref else "")
    seen = {ref}
    levels = []
    while outer and outer not in seen and outer in here.parts:
        seen.add(outer)
        levels.append(here.parts[outer])
        outer = here.parents.get(outer, "")
    if not levels:
        return Product(part=part)
    return Product(part=levels[0], subcomponents=(part,), within=tuple(levels[1:]))


def _linked(ref: str, serial: str, inner: str) -> Part:
    text = unquote(inner)
    pairs = (("purl", inner if _reads(inner) else text),) if text.startswith("pkg:") else ()
    return Part.of(ref, identifiers=pairs, bom=serial.lower())


def _reads(purl: str) -> bool:
    return purl.startswith("pkg:") and not bad_purls(Part.of(purl))


def _part(row: dict[str, Any], ref: str, serial: str, notes: Notes) -> Part:
    def text(key: str) -> str:
        value = row.get(key)
        return value.strip() if isinstance(value, str) else ""

    pairs = []
    if purl := text("purl"):
        pairs.append(("purl", purl))
    if cpe := text("cpe"):
        pairs.append(("cpe23" if cpe.startswith("cpe:2.3:") else "cpe22", cpe))
    hashes = []
    rows = row.get("hashes")
    for one in rows if isinstance(rows, list) else ():
        try:
            if isinstance(one, dict):
                hashes.append(Artifact.of(str(one.get("alg")), str(one.get("content"))))
        except InputError as error:
            notes.unreadable(f"component {ref[:80]!r}: {error.message}")
    full = f"{text('group')}/{text('name')}" if text("group") else text("name")
    part = Part.of(
        text("purl") or (ref if ref.startswith("pkg:") else ""),
        identifiers=tuple(pairs),
        hashes=tuple(hashes),
        name=f"{full} {text('version')}".strip(),
        bom=serial if not pairs and not hashes else "",
    )
    for message in bad_purls(part):
        notes.unreadable(f"component {ref[:80]!r}: {message}")
    return part
