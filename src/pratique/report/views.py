"""The bill as people read it: findings by package, unknowns by reason."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

import msgspec

from pratique.model.bill import BillOfHealth, ComponentHealth
from pratique.model.errors import InputError
from pratique.model.finding import Finding
from pratique.model.inventory import Component, Location, Problem, Relation, Scope, Trouble
from pratique.model.purl import Package
from pratique.model.severity import Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


class Subject(msgspec.Struct, frozen=True, kw_only=True):
    """What findings are about, in the words of its ecosystem."""

    text: str
    """Canonical text, as the findings have it."""

    name: str
    version: str = ""
    ecosystem: str = ""
    relation: Relation = Relation.UNKNOWN
    """``direct`` where it is direct in any document."""

    scopes: tuple[Scope, ...] = ()
    """What it is needed for, widest first; nothing where that is not known."""


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """The findings about one package at one version."""

    subject: Subject
    severity: Severity
    """The worst among them."""

    findings: tuple[Finding, ...]
    titles: tuple[str, ...]
    """One a finding, without the subject's name at its head; empty where an
    earlier one of the group says the same."""

    locations: tuple[Location, ...]
    paths: tuple[tuple[str, ...], ...]
    """Shortest first, each once."""

    remedies: tuple[str, ...]
    """Each once, in the order of the findings."""


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """Something that could not be determined, at all the places it happened."""

    trouble: Trouble
    message: str
    subjects: tuple[str, ...] = ()
    """What it happened to, where several messages differ in that alone."""

    locations: tuple[Location, ...]


_TROUBLE_ORDER = (Trouble.UNREADABLE, Trouble.UNKNOWN, Trouble.NOTICE)
_SCOPE_ORDER = {scope: rank for rank, scope in enumerate(Scope)}


class Subjects:
    """Finds what is known of a finding's subject.

    Args:
        components: Of the bill.
    """

    def __init__(self, components: Iterable[Component]) -> None:
        self._components: dict[str, list[Component]] = {}
        for component in components:
            self._components.setdefault(str(component.package), []).append(component)

    def of(self, text: str) -> Subject:
        """What is known of a subject; its bare text where it is no package that is known."""
        found = self._components.get(text)
        if not found:
            return _from_text(text)
        package = found[0].package
        relations = {component.relation for component in found}
        scopes = {component.scope for component in found} - {Scope.UNKNOWN}
        return Subject(
            text=text,
            name=package.full_name,
            version=package.version,
            ecosystem=found[0].ecosystem or package.type,
            relation=next((one for one in Relation if one in relations), Relation.UNKNOWN),
            scopes=tuple(sorted(scopes, key=_SCOPE_ORDER.__getitem__)),
        )


def _from_text(text: str) -> Subject:
    try:
        package = Package.parse(text)
    except InputError:
        return Subject(text=text, name=text)
    return Subject(
        text=text,
        name=package.full_name,
        version=package.version,
        ecosystem=package.type,
    )


def grouped(bill: BillOfHealth) -> tuple[Group, ...]:
    """Open findings by package, in the order in which the bill has their first ones."""
    subjects = Subjects(bill.inventory.components)
    by_subject: dict[str, list[Finding]] = {}
    for finding in bill.findings:
        if finding.status == "open":
            by_subject.setdefault(finding.subject, []).append(finding)
    return tuple(_group(subjects.of(text), found) for text, found in by_subject.items())


def _group(subject: Subject, findings: list[Finding]) -> Group:
    paths = dict.fromkeys(chain.from_iterable(finding.paths for finding in findings))
    return Group(
        subject=subject,
        severity=min((finding.severity for finding in findings), key=lambda one: one.rank),
        findings=tuple(findings),
        titles=tuple(_titles(subject, findings)),
        locations=_once(chain.from_iterable(finding.locations for finding in findings)),
        paths=tuple(sorted(paths, key=len)),
        remedies=tuple(dict.fromkeys(finding.remedy for finding in findings if finding.remedy)),
    )


def _titles(subject: Subject, findings: list[Finding]) -> Iterator[str]:
    head = f"{subject.name} {subject.version}".strip() + ": "
    said: set[str] = set()
    for finding in findings:
        title = finding.title.removeprefix(head)
        yield "" if title in said or title == finding.id else title
        said.add(title)


def _once(locations: Iterable[Location]) -> tuple[Location, ...]:
    return tuple(dict.fromkeys(locations))


def settled(bill: BillOfHealth) -> tuple[Finding, ...]:
    """Findings that a waiver or a VEX statement has answered."""
    return tuple(finding for finding in bill.findings if finding.status != "open")


def questions(bill: BillOfHealth) -> tuple[Question, ...]:
    """Unknowns of the bill by reason, the unreadable first, then the most frequent.

    ``alpha 1.0: is not pinned`` and ``beta: is not pinned`` are one question
    with two subjects.
    """
    reasons: dict[tuple[Trouble, str], dict[str, list[Location]]] = {}
    for problem in problems(bill):
        head, colon, tail = problem.message.partition(": ")
        key = (problem.trouble, tail if colon else problem.message)
        reasons.setdefault(key, {}).setdefault(head if colon else "", []).append(problem.location)
    found = [_question(*key, heads) for key, heads in reasons.items()]
    return tuple(
        sorted(found, key=lambda one: (_TROUBLE_ORDER.index(one.trouble), -len(one.locations))),
    )


def _question(trouble: Trouble, reason: str, heads: dict[str, list[Location]]) -> Question:
    subjects = tuple(heads)
    if len(subjects) == 1:
        message = f"{subjects[0]}: {reason}" if subjects[0] else reason
        subjects = ()
    else:
        message = reason
    return Question(
        trouble=trouble,
        message=message,
        subjects=tuple(subject for subject in subjects if subject),
        locations=_once(chain.from_iterable(heads.values())),
    )


def problems(bill: BillOfHealth) -> tuple[Problem, ...]:
    """Every problem of the bill and of its inventory, each once."""
    return tuple(dict.fromkeys((*bill.unknowns, *bill.inventory.problems)))


def judged(bill: BillOfHealth) -> Iterator[tuple[Component, ComponentHealth]]:
    """Each component with what was determined for it.

    A component about which the bill says nothing is unknown, and says so.
    """
    known = {health.ref: health for health in bill.components}
    for component in bill.inventory.components:
        health = known.get(component.ref)
        yield (
            component,
            health
            or ComponentHealth(
                ref=component.ref,
                license_reason="was not looked at",
                advisories="was not looked at",
            ),
        )


def licenses(bill: BillOfHealth) -> tuple[tuple[str, int], ...]:
    """Licence expressions with their number of components, most frequent first.

    The unknown ones (an empty expression) come last, however many they are.
    """
    return tuple(
        sorted(bill.licenses.items(), key=lambda item: (not item[0], -item[1], item[0])),
    )


def severities(bill: BillOfHealth) -> tuple[tuple[Severity, int], ...]:
    """Numbers of open findings by severity, worst first, without zeros."""
    tally: dict[Severity, int] = {}
    for finding in bill.findings:
        if finding.status == "open":
            tally[finding.severity] = tally.get(finding.severity, 0) + 1
    return tuple((one, tally[one]) for one in Severity if one in tally)
