"""The elements that quality is made of: what each demands, and what to do about it."""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from pratique.formats.sbom.cyclonedx.licenses import is_expression

if TYPE_CHECKING:
    from collections.abc import Callable

    from pratique.inventory.quality.models import Part, Sheet

STRONG = frozenset(
    {
        "sha256",
        "sha384",
        "sha512",
        "sha3256",
        "sha3384",
        "sha3512",
        "blake2b256",
        "blake2b384",
        "blake2b512",
        "blake3",
        "streebog256",
        "streebog512",
    }
)
"""Digests that are not broken (as ``Part.hashes`` spells them)."""

_DEPRECATED = re.compile(
    r"(?:A?GPL|LGPL|GFDL)-\d\.\d\+?|GPL-\d\.\d-with-\S+|BSD-2-Clause-(?:Free|Net)BSD|eCos-2\.0|"
    r"Nunit|StandardML-NJ|wxWindows|bzip2-1\.0\.5|Net-SNMP"
)
"""Ids that the SPDX licence list has deprecated."""

_WORDS = re.compile(r"[^\s()]+")
_SPDX3_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")
_KNOWN = {
    "cyclonedx": ("1.0", "1.1", "1.2", "1.3", "1.4", "1.5", "1.6", "1.7"),
    "spdx": ("2.0", "2.1", "2.2", "2.3"),
    "spdx3": ("3.0.0", "3.0.1", "3.0"),
}


class Element(NamedTuple):
    """One element of a document, or of each of its components."""

    id: str
    title: str
    remedy: str
    """What to do; ``CycloneDX: …; SPDX: …`` where the fields differ."""

    of_part: Callable[[Part, Sheet], bool] | None = None
    """Whether a component has it."""

    of_sheet: Callable[[Sheet], str] | None = None
    """What the document lacks, in a sentence without a full stop; empty if nothing."""


def _timestamp(sheet: Sheet) -> str:
    if not sheet.created.strip():
        return "states no time of creation"
    try:
        datetime.fromisoformat(sheet.created.strip())
    except ValueError:
        return f"states {sheet.created[:40]!r}, which is no time"
    return "" if _SPDX3_TIME.match(sheet.created.strip()) else "states a day without a time"


def _author(sheet: Sheet) -> str:
    return "" if any(one.name.strip() or one.email for one in sheet.authors) else "has no author"


def _author_or_tool(sheet: Sheet) -> str:
    return "" if sheet.authors or sheet.tools else "names neither an author nor a tool"


def _reachable(sheet: Sheet) -> str:
    if any(one.reachable for one in sheet.authors):
        return ""
    return "names nobody with an email address or URL"


def _dependencies(sheet: Sheet) -> str:
    if not sheet.parts:
        return "has no components"
    if not sheet.edges and (len(sheet.parts) > 1 or not sheet.primary):
        return "states no dependencies"
    if sheet.dangling:
        return f"states dependencies on what is not in it: {_some(sheet.dangling)}"
    return ""


def _dependencies_stated(part: Part, sheet: Sheet) -> bool:
    return part.ref in sheet.edges and not set(sheet.edges[part.ref]) & set(sheet.dangling)


def _connected(part: Part, sheet: Sheet) -> bool:
    """Whether the graph of dependencies mentions it."""
    return part.ref in sheet.edges or part.ref in _targets(sheet) or part.ref == sheet.primary


def _targets(sheet: Sheet) -> frozenset[str]:
    if (found := _TARGETS.get(id(sheet))) is None or found[0] is not sheet:
        _TARGETS.clear()
        found = (sheet, frozenset(t for targets in sheet.edges.values() for t in targets))
        _TARGETS[id(sheet)] = found
    return found[1]


_TARGETS: dict[int, tuple[Sheet, frozenset[str]]] = {}
"""Of the one sheet that is being judged."""


def _primary(sheet: Sheet) -> str:
    return "" if sheet.primary else "does not say which component it is about"


def _version_known(sheet: Sheet) -> str:
    known = _KNOWN[sheet.standard]
    if sheet.version in known:
        return ""
    return f"is of version {sheet.version[:20]!r}, which is not known"


def _version_current(sheet: Sheet) -> str:
    current = {"cyclonedx": ("1.6", "1.7"), "spdx": (), "spdx3": ("3.0.1",)}[sheet.standard]
    if sheet.version in current:
        return ""
    return f"is {sheet.standard} {sheet.version[:20]}, older than the guideline allows"


def _hashed(part: Part, _: Sheet) -> bool:
    return bool(part.hashes or part.deployable)


def _strong(part: Part, _: Sheet) -> bool:
    return any(name in STRONG for name, _ in (*part.hashes, *part.deployable))


def _license_valid(part: Part, _: Sheet) -> bool:
    return bool(part.licenses) and all(is_expression(text) for text in part.licenses)


def _license_current(part: Part, _: Sheet) -> bool:
    words = (word for text in part.licenses for word in _WORDS.findall(text))
    return bool(part.licenses) and not any(_DEPRECATED.fullmatch(word) for word in words)


