"""The shared guided-remediation universes as users plan over them: ``fix --universe``.

The command promises more than the cases ask: every change is resolved again
beside the others, and none may bring in what was not there.  Where that makes it
take fewer changes than the case, DIFFERENT says which and why.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

_CLASH = (
    "the case's third patch asks for direct7 2.x, which needs bad2 1.0.0, beside direct2 2.x, "
    "which needs bad2 2.0.0: together they have no solution"
)
DIFFERENT = {
    "override no new dependency management": "pkg:d 2.0.0 would bring in OSV-000-006",
    "override patch choice": "pkg:d 2.0.0 would bring in OSV-000-006",
    "relax python pipfile": _CLASH,
    "relax python poetry": _CLASH,
    "relax python requirements": _CLASH,
}
NOTHING_KNOWN = {
    "id": "EX-1",
    "affected": [{"package": {"ecosystem": "Maven", "name": "x:nobody"}, "versions": ["1"]}],
}


@pytest.fixture(scope="module")
def root(vector_folder) -> Path:
    return vector_folder("osv/remediation.tar.xz")


def command(*words: str) -> int:
    from pratique.remediation.cli import fix as entry
    from pratique.surfaces.cli.app import Parser

    parser = Parser(prog="pratique fix")
    entry.configure(parser)
    return entry.run(parser.parse_args(words))


def words_of(case: dict[str, Any], root: Path, folder: Path) -> list[str]:
    records: Any = [NOTHING_KNOWN]
    if "vulnerabilities" in case:
        records = json.loads((root / case["vulnerabilities"]).read_text())
    records = records["vulns"] if isinstance(records, dict) else records
    source = folder / "records.ndjson"
    source.write_text("\n".join(json.dumps(one) for one in records))
    options = case["options"]
    subject = case["lockfile"] if case["strategy"] == "in-place" else case["manifest"]
    words = [str(root / subject), "--universe", str(root / case["universe"])]
    words += ["--osv", str(source), "--strategy", case["strategy"], "-f", "json"]
    if not options.get("dev_deps", not options.get("ignore_dev", False)):
        words.append("--no-dev")
    if options.get("max_depth", -1) > 0:
        words += ["--max-depth", str(options["max_depth"])]
    if options.get("no_maven_new_dependency_management"):
        words.append("--no-management")
    return words


def updates_of(change: dict[str, Any]) -> list[tuple[str, str, str, bool]]:
    return [
        (one["name"], one["before"], one["after"], one["transitive"]) for one in change["updates"]
    ]


def wanted(case: dict[str, Any], root: Path) -> list[list[tuple[str, str, str, bool]]]:
    name = case.get("expected_patches") or case["expected_result"]
    found = json.loads((root / name).read_text())
    return [
        [
            (one["name"], one["versionFrom"], one["versionTo"], one.get("transitive", False))
            for one in patch.get("packageUpdates", [])
        ]
        for patch in (found if isinstance(found, list) else found["patches"])
    ]


def applied(folder: Path, patch: str) -> None:
    subprocess.run(
        ["git", "apply", "-p1", "-"], input=patch.encode(), cwd=folder, check=True, timeout=60
    )


def test_every_case(root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for case in json.loads((root / "cases.json").read_text()):
        name = f"{case['strategy']} {case['name']}"
        code = command(*words_of(case, root, tmp_path))
        plan = json.loads(capsys.readouterr().out)
        assert code == (1 if plan["vulnerabilities"] else 0 if plan["complete"] else 3), name
        found, expected = [updates_of(one) for one in plan["changes"]], wanted(case, root)
        assert all(one in expected for one in found), name
        if case["strategy"] != "update":
            assert not plan["introduced"], f"{name}: nothing that was not there may come in"
            assert all(one["fixes"] for one in plan["changes"]), name
        if "expected_result" in case:
            different = [one for one in expected if one not in found]
            assert bool(different) is (name in DIFFERENT), name


@pytest.mark.parametrize("name", ["npm basic", "basic", "ignore dev"])
def test_the_patch_makes_the_expected_manifest(
    name: str, root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if shutil.which("git") is None:
        pytest.skip("git is not installed")
    cases = json.loads((root / "cases.json").read_text())
    case = next(one for one in cases if one["name"] == name and "expected_manifest" in one)
    patch = tmp_path / "fix.patch"
    command(*words_of(case, root, tmp_path), "--patch", str(patch))
    capsys.readouterr()
    manifest = root / case["manifest"]
    copy = tmp_path / "copy"
    shutil.copytree(manifest.parent, copy)
    applied(copy, patch.read_text())
    assert (copy / manifest.name).read_bytes() == (root / case["expected_manifest"]).read_bytes()


def test_a_real_process_says_the_same(root: Path, tmp_path: Path) -> None:
    cases = json.loads((root / "cases.json").read_text())
    case = next(one for one in cases if one["name"] == "npm basic")
    words = words_of(case, root, tmp_path)
    made = subprocess.run(
        [sys.executable, "-m", "pratique", "fix", *words],
        capture_output=True,
        check=False,
        timeout=120,
    )
    assert made.returncode == 1, made.stderr
    assert [updates_of(one) for one in json.loads(made.stdout)["changes"]] == wanted(case, root)
