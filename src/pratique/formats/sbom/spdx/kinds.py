"""What the relationships of SPDX 2 say about who needs what.

Source: SPDX 2.3, clause 11.1, table 68 (types of relationship).
"""

from __future__ import annotations

from pratique.model.inventory import Scope

DESCRIBES = frozenset({"DESCRIBES", "DESCRIBE"})
"""The second is no type of the standard, but a generator writes it."""

NEEDS = {
    "CONTAINS": Scope.UNKNOWN,
    "DEPENDS_ON": Scope.UNKNOWN,
    "DYNAMIC_LINK": Scope.RUNTIME,
    "HAS_PREREQUISITE": Scope.UNKNOWN,
    "STATIC_LINK": Scope.RUNTIME,
}
"""The first element needs the second; for what, where the type says so."""

NEEDED_BY = {
    "BUILD_DEPENDENCY_OF": Scope.BUILD,
    "BUILD_TOOL_OF": Scope.BUILD,
    "CONTAINED_BY": Scope.UNKNOWN,
    "DEPENDENCY_OF": Scope.UNKNOWN,
    "DEV_DEPENDENCY_OF": Scope.DEVELOPMENT,
    "DEV_TOOL_OF": Scope.DEVELOPMENT,
    "OPTIONAL_COMPONENT_OF": Scope.OPTIONAL,
    "OPTIONAL_DEPENDENCY_OF": Scope.OPTIONAL,
    "PACKAGE_OF": Scope.UNKNOWN,
    "PREREQUISITE_FOR": Scope.UNKNOWN,
    # Provided by the environment: not shipped, but there when the program runs.
    "PROVIDED_DEPENDENCY_OF": Scope.RUNTIME,
    "RUNTIME_DEPENDENCY_OF": Scope.RUNTIME,
    "TEST_DEPENDENCY_OF": Scope.TEST,
    "TEST_TOOL_OF": Scope.TEST,
}
"""The second element needs the first."""

CONTAINMENT = frozenset({"CONTAINS", "CONTAINED_BY", "PACKAGE_OF", "OPTIONAL_COMPONENT_OF"})
"""Types that say that something is there, not who needs it."""

OTHERS = frozenset(
    {
        "AMENDS",
        "ANCESTOR_OF",
        "COPY_OF",
        "DATA_FILE_OF",
        "DEPENDENCY_MANIFEST_OF",
        "DESCENDANT_OF",
        "DESCRIBED_BY",
        "DISTRIBUTION_ARTIFACT",
        "DOCUMENTATION_OF",
        "EXAMPLE_OF",
        "EXPANDED_FROM_ARCHIVE",
        "FILE_ADDED",
        "FILE_DELETED",
        "FILE_MODIFIED",
        "GENERATED_FROM",
        "GENERATES",
        "METAFILE_OF",
        "OTHER",
        "PATCH_APPLIED",
        "PATCH_FOR",
        "REQUIREMENT_DESCRIPTION_FOR",
        "SPECIFICATION_FOR",
        "TEST_CASE_OF",
        "TEST_OF",
        "VARIANT_OF",
    }
)
"""Types that say nothing about dependency."""
