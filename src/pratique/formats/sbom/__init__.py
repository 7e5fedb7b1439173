"""Bills of materials: CycloneDX and SPDX documents, read and written.

Sources: CycloneDX 1.2 to 1.7 (ECMA-424 from 1.6 on), SPDX 2.2 and 2.3.
"""

from __future__ import annotations

from pratique.formats.base import Kind, Reader

READERS: tuple[Reader, ...] = (
    Reader(
        name="cyclonedx-json",
        title="CycloneDX bill of materials, JSON, versions 1.2 to 1.7",
        kind=Kind.SBOM,
        files=(
            "*.[cC][dD][xX].[jJ][sS][oO][nN]",
            "*.cyclonedx.json",
            "cyclonedx*.json",
            "bom.json",
            "*.bom.json",
            "*-bom.json",
            "sbom*.json",
            "*[-_]sbom.json",
        ),
        read="pratique.formats.sbom.cyclonedx.read:read_json",
        sniff="pratique.formats.sbom.sniff:is_cyclonedx_json",
    ),
    Reader(
        name="spdx-json",
        title="SPDX document, JSON, versions 2.2 and 2.3",
        kind=Kind.SBOM,
        files=(
            "*.[sS][pP][dD][xX].[jJ][sS][oO][nN]",
            ".spdx.*.json",
            "spdx*.json",
            "bom.json",
            "*-bom.json",
            "sbom*.json",
            "*[-_]sbom.json",
        ),
        read="pratique.formats.sbom.spdx.read:read_json",
        sniff="pratique.formats.sbom.sniff:is_spdx_json",
    ),
)
"""The formats of this room."""
