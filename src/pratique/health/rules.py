"""The rules of a check, as ``pratique explain`` and SARIF present them."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, cast

from pratique.model.finding import Reference, Rule
from pratique.model.severity import Severity
from pratique.policy.findings import RULES as POLICY_RULES

if TYPE_CHECKING:
    from collections.abc import Mapping

VULNERABLE = Rule(
    id="vulnerable-package",
    title="Package with a known vulnerability",
    motivation=(
        "An advisory says that this version of the package is affected by a vulnerability. "
        "Known vulnerabilities are the ones attackers try first, since the advisory and often "
        "an exploit are public. Records that are aliases of each other (a CVE, a GHSA, an "
        "ecosystem's own id) are one finding."
    ),
    remedy=(
        "Upgrade to a version outside the affected range. Where the package is transitive, "
        "upgrade the direct dependency that brings it, or override the version in the lockfile. "
        "Where no fixed version exists, replace the package or record why it does not matter."
    ),
    severity=Severity.UNKNOWN,
    references=(
        Reference("https://ossf.github.io/osv-schema/", "OSV schema: how versions are matched"),
        Reference(
            "https://www.first.org/cvss/",
            "CVSS: where the severity and its score come from",
        ),
    ),
)

MALICIOUS = Rule(
    id="malicious-package",
    title="Package published as an attack",
    motivation=(
        "The package or this version of it was published to do harm: to steal credentials, "
        "to open a back door, to destroy data. This is not a defect that may be reached or "
        "not; code that runs at installation has already run wherever it was installed."
    ),
    remedy=(
        "Remove it. Treat every machine and pipeline that installed it as compromised: rotate "
        "the credentials they could reach, and find out since when the version was in use."
    ),
    severity=Severity.MALICIOUS,
    references=(
        Reference("https://github.com/ossf/malicious-packages", "OpenSSF malicious packages"),
    ),
)

RULES = {rule.id: rule for rule in (VULNERABLE, MALICIOUS)} | POLICY_RULES
"""Every rule of a check by its id."""

MORE = (
    "pratique.controls.configs.rules:RULES",
    "pratique.inventory.model_files:RULES",
)
"""Rules of rooms above this one, by import string: they are known to ``explain`` alone."""


def find(name: str) -> Rule | None:
    """The rule of an id, of a check or of another room."""
    return RULES.get(name) or next((more[name] for more in _more() if name in more), None)


def ids() -> list[str]:
    """Ids of all rules, sorted."""
    return sorted({*RULES, *(name for more in _more() for name in more)})


def _more() -> list[Mapping[str, Rule]]:
    found = []
    for entry in MORE:
        module, _, attribute = entry.partition(":")
        found.append(cast("Mapping[str, Rule]", getattr(import_module(module), attribute)))
    return found
