"""Fields of SPDX 2 packages in those of SPDX 3, and back.

Sources: SPDX 3.0.1, Core (Hash, ExternalIdentifier, ExternalRef) and Software
(Package); SPDX 2.3, clause 7.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from pratique.formats.sbom.convert.kinds import LENGTHS, TO_CYCLONEDX_ALGORITHM
from pratique.formats.sbom.spdx3.words import (
    ALGORITHMS,
    FROM_ALGORITHMS,
    FROM_PURPOSES,
    FROM_REFERENCES,
    PURPOSES,
    REFERENCES,
)
from pratique.formats.shapes import objects_in, text_at, texts_in

DOCUMENT = "SPDXRef-DOCUMENT"
_ABSENT = frozenset({"", "NONE", "NOASSERTION"})
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s<>\"{}|\\^`]+\Z")
_CPES = {"cpe23Type": "cpe23", "cpe22Type": "cpe22"}
_TIMES = {
    "builtDate": "builtTime",
    "releaseDate": "releaseTime",
    "validUntilDate": "validUntilTime",
}
_HEX = re.compile(r"[0-9a-fA-F]+\Z")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\Z")
_PLAIN = {
    "description": "description",
    "summary": "summary",
    "comment": "comment",
    "versionInfo": "software_packageVersion",
    "sourceInfo": "software_sourceInfo",
    "copyrightText": "software_copyrightText",
}


def package_fields(item: dict[str, Any]) -> dict[str, Any]:
    """Fields of an SPDX 3 package; empty ones have no meaning."""
    purls = _locators(item, "purl")
    identifiers = [_identifier("packageUrl", one) for one in purls[1:]]
    for type, kind in _CPES.items():
        identifiers += [_identifier(kind, one) for one in _locators(item, type)]
    download, home = text_at(item, "downloadLocation"), text_at(item, "homepage")
    return {
        "name": text_at(item, "name") or "unnamed",
        **{key: text_at(item, name) for name, key in _PLAIN.items()},
        "software_packageUrl": purls[0] if purls else "",
        "externalIdentifier": identifiers,
        "externalRef": list(map(_reference, _others(item))),
        "verifiedUsing": checksums(item),
        "software_attributionText": texts_in(item.get("attributionTexts")),
        "software_downloadLocation": download if _URI.match(download) else "",
        "software_homePage": home if _URI.match(home) else "",
        "software_primaryPurpose": PURPOSES.get(text_at(item, "primaryPackagePurpose"), ""),
        **{key: one for name, key in _TIMES.items() if TIME.match(one := text_at(item, name))},
    }


def checksums(item: dict[str, Any]) -> list[dict[str, Any]]:
    """``verifiedUsing`` of a package or file, with the verification code of a package."""
    found: list[dict[str, Any]] = [
        {
            "type": "Hash",
            "algorithm": ALGORITHMS[text_at(one, "algorithm")],
            "hashValue": text_at(one, "checksumValue"),
        }
        for one in objects_in(item.get("checksums"))
        if text_at(one, "algorithm") in ALGORITHMS and text_at(one, "checksumValue")
    ]
    code = item.get("packageVerificationCode")
    if isinstance(code, dict) and (digest := text_at(code, "packageVerificationCodeValue")):
        written = {"type": "PackageVerificationCode", "algorithm": "sha1", "hashValue": digest}
        left = texts_in(code.get("packageVerificationCodeExcludedFiles"))
        found.append(
            written | ({"packageVerificationCodeExcludedFile": left} if left else {}),
        )
    return found


def package_of(element: dict[str, Any], purpose: str) -> dict[str, Any]:
    """Fields of an SPDX 2 package.

    Args:
        element: Of a graph, with the short names of :mod:`.graph`.
        purpose: Of its class, where it states none.
    """
    identifiers = objects_in(element.get("externalIdentifier"))
    purls = [text_at(element, "packageUrl"), *_of_type(identifiers, "packageUrl", "purl")]
    references = [_external("PACKAGE-MANAGER", "purl", one) for one in purls if one]
    for type, kind in _CPES.items():
        references += [_external("SECURITY", type, one) for one in _of_type(identifiers, kind)]
    references += [one for item in objects_in(element.get("externalRef")) for one in _refs(item)]
    stated = text_at(element, "primaryPurpose") or purpose
    found: dict[str, Any] = {
        "name": text_at(element, "name") or "unnamed",
        **{name: text_at(element, key.removeprefix("software_")) for name, key in _PLAIN.items()},
        "downloadLocation": text_at(element, "downloadLocation") or "NOASSERTION",
        "homepage": text_at(element, "homePage"),
        **digests_of(element),
        "externalRefs": references,
        "attributionTexts": texts_in(element.get("attributionText")),
        "primaryPackagePurpose": FROM_PURPOSES.get(stated, "OTHER" if stated else ""),
        **{name: text_at(element, key) for name, key in _TIMES.items()},
    }
    found = {key: value for key, value in found.items() if value not in ("", [])}
    return found | {"filesAnalyzed": "packageVerificationCode" in found}


def digests_of(element: dict[str, Any]) -> dict[str, Any]:
    """``checksums`` and ``packageVerificationCode``, where an element has them."""
    sums, found = [], {}
    for one in objects_in(element.get("verifiedUsing")):
        digest = text_at(one, "hashValue")
        if text_at(one, "type").endswith("PackageVerificationCode") and digest:
            code: dict[str, Any] = {"packageVerificationCodeValue": digest}
            if left := texts_in(one.get("packageVerificationCodeExcludedFile")):
                code["packageVerificationCodeExcludedFiles"] = left
            found["packageVerificationCode"] = code
        elif (name := FROM_ALGORITHMS.get(text_at(one, "algorithm"))) and _is_digest(name, digest):
            sums.append({"algorithm": name, "checksumValue": digest})
    return ({"checksums": sums} if sums else {}) | found


def _is_digest(algorithm: str, digest: str) -> bool:
    """Whether a digest is one of its algorithm, as SPDX 2.3 demands (clause 7.10)."""
    wanted = LENGTHS.get(TO_CYCLONEDX_ALGORITHM.get(algorithm, ""), len(digest))
    return bool(_HEX.match(digest)) and len(digest) == wanted


def _locators(item: dict[str, Any], type: str) -> list[str]:
    return [
        locator
        for one in objects_in(item.get("externalRefs"))
        if text_at(one, "referenceType") == type and (locator := text_at(one, "referenceLocator"))
    ]


def _others(item: dict[str, Any]) -> list[dict[str, Any]]:
    known = {"purl", *_CPES}
    return [
        one
        for one in objects_in(item.get("externalRefs"))
        if text_at(one, "referenceType") not in known and text_at(one, "referenceLocator")
    ]


def _identifier(kind: str, identifier: str) -> dict[str, str]:
    return {
        "type": "ExternalIdentifier",
        "externalIdentifierType": kind,
        "identifier": identifier,
    }


def _reference(one: dict[str, Any]) -> dict[str, Any]:
    written: dict[str, Any] = {
        "type": "ExternalRef",
        "externalRefType": REFERENCES.get(text_at(one, "referenceType"), "other"),
        "locator": [text_at(one, "referenceLocator")],
    }
    comment = text_at(one, "comment")
    return written | ({"comment": comment} if comment else {})


def _external(category: str, type: str, locator: str) -> dict[str, Any]:
    return {
        "referenceCategory": category,
        "referenceType": type,
        "referenceLocator": locator,
    }


def _refs(item: dict[str, Any]) -> list[dict[str, Any]]:
    type = FROM_REFERENCES.get(text_at(item, "externalRefType"), "other")
    comment = text_at(item, "comment")
    note = {"comment": comment} if comment else {}
    locators = item.get("locator")
    locators = [locators] if isinstance(locators, str) else texts_in(locators)
    return [_external("OTHER", type, one) | note for one in locators]


def _of_type(identifiers: list[dict[str, Any]], *kinds: str) -> list[str]:
    return [
        text_at(one, "identifier")
        for one in identifiers
        if text_at(one, "externalIdentifierType") in kinds and text_at(one, "identifier")
    ]


def written_time(stated: str, now: datetime) -> str:
    """A time as SPDX 3 has it: in UTC and without fractions (Core/DateTime)."""
    try:
        time = datetime.fromisoformat(stated)
    except ValueError:
        time = now
    time = time if time.tzinfo else time.replace(tzinfo=UTC)
    try:
        return f"{time.astimezone(UTC):%Y-%m-%dT%H:%M:%S}Z".rjust(20, "0")
    except OverflowError:
        return f"{now.astimezone(UTC):%Y-%m-%dT%H:%M:%S}Z"
