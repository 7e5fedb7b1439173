"""Bills built in code, for every test of this room."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from pratique.model.bill import (
    AdvisorySource,
    AdvisoryStatus,
    BillOfHealth,
    ComponentHealth,
    Counts,
    Health,
)
from pratique.model.finding import Finding, Reference
from pratique.model.inventory import (
    Component,
    Document,
    Inventory,
    Location,
    Problem,
    Relation,
    Scope,
    Trouble,
)
from pratique.model.purl import Package
from pratique.model.severity import Severity

LOCK = "services/shop/package-lock.json"


def make_component(name: str, version: str = "1.0.0", line: int = 7, **more: Any) -> Component:
    """A component of the fixture's lockfile."""
    package = Package("npm", name, version)
    fields: dict[str, Any] = {
        "ref": f"{LOCK}#{name}@{version}:{line}",
        "package": package,
        "ecosystem": "npm",
        "relation": Relation.DIRECT,
        "scope": Scope.RUNTIME,
        "locations": (Location(LOCK, line),),
    }
    return Component(**fields | more)


def make_finding(name: str = "alpha", id: str = "GHSA-aaaa-bbbb-cccc", **more: Any) -> Finding:
    """A finding about ``name`` 1.0.0."""
    fields: dict[str, Any] = {
        "rule": "vulnerable-package",
        "id": id,
        "aliases": ("CVE-2024-0001",),
        "fingerprint": hashlib.sha256(f"{name}{id}".encode("utf-8", "replace")).hexdigest()[:32],
        "subject": str(Package("npm", name, "1.0.0")),
        "severity": Severity.HIGH,
        "score": 7.5,
        "vector": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H",
        "title": f"Slow parsing in {name} lets a request hold a worker",
        "reasons": ("in range introduced 0, fixed 1.4.0",),
        "remedy": f"Upgrade {name} to 1.4.0.",
        "fixed": ("1.4.0", "2.0.1"),
        "paths": (("shop", name), ("shop", "beta", name)),
        "locations": (Location(LOCK, 7),),
        "references": (Reference("https://example.test/advisory/1", "Advisory"),),
    }
    return Finding(**fields | more)


def make_bill(
    findings: tuple[Finding, ...] = (),
    components: tuple[Component, ...] | None = None,
    unknowns: tuple[Problem, ...] = (),
    **more: Any,
) -> BillOfHealth:
    """A bill that agrees with itself."""
    if components is None:
        names = dict.fromkeys(Package.parse(one.subject).name for one in findings)
        components = tuple(make_component(name) for name in names) or (make_component("alpha"),)
    is_open = [finding for finding in findings if finding.status == "open"]
    tally = Counter(finding.severity for finding in is_open)
    complete = all(problem.trouble is Trouble.NOTICE for problem in unknowns)
    health = Health.ATTENTION if is_open else Health.HEALTHY if complete else Health.UNKNOWN
    fields: dict[str, Any] = {
        "tool": "pratique 0.1.0",
        "created": datetime(2026, 3, 4, 5, 6, tzinfo=UTC),
        "subject": "shop",
        "health": health,
        "headline": f"{len(is_open)} findings in {len(components)} components.",
        "counts": Counts(
            documents=1,
            components=len(components),
            direct=sum(one.relation is Relation.DIRECT for one in components),
            findings=len(is_open),
            affected=len({finding.subject for finding in is_open}),
            unknown=len(unknowns),
            severities={one.value: tally[one] for one in Severity if one in tally},
        ),
        "findings": findings,
        "inventory": Inventory(
            subject="shop",
            documents=(
                Document(
                    path=LOCK,
                    format="package-lock.json v3",
                    sha256="ab" * 32,
                    size=1234,
                    components=len(components),
                ),
            ),
            components=components,
        ),
        "components": tuple(
            ComponentHealth(ref=one.ref, license="MIT", advisories="checked") for one in components
        ),
        "licenses": {"MIT": len(components)},
        "unknowns": unknowns,
        "advisories": AdvisoryStatus(
            generation="2026-03-02",
            records=412_345,
            ecosystems=("PyPI", "crates.io", "npm"),
            as_of=datetime(2026, 3, 2, tzinfo=UTC),
            age_days=2.2,
            stale=False,
            sources=(AdvisorySource(name="npm", records=200_000, license="CC-BY-4.0"),),
        ),
        "complete": complete,
    }
    return BillOfHealth(**fields | more)


def make_large(findings: int, components: int) -> BillOfHealth:
    """A bill of many findings (five a package) over many components."""
    parts = tuple(
        make_component(
            f"package-{number:04}",
            line=number + 3,
            relation=Relation.DIRECT if number % 7 == 0 else Relation.TRANSITIVE,
        )
        for number in range(components)
    )
    ranked = sorted(
        (list(Severity)[number % len(Severity)] for number in range(findings)),
        key=lambda one: one.rank,
    )
    found = tuple(
        make_finding(
            f"package-{number // 5:04}",
            f"GHSA-{number:04}-large-bill",
            severity=severity,
            score=None if severity in (Severity.MALICIOUS, Severity.UNKNOWN) else 9.5 - number % 9,
            fixed=() if number % 4 == 0 else ("1.4.0",),
        )
        for number, severity in enumerate(ranked)
    )
    return make_bill(found, parts)


@pytest.fixture(scope="session")
def component() -> Callable[..., Component]:
    return make_component


@pytest.fixture(scope="session")
def finding() -> Callable[..., Finding]:
    return make_finding


@pytest.fixture(scope="session")
def bill() -> Callable[..., BillOfHealth]:
    return make_bill


@pytest.fixture(scope="session")
def large() -> Callable[[int, int], BillOfHealth]:
    return make_large
