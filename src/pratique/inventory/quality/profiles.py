"""Profiles: which elements a guideline wants, and where it says so.

Sources: NTIA, The Minimum Elements For a Software Bill of Materials, July 2021;
CISA, 2025 Minimum Elements for a Software Bill of Materials, draft of August
2025; BSI TR-03183-2, version 2.1.0 (August 2025), sections 4, 5.2 and 8.1.14.
"""

from __future__ import annotations

from typing import NamedTuple


class Demand(NamedTuple):
    """One element that a guideline wants."""

    element: str
    clause: str
    required: bool = True
    """Whether it is demanded of every document, or only where it exists."""


class Profile(NamedTuple):
    """One guideline."""

    id: str
    title: str
    demands: tuple[Demand, ...]


PROFILES: dict[str, Profile] = {
    one.id: one
    for one in (
        Profile(
            "ntia",
            "NTIA minimum elements, 2021",
            (
                Demand("supplier", "Supplier Name"),
                Demand("name", "Component Name"),
                Demand("version", "Version of the Component"),
                Demand("unique-id", "Other Unique Identifiers"),
                Demand("dependencies", "Dependency Relationship"),
                Demand("author", "Author of SBOM Data"),
                Demand("timestamp", "Timestamp"),
            ),
        ),
        Profile(
            "cisa",
            "CISA minimum elements, draft of 2025",
            (
                Demand("author", "SBOM Author"),
                Demand("producer", "Software Producer"),
                Demand("name", "Component Name"),
                Demand("version", "Component Version"),
                Demand("unique-id", "Software Identifiers"),
                Demand("hash", "Component Hash"),
                Demand("license", "License"),
                Demand("dependencies", "Dependency Relationship"),
                Demand("tool", "Tool Name"),
                Demand("timestamp", "Timestamp"),
                Demand("context", "Generation Context"),
            ),
        ),
        Profile(
            "bsi",
            "BSI TR-03183-2, version 2.1.0",
            (
                Demand("version-current", "4"),
                Demand("author-contact", "5.2.1, creator of the SBOM"),
                Demand("timestamp", "5.2.1, timestamp"),
                Demand("primary", "5.1"),
                Demand("creator-contact", "5.2.2, component creator"),
                Demand("name", "5.2.2, component name"),
                Demand("version", "5.2.2, component version"),
                Demand("filename", "5.2.2, filename of the component"),
                Demand("dependencies", "5.2.2, dependencies on other components"),
                Demand("dependencies-stated", "5.2.2, dependencies on other components"),
                Demand("completeness", "5.2.2, completeness of the enumeration"),
                Demand("distribution-license", "5.2.2, distribution licences"),
                Demand("deployable-hash", "5.2.2, hash value of the deployable component"),
                Demand("executable", "5.2.2, executable property"),
                Demand("archive", "5.2.2, archive property"),
                Demand("structured", "5.2.2, structured property"),
                Demand("no-vulnerabilities", "8.1.14"),
                Demand("identifier", "5.2.3, SBOM-URI", required=False),
                Demand("source-uri", "5.2.4, source code URI", required=False),
                Demand("download-uri", "5.2.4, URI of the deployable form", required=False),
                Demand("unique-id", "5.2.4, other unique identifiers", required=False),
                Demand("license-declared", "5.2.4, original licences", required=False),
                Demand("effective-license", "5.2.5, effective licence", required=False),
                Demand("source-hash", "5.2.5, hash value of the source code", required=False),
                Demand("security-txt", "5.2.5, URL of the security.txt", required=False),
            ),
        ),
    )
}
"""Every profile by its id."""


class Category(NamedTuple):
    """A part of the score."""

    id: str
    weight: int
    elements: tuple[tuple[str, int], ...]
    """Elements and their weights within it."""


CATEGORIES: tuple[Category, ...] = (
    Category("identification", 10, (("name", 40), ("version", 35), ("unique-id", 25))),
    Category(
        "provenance",
        12,
        (
            ("timestamp", 20),
            ("author", 20),
            ("tool", 20),
            ("supplier", 15),
            ("identifier", 15),
            ("context", 10),
        ),
    ),
    Category("integrity", 15, (("hash", 60), ("strong-hash", 30), ("signature", 10))),
    Category(
        "completeness",
        12,
        (
            ("dependencies", 25),
            ("connected", 10),
            ("completeness", 15),
            ("primary", 20),
            ("source-uri", 20),
            ("type", 10),
        ),
    ),
    Category(
        "licensing",
        15,
        (
            ("license", 30),
            ("license-valid", 30),
            ("license-declared", 15),
            ("license-current", 15),
            ("data-license", 10),
        ),
    ),
    Category("vulnerability", 10, (("purl", 50), ("cpe", 50))),
    Category("structural", 8, (("version-known", 40), ("schema", 60))),
)
"""The seven categories with sbomqs' weights; ``schema`` is the validation's verdict."""
