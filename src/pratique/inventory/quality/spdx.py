"""The sheet of an SPDX 2 value.  Source: SPDX 2.3, clauses 6, 7 and 11."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pratique.formats.sbom.convert.parties import party, tool_of
from pratique.formats.sbom.spdx.kinds import DESCRIBES, NEEDED_BY, NEEDS
from pratique.formats.shapes import array, objects_in, text_at
from pratique.inventory.quality.models import Part, Party, Sheet

if TYPE_CHECKING:
    from pratique.formats.sbom.values import Bill

_ABSENT = frozenset({"", "NOASSERTION", "NONE"})
_OTHER_IDS = frozenset({"swh", "gitoid", "swid"})


def sheet(bill: Bill) -> Sheet:
    """What an SPDX 2 document states."""
    value = bill.value
    info = value.get("creationInfo")
    info = info if isinstance(info, dict) else {}
    creators = [one for one in array(info.get("creators")) if isinstance(one, str)]
    packages = objects_in(value.get("packages"))
    parts = [_part(item, f"packages[{number}]") for number, item in enumerate(packages)]
    graph = _Graph(value, {part.ref for part in parts})
    primary = graph.described[0] if graph.described else ""
    parts.sort(key=lambda part: part.ref != primary)
    authors = (_party(one) for one in creators)
    return Sheet(
        standard=bill.standard,
        form=bill.form,
        version=bill.version.removeprefix("SPDX-"),
        identifier=text_at(value, "documentNamespace"),
        created=text_at(info, "created"),
        authors=tuple(one for one in authors if one),
        tools=tuple(" ".join(tool_of(one)).strip() for one in creators if tool_of(one)[0]),
        contexts=_contexts(info),
        data_licenses=_stated(value, "dataLicense"),
        primary=primary,
        parts=tuple(parts),
        edges=graph.edges,
        dangling=tuple(graph.dangling),
    )


class _Graph:
    """The relationships of a document."""

    def __init__(self, value: dict[str, Any], refs: set[str]) -> None:
        document = text_at(value, "SPDXID") or "SPDXRef-DOCUMENT"
        others = {
            text_at(one, "SPDXID")
            for key in ("files", "snippets")
            for one in objects_in(value.get(key))
        } | {document, "SPDXRef-DOCUMENT", "NONE", "NOASSERTION"}
        edges: dict[str, list[str]] = {}
        self.dangling: dict[str, None] = {}
        described = dict.fromkeys(
            one for one in array(value.get("documentDescribes")) if isinstance(one, str)
        )
        for item in objects_in(value.get("relationships")):
            kind = text_at(item, "relationshipType").upper().replace("-", "_")
            source, target = text_at(item, "spdxElementId"), text_at(item, "relatedSpdxElement")
            self.dangling |= dict.fromkeys(
                one
                for one in (source, target)
                if one not in refs and one not in others and not one.startswith("DocumentRef-")
            )
            if kind == "DESCRIBED_BY":
                described[source] = None
            elif kind in DESCRIBES and source not in refs:
                described[target] = None
            elif kind in NEEDS and target in {"NONE", "NOASSERTION"}:
                edges.setdefault(source, [])
            elif kind in NEEDS:
                edges.setdefault(source, []).append(target)
            elif kind in NEEDED_BY:
                edges.setdefault(target, []).append(source)
        self.edges = {ref: tuple(targets) for ref, targets in edges.items()}
        self.described = [one for one in described if one in refs]


def _part(item: dict[str, Any], path: str) -> Part:
    references = objects_in(item.get("externalRefs"))

    def of(*types: str) -> tuple[str, ...]:
        return tuple(
            text_at(one, "referenceLocator")
            for one in references
            if text_at(one, "referenceType").rpartition("/")[2].lower() in types
        )

    declared, concluded = _stated(item, "licenseDeclared"), _stated(item, "licenseConcluded")
    download = next(iter(_stated(item, "downloadLocation")), "")
    is_source = download.startswith(("git+", "git:", "hg+", "svn+"))
    source = of("vcs", "source-distribution")
    creator = _party(item.get("originator"))
    supplier = _party(item.get("supplier"))
    hashes = tuple(
        (text_at(one, "algorithm").replace("-", "").lower(), text_at(one, "checksumValue"))
        for one in objects_in(item.get("checksums"))
        if text_at(one, "checksumValue")
    )
    return Part(
        ref=text_at(item, "SPDXID") or path,
        path=path,
        name=text_at(item, "name"),
        version=next(iter(_stated(item, "versionInfo")), ""),
        type=text_at(item, "primaryPackagePurpose"),
        supplier=supplier,
        creators=(creator,) if creator else (),
        purls=of("purl"),
        cpes=of("cpe22type", "cpe23type"),
        other_ids=of(*_OTHER_IDS),
        hashes=hashes,
        declared=declared,
        concluded=concluded,
        licenses=tuple(dict.fromkeys((*concluded, *declared))),
        copyright=next(iter(_stated(item, "copyrightText")), ""),
        download="" if is_source else download,
        source=download if is_source else next(iter((*source, *_stated(item, "sourceInfo"))), ""),
        source_hashes=(("code", ""),)
        if isinstance(item.get("packageVerificationCode"), dict)
        else (),
        filename=text_at(item, "packageFileName"),
        deployable=hashes if text_at(item, "packageFileName") or download else (),
    )


def _party(text: Any) -> Party:
    kind, name, email = party(text)
    if not kind:
        return Party()
    if "://" in email:
        return Party(name, url=email)
    return Party(name, email or (name if "@" in name else ""))


def _contexts(info: dict[str, Any]) -> tuple[str, ...]:
    """The type of SBOM that a creator's comment states, in CISA's words."""
    comment = text_at(info, "comment").lower()
    kinds = ("design", "source", "build", "analyzed", "deployed", "runtime")
    return tuple(kind for kind in kinds if f"{kind} sbom" in comment or f"type: {kind}" in comment)


def _stated(owner: dict[str, Any], key: str) -> tuple[str, ...]:
    text = text_at(owner, key).strip()
    return (text,) if text not in _ABSENT else ()
