"""The outcome of a lint as findings and a bill, so that the report draws it as any other."""

from __future__ import annotations

from collections import Counter
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import msgspec

from pratique import __version__
from pratique.controls.configs.rules import CONTROL, RULES
from pratique.formats.json_writing import indented_json
from pratique.model.bill import BillOfHealth, Counts, Health
from pratique.model.finding import Finding
from pratique.model.inventory import Document, Inventory, Location, Problem, Trouble
from pratique.model.purl import Package
from pratique.model.severity import Severity
from pratique.policy.findings import waiver_findings
from pratique.policy.waivers import select

if TYPE_CHECKING:
    from datetime import datetime

    from pratique.controls.configs.models import Fault
    from pratique.controls.configs.service import Result
    from pratique.policy.waivers import Waivers


def subject_of(path: str) -> str:
    """The package URL that waivers name a file by: ``pkg:generic/apps/web/.npmrc``."""
    folder, _, name = path.rpartition("/")
    return str(Package(type="generic", namespace=folder, name=name))


def make(result: Result, subject: str, waivers: Waivers, now: datetime) -> BillOfHealth:
    """A bill of the configurations.

    Args:
        result: Of the lint.
        subject: As the user named it.
        waivers: What is set aside, and until when.
        now: UTC.
    """
    findings = [_waived(_finding(fault, result), waivers, now) for fault in result.faults]
    findings += waiver_findings(waivers, now)
    problems = tuple(
        Problem(Location(one.path, one.line), Trouble.UNKNOWN, one.message)
        for one in result.unknown
    )
    documents = tuple(
        Document(
            path=path,
            format="configuration",
            sha256=f"sha256:{sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()}",
            size=len(text.encode("utf-8", "surrogatepass")),
        )
        for path, text in result.texts.items()
    )
    if not documents:
        problems += (
            Problem(
                Location(subject), Trouble.UNKNOWN, "holds no configuration of a package manager"
            ),
        )
    open_ones = [one for one in findings if one.status == "open"]
    tally = Counter(one.severity for one in open_ones)
    counts = Counts(
        documents=len(documents),
        findings=len(open_ones),
        answered=len(findings) - len(open_ones),
        unknown=len(problems),
        severities={one.value: tally[one] for one in Severity if tally[one]},
    )
    complete = not problems
    health = Health.ATTENTION if open_ones else Health.HEALTHY if complete else Health.UNKNOWN
    return BillOfHealth(
        tool=f"pratique {__version__}",
        created=now,
        subject=subject,
        health=health,
        headline=headline(len(documents), len(open_ones), len(problems)),
        counts=counts,
        findings=tuple(findings),
        inventory=Inventory(subject=subject, documents=documents, problems=problems),
        complete=complete,
    )


def headline(files: int, faults: int, unknown: int) -> str:
    """One sentence."""
    read = f"{files} file{'s' * (files != 1)} read"
    if faults:
        text = f"{read}: {faults} finding{'s' * (faults != 1)}"
    else:
        text = f"{read}: no way found in which a public source answers for an internal name"
    return text + (f"; {unknown} could not be settled." if unknown else ".")


def notes(result: Result) -> list[str]:
    """What the answer rests on, a line each."""
    if result.named:
        return []
    return [
        "no internal names were given (--internal-name), so it was not asked whether scopes, "
        "patterns and bindings cover them all"
    ]


def _finding(fault: Fault, result: Result) -> Finding:
    rule = RULES[fault.rule]
    lines = result.texts.get(fault.place.path, "").split("\n")
    written = lines[fault.place.line - 1].strip() if fault.place.line <= len(lines) else ""
    # Line moves must not make another finding of it; the line's own text tells it apart.
    parts = (fault.rule, fault.place.path, fault.what, written)
    return Finding(
        rule=fault.rule,
        id=fault.rule,
        fingerprint=sha256("\n".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32],
        subject=subject_of(fault.place.path),
        severity=rule.severity,
        title=fault.what,
        reasons=(fault.why, f"Serves {CONTROL}."),
        remedy=fault.fix,
        locations=(Location(fault.place.path, fault.place.line),),
        references=rule.references,
    )


def _waived(finding: Finding, waivers: Waivers, now: datetime) -> Finding:
    waiver = select(waivers.covering(finding.subject, now), finding.rule)
    if waiver is None:
        return finding
    status = f"waived until {waiver.expires:%Y-%m-%d} by {waiver.approver}: {waiver.reason}"
    return msgspec.structs.replace(finding, status=status)


def sarif(bill: BillOfHealth, result: Result) -> str:
    """The report's SARIF log, with the columns (section 3.30.6) that its places leave out."""
    from pratique.report.sarif import log

    value = log(bill)
    columns = [fault.place.column for fault in result.faults]
    entries: list[dict[str, Any]] = value["runs"][0]["results"]
    for entry, column in zip(entries, columns, strict=False):
        for place in entry["locations"]:
            region = place.get("physicalLocation", {}).get("region")
            if region is not None:
                region["startColumn"] = column
            place.pop("logicalLocations", None)
    return indented_json(value).decode()


def as_json(bill: BillOfHealth, result: Result) -> str:
    """What was found, with line, column and control of each."""
    faults = result.faults
    value = {
        "subject": bill.subject,
        "tool": bill.tool,
        "created": bill.created,
        "complete": bill.complete,
        "headline": bill.headline,
        "files": list(result.files),
        "findings": [
            {
                "rule": one.rule,
                "severity": one.severity,
                "path": one.locations[0].path if one.locations else "",
                "line": one.locations[0].line if one.locations else 0,
                "column": faults[number].place.column if number < len(faults) else 0,
                "what": one.title,
                "why": one.reasons[0] if one.reasons else "",
                "remedy": one.remedy,
                "control": CONTROL if number < len(faults) else "",
                "subject": one.subject,
                "status": one.status,
                "fingerprint": one.fingerprint,
            }
            for number, one in enumerate(bill.findings)
        ],
        "notes": notes(result),
        "unknown": [
            {"path": one.path, "line": one.line, "message": one.message} for one in result.unknown
        ],
    }
    return indented_json(value).decode()


def as_text(bill: BillOfHealth, result: Result) -> str:
    """For a terminal: a finding a paragraph, what could not be settled, the headline."""
    from pratique.report.text import printable

    out = []
    for number, one in enumerate(bill.findings):
        place = one.locations[0] if one.locations else Location(bill.subject)
        column = f":{result.faults[number].place.column}" if number < len(result.faults) else ""
        out.append(f"{place}{column}: {one.rule} ({one.severity}): {one.title}")
        if one.status != "open":
            out.append(f"    {one.status}")
            continue
        out += [f"    why  {one.reasons[0]}"] if one.reasons else []
        out.append(f"    fix  {one.remedy}")
    for problem in bill.inventory.problems:
        out.append(f"{problem.location}: unknown: {problem.message}")
    out += [f"note: {note}" for note in notes(result)]
    out.append(bill.headline)
    return "".join(printable(line) + "\n" for line in out)
