"""Every mandatory test over one document."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

import msgspec

from pratique.formats.csaf.mandatory.advisory import Advisory
from pratique.formats.csaf.mandatory.words import unsupported
from pratique.formats.csaf.structure import check_structure
from pratique.formats.text import decode, parse_json
from pratique.model.errors import InputError, UnsupportedError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pratique.formats.csaf.mandatory.advisory import Mandatory

MODULES = (
    "products",
    "branches",
    "statuses",
    "scores",
    "history",
    "words",
    "profiles",
    "weaknesses",
    "correspondence",
    "decision_points",
)

ABSENT = {
    "6.1.11": "CWE: only the names of the most common weaknesses are here",
    "6.1.27.13": "corresponding products: those without branches are not compared",
    "6.1.48": "SSVC decision points: by the register of 2026-07-20, without the values' names",
    "6.1.55": "license text: every plain identifier is taken to be on a list",
}
"""Tests that are not made, or not wholly, with the reason."""

PARTIAL = frozenset({"6.1.11", "6.1.27.13", "6.1.48", "6.1.55"})
"""Tests of :data:`ABSENT` that are made in part."""

MAX_EXTENSIONS = 100
"""Different extensions that are named; a document has one or two."""

MAX_FAILURES = 1_000
"""Failures of one document that are kept; the others would say the same again."""


class Failure(msgspec.Struct, frozen=True, order=True):
    """One thing that is wrong with a document."""

    test: str
    """Section of the standard, or ``schema``."""

    title: str
    path: str
    """JSON pointer."""

    message: str


class Validation(msgspec.Struct, frozen=True, kw_only=True):
    """What the tests say of a document."""

    version: str
    category: str
    failures: tuple[Failure, ...] = ()
    absent: tuple[tuple[str, str], ...] = ()
    """Tests of this version that were not made, and why: the document may fail them."""

    @property
    def valid(self) -> bool:
        """Whether no test that was made failed."""
        return not self.failures


def mandatory_tests(version: str) -> list[Mandatory]:
    """The tests of a version of CSAF that are made, in the order of their numbers."""
    found = [
        one
        for name in MODULES
        for one in import_module(f"pratique.formats.csaf.mandatory.{name}").TESTS
        if version in one.versions
    ]
    return sorted(found, key=lambda one: [int(part) for part in one.number.split(".")])


def validate(data: bytes) -> Validation:
    """Check a CSAF document: its structure, and the mandatory tests of its version.

    Args:
        data: Its bytes.

    Raises:
        InputError: It is not JSON, or no CSAF document at all.
        UnsupportedError: It is of a version that is not known.
    """
    return validate_value(parse_json(decode(data)))


def validate_value(value: Any) -> Validation:
    """Check a parsed CSAF document; see :func:`validate`."""
    head = value.get("document") if isinstance(value, dict) else None
    if not isinstance(head, dict):
        raise InputError("is not a CSAF document: it has no document object")
    version = head.get("csaf_version")
    if not isinstance(version, str) or version not in {"2.0", "2.1"}:
        raise UnsupportedError(f"is CSAF {str(version)[:20]!r}; 2.0 and 2.1 are checked")
    advisory = Advisory(value, version)
    failures: list[Failure] = [
        Failure("schema", "JSON schema", path, message)
        for path, message in check_structure(value, version)
    ]
    for test in mandatory_tests(version):
        for path, message in test.check(advisory):
            failures.append(Failure(test.number, test.title, path, message))
            if len(failures) >= MAX_FAILURES:
                break
    return Validation(
        version=version,
        category=advisory.category,
        failures=tuple(dict.fromkeys(failures)),
        absent=tuple(_absent(advisory)),
    )


def _absent(advisory: Advisory) -> Iterator[tuple[str, str]]:
    """What was not tested; each extension among it, as sections 6.1.60.2 and 6.1.60.3 ask for."""
    for number, reason in ABSENT.items():
        if advisory.version == "2.1" or number == "6.1.11":
            yield number, reason
    if advisory.version == "2.1":
        for said in sorted(set(unsupported(advisory)))[:MAX_EXTENSIONS]:
            yield "6.1.60.2", f"schema of an extension: {said}"
            yield "6.1.60.3", f"metadata of an extension: {said}"
