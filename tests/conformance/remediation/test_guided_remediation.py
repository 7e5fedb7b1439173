"""The shared guided-remediation cases: patches equal, files equal byte for byte.

A case whose patches were fewer for the same fixed set would be listed in FEWER
with its reason; there is none.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from pratique.advisories import Index
from pratique.advisories.build import build
from pratique.advisories.inputs import Source
from pratique.formats.edit.package_lock import Release
from pratique.inventory.tree import FolderTree
from pratique.remediation.advice import Advisor
from pratique.remediation.analysis import analyse
from pratique.remediation.manifest import Bench
from pratique.remediation.models import Affection, Limits, Outcome, Patch
from pratique.remediation.reading import read_manifest, read_package_lock
from pratique.remediation.strategies.in_place import in_place
from pratique.remediation.strategies.override import override
from pratique.remediation.strategies.relax import relax
from pratique.remediation.strategies.relock import with_relock
from pratique.remediation.strategies.update import update
from pratique.remediation.universe import read_universe
from pratique.remediation.writing import write, write_lock

FEWER: dict[str, str] = {}
CASES = 22
MANIFEST_STRATEGIES = {"relax": relax, "override": override, "update": update}
NOTHING_KNOWN = {
    "id": "EX-1",
    "affected": [{"package": {"ecosystem": "npm", "name": "nobody"}, "versions": ["1"]}],
}


@pytest.fixture(scope="module")
def root(vector_folder) -> Path:
    return vector_folder("osv/remediation.tar.xz")


def index_of(records: list[Any], folder: Path) -> Index:
    source = folder / "records.ndjson"
    source.write_text("\n".join(json.dumps(one) for one in records or [NOTHING_KNOWN]))
    build(
        folder / "data",
        [Source(path=str(source), name="shared")],
        now=datetime(2026, 11, 24, tzinfo=UTC),
    )
    return Index.open(folder / "data")


def run(case: dict[str, Any], root: Path, folder: Path) -> Outcome:
    records: Any = (
        json.loads((root / case["vulnerabilities"]).read_text())
        if "vulnerabilities" in case
        else []
    )
    universe = read_universe((root / case["universe"]).read_bytes())
    options = case["options"]
    limits = Limits(
        development=options.get("dev_deps", not options.get("ignore_dev", False)),
        depth=options.get("max_depth", -1),
        manage=not options.get("no_maven_new_dependency_management", False),
    )
    records = records["vulns"] if isinstance(records, dict) else records
    bench = Bench(universe=universe, advisor=Advisor(index_of(records, folder)), limits=limits)

    def lock() -> Any:
        graph = read_package_lock((root / case["lockfile"]).read_bytes())
        return analyse(graph, universe.ecosystem, bench.advisor, limits)

    if case["strategy"] == "in-place":
        return in_place(lock(), bench)
    manifest = root / case["manifest"]
    outcome = MANIFEST_STRATEGIES[case["strategy"]](
        read_manifest(manifest.name, FolderTree(manifest.parent)), bench
    )
    return with_relock(outcome, lock()) if "lockfile" in case else outcome


def given(patch: dict[str, Any]) -> tuple[Any, ...]:
    """A patch of the shared files; absent and empty are the same there."""

    def affections(name: str) -> list[Any]:
        return [
            (one["id"], sorted({(each["name"], each["version"]) for each in one["packages"]}))
            for one in patch.get(name) or []
        ]

    updates = [
        (one["name"], one["versionFrom"], one["versionTo"], one.get("transitive", False))
        for one in patch.get("packageUpdates", [])
    ]
    return updates, affections("fixed"), affections("introduced")


def ours(patch: Patch) -> tuple[Any, ...]:
    def affections(found: tuple[Affection, ...]) -> list[Any]:
        return [(one.id, sorted((each.name, each.version) for each in one.places)) for one in found]

    updates = [(one.name, one.before, one.after, one.transitive) for one in patch.updates]
    return updates, affections(patch.fixed), affections(patch.introduced)


def files_of(case: dict[str, Any], root: Path, outcome: Outcome) -> dict[str, bytes]:
    if case["strategy"] == "in-place":
        data = (root / case["lockfile"]).read_bytes()
        # The cases take both from a registry and say to invent them: what is wanted tells which.
        wanted = json.loads((root / case["expected_lockfile"]).read_text())["packages"].values()

        def release(name: str, version: str) -> Release:
            entry = next(one for one in wanted if f"/{name}-{version}." in one.get("resolved", ""))
            return Release(
                version=version, resolved=entry["resolved"], integrity=entry["integrity"]
            )

        return {"expected_lockfile": write_lock(data, outcome.chosen, release)}
    manifest = root / case["manifest"]
    written = write(manifest.name, FolderTree(manifest.parent), outcome.chosen)
    return {"expected_manifest": written[manifest.name]}


def test_every_case(root: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    cases = json.loads((root / "cases.json").read_text())
    assert len(cases) == CASES
    for case in cases:
        outcome = run(case, root, tmp_path_factory.mktemp("case"))
        name = f"{case['table']} {case['name']}"
        if "expected_patches" in case:
            wanted = json.loads((root / case["expected_patches"]).read_text())
            found = outcome.possible
        else:
            result = json.loads((root / case["expected_result"]).read_text())
            wanted, found = result["patches"], outcome.chosen
            listed = [
                (one["id"], one.get("unactionable", False))
                for one in result.get("vulnerabilities", [])
            ]
            if listed:
                assert listed == [
                    (one.id, one.id in outcome.unfixable) for one in outcome.vulnerabilities
                ], name
        if name not in FEWER:
            assert [ours(one) for one in found] == [given(one) for one in wanted], name
        for key in ("expected_manifest", "expected_lockfile"):
            if key in case:
                assert files_of(case, root, outcome)[key] == (root / case[key]).read_bytes(), name


def test_what_fixes_nothing_is_never_applied(root: Path, tmp_path: Path) -> None:
    cases = json.loads((root / "cases.json").read_text())
    zeppelin = next(case for case in cases if case["name"] == "maven-zeppelin-server")
    outcome = run(zeppelin, root, tmp_path)
    assert any(not patch.fixed for patch in outcome.possible)
    assert all(patch.fixed for patch in outcome.chosen)
    changed = [update.name for patch in outcome.chosen for update in patch.updates]
    assert len(changed) == len(set(changed)), "no package is changed twice"
