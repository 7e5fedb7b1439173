"""Real package managers make lockfiles; the planted old versions are found in them."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

pytestmark = [pytest.mark.e2e, pytest.mark.network]

TIMEOUT = 240


def run(folder: Path, *words: str) -> None:
    """Run a package manager; skip with its own words where it cannot reach its registry."""
    if shutil.which(words[0]) is None:
        pytest.skip(f"{words[0]} is not installed")
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, timeout=TIMEOUT)
    if done.returncode:
        pytest.skip(f"{' '.join(words[:3])} failed here: {(done.stderr or done.stdout)[-300:]}")


Check = Callable[..., tuple[int, dict[str, object]]]


@pytest.fixture
def check(tmp_path: Path) -> Check:
    """Run ``pratique check`` in a process of its own with the starter snapshot."""

    def call(folder: Path, *more: str) -> tuple[int, dict[str, object]]:
        done = subprocess.run(
            [
                sys.executable,
                "-m",
                "pratique",
                "check",
                str(folder),
                "--offline",
                "-f",
                "json",
                *more,
            ],
            capture_output=True,
            text=True,
            timeout=TIMEOUT,
        )
        assert "Traceback" not in done.stderr
        return done.returncode, json.loads(done.stdout)

    return call


def ids(bill: dict[str, object], purl: str) -> set[str]:
    """Advisory ids and aliases found for a package URL."""
    findings = bill["findings"]
    assert isinstance(findings, list)
    return {
        name
        for finding in findings
        if finding["subject"] == purl
        for name in (finding["id"], *finding["aliases"])
    }


def test_uv_lock(tmp_path: Path, check: Check) -> None:
    (tmp_path / "pyproject.toml").write_text(
        '[project]\nname = "alpha"\nversion = "1"\nrequires-python = ">=3.11"\n'
        'dependencies = ["jinja2==2.10", "requests==2.19.1"]\n'
    )
    run(tmp_path, str(Path(sys.executable).with_name("uv")), "lock", "--quiet")
    code, bill = check(tmp_path)
    assert code == 1
    assert "CVE-2019-10906" in ids(bill, "pkg:pypi/jinja2@2.10")
    assert "CVE-2018-18074" in ids(bill, "pkg:pypi/requests@2.19.1")
    transitive = [f for f in bill["findings"] if "urllib3" in f["subject"]]  # type: ignore[attr-defined]
    assert transitive, "urllib3 1.23 comes in with requests 2.19.1"
    assert transitive[0]["paths"][0][:2] == ["alpha", "requests@2.19.1"]


def test_pip_compiled_requirements(tmp_path: Path, check: Check) -> None:
    (tmp_path / "requirements.in").write_text("jinja2==2.10\n")
    uv = str(Path(sys.executable).with_name("uv"))
    run(
        tmp_path,
        uv,
        "pip",
        "compile",
        "-q",
        "--generate-hashes",
        "-o",
        "requirements.txt",
        "requirements.in",
    )
    _, bill = check(tmp_path)
    assert "CVE-2019-10906" in ids(bill, "pkg:pypi/jinja2@2.10")


def test_pip_installed_environment(tmp_path: Path, check: Check) -> None:
    target = tmp_path / "site-packages"
    run(
        tmp_path,
        sys.executable,
        "-m",
        "pip",
        "install",
        "-q",
        "--no-deps",
        "--target",
        str(target),
        "jinja2==2.10",
    )
    _, bill = check(target)
    assert "CVE-2019-10906" in ids(bill, "pkg:pypi/jinja2@2.10")


def test_npm_lock(tmp_path: Path, check: Check) -> None:
    (tmp_path / "package.json").write_text(
        json.dumps(
            {
                "name": "beta",
                "version": "1.0.0",
                "dependencies": {"lodash": "4.17.4", "minimist": "0.0.8"},
            }
        )
    )
    run(
        tmp_path,
        "npm",
        "install",
        "--package-lock-only",
        "--ignore-scripts",
        "--no-audit",
        "--no-fund",
    )
    code, bill = check(tmp_path)
    assert code == 1
    assert "CVE-2019-10744" in ids(bill, "pkg:npm/lodash@4.17.4")
    assert "CVE-2021-44906" in ids(bill, "pkg:npm/minimist@0.0.8")


def test_cargo_lock(tmp_path: Path, check: Check) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "src/main.rs").write_text("fn main() {}\n")
    (tmp_path / "Cargo.toml").write_text(
        '[package]\nname = "gamma"\nversion = "1.0.0"\nedition = "2021"\n\n'
        '[dependencies]\nsmallvec = "=1.6.0"\n'
    )
    run(tmp_path, "cargo", "generate-lockfile")
    code, bill = check(tmp_path)
    assert code == 1
    assert "RUSTSEC-2021-0003" in ids(bill, "pkg:cargo/smallvec@1.6.0")


def test_go_mod(tmp_path: Path, check: Check) -> None:
    (tmp_path / "go.mod").write_text(
        "module example.test/delta\n\ngo 1.17\n\nrequire golang.org/x/text v0.3.5\n"
    )
    (tmp_path / "main.go").write_text(
        'package main\n\nimport _ "golang.org/x/text/language"\n\nfunc main() {}\n'
    )
    run(tmp_path, "go", "mod", "tidy")
    code, bill = check(tmp_path)
    assert code == 1
    assert "CVE-2021-38561" in ids(bill, "pkg:golang/golang.org/x/text@v0.3.5")
