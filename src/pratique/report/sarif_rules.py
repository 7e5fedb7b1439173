"""The rules of a SARIF run: one for each advisory or check that was found."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from pratique.model.severity import Severity
from pratique.report.links import is_web
from pratique.report.markup import code, inline
from pratique.report.sarif_places import message
from pratique.report.text import listed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pratique.model.finding import Finding

SCORES = {
    Severity.MALICIOUS: "10.0",
    Severity.CRITICAL: "9.5",
    Severity.HIGH: "8.0",
    Severity.MEDIUM: "5.5",
    Severity.LOW: "2.0",
    Severity.NONE: "0.0",
}
"""``security-severity`` of what has a severity and no score: the middle of its
range in the CVSS v3.1 scale (section 5).  What nobody has rated gets none."""


class Rules:
    """Numbers the rules of a run.

    Args:
        findings: All of the run, in order.
    """

    def __init__(self, findings: Iterable[Finding]) -> None:
        self._findings: dict[tuple[str, str], list[Finding]] = {}
        for finding in findings:
            self._findings.setdefault(_key(finding), []).append(finding)
        self._indexes = {key: index for index, key in enumerate(self._findings)}
        kinds = Counter(name for _, name in self._findings)
        self._shared = {name for name, number in kinds.items() if number > 1}

    def id_of(self, finding: Finding) -> str:
        """The id people use; with the kind of rule before it where two kinds share it."""
        return self._id(_key(finding))

    def index_of(self, finding: Finding) -> int:
        """Position in :meth:`descriptors`."""
        return self._indexes[_key(finding)]

    def descriptors(self) -> list[dict[str, Any]]:
        """Section 3.49: a reporting descriptor for each rule."""
        return [
            _descriptor(self._id(key), key[0], findings) for key, findings in self._findings.items()
        ]

    def _id(self, key: tuple[str, str]) -> str:
        rule, name = key
        return f"{rule}/{name}" if name in self._shared else name


def _key(finding: Finding) -> tuple[str, str]:
    return finding.rule, finding.id or finding.rule or "finding"


def _descriptor(id: str, rule: str, findings: list[Finding]) -> dict[str, Any]:
    worst = min(findings, key=lambda finding: (finding.severity.rank, -(finding.score or 0.0)))
    descriptor: dict[str, Any] = {
        "id": id,
        "name": _pascal(rule),
        "shortDescription": {"text": message(worst.title)},
        "fullDescription": {"text": message(" ".join([worst.title, *worst.reasons]))},
        "help": {"text": message(_help(worst)), "markdown": _help_markdown(worst)},
        "properties": _properties(rule, worst),
    }
    url = next((one.url for one in worst.references if is_web(one.url)), "")
    if url:
        descriptor["helpUri"] = url
    return descriptor


def _properties(rule: str, finding: Finding) -> dict[str, Any]:
    tags = dict.fromkeys(tag for tag in ("security", "supply-chain", rule) if tag)
    properties: dict[str, Any] = {"tags": list(tags), "precision": "high"}
    if finding.severity is Severity.MALICIOUS or finding.score is None:
        rated = SCORES.get(finding.severity)
    else:
        rated = f"{finding.score:.1f}"
    if rated is not None:
        properties["security-severity"] = rated
    return properties


def _help(finding: Finding) -> str:
    parts = [finding.title]
    if finding.aliases:
        parts.append(f"Also known as {listed(finding.aliases, 10)}.")
    if finding.vector:
        parts.append(f"CVSS vector: {finding.vector}.")
    parts.append(f"What to do: {finding.remedy}")
    parts += [f"{one.title}: {one.url}" if one.title else one.url for one in finding.references]
    return "\n".join(parts)


def _help_markdown(finding: Finding) -> str:
    lines = [f"**{inline(finding.title)}**", "", f"{inline(finding.remedy)}", ""]
    facts = [("Also known as", ", ".join(code(one) for one in finding.aliases[:10]))]
    facts.append(("CVSS vector", code(finding.vector) if finding.vector else ""))
    lines += [f"- {label}: {value}" for label, value in facts if value]
    lines += [f"- <{one.url}>" for one in finding.references if is_web(one.url)]
    return "\n".join(lines).replace("{", "{{").replace("}", "}}")


def _pascal(rule: str) -> str:
    """``vulnerable-package`` as ``VulnerablePackage`` (section 3.49.7)."""
    return "".join(word.capitalize() for word in rule.split("-")) or "Finding"
