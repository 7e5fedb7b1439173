"""Check a project, then read its sources for each finding."""

from __future__ import annotations

from collections import defaultdict, deque
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from pratique.health.service import Request, check
from pratique.inventory import Options
from pratique.model.ecosystems import base
from pratique.model.errors import UsageError
from pratique.reachability import golang, rust
from pratique.reachability.answering import answer
from pratique.reachability.answers_python import python
from pratique.reachability.answers_symbols import crate, go
from pratique.reachability.models import Report, State
from pratique.reachability.places import cargo_caches, go_caches
from pratique.reachability.python import walk as python_walk
from pratique.reachability.python.environment import Environment, found_in, site_folders
from pratique.reachability.symbols import named

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from pratique.advisories import Index
    from pratique.inventory.service import Progress
    from pratique.model.bill import BillOfHealth
    from pratique.model.finding import Finding
    from pratique.model.inventory import Component, Inventory, Problem
    from pratique.reachability.models import Answer

RULES = frozenset({"vulnerable-package", "malicious-package"})
"""Findings that are about code."""


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What to read."""

    subject: Path
    environment: Path | None = None
    """Folder of a virtual environment or of installed packages; one inside the
    project by default."""

    variables: dict[str, str] = {}
    """Environment variables that say where Go and Cargo keep sources."""

    vex: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()


def reach(
    order: Order, index: Index, now: datetime, progress: Progress | None = None
) -> tuple[Report, BillOfHealth]:
    """Say of each open finding whether the project's code reaches it.

    Args:
        order: What to read.
        index: The advisories; with complete records, functions are known.
        now: UTC.
        progress: Told about each document before it is read.

    Returns:
        The answers, and the bill of health they are about.

    Raises:
        UsageError: The subject is no folder, or the environment is none.
        InputError: There are more sources than the limits allow.
    """
    if not order.subject.is_dir():
        raise UsageError(
            f"{order.subject} is no folder.", remedy="Give the folder with the project's sources."
        )
    request = Request(
        subject=str(order.subject), options=Options(exclude=order.exclude), vex=order.vex
    )
    bill = check(request, index, now, progress=progress)
    sources = _Sources(order, bill.inventory)
    answers = [
        _answered(one, sources, index)
        for one in bill.findings
        if one.status == "open" and one.rule in RULES
    ]
    report = Report(
        subject=str(order.subject),
        answers=tuple(answers),
        files=sources.files,
        problems=tuple(sources.problems),
    )
    return report, bill


class _Sources:
    """The sources of each language, read when they are first asked for."""

    def __init__(self, order: Order, inventory: Inventory) -> None:
        self._order = order
        self.inventory = inventory
        self.files = 0
        self.problems: list[Problem] = []
        self.parts: dict[str, list[Component]] = defaultdict(list)
        for part in inventory.components:
            self.parts[str(part.package)].append(part)

    @cached_property
    def environment(self) -> Environment | None:
        root = self._order.environment or found_in(self._order.subject)
        return Environment(site_folders(root)) if root else None

    @cached_property
    def python(self) -> python_walk.Walked:
        done = python_walk.walk(self._order.subject, self.environment)
        self._count(done.files, done.problems)
        return done

    @cached_property
    def go(self) -> golang.Walked:
        modules = {
            part.package.full_name: part.package.version
            for part in self.inventory.components
            if part.package.type == "golang"
        }
        done = golang.walk(self._order.subject, modules, go_caches(self._order.variables))
        self._count(len(done.files), done.problems)
        return done

    @cached_property
    def rust(self) -> rust.Walked:
        caches = cargo_caches(self._order.variables)
        done = rust.walk(self._order.subject, self.inventory, caches)
        self._count(sum(map(len, done.files.values())), done.problems)
        return done

    @cached_property
    def _needed_by(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = defaultdict(list)
        for ref, targets in self.inventory.edges.items():
            for target in targets:
                found[target].append(ref)
        return found

    def users(self, parts: Sequence[Component]) -> list[str]:
        """References of all that needs one of some components, and the project itself."""
        seen: set[str] = set()
        queue = deque(part.ref for part in parts)
        while queue:
            for ref in self._needed_by.get(queue.popleft(), ()):
                if ref not in seen:
                    seen.add(ref)
                    queue.append(ref)
        return ["", *sorted(seen)]

    def _count(self, files: int, problems: Sequence[Problem]) -> None:
        self.files += files
        self.problems += problems


def _answered(finding: Finding, sources: _Sources, index: Index) -> Answer:
    parts = sources.parts.get(finding.subject, [])
    ecosystem = base(parts[0].ecosystem) if parts else ""
    if ecosystem == "PyPI":
        return python(finding, parts[0].package, sources.python, sources.environment)
    if ecosystem == "Go":
        name = parts[0].package.full_name
        return go(finding, name, named(finding, ecosystem, name, index), sources.go)
    if ecosystem == "crates.io":
        told = named(finding, ecosystem, parts[0].package.name, index)
        return crate(finding, parts, told, sources.rust, sources.users(parts))
    reason = f"imports of {ecosystem or 'such'} packages are not read"
    return answer(finding, State.UNKNOWN, reason)
