"""Real audit clients ask a server of ours, and find what ``pratique check`` finds.

Each of uv, pip-audit and npm audits lockfiles of seeded old versions, of
packages that the starter's records name.  Nothing but loopback is reached: the
lockfiles are written here, and the index they name is the server itself.
What is compared is which vulnerability affects which package version; ids are
the same where one side gives the other's as an alias (see docs/osv-api.md).
"""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from packaging.version import InvalidVersion, Version

from pratique.advisories.snapshot import FACTS, read_facts, shipped

pytestmark = pytest.mark.e2e

LOCKFILES = 20
PACKAGES = 12
"""In each lockfile: two in three of a version that a record lists or bounds."""

START_SECONDS = 120
TIMEOUT = 240
SERVE = (
    "import sys; from pratique.surfaces.cli.app import COMMANDS; "
    "COMMANDS.setdefault('serve', ('pratique.surfaces.api.cli:serve', '')); "
    "from pratique.surfaces.cli import main; sys.exit(main(sys.argv[1:]))"
)
SEMVER = re.compile(r"\d+\.\d+\.\d+(-[0-9a-z.]+)?\Z").match

Pins = dict[str, str]
Found = set[tuple[str, str, frozenset[str]]]
"""Package, version, and all ids of a vulnerability."""


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("data")


@pytest.fixture(scope="module")
def environment(data: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A home of its own, so that no settings of this machine take part."""
    home = tmp_path_factory.mktemp("home")
    kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    return kept | {
        "HOME": str(home),
        "PRATIQUE_DATA": str(data),
        "UV_HTTP_RETRIES": "0",
        "npm_config_audit": "true",
        "npm_config_cache": str(home / "npm-cache"),
        "npm_config_update_notifier": "false",
    }


@pytest.fixture(scope="module")
def address(environment: dict[str, str], free_port: Callable[[], int]) -> Iterator[str]:
    """A server in a process of its own."""
    port = free_port()
    server = subprocess.Popen(
        [sys.executable, "-c", SERVE, "serve", "--port", str(port)],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        until = time.monotonic() + START_SECONDS
        while True:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5) as page:
                    assert json.load(page)["status"] == "ok"
                break
            except OSError:
                if time.monotonic() > until or server.poll() is not None:
                    pytest.fail("the server did not start")
                time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(60)


def known_versions(ecosystem: str) -> dict[str, list[str]]:
    """Versions that the starter's records name, by package."""
    found: dict[str, set[str]] = {}
    for fact in read_facts(shipped() / FACTS):
        for item in fact.record.affected:
            if item.ecosystem == ecosystem:
                named = {event.value for part in item.ranges for event in part.events} - {"0"}
                found.setdefault(item.name, set()).update((*item.versions, *named))
    return {name: sorted(versions) for name, versions in sorted(found.items())}


def seeded(ecosystem: str, fits: Callable[[str, str], bool]) -> list[Pins]:
    """Packages and versions of each lockfile; the same at every run."""
    draw = random.Random(f"osv clients {ecosystem}")
    known = {
        name: listed
        for name, versions in known_versions(ecosystem).items()
        if (listed := [version for version in versions if fits(name, version)])
    }
    made = []
    for _ in range(LOCKFILES):
        pins = {}
        for name in draw.sample(list(known), PACKAGES):
            other = draw.choice(["1.0.0", "0.0.1", "3.2.1"])
            pins[name] = draw.choice(known[name]) if draw.random() < 2 / 3 else other
        made.append(pins)
    return made


def run(words: list[str], folder: Path, environment: dict[str, str]) -> str:
    done = subprocess.run(
        words, cwd=folder, env=environment, capture_output=True, text=True, timeout=TIMEOUT
    )
    assert done.returncode in {0, 1}, done.stderr or done.stdout
    return done.stdout


def checked(lockfile: Path, environment: dict[str, str]) -> Found:
    """What ``pratique check`` finds in a lockfile."""
    words = [sys.executable, "-m", "pratique", "check", str(lockfile), "--offline"]
    bill = json.loads(run([*words, "-f", "json", "--exit-zero"], lockfile.parent, environment))
    found = set()
    for finding in bill["findings"]:
        if finding["rule"] in {"vulnerable-package", "malicious-package"}:
            name, _, version = finding["subject"].partition("/")[2].rpartition("@")
            ids = frozenset({finding["id"], *finding["aliases"]})
            found.add((name.replace("%40", "@"), version, ids))
    return found


def compare(client: Found, bill: Found) -> None:
    """Both name the same vulnerabilities of the same package versions."""

    def missing(one: Found, other: Found) -> list[tuple[str, str, list[str]]]:
        return [
            (name, version, sorted(ids))
            for name, version, ids in one
            if not any(
                (name, version) == each[:2] and not ids.isdisjoint(each[2]) for each in other
            )
        ]

    assert missing(client, bill) == [], "the client finds more than the check"
    assert missing(bill, client) == [], "the check finds more than the client"


def fits_python(name: str, version: str) -> bool:
    """As lockfiles have them: normalised (PEP 440, PEP 503)."""
    try:
        canonical = str(Version(version)) == version
    except InvalidVersion:
        return False
    return (
        canonical
        and "+" not in version
        and re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name) is not None
    )