def _distribution(part: Part, _: Sheet) -> bool:
    """A licence that is acknowledged as concluded, as an expression of known ids."""
    return bool(part.concluded) and all(is_expression(text) for text in part.concluded)


def _some(texts: tuple[str, ...]) -> str:
    shown = ", ".join(text[:80] for text in texts[:3])
    return f"{shown} and {len(texts) - 3:,} more" if len(texts) > 3 else shown


ELEMENTS: dict[str, Element] = {
    one.id: one
    for one in (
        Element(
            "name",
            "Component name",
            "give the component its name; CycloneDX: name; SPDX: name",
            lambda part, _: bool(part.name.strip()),
        ),
        Element(
            "version",
            "Component version",
            "state the version; CycloneDX: version; SPDX 2: versionInfo; "
            "SPDX 3: software_packageVersion",
            lambda part, _: bool(part.version.strip()),
        ),
        Element(
            "supplier",
            "Supplier name",
            "name who supplies it; CycloneDX: supplier.name; SPDX 2: supplier; SPDX 3: suppliedBy",
            lambda part, _: bool(part.supplier),
        ),
        Element(
            "producer",
            "Software producer",
            "name who makes or supplies it; CycloneDX: manufacturer, authors or supplier; "
            "SPDX: originator or supplier",
            lambda part, _: bool(part.supplier or part.creators),
        ),
        Element(
            "unique-id",
            "Unique identifier",
            "add a package URL, CPE or SWID tag; CycloneDX: purl, cpe, swid; SPDX: externalRefs",
            lambda part, _: bool(part.purls or part.cpes or part.other_ids),
        ),
        Element("purl", "Package URL", "add a purl", lambda part, _: bool(part.purls)),
        Element("cpe", "CPE", "add a CPE", lambda part, _: bool(part.cpes)),
        Element(
            "hash",
            "Component hash",
            "add a digest; CycloneDX: hashes; SPDX 2: checksums; SPDX 3: verifiedUsing",
            _hashed,
        ),
        Element(
            "strong-hash",
            "Component hash of SHA-256 or stronger",
            "add a SHA-256 or SHA-512 digest: MD5 and SHA-1 are broken",
            _strong,
        ),
        Element(
            "license",
            "Licence",
            "state a licence; CycloneDX: licenses; SPDX 2: licenseConcluded or licenseDeclared",
            lambda part, _: bool(part.licenses),
        ),
        Element(
            "license-valid",
            "Licence as an SPDX expression",
            "state an SPDX id or expression instead of a name or text",
            _license_valid,
        ),
        Element(
            "license-current",
            "Licence that is not deprecated",
            "replace the deprecated id (GPL-2.0 by GPL-2.0-only or GPL-2.0-or-later)",
            _license_current,
        ),
        Element(
            "license-declared",
            "Original licence",
            "state the licence that its makers declare; CycloneDX: acknowledgement declared; "
            "SPDX: licenseDeclared",
            lambda part, _: bool(part.declared),
        ),
        Element(
            "distribution-license",
            "Distribution licence",
            "state the licence it may be used under, as an SPDX expression; "
            "CycloneDX: acknowledgement concluded; SPDX: licenseConcluded",
            _distribution,
        ),
        Element(
            "effective-license",
            "Effective licence",
            "state the licence it is used under; CycloneDX: property "
            "bsi:component:effectiveLicense",
            lambda part, _: bool(part.effective),
        ),
        Element(
            "copyright",
            "Copyright notice",
            "state the copyright text",
            lambda part, _: bool(part.copyright),
        ),
        Element(
            "type",
            "Type or purpose",
            "state the type; CycloneDX: type; SPDX: primaryPackagePurpose",
            lambda part, _: bool(part.type),
        ),
        Element(
            "creator-contact",
            "Component creator with an address",
            "state an email address or URL of who makes it; CycloneDX: manufacturer.contact.email "
            "or manufacturer.url; SPDX 3: originatedBy with an external identifier",
            lambda part, _: any(one.reachable for one in part.creators),
        ),
        Element(
            "filename",
            "File name",
            "state the name of the file; CycloneDX: property bsi:component:filename; "
            "SPDX 3: hasDistributionArtifact to a file",
            lambda part, _: bool(part.filename),
        ),
        Element(
            "deployable-hash",
            "SHA-512 of the deployable component",
            "add the SHA-512 of the file; CycloneDX: hashes of the distribution reference; "
            "SPDX 3: verifiedUsing of the distributed file",
            lambda part, _: any(name == "sha512" for name, _ in part.deployable),
        ),
        Element(
            "executable",
            "Executable property",
            "say whether it is executable; CycloneDX: property bsi:component:executable; "
            "SPDX 3: software_additionalPurpose",
            lambda part, _: part.executable,
        ),
        Element(
            "archive",
            "Archive property",
            "say whether it is an archive; CycloneDX: property bsi:component:archive; "
            "SPDX 3: software_additionalPurpose",
            lambda part, _: part.archive,
        ),
        Element(
            "structured",
            "Structured property",
            "say whether it is structured; CycloneDX: property bsi:component:structured; "
            "SPDX 3: software_additionalPurpose container or firmware",
            lambda part, _: part.structured,
        ),
        Element(
            "dependencies-stated",
            "Statement of its own dependencies",
            "say what it needs, with an empty list where that is nothing; "
            "CycloneDX: dependencies; SPDX: DEPENDS_ON, with NONE",
            _dependencies_stated,
        ),
        Element(
            "connected",
            "Place in the graph of dependencies",
            "say what needs it, or what it needs",
            _connected,
        ),
        Element(
            "download-uri",
            "URI of the deployable component",
            "state where it can be had; CycloneDX: external reference distribution; "
            "SPDX: downloadLocation",
            lambda part, _: "://" in part.download,
        ),
        Element(
            "source-uri",
            "Source code URI",
            "state where its source is; CycloneDX: external reference source-distribution or vcs; "
            "SPDX: downloadLocation of a repository",
            lambda part, _: bool(part.source),
        ),
        Element(
            "source-hash",
            "Hash of the source code",
            "add a SHA-256 or SHA-512 digest of the source; CycloneDX: hashes of the "
            "source-distribution reference; SPDX 2: packageVerificationCode",
            lambda part, _: any(name in STRONG or name == "code" for name, _ in part.source_hashes),
        ),
        Element(
            "security-txt",
            "URL of security.txt",
            "state the address of its security.txt; CycloneDX: external reference rfc-9116",
            lambda part, _: bool(part.security_txt),
        ),
        Element(
            "author",
            "Author of SBOM data",
            "name the person or organisation that made it; CycloneDX: metadata.authors, "
            "manufacturer or supplier; SPDX: creators with Person or Organization",
            of_sheet=_author,
        ),
        Element(
            "author-or-tool",
            "Creator",
            "name who or what made it",
            of_sheet=_author_or_tool,
        ),
        Element(
            "author-contact",
            "Creator of the SBOM with an address",
            "state an email address or URL; CycloneDX: metadata.manufacturer.contact.email or "
            "url; SPDX 3: createdBy with an external identifier",
            of_sheet=_reachable,
        ),
        Element(
            "timestamp",
            "Timestamp",
            "state when it was made, in RFC 3339; CycloneDX: metadata.timestamp; "
            "SPDX: creationInfo.created",
            of_sheet=_timestamp,
        ),
        Element(
            "tool",
            "Tool name",
            "name the tool; CycloneDX: metadata.tools; SPDX 2: creators with Tool; "
            "SPDX 3: createdUsing",
            of_sheet=lambda sheet: "" if sheet.tools else "names no tool",
        ),
        Element(
            "context",
            "Generation context",
            "say at which phase it was made; CycloneDX: metadata.lifecycles; "
            "SPDX 3: software_sbomType; SPDX 2: 'SBOM Type: Build' in the creator's comment",
            of_sheet=lambda sheet: "" if any(sheet.contexts) else "does not say when it was made",
        ),
        Element(
            "identifier",
            "Identifier of the SBOM",
            "give it one; CycloneDX: serialNumber; SPDX 2: documentNamespace; "
            "SPDX 3: spdxId of the document",
            of_sheet=lambda sheet: "" if sheet.identifier.strip() else "has no identifier",
        ),
        Element(
            "dependencies",
            "Dependency relationships",
            "say what depends on what; CycloneDX: dependencies; SPDX: relationships",
            of_sheet=_dependencies,
        ),
        Element(
            "completeness",
            "Completeness of dependencies",
            "say how complete they are; CycloneDX: compositions; SPDX 3: completeness",
            of_sheet=lambda sheet: (
                "" if sheet.completeness else "does not say how complete its dependencies are"
            ),
        ),
        Element(
            "primary",
            "Primary component",
            "say what it is about; CycloneDX: metadata.component; SPDX: DESCRIBES",
            of_sheet=_primary,
        ),
        Element(
            "data-license",
            "Licence of the SBOM itself",
            "state one; CycloneDX: metadata.licenses; SPDX: dataLicense",
            of_sheet=lambda sheet: "" if sheet.data_licenses else "states no licence of its own",
        ),
        Element(
            "signature",
            "Signature",
            "sign it; CycloneDX: signature",
            of_sheet=lambda sheet: "" if sheet.signed else "is not signed within itself",
        ),
        Element(
            "version-known",
            "Version of the specification",
            "use a published version of CycloneDX or SPDX",
            of_sheet=_version_known,
        ),
        Element(
            "version-current",
            "Version of the specification that the guideline allows",
            "write CycloneDX 1.6 or later, or SPDX 3.0.1 or later",
            of_sheet=_version_current,
        ),
        Element(
            "no-vulnerabilities",
            "No vulnerability information",
            "state vulnerabilities in a separate document (VEX, CSAF)",
            of_sheet=lambda sheet: (
                ""
                if not sheet.vulnerabilities
                else f"states {sheet.vulnerabilities:,} vulnerabilities"
            ),
        ),
    )
}
"""Every element by its id."""
