"""Filling packages of SPDX 2.2 and 2.3 (clauses 7.5 to 7.21 and 12)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pratique.formats.sbom.convert.kinds import TO_SPDX_ALGORITHM
from pratique.formats.shapes import objects_in
from pratique.inventory.sbom_input import CREATOR
from pratique.sboms.filling import Entry, contradicts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pratique.sources.packages.models import Described

_ABSENT = (None, "", "NOASSERTION")


def entries(document: dict[str, Any], *, overwrite: bool) -> Iterator[Entry]:
    """The packages with a package URL."""
    packages = document.get("packages")
    for number, one in enumerate(packages if isinstance(packages, list) else ()):
        purl = _purl(one) if isinstance(one, dict) else ""
        if purl:
            yield Entry(one, f"packages[{number}]", purl, overwrite=overwrite)


def _purl(package: dict[str, Any]) -> str:
    for one in objects_in(package.get("externalRefs")):
        locator = one.get("referenceLocator")
        if one.get("referenceType") == "purl" and isinstance(locator, str):
            return locator
    return ""


def fill(
    entry: Entry, found: Described, expression: str, wanted: frozenset[str], created: str
) -> None:
    """Fill one package with what its registry says.

    Args:
        entry: The package.
        found: What the registry says.
        expression: Its licence as an SPDX expression; empty where that is not known.
        wanted: Fields to fill.
        created: Time for annotations, as the document has it.
    """
    package = entry.value

    def put(field: str, key: str, value: str, source: str) -> None:
        entry.put(field, key, value, source, absent=package.get(key) in _ABSENT)

    if "license" in wanted and expression and "LicenseRef-" not in expression:
        source, stated = found.licenses[0].source, package.get("licenseDeclared")
        claims = [stated] if isinstance(stated, str) and stated not in _ABSENT else []
        if contradicts(claims, expression) and not entry.overwrite:
            entry.differs("license", "licenseDeclared", claims[0], expression, source)
        put("license", "licenseDeclared", expression, source)
    if "hashes" in wanted:
        _hashes(entry, found)
    if "supplier" in wanted and (one := found.supplier):
        kind = "Organization" if found.organization else "Person"
        put("supplier", "supplier", f"{kind}: {one.value}", one.source)
    if "author" in wanted and (one := found.author):
        put("author", "originator", f"Person: {one.value}", one.source)
    if "homepage" in wanted and (one := found.homepage):
        put("homepage", "homepage", one.value, one.source)
    known = {ref.get("referenceType") for ref in objects_in(package.get("externalRefs"))}
    if "vcs" in wanted and (one := found.vcs) and "vcs" not in known:
        item = {
            "referenceCategory": "OTHER",
            "referenceType": "vcs",
            "referenceLocator": one.value,
        }
        entry.append("vcs", "externalRefs", item, one.source)
    if "deprecated" in wanted and (one := found.deprecated):
        comment = f"deprecated: {one.value}"
        notes = package.get("annotations")
        if not any(
            isinstance(note, dict) and note.get("comment") == comment
            for note in (notes if isinstance(notes, list) else ())
        ):
            item = {
                "annotationDate": created,
                "annotationType": "REVIEW",
                "annotator": f"Tool: {CREATOR}",
                "comment": comment,
            }
            entry.append("deprecated", "annotations", item, one.source)


def _hashes(entry: Entry, found: Described) -> None:
    files, source = found.distributions, found.distributions_source
    stated = {
        (one.get("algorithm"), str(one.get("checksumValue")).lower())
        for one in entry.value.get("checksums") or ()
        if isinstance(one, dict)
    }
    entry.compare_digests("checksums", stated, found, TO_SPDX_ALGORITHM.__getitem__)
    if len(files) == 1 and files[0].digests:
        value = [
            {"algorithm": TO_SPDX_ALGORITHM[one.algorithm], "checksumValue": one.value}
            for one in files[0].digests
        ]
        entry.put("hashes", "checksums", value, source, absent=not entry.value.get("checksums"))
        if files[0].url and entry.value.get("downloadLocation") in _ABSENT:
            entry.put("hashes", "downloadLocation", files[0].url, source, absent=True)
    elif len(files) > 1 and not stated:
        entry.unsure("hashes", f"the version has {len(files)} files, and no file is named")
