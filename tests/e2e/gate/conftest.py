"""A gate as a process of its own, before the loopback registry of the room's other tests."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from pratique.advisories.build import build
from pratique.advisories.inputs import Source

TIMEOUT = 240
POLICY = """
id: trial
description: For trying the gate.
rules:
  - id: malicious
    when: malicious
    effect: deny
    on_unknown: ignore
    reason: "{purl} was published to do harm"
  - id: deny-listed
    when: deny_listed
    effect: deny
    reason: "{purl} is on the deny list"
  - id: critical
    when: worst_severity in ['malicious', 'critical']
    effect: deny
    on_unknown: warn
    reason: "vulnerabilities: {vulnerabilities}"
  - id: new-release
    when: age_days < 3.0
    effect: quarantine
    on_unknown: warn
    reason: "was published {age_days} days ago"
"""
LISTS = """
reserved acme-*
reserved npm:@acme
reserved Maven:com.acme:*
deny pkg:pypi/beta@2.*
deny pkg:npm/beta@2.*
deny pkg:cargo/beta@2.*
deny pkg:golang/example.test/beta@v1.2.*
deny pkg:maven/test.example/beta@2.*
"""


def _load(repository: Path) -> Any:
    place = repository / "tests/unit/gate/loopback.py"
    spec = importlib.util.spec_from_file_location("gate_loopback", place)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def loopback(repository: Path) -> Any:
    return _load(repository)


@pytest.fixture
def registry(loopback: Any) -> Iterator[Any]:
    made = loopback.Loopback()
    yield made
    made.close()


@pytest.fixture(scope="session")
def advisories(tmp_path_factory: pytest.TempPathFactory, loopback: Any) -> Path:
    folder = tmp_path_factory.mktemp("advisories")
    records = [
        loopback.advisory(identifier, ecosystem, name, last, first, severity=loopback.CRITICAL)
        for identifier, ecosystem, name, first, last in (
            ("GHSA-aaaa-aaaa-aaaa", "PyPI", "alpha", "1.2", "1.3"),
            ("GHSA-bbbb-bbbb-bbbb", "npm", "alpha", "1.2.0", "1.3.0"),
            ("RUSTSEC-2026-0001", "crates.io", "alpha", "1.2.0", "1.3.0"),
            ("GO-2026-0001", "Go", "example.test/alpha", "1.2.0", "1.3.0"),
            ("GHSA-cccc-cccc-cccc", "Maven", "test.example:alpha", "1.2", "1.3"),
        )
    ]
    source = folder / "records.ndjson"
    source.write_text("\n".join(map(json.dumps, records)))
    build(folder / "data", [Source(path=str(source), name="invented")], now=datetime.now(UTC))
    return folder / "data"


class Process:
    """A gate in a process of its own."""

    def __init__(self, folder: Path, port: int, *options: str) -> None:
        self.data = folder / "data"
        policy = folder / "trial.yaml"
        policy.write_text(POLICY)
        self.port = port
        self.url = f"http://127.0.0.1:{self.port}"
        self.words = [
            *(sys.executable, "-m", "pratique.gate", "serve", "--policy", str(policy)),
            *("--data", str(self.data), "--port", str(self.port), *options),
        ]
        self.errors = folder / "stderr"
        self.process: subprocess.Popen[bytes] | None = None
        self.start()

    def start(self) -> None:
        clean = {key: text for key, text in os.environ.items() if "proxy" not in key.lower()}
        with self.errors.open("ab") as errors:
            self.process = subprocess.Popen(self.words, stderr=errors, env=clean)
        deadline = time.monotonic() + 120
        while True:
            assert self.process.poll() is None, self.errors.read_text()
            assert time.monotonic() < deadline
            try:
                assert httpx.get(f"{self.url}/healthz").json()["status"] == "ok"
            except httpx.HTTPError:
                time.sleep(0.05)
            else:
                return

    def kill(self, number: int = signal.SIGKILL) -> int:
        assert self.process is not None
        self.process.send_signal(number)
        return self.process.wait(60)

    def restart(self) -> None:
        self.kill()
        self.start()

    def ask_setup(self, client: str) -> str:
        words = [sys.executable, "-m", "pratique.gate", "setup", client, "--url", self.url]
        return subprocess.run(words, capture_output=True, text=True, check=True).stdout

    def ask(self, *words: str) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [sys.executable, "-m", "pratique.gate", *words, "--data", str(self.data)],
            capture_output=True,
            text=True,
            timeout=TIMEOUT,
        )
        assert "Traceback" not in done.stderr
        return done

    def state(self) -> dict[str, Any]:
        """What an auditor sees of its health."""
        made = self.ask("token", "create", "auditor", "--role", "auditor")
        headers = {"Authorization": f"Bearer {made.stdout.strip()}"}
        answer = httpx.get(f"{self.url}/healthz", headers=headers, timeout=60)
        return answer.json()  # type: ignore[no-any-return]

    def memory(self) -> int:
        """Largest resident memory so far, in kilobytes; 0 where the system does not say."""
        assert self.process is not None
        status = Path(f"/proc/{self.process.pid}/status")
        lines = status.read_text().splitlines() if status.exists() else []
        return int(next((one.split()[1] for one in lines if one.startswith("VmHWM")), "0"))


Start = Callable[..., Process]


@pytest.fixture
def running() -> list[Process]:
    return []


@pytest.fixture
def stop(running: list[Process]) -> Callable[[], None]:
    """Ends every gate that the test started."""

    def call() -> None:
        for one in running:
            if one.process is not None and one.process.poll() is None:
                one.kill()

    return call


@pytest.fixture
def start(
    tmp_path: Path,
    running: list[Process],
    stop: Callable[[], None],
    free_port: Callable[[], int],
) -> Iterator[Callable[..., Process]]:
    def call(*options: str) -> Process:
        running.append(Process(tmp_path, free_port(), *options))
        return running[-1]

    yield call
    stop()


@pytest.fixture
def gate(start: Start, registry: Any, advisories: Path, tmp_path: Path) -> Process:
    lists = tmp_path / "lists"
    lists.write_text(LISTS)
    upstreams = {
        "pypi": "simple",
        "npm": "npm",
        "crates": "crates",
        "go": "go",
        "maven": "maven",
    }
    given = [f"{word}={registry.url}/{path}" for word, path in upstreams.items()]
    options = [text for one in given for text in ("--upstream", one)]
    return start(*options, "--advisories", str(advisories), "--lists", str(lists))


Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def run() -> Run:
    """Runs a package manager without any configuration of the machine's."""

    def call(
        folder: Path, *words: str, more: dict[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        others = ("pip_", "uv_", "npm_config")
        clean = {
            name: value
            for name, value in os.environ.items()
            if not name.lower().startswith(others) and "proxy" not in name.lower()
        }
        home = folder / "home"
        home.mkdir(parents=True, exist_ok=True)
        return subprocess.run(
            words,
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=TIMEOUT,
            env=clean
            | {"HOME": str(home), "PIP_CONFIG_FILE": os.devnull, "NO_COLOR": "1"}
            | (more or {}),
        )

    return call


Install = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def pip(run: Run, gate: Process) -> Install:
    def call(folder: Path, *what: str) -> subprocess.CompletedProcess[str]:
        return run(
            folder,
            *(sys.executable, "-m", "pip", "install", "--no-cache-dir"),
            *("--disable-pip-version-check", "--target", "site", "--retries", "0"),
            *("--index-url", f"{gate.url}/pypi/simple/", *what),
        )

    return call


@pytest.fixture
def uv(run: Run, gate: Process) -> Install:
    def call(folder: Path, *what: str) -> subprocess.CompletedProcess[str]:
        return run(
            folder,
            *(str(Path(sys.executable).with_name("uv")), "pip", "install", "--no-cache"),
            *("--python", sys.executable, "--target", "site"),
            *("--default-index", f"{gate.url}/pypi/simple/", *what),
        )

    return call


@pytest.fixture
def npm(run: Run, gate: Process) -> Install:
    program = shutil.which("npm")
    if program is None:
        pytest.skip("npm is not installed")

    def call(folder: Path, *what: str) -> subprocess.CompletedProcess[str]:
        folder.mkdir(parents=True, exist_ok=True)
        if not (folder / "package.json").exists():
            (folder / "package.json").write_text("{}")
        return run(
            folder,
            *(program, *what, "--registry", f"{gate.url}/npm/", "--cache", str(folder / "cache")),
            *("--no-fund", "--fetch-retries", "0"),
        )

    return call


@pytest.fixture
def go(run: Run, gate: Process) -> Install:
    program = shutil.which("go")
    if program is None:
        pytest.skip("go is not installed")

    def call(folder: Path, *what: str, checked: bool = False) -> subprocess.CompletedProcess[str]:
        """``checked``: by the checksum database, as go does it by default."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "go.mod").write_text("module own.test/own\n\ngo 1.20\n")
        more = {
            "GOPROXY": f"{gate.url}/go",
            **({} if checked else {"GOSUMDB": "off"}),
            "GOMODCACHE": str(folder / "cache"),
            "GOFLAGS": "-modcacherw",
            "GOTOOLCHAIN": "local",
            "GOENV": "off",
            "GOPATH": str(folder / "path"),
        }
        return run(folder, program, "get", *what, more=more)

    return call


@pytest.fixture
def cargo(run: Run, gate: Process) -> Install:
    program = shutil.which("cargo")
    if program is None:
        pytest.skip("cargo is not installed")

    def call(folder: Path, needs: str) -> subprocess.CompletedProcess[str]:
        """Fetch what ``needs`` (lines of ``[dependencies]``) resolves to, with a home of its own."""
        (folder / "src").mkdir(parents=True, exist_ok=True)
        (folder / "src/lib.rs").write_text("")
        (folder / ".cargo").mkdir(exist_ok=True)
        (folder / ".cargo/config.toml").write_text(gate.ask_setup("cargo"))
        package = '[package]\nname = "own"\nversion = "0.1.0"\nedition = "2021"\n'
        (folder / "Cargo.toml").write_text(f"{package}[dependencies]\n{needs}\n")
        home = {"CARGO_HOME": str(folder / "cargo"), "RUSTUP_HOME": str(Path.home() / ".rustup")}
        done = run(folder, program, "fetch", more=home)
        old = "sparse registries requires" in done.stderr  # before 1.68, as in Debian 12
        if done.returncode and ("rustup" in done.stderr or old):
            pytest.skip(f"cargo does not run here: {done.stderr[-200:]}")
        return done

    return call


@pytest.fixture(scope="session")
def installed() -> Callable[[Path], dict[str, str]]:
    """Versions by name, of a ``--target`` folder or of ``node_modules``."""

    def call(folder: Path) -> dict[str, str]:
        found = {}
        for path in (folder / "site").glob("*.dist-info"):
            name, _, version = path.name.removesuffix(".dist-info").partition("-")
            found[name] = version
        for path in (folder / "node_modules").rglob("package.json"):
            manifest = json.loads(path.read_text())
            found[manifest["name"]] = manifest["version"]
        return found

    return call
