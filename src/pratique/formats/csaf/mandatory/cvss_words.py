"""CVSS objects as JSON has them (FIRST, JSON schemas of CVSS 2.0, 3.0, 3.1 and 4.0)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

VERSIONS = {"cvss_v2": {"2.0"}, "cvss_v3": {"3.0", "3.1"}, "cvss_v4": {"4.0"}}

REQUIRED = {
    "cvss_v2": ("version", "vectorString", "baseScore"),
    "cvss_v3": ("version", "vectorString", "baseScore", "baseSeverity"),
    "cvss_v4": ("version", "vectorString", "baseScore", "baseSeverity"),
}

MAX_VECTOR = 512
"""Characters of a vector that is read; the longest that version 4 allows has under 250."""

_CIA2 = {"N": "NONE", "P": "PARTIAL", "C": "COMPLETE"}
_LEVELS2 = {"N": "NONE", "L": "LOW", "LM": "LOW_MEDIUM", "MH": "MEDIUM_HIGH", "H": "HIGH"}
_REQ = {"L": "LOW", "M": "MEDIUM", "H": "HIGH"}
_X = {"X": "NOT_DEFINED"}
_ND = {"ND": "NOT_DEFINED"}
_HLN = {"H": "HIGH", "L": "LOW", "N": "NONE"}
_LH = {"L": "LOW", "H": "HIGH"}
_AV = {"N": "NETWORK", "A": "ADJACENT_NETWORK", "L": "LOCAL", "P": "PHYSICAL"}
_AV4 = {**_AV, "A": "ADJACENT"}
_S = {"U": "UNCHANGED", "C": "CHANGED"}
_UI = {"N": "NONE", "R": "REQUIRED"}
_UI4 = {"N": "NONE", "P": "PASSIVE", "A": "ACTIVE"}
_AT = {"N": "NONE", "P": "PRESENT"}

V2 = {
    "AV": ("accessVector", {"N": "NETWORK", "A": "ADJACENT_NETWORK", "L": "LOCAL"}),
    "AC": ("accessComplexity", {"H": "HIGH", "M": "MEDIUM", "L": "LOW"}),
    "Au": ("authentication", {"M": "MULTIPLE", "S": "SINGLE", "N": "NONE"}),
    "C": ("confidentialityImpact", _CIA2),
    "I": ("integrityImpact", _CIA2),
    "A": ("availabilityImpact", _CIA2),
    "E": (
        "exploitability",
        {
            "U": "UNPROVEN",
            "POC": "PROOF_OF_CONCEPT",
            "F": "FUNCTIONAL",
            "H": "HIGH",
            **_ND,
        },
    ),
    "RL": (
        "remediationLevel",
        {
            "OF": "OFFICIAL_FIX",
            "TF": "TEMPORARY_FIX",
            "W": "WORKAROUND",
            "U": "UNAVAILABLE",
            **_ND,
        },
    ),
    "RC": (
        "reportConfidence",
        {"UC": "UNCONFIRMED", "UR": "UNCORROBORATED", "C": "CONFIRMED", **_ND},
    ),
    "CDP": ("collateralDamagePotential", {**_LEVELS2, **_ND}),
    "TD": ("targetDistribution", {"N": "NONE", **_REQ, **_ND}),
    "CR": ("confidentialityRequirement", {**_REQ, **_ND}),
    "IR": ("integrityRequirement", {**_REQ, **_ND}),
    "AR": ("availabilityRequirement", {**_REQ, **_ND}),
}
"""Metric of CVSS 2.0 to its property and the words of its values."""

V3 = {
    "AV": ("attackVector", _AV),
    "AC": ("attackComplexity", _LH),
    "PR": ("privilegesRequired", _HLN),
    "UI": ("userInteraction", _UI),
    "S": ("scope", _S),
    "C": ("confidentialityImpact", _HLN),
    "I": ("integrityImpact", _HLN),
    "A": ("availabilityImpact", _HLN),
    "E": (
        "exploitCodeMaturity",
        {"U": "UNPROVEN", "P": "PROOF_OF_CONCEPT", "F": "FUNCTIONAL", "H": "HIGH", **_X},
    ),
    "RL": (
        "remediationLevel",
        {"O": "OFFICIAL_FIX", "T": "TEMPORARY_FIX", "W": "WORKAROUND", "U": "UNAVAILABLE", **_X},
    ),
    "RC": ("reportConfidence", {"U": "UNKNOWN", "R": "REASONABLE", "C": "CONFIRMED", **_X}),
    "CR": ("confidentialityRequirement", {**_REQ, **_X}),
    "IR": ("integrityRequirement", {**_REQ, **_X}),
    "AR": ("availabilityRequirement", {**_REQ, **_X}),
    "MAV": ("modifiedAttackVector", {**_AV, **_X}),
    "MAC": ("modifiedAttackComplexity", {**_LH, **_X}),
    "MPR": ("modifiedPrivilegesRequired", {**_HLN, **_X}),
    "MUI": ("modifiedUserInteraction", {**_UI, **_X}),
    "MS": ("modifiedScope", {**_S, **_X}),
    "MC": ("modifiedConfidentialityImpact", {**_HLN, **_X}),
    "MI": ("modifiedIntegrityImpact", {**_HLN, **_X}),
    "MA": ("modifiedAvailabilityImpact", {**_HLN, **_X}),
}
"""Metric of CVSS 3.0 and 3.1 to its property and the words of its values."""

V4 = {
    "AV": ("attackVector", _AV4),
    "AC": ("attackComplexity", _LH),
    "AT": ("attackRequirements", _AT),
    "PR": ("privilegesRequired", _HLN),
    "UI": ("userInteraction", _UI4),
    "VC": ("vulnConfidentialityImpact", _HLN),
    "VI": ("vulnIntegrityImpact", _HLN),
    "VA": ("vulnAvailabilityImpact", _HLN),
    "SC": ("subConfidentialityImpact", _HLN),
    "SI": ("subIntegrityImpact", _HLN),
    "SA": ("subAvailabilityImpact", _HLN),
    "E": (
        "exploitMaturity",
        {"U": "UNREPORTED", "P": "PROOF_OF_CONCEPT", "A": "ATTACKED", **_X},
    ),
    "CR": ("confidentialityRequirement", {**_REQ, **_X}),
    "IR": ("integrityRequirement", {**_REQ, **_X}),
    "AR": ("availabilityRequirement", {**_REQ, **_X}),
    "MAV": ("modifiedAttackVector", {**_AV4, **_X}),
    "MAC": ("modifiedAttackComplexity", {**_LH, **_X}),
    "MAT": ("modifiedAttackRequirements", {**_AT, **_X}),
    "MPR": ("modifiedPrivilegesRequired", {**_HLN, **_X}),
    "MUI": ("modifiedUserInteraction", {**_UI4, **_X}),
    "MVC": ("modifiedVulnConfidentialityImpact", {**_HLN, **_X}),
    "MVI": ("modifiedVulnIntegrityImpact", {**_HLN, **_X}),
    "MVA": ("modifiedVulnAvailabilityImpact", {**_HLN, **_X}),
    "MSC": (
        "modifiedSubConfidentialityImpact",
        {"N": "NEGLIGIBLE", "L": "LOW", "H": "HIGH", **_X},
    ),
    "MSI": (
        "modifiedSubIntegrityImpact",
        {"N": "NEGLIGIBLE", "L": "LOW", "H": "HIGH", "S": "SAFETY", **_X},
    ),
    "MSA": (
        "modifiedSubAvailabilityImpact",
        {"N": "NEGLIGIBLE", "L": "LOW", "H": "HIGH", "S": "SAFETY", **_X},
    ),
    "S": ("Safety", {"N": "NEGLIGIBLE", "P": "PRESENT", **_X}),
    "AU": ("Automatable", {"N": "NO", "Y": "YES", **_X}),
    "R": ("Recovery", {"A": "AUTOMATIC", "U": "USER", "I": "IRRECOVERABLE", **_X}),
    "V": ("valueDensity", {"D": "DIFFUSE", "C": "CONCENTRATED", **_X}),
    "RE": (
        "vulnerabilityResponseEffort",
        {"L": "LOW", "M": "MODERATE", "H": "HIGH", **_X},
    ),
    "U": (
        "providerUrgency",
        {"Clear": "CLEAR", "Green": "GREEN", "Amber": "AMBER", "Red": "RED", **_X},
    ),
}
"""Metric of CVSS 4.0 to its property and the words of its values."""

TABLES = {"cvss_v2": V2, "cvss_v3": V3, "cvss_v4": V4}

_MANDATORY = {
    "cvss_v2": ("AV", "AC", "Au", "C", "I", "A"),
    "cvss_v3": ("AV", "AC", "PR", "UI", "S", "C", "I", "A"),
    "cvss_v4": ("AV", "AC", "AT", "PR", "UI", "VC", "VI", "VA", "SC", "SI", "SA"),
}
_SCORES = ("baseScore", "temporalScore", "environmentalScore")
_SEVERITIES = ("baseSeverity", "temporalSeverity", "environmentalSeverity")
_WORDS = frozenset({"NONE", "LOW", "MEDIUM", "HIGH", "CRITICAL"})
_PREFIX = re.compile(r"CVSS:(\d\.\d)/")


def pairs(vector: str) -> list[tuple[str, str]]:
    """Metrics of a vector with their values, without its prefix."""
    body = _PREFIX.sub("", vector, count=1).strip("()")
    return [(metric, value) for one in body.split("/") for metric, _, value in [one.partition(":")]]


def faults(key: str, score: dict[str, Any]) -> Iterator[str]:
    """What is wrong with a CVSS object by the schema of its version.

    Args:
        key: ``cvss_v2``, ``cvss_v3`` or ``cvss_v4``.
        score: The object.
    """
    missing = [name for name in REQUIRED[key] if name not in score]
    if missing:
        yield f"lacks {', '.join(missing)}"
    version = score.get("version")
    if "version" in score and str(version) not in VERSIONS[key]:
        yield f"is of the version {version!r}"
    for name in _SCORES:
        value = score.get(name, 0)
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 10:
            yield f"{name} is no number between 0 and 10"
    for name in _SEVERITIES:
        if name in score and str(score[name]) not in _WORDS:
            yield f"{name} is {str(score[name])[:40]!r}"
    table = TABLES[key]
    if key == "cvss_v4":
        known = {name for name, _ in table.values()} | set(REQUIRED[key])
        for name in sorted(score.keys() - known):
            yield f"{str(name)[:40]} is not a property of CVSS 4.0"
    for name, words in table.values():
        if name in score and score[name] not in words.values():
            yield f"{name} is {str(score[name])[:40]!r}"
    vector = score.get("vectorString")
    if "vectorString" in score:
        yield from _vector_faults(key, vector, version)


def _vector_faults(key: str, vector: Any, version: Any) -> Iterator[str]:
    if not isinstance(vector, str) or len(vector) > MAX_VECTOR:
        yield "has no vector"
        return
    prefix = _PREFIX.match(vector)
    if key != "cvss_v2" and (prefix is None or prefix.group(1) != version):
        yield "its vector is of another version"
    found = pairs(vector)
    metrics_ = [metric for metric, _ in found]
    if len(set(metrics_)) != len(metrics_):
        yield "its vector has a metric twice"
    absent = [metric for metric in _MANDATORY[key] if metric not in metrics_]
    if absent:
        yield f"its vector lacks {', '.join(absent)}"
    for metric, value in found:
        if metric not in TABLES[key] or value not in TABLES[key][metric][1]:
            yield f"its vector has {f'{metric}:{value}'[:40]!r}"
            return


def metrics(key: str, score: dict[str, Any]) -> Iterator[tuple[str, Any, str]]:
    """Property, its value, and what the vector says instead, for each property of a metric."""
    vector = score.get("vectorString")
    if not isinstance(vector, str) or len(vector) > MAX_VECTOR:
        return
    values = dict(pairs(vector))
    for metric, (name, words) in TABLES[key].items():
        if name not in score:
            continue
        if metric in values:
            wanted = words.get(values[metric])
            if wanted is not None:
                yield name, score[name], wanted
        else:
            yield name, score[name], "NOT_DEFINED"


def computed(score: dict[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    """Property, its value, and the value computed of the vector, for scores and severities."""
    from cvss import CVSS2, CVSS3, CVSS4
    from cvss.exceptions import CVSSError

    vector = score.get("vectorString")
    if not isinstance(vector, str) or len(vector) > MAX_VECTOR:
        return
    try:
        if vector.startswith("CVSS:4."):
            four = CVSS4(vector)
            yield from _stated(score, [four.base_score], [four.severity])
            return
        if vector.startswith("CVSS:3."):
            three = CVSS3(vector)
            yield from _stated(score, three.scores(), three.severities())
            return
        yield from _stated(score, CVSS2(vector.strip("()")).scores(), [])
    except (CVSSError, ValueError, KeyError, ArithmeticError, AttributeError):
        return  # 6.1.8 has it


def _stated(score: dict[str, Any], scores: Any, severities: Any) -> Iterator[tuple[str, Any, Any]]:
    for name, value in zip(_SCORES, scores, strict=False):
        stated = score.get(name)
        if isinstance(stated, int | float) and value is not None:
            yield name, float(stated), float(value)
    for name, value in zip(_SEVERITIES, severities, strict=False):
        if isinstance(score.get(name), str) and value:
            yield name, score[name], str(value).upper()
