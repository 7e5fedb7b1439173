"""How severities look: a shape and a word each, so that colour is never alone."""

from __future__ import annotations

from pratique.model.bill import Health
from pratique.model.severity import Severity

SYMBOLS = {
    Severity.MALICIOUS: "✖",
    Severity.CRITICAL: "◆",
    Severity.HIGH: "▲",
    Severity.MEDIUM: "■",
    Severity.UNKNOWN: "?",
    Severity.LOW: "▽",
    Severity.NONE: "○",
}
"""One shape a severity; each is a single column wide and in the common fonts."""

STYLES = {
    Severity.MALICIOUS: "bold magenta",
    Severity.CRITICAL: "bold red",
    Severity.HIGH: "red",
    Severity.MEDIUM: "yellow",
    Severity.UNKNOWN: "cyan",
    Severity.LOW: "blue",
    Severity.NONE: "dim",
}
"""Terminal styles from the sixteen colours that every user's theme sets."""

HEALTH_SYMBOLS = {Health.HEALTHY: "✔", Health.ATTENTION: "✖", Health.UNKNOWN: "?"}
"""One shape a headline."""

HEALTH_STYLES = {
    Health.HEALTHY: "bold green",
    Health.ATTENTION: "bold red",
    Health.UNKNOWN: "bold yellow",
}
"""Terminal styles of the headline."""


def likelihood(value: float | None) -> str:
    """``0.943``, or nothing where no EPSS score is here."""
    return f"{value:.3f}" if value is not None else ""


def score(value: float | None) -> str:
    """``9.8``, or nothing where nobody has scored it."""
    return f"{value:.1f}" if value is not None else ""
