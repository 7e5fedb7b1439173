"""The sheet of an SPDX 3 graph.  Source: SPDX 3.0.1 model; BSI TR-03183-2 2.1.0, section 8.2."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pratique.formats.shapes import objects_in, text_at
from pratique.inventory.quality.models import Part, Party, Sheet

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pratique.formats.sbom.values import Bill

_ABSENT = frozenset({"", "NOASSERTION", "NONE"})
_NOTHING = ("NoneElement", "NoAssertionElement", "NoneLicense", "NoAssertionLicense")
_EDGES = frozenset({"dependsOn", "contains", "hasStaticLink", "hasDynamicLink", "hasPrerequisite"})


def sheet(bill: Bill) -> Sheet:
    """What an SPDX 3 document states."""
    return _Reader(bill).sheet()


class _Reader:
    """Reads one graph."""

    def __init__(self, bill: Bill) -> None:
        self._bill = bill
        graph = bill.value.get("@graph")
        self._items = objects_in(graph if isinstance(graph, list) else [bill.value])
        self._by_id = {_id(one): one for one in self._items if _id(one)}
        self._links: dict[tuple[str, str], list[tuple[str, str]]] = {}
        self._stated: list[tuple[str, str, list[str]]] = []
        self._complete = False
        for one in self._items:
            if _kind(one) in {"Relationship", "LifecycleScopedRelationship"}:
                source, kind = _reference(one.get("from")), text_at(one, "relationshipType")
                targets = [_reference(target) for target in _many(one.get("to"))]
                self._stated.append((source, kind, targets))
                self._complete |= kind in _EDGES and bool(text_at(one, "completeness"))
                note = text_at(one, "comment")
                self._links.setdefault((source, kind), []).extend((t, note) for t in targets)

    def sheet(self) -> Sheet:
        info = self._info()
        document = next((one for one in self._items if _kind(one) == "SpdxDocument"), {})
        parts = [
            self._part(one, f"@graph[{number}]")
            for number, one in enumerate(self._items)
            if _kind(one).endswith("Package")
        ]
        primary = self._primary(document, {part.ref for part in parts})
        parts.sort(key=lambda part: part.ref != primary)
        edges, dangling = self._edges()
        boms = [one for one in self._items if _kind(one) == "software_Sbom"]
        identifier = _id(document)
        return Sheet(
            standard=self._bill.standard,
            form=self._bill.form,
            version=text_at(info, "specVersion"),
            identifier=identifier if ":" in identifier and not identifier.startswith("_:") else "",
            created=text_at(info, "created"),
            authors=tuple(one for ref in _many(info.get("createdBy")) if (one := self._party(ref))),
            tools=tuple(
                name
                for ref in _many(info.get("createdUsing"))
                if (name := text_at(self._at(ref), "name"))
            ),
            contexts=tuple(
                kind
                for one in boms
                for key in ("software_sbomType", "sbomType")
                for kind in _many(one.get(key))
                if isinstance(kind, str)
            ),
            data_licenses=tuple(
                text for one in _many(document.get("dataLicense")) if (text := self._license(one))
            ),
            primary=primary,
            parts=tuple(parts),
            edges=edges,
            dangling=tuple(dangling),
            completeness=self._complete,
            vulnerabilities=sum(_kind(one) == "security_Vulnerability" for one in self._items),
        )

    def _info(self) -> dict[str, Any]:
        for one in self._items:
            if _kind(one) == "CreationInfo":
                return one
        inner = (one.get("creationInfo") for one in self._items)
        return next((one for one in inner if isinstance(one, dict)), {})

    def _primary(self, document: dict[str, Any], refs: set[str]) -> str:
        roots = [_reference(one) for one in _many(document.get("rootElement"))]
        for root in list(roots):
            roots += [_reference(one) for one in _many(self._at(root).get("rootElement"))]
        for _, kind, targets in self._stated:
            roots += targets if kind == "describes" else []
        return next((root for root in roots if root in refs), "")

    def _edges(self) -> tuple[dict[str, tuple[str, ...]], dict[str, None]]:
        edges: dict[str, tuple[str, ...]] = {}
        dangling: dict[str, None] = {}
        imported = {
            text_at(one, "externalSpdxId")
            for item in self._items
            for one in objects_in(item.get("import"))
        }
        for source, kind, targets in self._stated:
            if kind not in _EDGES:
                continue
            kept = tuple(one for one in targets if not one.endswith(_NOTHING))
            edges[source] = (*edges.get(source, ()), *kept)
            dangling |= dict.fromkeys(
                one for one in (source, *kept) if one not in self._by_id and one not in imported
            )
        return edges, dangling

    def _part(self, item: dict[str, Any], path: str) -> Part:
        ref = _id(item)
        ids = [
            (text_at(one, "externalIdentifierType"), text_at(one, "identifier"))
            for key in ("externalIdentifier", "externalIdentifiers")
            for one in map(self._at, _many(item.get(key)))
        ]
        purls = [text for kind, text in ids if kind in {"packageUrl", "purl"}]
        if stated := text_at(item, "software_packageUrl"):
            purls.append(stated)
        references = [
            (text_at(one, "externalRefType"), next(iter(_many(one.get("locator"))), ""))
            for one in map(self._at, _many(item.get("externalRef")))
        ]
        files = [self._at(one) for one, _ in self._links.get((ref, "hasDistributionArtifact"), ())]
        deployed = [one for one in files if text_at(one, "software_primaryPurpose") != "source"]
        sources = [
            self._at(one)
            for kind in ("generates", "hasDistributionArtifact", "hasSourceArtifact", "other")
            for one, _ in self._links.get((ref, kind), ())
        ] + [self._at(one) for one in self._sources_of(ref)]
        sources = [one for one in sources if text_at(one, "software_primaryPurpose") == "source"]
        purposes = [
            str(kind)
            for one in (*deployed, item)
            for kind in _many(one.get("software_additionalPurpose"))
        ]
        declared = tuple(self._licenses(ref, "hasDeclaredLicense"))
        concluded = tuple(self._licenses(ref, "hasConcludedLicense"))
        return Part(
            ref=ref or path,
            path=path,
            name=text_at(item, "name"),
            version=text_at(item, "software_packageVersion"),
            type=text_at(item, "software_primaryPurpose"),
            supplier=self._party(item.get("suppliedBy")),
            creators=tuple(
                one for ref in _many(item.get("originatedBy")) if (one := self._party(ref))
            ),
            purls=tuple(purls),
            cpes=tuple(text for kind, text in ids if kind.startswith("cpe")),
            other_ids=tuple(text for kind, text in ids if kind in {"swhid", "gitoid", "swid"}),
            hashes=self._hashes(item),
            declared=declared,
            concluded=concluded,
            licenses=tuple(dict.fromkeys((*concluded, *declared))),
            copyright=text_at(item, "software_copyrightText"),
            download=text_at(item, "software_downloadLocation"),
            source=next(iter(self._source_urls(references, sources)), ""),
            source_hashes=tuple(digest for one in sources for digest in self._hashes(one)),
            filename=next((text_at(one, "name") for one in deployed if text_at(one, "name")), ""),
            deployable=tuple(digest for one in deployed for digest in self._hashes(one)),
            executable="executable" in purposes,
            archive="archive" in purposes,
            structured=bool({"container", "firmware"} & set(purposes)),
            effective=next(iter(self._licenses(ref, "other", "hasEffectiveLicense")), ""),
            security_txt=next(
                (url for kind, url in references if kind in {"securityOther", "securityTxt"}), ""
            ),
        )

    def _sources_of(self, ref: str) -> Iterator[str]:
        """What the element was generated from."""
        for source, kind, targets in self._stated:
            if kind == "generates" and ref in targets:
                yield source

    def _source_urls(
        self, references: list[tuple[str, Any]], sources: list[dict[str, Any]]
    ) -> Iterator[str]:
        for one in sources:
            for reference in map(self._at, _many(one.get("externalRef"))):
                if text := next(iter(_many(reference.get("locator"))), ""):
                    yield str(text)
            if text := text_at(one, "software_downloadLocation"):
                yield text
        for kind, url in references:
            if kind.lower() in {"vcs", "sourceartifact"} and url:
                yield str(url)

    def _licenses(self, ref: str, kind: str, comment: str = "") -> Iterator[str]:
        for target, note in self._links.get((ref, kind), ()):
            if (not comment or note == comment) and (text := self._license(target)):
                yield text

    def _license(self, ref: Any) -> str:
        item = self._at(ref)
        text = (
            text_at(item, "simplelicensing_licenseExpression")
            or text_at(item, "licenseExpression")
            or text_at(item, "name")
        )
        if not text and isinstance(ref, str) and not ref.endswith(_NOTHING):
            text = ref.rpartition("/")[2]
        return "" if text in _ABSENT else text

    def _hashes(self, item: dict[str, Any]) -> tuple[tuple[str, str], ...]:
        found = (self._at(one) for one in _many(item.get("verifiedUsing")))
        return tuple(
            (text_at(one, "algorithm").replace("_", "").replace("-", "").lower(), digest)
            for one in found
            if (digest := text_at(one, "hashValue"))
        )

    def _party(self, ref: Any) -> Party:
        item = self._at(ref)
        email = url = ""
        for key in ("externalIdentifier", "externalIdentifiers"):
            for one in map(self._at, _many(item.get(key))):
                kind, text = text_at(one, "externalIdentifierType"), text_at(one, "identifier")
                if kind == "email":
                    email = email or text
                elif "://" in text:
                    url = url or text
        if _kind(item) == "Tool":
            return Party()
        return Party(text_at(item, "name"), email, url)

    def _at(self, ref: Any) -> dict[str, Any]:
        if isinstance(ref, dict):
            return ref
        return self._by_id.get(ref, {}) if isinstance(ref, str) else {}


def _id(item: dict[str, Any]) -> str:
    return text_at(item, "spdxId") or text_at(item, "@id")


def _kind(item: dict[str, Any]) -> str:
    return text_at(item, "type") or text_at(item, "@type")


def _reference(value: Any) -> str:
    return _id(value) if isinstance(value, dict) else (value if isinstance(value, str) else "")


def _many(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
