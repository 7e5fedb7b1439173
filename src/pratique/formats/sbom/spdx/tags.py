"""Tags of SPDX 2's tag-value form and the keys of its JSON form.

Source: SPDX 2.3, clauses 6 to 13; each clause states its tag.
"""

from __future__ import annotations

from typing import NamedTuple


class Tag(NamedTuple):
    """One tag of an element."""

    name: str
    key: str
    """In the JSON form."""

    form: str = "text"
    """``text``, or one of those that are written in a way of their own: ``checksum`` …"""

    repeated: bool = False


DOCUMENT = (
    Tag("SPDXVersion", "spdxVersion"),
    Tag("DataLicense", "dataLicense"),
    Tag("SPDXID", "SPDXID"),
    Tag("DocumentName", "name"),
    Tag("DocumentNamespace", "documentNamespace"),
    Tag("ExternalDocumentRef", "externalDocumentRefs", "outside", True),
    Tag("DocumentComment", "comment"),
)
CREATION = (
    Tag("Creator", "creators", repeated=True),
    Tag("Created", "created"),
    Tag("CreatorComment", "comment"),
    Tag("LicenseListVersion", "licenseListVersion"),
)
PACKAGE = (
    Tag("PackageName", "name"),
    Tag("SPDXID", "SPDXID"),
    Tag("PackageVersion", "versionInfo"),
    Tag("PackageFileName", "packageFileName"),
    Tag("PackageSupplier", "supplier"),
    Tag("PackageOriginator", "originator"),
    Tag("PackageDownloadLocation", "downloadLocation"),
    Tag("FilesAnalyzed", "filesAnalyzed", "truth"),
    Tag("PackageVerificationCode", "packageVerificationCode", "code"),
    Tag("PackageChecksum", "checksums", "checksum", True),
    Tag("PackageHomePage", "homepage"),
    Tag("PackageSourceInfo", "sourceInfo"),
    Tag("PackageLicenseConcluded", "licenseConcluded"),
    Tag("PackageLicenseInfoFromFiles", "licenseInfoFromFiles", repeated=True),
    Tag("PackageLicenseDeclared", "licenseDeclared"),
    Tag("PackageLicenseComments", "licenseComments"),
    Tag("PackageCopyrightText", "copyrightText"),
    Tag("PackageSummary", "summary"),
    Tag("PackageDescription", "description"),
    Tag("PackageComment", "comment"),
    Tag("ExternalRef", "externalRefs", "reference", True),
    Tag("PackageAttributionText", "attributionTexts", repeated=True),
    Tag("PrimaryPackagePurpose", "primaryPackagePurpose"),
    Tag("ReleaseDate", "releaseDate"),
    Tag("BuiltDate", "builtDate"),
    Tag("ValidUntilDate", "validUntilDate"),
)
FILE = (
    Tag("FileName", "fileName"),
    Tag("SPDXID", "SPDXID"),
    Tag("FileType", "fileTypes", repeated=True),
    Tag("FileChecksum", "checksums", "checksum", True),
    Tag("LicenseConcluded", "licenseConcluded"),
    Tag("LicenseInfoInFile", "licenseInfoInFiles", repeated=True),
    Tag("LicenseComments", "licenseComments"),
    Tag("FileCopyrightText", "copyrightText"),
    Tag("FileComment", "comment"),
    Tag("FileNotice", "noticeText"),
    Tag("FileContributor", "fileContributors", repeated=True),
    Tag("FileAttributionText", "attributionTexts", repeated=True),
    Tag("FileDependency", "fileDependencies", repeated=True),
)
SNIPPET = (
    Tag("SnippetSPDXID", "SPDXID"),
    Tag("SnippetFromFileSPDXID", "snippetFromFile"),
    Tag("SnippetByteRange", "ranges", "bytes", True),
    Tag("SnippetLineRange", "ranges", "lines", True),
    Tag("SnippetLicenseConcluded", "licenseConcluded"),
    Tag("LicenseInfoInSnippet", "licenseInfoInSnippets", repeated=True),
    Tag("SnippetLicenseComments", "licenseComments"),
    Tag("SnippetCopyrightText", "copyrightText"),
    Tag("SnippetComment", "comment"),
    Tag("SnippetName", "name"),
    Tag("SnippetAttributionText", "attributionTexts", repeated=True),
)
LICENSE = (
    Tag("LicenseID", "licenseId"),
    Tag("ExtractedText", "extractedText"),
    Tag("LicenseName", "name"),
    Tag("LicenseCrossReference", "seeAlsos", repeated=True),
    Tag("LicenseComment", "comment"),
)
REVIEW = (
    Tag("Reviewer", "reviewer"),
    Tag("ReviewDate", "reviewDate"),
    Tag("ReviewComment", "comment"),
)
ANNOTATION = (
    Tag("Annotator", "annotator"),
    Tag("AnnotationDate", "annotationDate"),
    Tag("AnnotationType", "annotationType"),
    Tag("SPDXREF", "SPDXREF"),
    Tag("AnnotationComment", "comment"),
)
RELATIONSHIP = (
    Tag("Relationship", "", "relationship"),
    Tag("RelationshipComment", "comment"),
)

SECTIONS = {
    "packages": PACKAGE,
    "files": FILE,
    "snippets": SNIPPET,
    "hasExtractedLicensingInfos": LICENSE,
    "revieweds": REVIEW,
    "annotations": ANNOTATION,
    "relationships": RELATIONSHIP,
}
"""Key of the document's array to the tags of its items; the first tag opens an item."""
