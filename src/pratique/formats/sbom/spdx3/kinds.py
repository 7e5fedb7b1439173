"""What the classes and relationships of SPDX 3 are in the words of SPDX 2.

Source: SPDX 3.0.1, *Core* (Relationship, RelationshipType, LifecycleScopeType)
and annex *differences from earlier versions*.
"""

from __future__ import annotations

PACKAGES = {"Package": "", "AIPackage": "MODEL", "DatasetPackage": "DATA"}
"""Classes that are packages, and the purpose of those that state none."""

FORWARD = {
    "contains": "CONTAINS",
    "dependsOn": "DEPENDS_ON",
    "describes": "DESCRIBES",
    "hasDynamicLink": "DYNAMIC_LINK",
    "hasPrerequisite": "HAS_PREREQUISITE",
    "hasStaticLink": "STATIC_LINK",
}
"""Relationships that have the same direction in both versions."""

BACKWARD = {
    "hasOptionalComponent": "OPTIONAL_COMPONENT_OF",
    "hasOptionalDependency": "OPTIONAL_DEPENDENCY_OF",
    "hasProvidedDependency": "PROVIDED_DEPENDENCY_OF",
}
"""Relationships whose ends change places."""

SCOPED = {
    ("dependsOn", "build"): "BUILD_DEPENDENCY_OF",
    ("dependsOn", "development"): "DEV_DEPENDENCY_OF",
    ("dependsOn", "runtime"): "RUNTIME_DEPENDENCY_OF",
    ("dependsOn", "test"): "TEST_DEPENDENCY_OF",
    ("usesTool", "build"): "BUILD_TOOL_OF",
    ("usesTool", "development"): "DEV_TOOL_OF",
    ("usesTool", "test"): "TEST_TOOL_OF",
}
"""Relationships of a phase of the life cycle; their ends change places."""

ARTIFACT = "hasDistributionArtifact"
"""Leads to the file that a package is distributed as; SPDX 2 states its digests at the package."""

ATTACHED = frozenset({"hasConcludedLicense", "hasDeclaredLicense", ARTIFACT})
"""Relationships that lead to what SPDX 2 states at the package itself."""

OTHERS = frozenset(
    {
        "affects",
        "amendedBy",
        "ancestorOf",
        "availableFrom",
        "configures",
        "coordinatedBy",
        "copiedTo",
        "delegatedTo",
        "descendantOf",
        "doesNotAffect",
        "expandsTo",
        "exploitCreatedBy",
        "fixedBy",
        "fixedIn",
        "foundBy",
        "generates",
        "hasAddedFile",
        "hasAssessmentFor",
        "hasAssociatedVulnerability",
        "hasDataFile",
        "hasDeletedFile",
        "hasDependencyManifest",
        "hasDocumentation",
        "hasEvidence",
        "hasExample",
        "hasHost",
        "hasInput",
        "hasMetadata",
        "hasOutput",
        "hasRequirement",
        "hasSpecification",
        "hasTest",
        "hasTestCase",
        "hasVariant",
        "invokedBy",
        "modifiedBy",
        "other",
        "packagedBy",
        "patchedBy",
        "publishedBy",
        "reportedBy",
        "republishedBy",
        "serializedInArtifact",
        "testedOn",
        "trainedOn",
        "underInvestigationFor",
        "usesTool",
    }
)
"""Relationships that say nothing about dependency."""
