"""The exit code of a check."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from pratique.model.errors import ExitCode, UsageError
from pratique.model.severity import Severity

if TYPE_CHECKING:
    from pratique.model.bill import BillOfHealth
    from pratique.model.finding import Finding

SEVERITIES = ("malicious", "critical", "high", "medium", "low", "none")


class Threshold(msgspec.Struct, frozen=True):
    """What fails a check; one of the three is set."""

    severity: Severity | None = None
    """Findings at least this bad; one that nobody has rated fails at any severity."""

    exploited: bool = False
    """Findings that are known to be exploited (``kev``)."""

    epss: float | None = None
    """Findings at least this likely to be exploited (``epss:0.5``)."""

    @classmethod
    def parse(cls, text: str) -> Threshold:
        """Read ``critical``, ``kev`` or ``epss:0.5``.

        Raises:
            UsageError: It is none of these.
        """
        if text in SEVERITIES:
            return cls(severity=Severity(text))
        if text == "kev":
            return cls(exploited=True)
        name, _, number = text.partition(":")
        try:
            share = float(number) if name == "epss" else -1.0
        except ValueError:
            share = -1.0
        if not 0 <= share <= 1:
            raise UsageError(
                f"--fail-on {text!r} is not known.",
                remedy=f"Give one of {', '.join(SEVERITIES)}, kev, or epss:0.5.",
            )
        return cls(epss=share)

    def fails(self, finding: Finding) -> bool:
        """Whether a finding fails; what is malicious or policy refuses always does."""
        if finding.severity is Severity.MALICIOUS or finding.rule == "policy-violation":
            return True
        if self.exploited:
            return bool(finding.exploited)
        if self.epss is not None:
            return finding.epss is not None and finding.epss >= self.epss
        unrated = finding.severity is Severity.UNKNOWN
        return unrated or finding.severity.at_least(self.severity or Severity.NONE)


ANY = Threshold(severity=Severity.NONE)
"""Any finding fails."""


def exit_code(bill: BillOfHealth, fail_on: Threshold = ANY) -> ExitCode:
    """The exit code that a bill earns.

    Args:
        bill: Of the check.
        fail_on: What fails it.

    Returns:
        ``FINDINGS`` where one fails, else ``INCOMPLETE`` where something could
        not be determined, else ``CLEAN``.  A threshold of likelihood with a
        finding that has no score is incomplete: it may be above.
    """
    open_ones = [finding for finding in bill.findings if finding.status == "open"]
    if any(fail_on.fails(finding) for finding in open_ones):
        return ExitCode.FINDINGS
    if fail_on.epss is not None and any(finding.epss is None for finding in open_ones):
        return ExitCode.INCOMPLETE
    return ExitCode.CLEAN if bill.complete else ExitCode.INCOMPLETE
