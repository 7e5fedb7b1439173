"""Fixing a folder: check, plan, try in a copy, check again, give back."""

from __future__ import annotations

import posixpath
from collections import defaultdict
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from pratique.health.service import Request, check
from pratique.inventory import Options
from pratique.model.bill import BillOfHealth
from pratique.model.errors import UsageError
from pratique.remediation.plan import Plan, Remaining
from pratique.remediation.planning import Wishes, plan
from pratique.remediation.projects.base import SCRATCH
from pratique.remediation.proving import Terms, carry_out, subject_of
from pratique.remediation.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Callable

    from pratique.advisories import Index
    from pratique.inventory.service import Progress


class Mode(StrEnum):
    """How far to go."""

    PLAN = "plan"
    """Choose upgrades; run nothing."""

    DRAFT = "draft"
    """Write what can be written without a resolver, in a copy."""

    PROVE = "prove"
    """Let the real resolvers make the upgrades, in a copy, and check again."""

    APPLY = "apply"
    """The same, then put the changed files in place."""


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What to fix, and how."""

    subject: Path
    mode: Mode
    terms: Terms
    wishes: Wishes = Wishes()
    options: Options = Options()
    vex: tuple[str, ...] = ()
    """Files and folders with VEX documents: what they settle needs no fix."""

    organisation: bool = False
    """Whether each folder of the subject is a checkout of its own."""

    settled: frozenset[tuple[str, str]] = frozenset()
    """Package URL and id of findings that need no fix."""


class Fixed(msgspec.Struct, frozen=True, kw_only=True):
    """What came of it."""

    plan: Plan
    before: BillOfHealth
    after: BillOfHealth
    """The bill of the fixed copy; the same as before where only a plan was made."""

    changes: dict[str, tuple[bytes, bytes]] = {}
    """Changed files with what they were and are."""


def fix(order: Order, index: Index, progress: Progress | None = None) -> Fixed:
    """Plan, and go as far as was ordered.

    Args:
        order: What to fix.
        index: The advisories.
        progress: Told about each document that is read or worked on.

    Raises:
        UsageError: The subject is no folder or file.
        InputError: The subject is one document, and it cannot be read at all.
        ChangedError: A file was changed by someone else meanwhile.
    """
    if not order.subject.exists():
        raise UsageError(
            f"there is no {str(order.subject)!r} here.", remedy="Give a folder or a lockfile."
        )
    now = order.terms.now
    request = Request(subject=str(order.subject), options=order.options, vex=order.vex)
    before = _without(check(request, index, now, progress=progress), order.settled)
    made = plan(before, index, order.wishes, _checkouts(order))
    if order.mode is Mode.PLAN:
        made = _aged(made) if order.terms.days is not None else made
        return Fixed(plan=made, before=before, after=before)
    folder = order.subject if order.subject.is_dir() else order.subject.parent
    documents = [one.path for one in before.inventory.documents]
    commands = order.mode is not Mode.DRAFT
    builds = order.terms.builds
    with Workspace(folder, commands=commands, documents=documents, builds=builds) as work:
        made = carry_out(made, work, index, order.terms, progress)
        after = _again(order, work, index)
        changes = work.changes()
        if order.mode is Mode.APPLY and changes:
            work.give_back()
            made = msgspec.structs.replace(made, applied=True)
    return Fixed(plan=_told(made, before, after), before=before, after=after, changes=changes)


def _without(bill: BillOfHealth, settled: frozenset[tuple[str, str]]) -> BillOfHealth:
    """The bill with some findings closed."""
    if not settled:
        return bill
    findings = tuple(
        msgspec.structs.replace(one, status="settled") if (one.subject, one.id) in settled else one
        for one in bill.findings
    )
    return msgspec.structs.replace(bill, findings=findings)


def _again(order: Order, work: Workspace, index: Index) -> BillOfHealth:
    subject = work.root if order.subject.is_dir() else work.root / order.subject.name
    options = msgspec.structs.replace(order.options, exclude=(*order.options.exclude, SCRATCH))
    request = Request(subject=str(subject), options=options, vex=order.vex)
    bill = check(request, index, order.terms.now)
    return msgspec.structs.replace(bill, subject=str(order.subject))


def _told(made: Plan, before: BillOfHealth, after: BillOfHealth) -> Plan:
    """The plan with what checking everything again shows."""
    old, new = _open(before), _open(after)
    notes = [*made.notes, f"checked again: {len(old - new)} of {len(old)} findings are gone"]
    known = {one for _, _, one in old}
    if more := sorted({one for _, _, one in new} - known):
        notes.append(f"checked again: {', '.join(more[:5])} are new")
    return msgspec.structs.replace(made, notes=tuple(notes))


def _open(bill: BillOfHealth) -> set[tuple[str, str, str]]:
    """Document, package (at any version) and id of each open finding."""
    documents: dict[str, set[str]] = defaultdict(set)
    names: dict[str, str] = {}
    for part in bill.inventory.components:
        documents[str(part.package)].add(part.ref.partition("#")[0])
        names[str(part.package)] = f"{part.ecosystem} {part.package.full_name}"
    return {
        (document, names.get(one.subject, one.subject), one.id)
        for one in bill.findings
        if one.status == "open"
        for document in documents[one.subject] or {""}
    }


def _aged(made: Plan) -> Plan:
    """Nothing says how old a version is until a resolver is asked: so nothing is chosen."""
    remaining = [
        Remaining(
            subject=subject_of(upgrade, one.before),
            ids=upgrade.fixes,
            severity=upgrade.severity.value,
            documents=(one.document,),
            reason=f"the age of {upgrade.after or 'a newer version'} is not known; "
            "--prove asks the registry",
        )
        for upgrade in made.upgrades
        for one in upgrade.occurrences
    ]
    return msgspec.structs.replace(
        made, upgrades=(), remaining=tuple(sorted((*made.remaining, *remaining)))
    )


def _checkouts(order: Order) -> Callable[[str], str]:
    """The checkout of a document: the nearest folder above with ``.git``, else the topmost one."""
    root = order.subject if order.subject.is_dir() else order.subject.parent
    known: dict[str, str] = {}

    def of(document: str) -> str:
        folder = posixpath.dirname(document)
        if folder not in known:
            at = folder
            while at and not Path(root, at, ".git").exists():
                at = posixpath.dirname(at)
            top = folder.partition("/")[0] if order.organisation else ""
            known[folder] = at or top
        return known[folder]

    return of
