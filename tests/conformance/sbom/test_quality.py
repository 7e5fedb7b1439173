"""Minimum elements: shared documents whose names say which element is absent or there."""

from __future__ import annotations

import re

import pytest

from pratique.formats.sbom.validation import validate
from pratique.inventory.quality import judge
from pratique.model.errors import InputError

ABSENT = {
    "ComponentVersion": "version",
    "ComponentSupplier": "supplier",
    "ComponentSupplierEmailAndURL": "creator-contact",
    "ComponentName": "name",
    "ComponentHash": "hash",
    "ComponentDeployableHash": "deployable-hash",
    "ComponentLicense": "license",
    "ComponentLicenseNoAssertion": "license",
    "ComponentLicenseNone": "license",
    "ComponentLicenseExpressionNone": "license",
    "ComponentLicenseExpressionNoAssertion": "license",
    "ComponentLicenseID": "distribution-license",
    "ComponentLicenseExpression": "distribution-license",
    "ComponentOtherUniqueIDs": "unique-id",
    "ComponentDownloadURL": "download-uri",
    "ComponentSourceCodeURL": "source-uri",
    "ComponentSourceHash": "source-hash",
    "ComponentBsiFilename": "filename",
    "ComponentBsiExecutable": "executable",
    "ComponentBsiArchive": "archive",
    "ComponentBsiStructured": "structured",
    "ComponentBsiEffectiveLicense": "effective-license",
    "ComponentSecurityTxtURL": "security-txt",
    "ComponentManufacturerEmailAndURL": "creator-contact",
    "ComponentManufacturerEmail": "creator-contact",
    "ComponentManufacturerURL": "creator-contact",
    "ComponentAuthorEmail": "creator-contact",
    "ComponentHashMD5": "deployable-hash",
    "ComponentDeployableHashComponentLevelOnly": "deployable-hash",
    "MetadataAuthorEmail": "author-contact",
    "MetadataAuthor": "author",
    "MetadataCreator": "author",
    "MetadataCreatorEmail": "author-contact",
    "MetadataManufacturerEmailAndURL": "author-contact",
    "MetadataManufacturerURL": "author-contact",
    "MetadataSupplierEmailAndURL": "author-contact",
    "MetadataTimestamp": "timestamp",
    "PrimaryComponent": "primary",
    "DependencyInfo": "dependencies",
    "SerialNumber": "identifier",
    "DocumentNamespace": "identifier",
    "TargetComponentDependencies": "dependencies",
    "SourceComponentDependencies": "dependencies",
}
"""What the names of sbomqs' documents mean, behind ``missing``, ``invalid`` and the like."""

PRESENT = {
    "ComponentName": "name",
    "ComponentVersion": "version",
    "ComponentPURL": "unique-id",
    "ComponentCPE": "unique-id",
    "ComponentSWID": "unique-id",
    "ComponentHashSHA256": "hash",
    "ComponentLicenseConcluded": "distribution-license",
    "ComponentLicenseDeclared": "license-declared",
    "ComponentLicenseCustomRef": "license",
    "ComponentDownloadURL": "download-uri",
    "ComponentSourceCodeURL": "source-uri",
    "ComponentSourceHash": "source-hash",
    "ComponentBsiFilename": "filename",
    "ComponentBsiExecutable": "executable",
    "ComponentBsiArchive": "archive",
    "ComponentBsiStructured": "structured",
    "ComponentBsiEffectiveLicense": "effective-license",
    "ComponentSecurityTxtURL": "security-txt",
    "ComponentExtRefDistributionHashSHA512": "deployable-hash",
    "ComponentExtRefDistributionIntakeHashSHA512": "deployable-hash",
    "ComponentDeployableHashDistributionIntake": "deployable-hash",
    "ComponentManufacturerEmail": "creator-contact",
    "ComponentManufacturerURL": "creator-contact",
    "ComponentManufacturerEmailAndURL": "creator-contact",
    "ComponentSupplierEmail": "supplier",
    "ComponentSupplierURL": "supplier",
    "ComponentSupplierEmailAndURL": "supplier",
    "ComponentOrganizationSupplier": "supplier",
    "ComponentPersonSupplier": "supplier",
    "MetadataTimestamp": "timestamp",
    "MetadataAuthorEmail": "author-contact",
    "MetadataManufacturerEmail": "author-contact",
    "MetadataManufacturerURL": "author-contact",
    "MetadataManufacturerEmailAndURL": "author-contact",
    "MetadataSupplierEmail": "author-contact",
    "MetadataSupplierURL": "author-contact",
    "MetadataSupplierEmailAndURL": "author-contact",
    "SerialNumber": "identifier",
    "DocumentNamespace": "identifier",
    "ComponentDependencies": "dependencies",
}

EXPLAINED = {
    "missingComponentDeployableHash.spdx23.json": "the SHA-512 of a package with a download "
    "location is that of what is deployed",
    "validComponentDeployableHashDistributionIntake.cdx16.json": "it is SHA-256; the guideline "
    "demands SHA-512",
}
"""Documents of which something else is said here, and why."""

