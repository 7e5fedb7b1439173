"""The exit code of a check."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pratique.model.errors import ExitCode
from pratique.model.severity import Severity

if TYPE_CHECKING:
    from pratique.model.bill import BillOfHealth


def exit_code(bill: BillOfHealth, fail_on: Severity = Severity.NONE) -> ExitCode:
    """The exit code that a bill earns.

    Args:
        bill: Of the check.
        fail_on: Findings at least this bad fail.  One that nobody has rated
            fails at any threshold: it may be the worst.

    Returns:
        ``FINDINGS`` where one fails, else ``INCOMPLETE`` where something could
        not be determined, else ``CLEAN``.
    """
    for finding in bill.findings:
        unrated = finding.severity is Severity.UNKNOWN
        if finding.status == "open" and (unrated or finding.severity.at_least(fail_on)):
            return ExitCode.FINDINGS
    return ExitCode.CLEAN if bill.complete else ExitCode.INCOMPLETE
