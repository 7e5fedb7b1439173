"""What can be attested, as predicates: builds, tests, scans, bills of materials, VEX.

Each function gives the predicate's type and its value; the types are those of
``pratique.formats.intoto.predicates`` and SLSA, so that what is written here is
read there.
"""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec

from pratique import __version__
from pratique.formats.intoto import STATEMENT_TYPES, ResourceDescriptor, Statement
from pratique.formats.intoto.predicates import PREDICATES, typed_predicate
from pratique.formats.intoto.write import descriptor_value
from pratique.formats.slsa import PROVENANCE_TYPES, VSA_TYPES, provenance_of, summary_of
from pratique.model.bill import SCHEMA, BillOfHealth
from pratique.model.errors import InputError, UnsupportedError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


COMMAND_BUILD_TYPE = "urn:pratique:buildtype:command:1"
"""Build type of a wrapped command: its external parameters are ``command``, the words that
were run, and ``source``, what it is built from; dependencies are the files that were there."""

COMMAND_BUILDER = "urn:pratique:builder:command"
"""Builder of a wrapped command where the caller names none: somebody's machine."""

PROVENANCE_TYPE = "https://slsa.dev/provenance/v1"
TEST_TYPE = "https://in-toto.io/attestation/test-result/v0.1"
SCAN_TYPE = "https://in-toto.io/attestation/vulns/v0.2"
SCANNER = "urn:pratique:scanner"

SHORT_TYPES = {
    "provenance": PROVENANCE_TYPE,
    "vsa": "https://slsa.dev/verification_summary/v1",
    "test-result": TEST_TYPE,
    "vulns": SCAN_TYPE,
    "link": "https://in-toto.io/attestation/link/v0.3",
    "scai": "https://in-toto.io/attestation/scai/v0.3",
    "release": "https://in-toto.io/attestation/release/v0.1",
    "reference": "https://in-toto.io/attestation/reference/v0.1",
    "svr": "https://in-toto.io/attestation/svr/v0.1",
    "cyclonedx": "https://cyclonedx.org/bom",
    "spdx": "https://spdx.dev/Document",
    "openvex": "https://openvex.dev/ns/v0.2.0",
    "scorecard": "https://scorecard.dev/result/v0.1",
}
"""Short names of predicate types, for the command line."""


def predicate_type(name: str) -> str:
    """The URI that a short name stands for, or the URI that is given.

    Raises:
        UsageError: It is neither.
    """
    if name in SHORT_TYPES:
        return SHORT_TYPES[name]
    if ":" not in name or any(c.isspace() or not c.isprintable() for c in name):
        raise UsageError(
            f"{name[:80]!r} is no predicate type.",
            remedy=f"Write a URI, or one of {', '.join(SHORT_TYPES)}.",
        )
    return name


def check_predicate(kind: str, value: Any) -> dict[str, Any]:
    """A predicate, after reading it as its type demands.

    Types that are not known here are taken as they are.

    Raises:
        InputError: It is not an object, or not what its type demands.
    """
    if not isinstance(value, dict):
        raise InputError("predicate is not a JSON object")
    subject = (ResourceDescriptor(name="-", digest={"sha256": "0" * 64}),)
    statement = Statement(STATEMENT_TYPES[-1], subject, kind, value)
    if kind in PROVENANCE_TYPES:
        provenance_of(statement)
    elif kind in VSA_TYPES:
        summary_of(statement)
    elif kind in PREDICATES:
        typed_predicate(statement)
    return value


class Build(msgspec.Struct, frozen=True, kw_only=True):
    """A command that was run to make something."""

    command: tuple[str, ...]
    materials: tuple[ResourceDescriptor, ...]
    started: datetime
    finished: datetime
    builder: str = COMMAND_BUILDER
    source: str = ""
    """Where the materials come from: ``git+https://…@ref``."""

    commit: str = ""


