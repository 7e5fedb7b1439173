"""Which terms of SPDX 2's RDF form are which keys of its JSON form.

Source: the ontology of the terms and the JSON schema of SPDX 2.3, and the RDF
statement of each clause from 6 to 12.
"""

from __future__ import annotations

from typing import NamedTuple


class Term(NamedTuple):
    """One key of an object."""

    key: str
    kind: str = "text"
    """``text``, ``truth``, ``number``, ``constant``, ``category``, ``value`` (a text, or the
    name at the end of an address), ``reference``, ``algorithm``,
    ``licence``, ``element`` or ``object``."""

    many: bool = False
    of: str = ""
    """Of objects: their class."""


_CONCLUDED = {
    "licenseConcluded": Term("licenseConcluded", "licence"),
    "licenseComments": Term("licenseComments"),
    "copyrightText": Term("copyrightText", "value"),
    "comment": Term("comment"),
    "attributionText": Term("attributionTexts", many=True),
    "annotation": Term("annotations", "object", many=True, of="Annotation"),
}
_CHECKSUMS = {"checksum": Term("checksums", "object", many=True, of="Checksum")}

TERMS: dict[str, dict[str, Term]] = {
    "SpdxDocument": {
        "specVersion": Term("spdxVersion"),
        "name": Term("name"),
        "comment": Term("comment"),
        "dataLicense": Term("dataLicense", "value"),
        "creationInfo": Term("creationInfo", "object", of="CreationInfo"),
        "describesPackage": Term("documentDescribes", "element", many=True),
        "externalDocumentRef": Term(
            "externalDocumentRefs", "object", many=True, of="ExternalDocumentRef"
        ),
        "hasExtractedLicensingInfo": Term(
            "hasExtractedLicensingInfos", "object", many=True, of="ExtractedLicensingInfo"
        ),
        "annotation": Term("annotations", "object", many=True, of="Annotation"),
        "reviewed": Term("revieweds", "object", many=True, of="Review"),
    },
    "CreationInfo": {
        "comment": Term("comment"),
        "created": Term("created"),
        "creator": Term("creators", many=True),
        "licenseListVersion": Term("licenseListVersion"),
    },
    "ExternalDocumentRef": {
        "externalDocumentId": Term("externalDocumentId"),
        "spdxDocument": Term("spdxDocument"),
        "checksum": Term("checksum", "object", of="Checksum"),
    },
    "Checksum": {
        "algorithm": Term("algorithm", "algorithm"),
        "checksumValue": Term("checksumValue"),
    },
    "ExtractedLicensingInfo": {
        "licenseId": Term("licenseId"),
        "extractedText": Term("extractedText"),
        "name": Term("name"),
        "licenseName": Term("name"),
        "comment": Term("comment"),
        "seeAlso": Term("seeAlsos", many=True),
        "crossRef": Term("crossRefs", "object", many=True, of="CrossRef"),
    },
    "CrossRef": {
        "url": Term("url"),
        "match": Term("match"),
        "order": Term("order", "number"),
        "timestamp": Term("timestamp"),
        "isLive": Term("isLive", "truth"),
        "isValid": Term("isValid", "truth"),
        "isWayBackLink": Term("isWayBackLink", "truth"),
    },
    "Annotation": {
        "annotationDate": Term("annotationDate"),
        "annotationType": Term("annotationType", "constant"),
        "annotator": Term("annotator"),
        "comment": Term("comment"),
    },
    "Review": {
        "reviewer": Term("reviewer"),
        "reviewDate": Term("reviewDate"),
        "comment": Term("comment"),
    },
    "Package": {
        "name": Term("name"),
        "packageName": Term("name"),
        "versionInfo": Term("versionInfo"),
        "packageFileName": Term("packageFileName"),
        "supplier": Term("supplier", "value"),
        "originator": Term("originator", "value"),
        "downloadLocation": Term("downloadLocation", "value"),
        "filesAnalyzed": Term("filesAnalyzed", "truth"),
        "packageVerificationCode": Term(
            "packageVerificationCode", "object", of="PackageVerificationCode"
        ),
        **_CHECKSUMS,
        "homepage": Term("homepage", "value"),
        "sourceInfo": Term("sourceInfo"),
        "licenseDeclared": Term("licenseDeclared", "licence"),
        "licenseInfoFromFiles": Term("licenseInfoFromFiles", "licence", many=True),
        **_CONCLUDED,
        "summary": Term("summary"),
        "description": Term("description"),
        "externalRef": Term("externalRefs", "object", many=True, of="ExternalRef"),
        "primaryPackagePurpose": Term("primaryPackagePurpose", "constant"),
        "builtDate": Term("builtDate"),
        "releaseDate": Term("releaseDate"),
        "validUntilDate": Term("validUntilDate"),
        "hasFile": Term("hasFiles", "element", many=True),
    },
    "PackageVerificationCode": {
        "packageVerificationCodeValue": Term("packageVerificationCodeValue"),
        "packageVerificationCodeExcludedFile": Term(
            "packageVerificationCodeExcludedFiles", many=True
        ),
    },
    "ExternalRef": {
        "referenceCategory": Term("referenceCategory", "category"),
        "referenceType": Term("referenceType", "reference"),
        "referenceLocator": Term("referenceLocator"),
        "comment": Term("comment"),
    },
    "File": {
        "fileName": Term("fileName"),
        "name": Term("fileName"),
        "fileType": Term("fileTypes", "constant", many=True),
        **_CHECKSUMS,
        **_CONCLUDED,
        "licenseInfoInFile": Term("licenseInfoInFiles", "licence", many=True),
        "noticeText": Term("noticeText"),
        "fileContributor": Term("fileContributors", many=True),
        "fileDependency": Term("fileDependencies", "element", many=True),
    },
    "Snippet": {
        "name": Term("name"),
        "snippetFromFile": Term("snippetFromFile", "element"),
        "range": Term("ranges", "object", many=True, of="StartEndPointer"),
        **_CONCLUDED,
        "licenseInfoInSnippet": Term("licenseInfoInSnippets", "licence", many=True),
    },
    "StartEndPointer": {
        "startPointer": Term("startPointer", "object", of="Pointer"),
        "endPointer": Term("endPointer", "object", of="Pointer"),
    },
    "Pointer": {
        "offset": Term("offset", "number"),
        "lineNumber": Term("lineNumber", "number"),
        "reference": Term("reference", "element"),
    },
    "Relationship": {
        "relatedSpdxElement": Term("relatedSpdxElement", "element"),
        "relationshipType": Term("relationshipType", "constant"),
        "comment": Term("comment"),
    },
}
"""Terms of each class; ``relationship`` is a property of every element besides."""

ALGORITHMS = (
    "SHA1",
    "SHA224",
    "SHA256",
    "SHA384",
    "SHA512",
    "SHA3-256",
    "SHA3-384",
    "SHA3-512",
    "MD2",
    "MD4",
    "MD5",
    "MD6",
    "BLAKE2b-256",
    "BLAKE2b-384",
    "BLAKE2b-512",
    "BLAKE3",
    "ADLER32",
)
"""Algorithms of checksums (SPDX 2.3, clause 7.10), as JSON writes them."""