def fits_npm(name: str, version: str) -> bool:
    return (
        SEMVER(version) is not None
        and re.fullmatch(r"(@[a-z0-9-]+/)?[a-z0-9.-]+", name) is not None
    )


def uv_lock(folder: Path, pins: Pins, index: str) -> Path:
    """A project and its lockfile, as uv writes them."""
    names = ", ".join(f'"{name}"' for name in pins)
    (folder / "pyproject.toml").write_text(
        f'[project]\nname = "app"\nversion = "0.1.0"\nrequires-python = ">=3.11"\n'
        f"dependencies = [{names}]\n"
    )
    needs = "".join(f'    {{ name = "{name}" }},\n' for name in sorted(pins))
    text = (
        'version = 1\nrevision = 2\nrequires-python = ">=3.11"\n\n[[package]]\nname = "app"\n'
        f'version = "0.1.0"\nsource = {{ virtual = "." }}\ndependencies = [\n{needs}]\n\n'
        f"[package.metadata]\nrequires-dist = [\n{needs}]\n"
    )
    for name, version in sorted(pins.items()):
        wheel = f"{name.replace('-', '_')}-{version}-py3-none-any.whl"
        text += (
            f'\n[[package]]\nname = "{name}"\nversion = "{version}"\n'
            f'source = {{ registry = "{index}/simple" }}\nwheels = [\n'
            f'    {{ url = "{index}/{wheel}", hash = "sha256:{"a" * 64}" }},\n]\n'
        )
    path = folder / "uv.lock"
    path.write_text(text)
    return path


def npm_lock(folder: Path, pins: Pins) -> Path:
    """A package and its lockfile, as npm writes them."""
    package = {"name": "app", "version": "1.0.0", "dependencies": pins}
    (folder / "package.json").write_text(json.dumps(package))
    entries: dict[str, Any] = {"": package}
    entries |= {f"node_modules/{name}": {"version": version} for name, version in pins.items()}
    path = folder / "package-lock.json"
    path.write_text(
        json.dumps({**package, "lockfileVersion": 3, "requires": True, "packages": entries})
    )
    return path


def found_by_uv(lockfile: Path, address: str, environment: dict[str, str]) -> Found:
    words = ["audit", "--preview", "--frozen", "--output-format", "json", "--service-url"]
    report = json.loads(
        run([sys.executable, "-m", "uv", *words, f"{address}/"], lockfile.parent, environment)
    )
    return {
        (
            each["dependency"]["name"],
            each["dependency"]["version"],
            frozenset({each["id"], *each["aliases"]}),
        )
        for each in report["vulnerabilities"]
    }


def found_by_pip_audit(lockfile: Path, address: str, environment: dict[str, str]) -> Found:
    words = ["-r", lockfile.name, "--no-deps", "--disable-pip", "-f", "json", "-s", "osv"]
    words += ["--progress-spinner", "off", "--osv-url", f"{address}/v1/query"]
    report = json.loads(
        run([sys.executable, "-m", "pip_audit", *words], lockfile.parent, environment)
    )
    return {
        (part["name"], part["version"], frozenset({each["id"], *each["aliases"]}))
        for part in report["dependencies"]
        for each in part["vulns"]
    }


def found_by_npm(lockfile: Path, address: str, environment: dict[str, str], pins: Pins) -> Found:
    words = ["npm", "audit", "--package-lock-only", "--json", "--registry", f"{address}/"]
    report = json.loads(run(words, lockfile.parent, environment))
    assert "error" not in report, report
    return {
        (name, pins[name], frozenset({via["url"].rpartition("/")[2]}))
        for name, part in report["vulnerabilities"].items()
        for via in part["via"]
        if isinstance(via, dict)
    }


def test_uv_audit(tmp_path: Path, address: str, environment: dict[str, str]) -> None:
    total = 0
    for number, pins in enumerate(seeded("PyPI", fits_python)):
        folder = tmp_path / str(number)
        folder.mkdir()
        lockfile = uv_lock(folder, pins, address)
        bill = checked(lockfile, environment)
        compare(found_by_uv(lockfile, address, environment), bill)
        total += len(bill)
    assert total > 5 * LOCKFILES


def test_pip_audit(tmp_path: Path, address: str, environment: dict[str, str]) -> None:
    total = 0
    for number, pins in enumerate(seeded("PyPI", fits_python)):
        folder = tmp_path / str(number)
        folder.mkdir()
        lockfile = folder / "requirements.txt"
        lockfile.write_text("".join(f"{name}=={version}\n" for name, version in pins.items()))
        bill = checked(lockfile, environment)
        compare(found_by_pip_audit(lockfile, address, environment), bill)
        total += len(bill)
    assert total > 5 * LOCKFILES


def test_npm_audit(tmp_path: Path, address: str, environment: dict[str, str]) -> None:
    if shutil.which("npm") is None:
        pytest.skip("npm is not installed")
    total = 0
    for number, pins in enumerate(seeded("npm", fits_npm)):
        folder = tmp_path / str(number)
        folder.mkdir()
        lockfile = npm_lock(folder, pins)
        bill = checked(lockfile, environment)
        compare(found_by_npm(lockfile, address, environment, pins), bill)
        total += len(bill)
    assert total > 3 * LOCKFILES
