"""What is wrong with an OSV record, by name.

The names are finer than the import findings of OSV.dev, to which each is
assigned by :attr:`DefectKind.finding`.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec


class DefectKind(StrEnum):
    """A departure from the OSV schema 1.7.5 that the reader knows."""

    MISSING_ID = "missing-id"
    BAD_ID = "bad-id"
    MISSING_MODIFIED = "missing-modified"
    BAD_TIMESTAMP = "bad-timestamp"
    BAD_FIELD = "bad-field"
    BAD_ALIAS = "bad-alias"
    BAD_UPSTREAM = "bad-upstream"
    BAD_RELATED = "bad-related"
    BAD_SEVERITY = "bad-severity"
    SEVERITY_TWICE = "severity-at-both-levels"
    BAD_REFERENCE = "bad-reference"
    NO_AFFECTED = "no-affected"
    BAD_AFFECTED = "bad-affected"
    NO_PACKAGE = "no-package"
    BAD_PACKAGE = "bad-package"
    UNKNOWN_ECOSYSTEM = "unknown-ecosystem"
    BAD_PURL = "bad-purl"
    RANGES_NOT_LIST = "ranges-not-a-list"
    BAD_RANGE = "bad-range"
    UNKNOWN_RANGE_TYPE = "unknown-range-type"
    EMPTY_EVENTS = "empty-events"
    BAD_EVENT = "bad-event"
    NO_INTRODUCED = "no-introduced-event"
    FIXED_AND_LAST_AFFECTED = "fixed-and-last-affected"
    INTRODUCED_EQUALS_FIXED = "introduced-equals-fixed"
    MISSING_REPO = "missing-repo"
    BAD_COMMIT = "bad-commit"
    BAD_VERSIONS = "bad-versions"
    REPEATED_VERSION = "repeated-version"
    FIXED_VERSION_LISTED = "fixed-version-listed"
    NOTHING_AFFECTED = "nothing-affected"
    UNORDERABLE_VERSION = "unorderable-version"
    DUPLICATE_ID = "duplicate-id"
    NOT_JSON = "not-json"

    @property
    def finding(self) -> str:
        """The import finding of OSV.dev that covers it, without its common prefix."""
        return _FINDINGS.get(self, "INVALID_RECORD")


_FINDINGS = {
    DefectKind.NOT_JSON: "INVALID_JSON",
    DefectKind.NO_PACKAGE: "INVALID_PACKAGE",
    DefectKind.BAD_PACKAGE: "INVALID_PACKAGE",
    DefectKind.UNKNOWN_ECOSYSTEM: "INVALID_PACKAGE",
    DefectKind.BAD_PURL: "INVALID_PURL",
    DefectKind.BAD_VERSIONS: "INVALID_VERSION",
    DefectKind.REPEATED_VERSION: "INVALID_VERSION",
    DefectKind.FIXED_VERSION_LISTED: "INVALID_VERSION",
    DefectKind.UNORDERABLE_VERSION: "INVALID_VERSION",
    DefectKind.BAD_COMMIT: "INVALID_COMMIT",
    DefectKind.RANGES_NOT_LIST: "INVALID_RANGE",
    DefectKind.BAD_RANGE: "INVALID_RANGE",
    DefectKind.UNKNOWN_RANGE_TYPE: "INVALID_RANGE",
    DefectKind.EMPTY_EVENTS: "INVALID_RANGE",
    DefectKind.BAD_EVENT: "INVALID_RANGE",
    DefectKind.NO_INTRODUCED: "INVALID_RANGE",
    DefectKind.FIXED_AND_LAST_AFFECTED: "INVALID_RANGE",
    DefectKind.INTRODUCED_EQUALS_FIXED: "INVALID_RANGE",
    DefectKind.MISSING_REPO: "INVALID_RANGE",
    DefectKind.BAD_ALIAS: "INVALID_ALIASES",
    DefectKind.BAD_UPSTREAM: "INVALID_UPSTREAM",
    DefectKind.BAD_RELATED: "INVALID_RELATED",
}


class Defect(msgspec.Struct, frozen=True):
    """One departure from the schema, and where in the record it is."""

    kind: DefectKind
    where: str
    """Path of the field: ``affected[2].ranges[0]``; empty for the record as a whole."""

    message: str = ""
    """What was found there, in a few words."""
