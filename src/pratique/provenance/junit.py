"""Names of tests in JUnit's XML reports, as test runners of every language write them."""

from __future__ import annotations

import msgspec

from pratique.formats.text import parse_xml
from pratique.model.errors import InputError, LimitError

MAX_TESTS = 100_000
"""Most tests of a report; the largest suites of operating systems have some ten thousands."""


class Tests(msgspec.Struct, frozen=True):
    """What came of the tests of a report; skipped ones are in neither."""

    passed: tuple[str, ...]
    failed: tuple[str, ...]


def read_junit(data: bytes) -> Tests:
    """Tests of a report.

    Args:
        data: A document whose root is ``testsuites`` or ``testsuite``.

    Raises:
        LimitError: It has over ``MAX_TESTS``.
        InputError: It is no such report, or holds no test.
    """
    root = parse_xml(data)
    if root.tag not in {"testsuites", "testsuite"}:
        raise InputError("is no test report in JUnit's XML")
    passed: list[str] = []
    failed: list[str] = []
    for case in root.iter("testcase"):
        name = ".".join(filter(None, (case.get("classname"), case.get("name"))))
        parts = {str(one.tag) for one in case}
        if parts & {"failure", "error"}:
            failed.append(name)
        elif "skipped" not in parts:
            passed.append(name)
        if len(passed) + len(failed) > MAX_TESTS:
            raise LimitError(f"has over {MAX_TESTS:,} tests")
    if _suite_failed(root) and not failed:
        raise InputError("says that tests failed, but names none of them")
    if not passed and not failed:
        raise InputError("holds no test that was run")
    return Tests(tuple(passed), tuple(failed))


def _suite_failed(root: object) -> bool:
    """Whether a suite counts failures: a report cut short must not pass."""
    suites = root.iter("testsuites", "testsuite")  # type: ignore[attr-defined]
    return any((one.get(name) or "0") not in {"", "0"} for one in suites for name in _COUNTS)


_COUNTS = ("failures", "errors")