def provenance(build: Build) -> tuple[str, dict[str, Any]]:
    """SLSA provenance v1 of a command (SLSA 1.2, *Build: Provenance*)."""
    external: dict[str, Any] = {"command": list(build.command)}
    dependencies = [descriptor_value(one) for one in build.materials]
    if build.source:
        external["source"] = build.source
        origin: dict[str, Any] = {"uri": build.source}
        if build.commit:
            origin["digest"] = {"gitCommit": build.commit}
        dependencies.insert(0, origin)
    return PROVENANCE_TYPE, {
        "buildDefinition": {
            "buildType": COMMAND_BUILD_TYPE,
            "externalParameters": external,
            "internalParameters": {},
            "resolvedDependencies": dependencies,
        },
        "runDetails": {
            "builder": {"id": build.builder, "version": {"pratique": __version__}},
            "metadata": {
                "invocationId": f"urn:uuid:{uuid.uuid4()}",
                "startedOn": instant(build.started),
                "finishedOn": instant(build.finished),
            },
        },
    }


def result_of_tests(
    *,
    passed: Sequence[str] = (),
    warned: Sequence[str] = (),
    failed: Sequence[str] = (),
    configuration: Iterable[ResourceDescriptor] = (),
    url: str = "",
) -> tuple[str, dict[str, Any]]:
    """A test result; it failed if one test did (in-toto, *Test Result* v0.1).

    Raises:
        UsageError: No test is named: then nothing was tested.
    """
    if not (passed or warned or failed):
        raise UsageError(
            "no test is named.", remedy="Name tests with --passed, --failed or --junit."
        )
    result = "FAILED" if failed else "WARNED" if warned else "PASSED"
    value: dict[str, Any] = {
        "result": result,
        "configuration": [descriptor_value(one) for one in configuration],
        "passedTests": list(passed),
        "warnedTests": list(warned),
        "failedTests": list(failed),
    }
    if url:
        value["url"] = url
    return TEST_TYPE, value


def scan_result(bill: BillOfHealth) -> tuple[str, dict[str, Any]]:
    """What a check found, as a scan for vulnerabilities (in-toto, *Vulnerabilities* v0.2).

    Args:
        bill: Its findings with an advisory are the results, closed ones with their status.

    Raises:
        InputError: The bill is not complete, so that an empty list would say too much.
    """
    if bill.schema != SCHEMA:
        raise InputError(f"is no bill of health of the version {SCHEMA}")
    if not bill.complete:
        raise InputError("the bill of health is not complete: something in it is unknown")
    if bill.advisories is None:
        raise InputError("the bill of health was made without advisories")
    database = {
        "uri": "urn:pratique:advisories",
        "version": bill.advisories.generation,
        "lastUpdate": instant(bill.advisories.as_of),
    }
    results = []
    for one in bill.findings:
        if one.rule not in {"vulnerable-package", "malicious-package"}:
            continue
        severity = [{"method": "pratique", "score": str(one.severity)}]
        if one.score is not None:
            severity.append({"method": "cvss_score", "score": f"{one.score:.1f}"})
        notes = [{"subject": one.subject}, {"status": one.status}]
        results.append({"id": one.id, "severity": severity, "annotations": notes})
    moment = instant(bill.created)
    return SCAN_TYPE, {
        "scanner": {"uri": SCANNER, "version": bill.tool, "db": database, "result": results},
        "metadata": {"scanStartedOn": moment, "scanFinishedOn": moment},
    }


def sbom(value: Any) -> tuple[str, dict[str, Any]]:
    """A bill of materials in JSON, as the predicate of its format.

    Raises:
        UnsupportedError: It is neither CycloneDX nor SPDX.
    """
    if isinstance(value, dict):
        if value.get("bomFormat") == "CycloneDX":
            return SHORT_TYPES["cyclonedx"], value
        if isinstance(value.get("spdxVersion"), str):
            return SHORT_TYPES["spdx"], value
        if "spdx.org/rdf/3" in str(value.get("@context", "")):
            return SHORT_TYPES["spdx"], value
    raise UnsupportedError("is no CycloneDX or SPDX bill of materials in JSON")


def instant(moment: datetime) -> str:
    """A point in time as the predicates write it: RFC 3339 in UTC, to the second."""
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"