NTIA = {
    "missing_author_name": "author",
    "missing_component_version": "version",
    "missing_dependency_relationships": "dependencies",
    "missing_supplier_name": "supplier",
    "missing_timestamp": "timestamp",
    "missing_concluded_license": "distribution-license",
}
SPDX_3 = {
    "missing_supplier_name.json": "supplier",
    "missing_version.json": "version",
    "missing_unique_identifiers.json": "unique-id",
}
TWO_COMPONENTS = {
    "archive-prop": "archive",
    "concluded-license": "distribution-license",
    "creator": "creator-contact",
    "declared-license": "license-declared",
    "dependencies": "dependencies-stated",
    "deployable-hash": "deployable-hash",
    "download-url": "download-uri",
    "effective-license": "effective-license",
    "executable-prop": "executable",
    "filename": "filename",
    "purl-cpe": "unique-id",
    "security-txt-url": "security-txt",
    "source-code-hash": "source-hash",
    "source-code-url": "source-uri",
    "structured-prop": "structured",
}


def shortfalls(path, *profiles):
    quality = judge(path.read_bytes(), *([profiles] if profiles else []))
    return {
        one.element: one for result in quality.profiles for one in result.elements if one.shortfalls
    }


@pytest.fixture(scope="module")
def sbomqs(vector_folder):
    return vector_folder("sbom/sbom-vectors.tar.xz") / "sbomqs/testdata"


@pytest.fixture(scope="module")
def ntia(vector_folder):
    return vector_folder("sbom/sbom-vectors.tar.xz") / "ntia/tests/data"


def named(folder, words, table):
    for path in sorted(folder.rglob("*.json")):
        found = re.match(rf"(?:{words})([A-Z]\w*?)\.(?:cdx16|spdx23)\.json", path.name)
        if found and found[1] in table and path.name not in EXPLAINED:
            yield path, table[found[1]]


def test_every_absent_element_of_sbomqs_documents_is_reported(sbomqs):
    unreported = []
    done = 0
    for path, element in named(sbomqs / "bsi", "missing|absent|invalid|none|broken", ABSENT):
        if element not in shortfalls(path):
            unreported.append((path.name, element))
        done += 1
    assert unreported == []
    assert done > 50


def test_no_present_element_of_sbomqs_documents_is_reported(sbomqs):
    reported = []
    done = 0
    for path, element in named(sbomqs / "bsi", "valid", PRESENT):
        found = shortfalls(path).get(element)
        if found and found.passed == 0:
            reported.append((path.name, element))
        done += 1
    assert reported == []
    assert done > 45


def test_bsi_documents_lack_the_one_element_of_the_second_component(sbomqs):
    for name, element in TWO_COMPONENTS.items():
        path = sbomqs / f"bsi/spdx3/v2.1.0-two-comps-one-with-{name}.json"
        found = shortfalls(path, "bsi")
        assert set(found) == {element}, name
        assert (found[element].passed, found[element].total) == (1, 2), name


@pytest.mark.parametrize(
    ("name", "element"),
    [
        ("doc-missing-creator", "author-contact"),
        ("doc-missing-sbom-uri", "identifier"),
        ("doc-missing-spec-version", "version-current"),
        ("doc-missing-timestamp", "timestamp"),
    ],
)
def test_bsi_documents_that_lack_one_element_of_the_document(sbomqs, name, element):
    assert set(shortfalls(sbomqs / f"bsi/spdx3/v2.1.0-{name}.json", "bsi")) == {element}


def test_vulnerabilities_in_a_document(sbomqs):
    assert "no-vulnerabilities" in shortfalls(sbomqs / "bsi/cdx/withVulnerabilities.cdx16.json")
    assert "no-vulnerabilities" not in shortfalls(sbomqs / "bsi/cdx/noVulnerabilities.cdx16.json")


def test_a_fully_compliant_document(sbomqs):
    path = sbomqs / "bsi/cdx/validFullyCompliantBsiV21.cdx16.json"
    lacks = shortfalls(path, "ntia", "bsi")
    assert set(lacks) == {"creator-contact"}
    # It names a supplier only, where the guideline's mapping (section 8.2) wants a manufacturer.
    assert [one.component for one in lacks["creator-contact"].shortfalls] == ["acme-utils 0.5.0"]


def test_ntia_documents_in_every_serialisation(ntia):
    done = 0
    for folder, element in NTIA.items():
        for path in sorted((ntia / folder).iterdir()):
            assert element in shortfalls(path), path
            done += 1
    assert done == 30
    for path in sorted((ntia / "no_elements_missing").iterdir()):
        assert shortfalls(path, "ntia") == {}, path


def test_ntia_documents_without_an_spdxid(ntia):
    """What is missing there is the SPDXID; the CPE that it has serves for matching."""
    for path in sorted((ntia / "missing_unique_identifiers").iterdir()):
        if "Rdf" not in path.name:  # of which an address is the identifier
            faults = [one.path for one in validate(path.read_bytes()).faults]
            assert "packages[0].SPDXID" in faults, path


def test_ntia_documents_of_the_older_form_are_refused(ntia):
    """They nest packages in ``documentDescribes``; RDF has one form only."""
    for path in sorted((ntia / "missing_component_name").iterdir()):
        if path.suffix == ".rdf":
            assert judge(path.read_bytes()).components
            continue
        with pytest.raises(InputError, match="before the standard"):
            judge(path.read_bytes())


def test_ntia_spdx_3_documents(ntia):
    for name, element in SPDX_3.items():
        assert element in shortfalls(ntia / "spdx3" / name, "ntia"), name
    # There, any spdxId counts as a unique identifier; here, one that others know too is wanted.
    assert set(shortfalls(ntia / "spdx3/no_elements_missing.json", "ntia")) == {"unique-id"}
