"""Documents of invented packages."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path

import pytest

CYCLONEDX = {
    "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
    "bomFormat": "CycloneDX",
    "specVersion": "1.6",
    "version": 1,
    "metadata": {
        "component": {
            "bom-ref": "app",
            "type": "application",
            "name": "harbour",
            "version": "3.0",
            "purl": "pkg:npm/harbour@3.0",
        }
    },
    "components": [
        {
            "bom-ref": "alpha-1",
            "type": "library",
            "name": "alpha",
            "version": "1.0.0",
            "purl": "pkg:npm/alpha@1.0.0",
            "scope": "required",
            "hashes": [{"alg": "SHA-256", "content": "ab" * 32}],
            "licenses": [{"license": {"id": "MIT", "acknowledgement": "declared"}}],
            "externalReferences": [
                {"type": "vcs", "url": "https://example.test/alpha.git"},
                {"type": "distribution", "url": "https://user:secret@example.test/alpha-1.0.0.tgz"},
            ],
        },
        {
            "bom-ref": "beta-2",
            "type": "library",
            "group": "@scope",
            "name": "beta",
            "version": "2.0.0",
            "purl": "pkg:npm/%40scope/beta@2.0.0",
            "scope": "optional",
            "licenses": [{"expression": "MIT OR Apache-2.0"}],
        },
        {
            "bom-ref": "gamma-3",
            "type": "library",
            "name": "gamma",
            "version": "3.0.0",
            "purl": "pkg:pypi/gamma@3.0.0",
            "scope": "excluded",
            "licenses": [{"license": {"name": "Gamma Licence"}}, {"license": {"id": "ISC"}}],
            "components": [{"type": "library", "name": "inner", "version": "0.1"}],
        },
    ],
    "dependencies": [
        {"ref": "app", "dependsOn": ["alpha-1"]},
        {"ref": "alpha-1", "dependsOn": ["beta-2"]},
        {"ref": "beta-2", "dependsOn": []},
    ],
}

SPDX = {
    "spdxVersion": "SPDX-2.3",
    "SPDXID": "SPDXRef-DOCUMENT",
    "name": "harbour",
    "creationInfo": {"created": "2025-01-02T03:04:05.678Z", "creators": ["Tool: invented"]},
    "packages": [
        {"SPDXID": "SPDXRef-app", "name": "harbour", "versionInfo": "3.0"},
        {
            "SPDXID": "SPDXRef-alpha",
            "name": "alpha",
            "versionInfo": "1.0.0",
            "downloadLocation": "https://user:secret@example.test/alpha-1.0.0.tgz",
            "licenseConcluded": "MIT",
            "licenseDeclared": "NOASSERTION",
            "checksums": [
                {"algorithm": "SHA256", "checksumValue": "ab" * 32},
                {"algorithm": "SHA3-256", "checksumValue": "cd" * 32},
            ],
            "externalRefs": [
                {
                    "referenceCategory": "PACKAGE-MANAGER",
                    "referenceType": "purl",
                    "referenceLocator": "pkg:npm/alpha@1.0.0",
                }
            ],
        },
        {
            "SPDXID": "SPDXRef-beta",
            "name": "beta",
            "versionInfo": "2.0.0",
            "downloadLocation": "git+https://example.test/beta.git@" + "0a" * 20,
            "licenseConcluded": "NONE",
            "licenseDeclared": "Apache-2.0",
            "externalRefs": [
                {
                    "referenceCategory": "PACKAGE_MANAGER",
                    "referenceType": "purl",
                    "referenceLocator": "pkg:pypi/beta@2.0.0",
                }
            ],
        },
    ],
    "relationships": [
        {
            "spdxElementId": "SPDXRef-DOCUMENT",
            "relationshipType": "DESCRIBES",
            "relatedSpdxElement": "SPDXRef-app",
        },
        {
            "spdxElementId": "SPDXRef-app",
            "relationshipType": "DEPENDS_ON",
            "relatedSpdxElement": "SPDXRef-alpha",
        },
        {
            "spdxElementId": "SPDXRef-beta",
            "relationshipType": "DEV_DEPENDENCY_OF",
            "relatedSpdxElement": "SPDXRef-alpha",
        },
    ],
}


@pytest.fixture
def cyclonedx() -> dict:
    return copy.deepcopy(CYCLONEDX)


@pytest.fixture
def spdx() -> dict:
    return copy.deepcopy(SPDX)


@pytest.fixture(scope="session")
def document() -> Callable[[str], bytes]:
    """Bytes of a file of ``documents``: CYCLONEDX or SPDX in another serialisation."""
    folder = Path(__file__).parent / "documents"
    return lambda name: (folder / name).read_bytes()


@pytest.fixture
def read():
    """Detects, reads and returns the reading of a document given as bytes or as a value."""
    from pratique.formats.registry import resolve
    from pratique.formats.sbom import READERS

    def read(document):
        data = document if isinstance(document, bytes) else json.dumps(document, indent=1).encode()
        reader = next(r for r in READERS if resolve(r.sniff)(data[: 64 * 1024]))
        return resolve(reader.read)(data, "bom.json", None)

    return read
