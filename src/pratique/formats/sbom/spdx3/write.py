"""Writes an SPDX 2 value as an SPDX 3.0.1 graph in JSON-LD.

Source: SPDX 3.0.1 model (Core, Software, SimpleLicensing) and its JSON schema.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec

from pratique.formats.sbom.convert.parties import party, tool_of

CONTEXT = "https://spdx.org/rdf/3.0.1/spdx-context.jsonld"
_CORE = "https://spdx.org/rdf/3.0.1/terms/Core/"
_INFO = "_:creation"
_ABSENT = frozenset({"", "NONE", "NOASSERTION"})
_REF = re.compile(r"LicenseRef-[A-Za-z0-9.-]+")
_ALGORITHMS = {
    "MD2": "md2",
    "MD4": "md4",
    "MD5": "md5",
    "MD6": "md6",
    "ADLER32": "adler32",
    "SHA1": "sha1",
    "SHA224": "sha224",
    "SHA256": "sha256",
    "SHA384": "sha384",
    "SHA512": "sha512",
    "SHA3-256": "sha3_256",
    "SHA3-384": "sha3_384",
    "SHA3-512": "sha3_512",
    "BLAKE2b-256": "blake2b256",
    "BLAKE2b-384": "blake2b384",
    "BLAKE2b-512": "blake2b512",
    "BLAKE3": "blake3",
}
_PURPOSES = {
    "APPLICATION": "application",
    "ARCHIVE": "archive",
    "CONTAINER": "container",
    "DEVICE": "device",
    "FILE": "file",
    "FIRMWARE": "firmware",
    "FRAMEWORK": "framework",
    "INSTALL": "install",
    "LIBRARY": "library",
    "OPERATING_SYSTEM": "operatingSystem",
    "SOURCE": "source",
}


def write_json_ld(document: dict[str, Any]) -> bytes:
    """A document as a graph.

    Args:
        document: The value of an SPDX 2.3 document as this program makes it:
            packages, their licences, and ``DESCRIBES``, ``DEPENDS_ON`` and
            ``CONTAINS`` between them.  Files, snippets and annotations are
            left out.

    Returns:
        UTF-8 text that ends in a newline.
    """
    value = _Writer(document).graph()
    return msgspec.json.format(msgspec.json.encode(value), indent=2) + b"\n"


class _Writer:
    """Writes one document."""

    def __init__(self, document: dict[str, Any]) -> None:
        self._document = document
        self._base = f"{document['documentNamespace']}#"
        self._elements: list[dict[str, Any]] = []
        self._agents: dict[str, str] = {}
        self._licenses: dict[str, str] = {}
        self._count = 0

    def graph(self) -> dict[str, Any]:
        info = self._document["creationInfo"]
        creation: dict[str, Any] = {
            "type": "CreationInfo",
            "@id": _INFO,
            "specVersion": "3.0.1",
            "created": info["created"],
            "createdBy": [],
        }
        for one in info["creators"]:
            name, version = tool_of(one)
            if name:
                creation.setdefault("createdUsing", []).append(self._tool(f"{name} {version}"))
            elif agent := self._agent(one):
                creation["createdBy"].append(agent)
        if not creation["createdBy"]:  # at least one is demanded; the program itself
            creation["createdBy"].append(self._named("SoftwareAgent", "creator", "pratique"))
        for text in self._document.get("hasExtractedLicensingInfos", ()):
            self._add(
                "simplelicensing_SimpleLicensingText",
                text["licenseId"],
                name=text.get("name", ""),
                simplelicensing_licenseText=text["extractedText"],
            )
        packages = self._document.get("packages", ())
        ids = {one["SPDXID"]: self._package(one) for one in packages}
        roots = self._relationships(ids)
        everything = [one["spdxId"] for one in self._elements]
        roots = roots or list(ids.values())
        bom = self._add("software_Sbom", "SBOM", rootElement=roots, element=everything)
        self._add(
            "SpdxDocument",
            "DOCUMENT",
            name=self._document["name"],
            dataLicense=self._license("CC0-1.0"),
            profileConformance=["core", "software", "simpleLicensing"],
            rootElement=[bom],
            element=[one["spdxId"] for one in self._elements],
        )
        return {"@context": CONTEXT, "@graph": [creation, *self._elements]}

    def _add(self, type: str, id: str, **fields: Any) -> str:
        """One more element; empty fields are left out."""
        iri = self._base + id.removeprefix("SPDXRef-")
        stated = {key: value for key, value in fields.items() if value not in ("", [], None)}
        self._elements.append({"type": type, "spdxId": iri, "creationInfo": _INFO, **stated})
        return iri

    def _named(self, type: str, id: str, name: str, **fields: Any) -> str:
        return self._add(type, id, name=name, **fields)

    def _tool(self, name: str) -> str:
        self._count += 1
        return self._named("Tool", f"tool-{self._count}", name.strip())

    def _agent(self, text: Any) -> str:
        """The element of a person or organisation, made when it is met first."""
        kind, name, email = party(text)
        if not kind or not name:
            return ""
        if text not in self._agents:
            identifier = {
                "type": "ExternalIdentifier",
                "externalIdentifierType": "email",
                "identifier": email,
            }
            ids = [identifier] if "@" in email else []
            number = len(self._agents) + 1
            self._agents[text] = self._named(kind, f"agent-{number}", name, externalIdentifier=ids)
        return self._agents[text]

    def _license(self, text: str) -> str:
        if text not in self._licenses:
            custom = [
                {"type": "DictionaryEntry", "key": ref, "value": self._base + ref}
                for ref in dict.fromkeys(_REF.findall(text))
            ]
            self._licenses[text] = self._add(
                "simplelicensing_LicenseExpression",
                f"license-{len(self._licenses) + 1}",
                simplelicensing_licenseExpression=text,
                simplelicensing_customIdToUri=custom,
            )
        return self._licenses[text]

    def _package(self, item: dict[str, Any]) -> str:
        references = item.get("externalRefs", ())
        purl = _locator(references, "purl")
        cpes = [
            {"type": "ExternalIdentifier", "externalIdentifierType": kind, "identifier": text}
            for kind, name in (("cpe23", "cpe23Type"), ("cpe22", "cpe22Type"))
            if (text := _locator(references, name))
        ]
        download = item["downloadLocation"]
        originator = self._agent(item.get("originator"))
        iri = self._add(
            "software_Package",
            item["SPDXID"],
            name=item["name"],
            description=item.get("description", ""),
            software_packageVersion=item.get("versionInfo", ""),
            software_packageUrl=purl,
            externalIdentifier=cpes,
            verifiedUsing=_hashes(item),
            software_downloadLocation="" if download in _ABSENT else download,
            software_homePage=item.get("homepage", ""),
            software_copyrightText=item.get("copyrightText", ""),
            software_primaryPurpose=_PURPOSES.get(item.get("primaryPackagePurpose", ""), "other"),
            suppliedBy=self._agent(item.get("supplier")),
            originatedBy=[originator] if originator else [],
        )
        for key, type in (
            ("licenseDeclared", "hasDeclaredLicense"),
            ("licenseConcluded", "hasConcludedLicense"),
        ):
            if (text := item.get(key, "")) not in _ABSENT:
                self._relate(iri, type, [self._license(text)])
        return iri

    def _relationships(self, ids: dict[str, str]) -> list[str]:
        """Write edges, those of one element in one relationship; gives what is described."""
        edges: dict[tuple[str, str], list[str]] = {}
        roots = []
        for one in self._document.get("relationships", ()):
            source, target = one["spdxElementId"], one["relatedSpdxElement"]
            type = one["relationshipType"]
            if type == "DESCRIBES" and target in ids:
                roots.append(ids[target])
            elif type in {"DEPENDS_ON", "CONTAINS"} and source in ids:
                kind = "dependsOn" if type == "DEPENDS_ON" else "contains"
                targets = edges.setdefault((ids[source], kind), [])
                if target in ids and ids[target] not in targets:
                    targets.append(ids[target])
        for (iri, kind), targets in edges.items():
            self._relate(iri, kind, targets)
        return list(dict.fromkeys(roots))

    def _relate(self, iri: str, type: str, targets: list[str]) -> None:
        self._count += 1
        complete = "" if targets else "complete"
        targets = targets or [f"{_CORE}NoneElement"]
        self._add(
            "Relationship",
            f"relationship-{self._count}",
            **{"from": iri, "relationshipType": type, "to": targets, "completeness": complete},
        )


def _locator(references: Any, type: str) -> str:
    for one in references:
        if one["referenceType"] == type:
            return str(one["referenceLocator"])
    return ""


def _hashes(item: dict[str, Any]) -> list[dict[str, str]]:
    return [
        {
            "type": "Hash",
            "algorithm": _ALGORITHMS[one["algorithm"]],
            "hashValue": one["checksumValue"],
        }
        for one in item.get("checksums", ())
        if one["algorithm"] in _ALGORITHMS
    ]
