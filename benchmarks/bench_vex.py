"""15,300 VEX statements over 10,000 findings: owed in less than a second.

The shape is that of the largest published hub: 56 documents, each about one
product, every statement with subcomponents in two spellings, three names for
each vulnerability.  The other cases are worse than what is published: one
vulnerability that everything is about, and a dense graph of dependencies.
"""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime, timedelta

import pytest

from pratique.formats.openvex.read import read
from pratique.model.finding import Finding
from pratique.model.inventory import Location
from pratique.model.severity import Severity
from pratique.model.vex import Part, Product, Statement, Status
from pratique.vex import Scene, Target, apply
from pratique.vex.scene import ROOT

STATEMENTS, FINDINGS, DOCUMENTS, PACKAGES = 15_300, 10_000, 56, 3_000
OWED = 1.0
NOW = datetime(2025, 6, 1, tzinfo=UTC)
START = datetime(2024, 1, 1, tzinfo=UTC)


def _purl(number: int) -> str:
    return f"pkg:golang/example.test/lib{number}@v1.{number % 40}.0"


def _statements(vulnerabilities: int) -> list[Statement]:
    chance = random.Random(1)
    found = []
    for number in range(STATEMENTS):
        package = chance.randrange(PACKAGES)
        id = (package * 7 + chance.randrange(5)) % vulnerabilities
        product = Part.of(f"pkg:golang/example.test/app{package % DOCUMENTS}")
        spellings = (_purl(package), _purl(package).replace("@v", "@"))
        found.append(
            Statement(
                vulnerability=f"GO-2025-{id}",
                aliases=(f"CVE-2025-{id}", f"GHSA-{id}"),
                products=(Product(part=product, subcomponents=tuple(map(Part.of, spellings))),),
                status=chance.choice(list(Status)),
                timestamp=START + timedelta(minutes=number),
                author="Alpha",
                document=f"doc{number % DOCUMENTS}",
                location=Location(f"{number % DOCUMENTS}.json"),
            )
        )
    return found


def _findings(vulnerabilities: int) -> list[Finding]:
    chance = random.Random(2)
    found = []
    for number in range(FINDINGS):
        package = chance.randrange(PACKAGES)
        id = (package * 7 + chance.randrange(5)) % vulnerabilities
        found.append(
            Finding(
                rule="vulnerable-package",
                id=f"CVE-2025-{id}",
                aliases=(f"GHSA-{id}",),
                fingerprint=f"{number:032x}",
                subject=_purl(package),
                severity=Severity.HIGH,
                title="t",
                remedy="r",
            )
        )
    return found


def _scene(degree: int) -> Scene:
    """Fifty-six applications over a graph in which each part is needed by several."""
    chance = random.Random(3)
    apps = [f"pkg:golang/example.test/app{number}@v1.0.0" for number in range(DOCUMENTS)]
    parents: dict[str, list[str]] = {app: [ROOT] for app in apps}
    for number in range(PACKAGES):
        # Most of a tree hangs below one application.
        app = apps[number % DOCUMENTS]
        above = [_purl(n) for n in range(number % DOCUMENTS, number, DOCUMENTS)]
        parents[_purl(number)] = chance.sample(above, min(degree, len(above))) or [app]
    members = {one: Target.parse(one) for one in parents}
    return Scene((), members, parents)


@pytest.mark.parametrize(
    ("vulnerabilities", "degree"),
    [(2_000, 3), (2_000, 20), (1, 3)],
    ids=["hub", "dense graph", "one vulnerability"],
)
def test_statements_over_findings(benchmark, vulnerabilities: int, degree: int) -> None:
    statements, findings = _statements(vulnerabilities), _findings(vulnerabilities)

    def work() -> tuple[Finding, ...]:
        return apply(findings, statements, NOW, scene=scenes.pop())

    scenes = [_scene(degree) for _ in range(7)]
    after = benchmark.pedantic(work, rounds=7)
    assert len(after) == FINDINGS
    assert sum(one.reasons != () for one in after) > FINDINGS / 2
    assert benchmark.stats.stats.min < OWED


def test_reading(benchmark) -> None:
    """56 documents with 15,300 statements in all, from their bytes."""
    documents = []
    rows = [
        {
            "vulnerability": {"name": one.vulnerability, "aliases": list(one.aliases)},
            "products": [
                {
                    "@id": product.part.id,
                    "subcomponents": [{"@id": sub.id} for sub in product.subcomponents],
                }
                for product in one.products
            ],
            "status": one.status.value,
            "timestamp": "2025-01-01T00:00:00Z",
        }
        for one in _statements(2_000)
    ]
    for number in range(DOCUMENTS):
        value = {
            "@context": "https://openvex.dev/ns/v0.2.0",
            "@id": f"doc{number}",
            "author": "Alpha",
            "timestamp": "2025-01-01T00:00:00Z",
            "version": 1,
            "statements": rows[number::DOCUMENTS],
        }
        documents.append(json.dumps(value).encode())

    found = benchmark.pedantic(
        lambda: [read(data, f"{at}.json") for at, data in enumerate(documents)], rounds=3
    )
    assert sum(len(one.statements) for one in found) == STATEMENTS
    assert benchmark.stats.stats.min < OWED
