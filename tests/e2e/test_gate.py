"""The gate as a process: real pip, uv and npm install through it; it is cut off, and killed."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tarfile
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from pratique.advisories.build import build
from pratique.advisories.inputs import Source
from pratique.gate.log import entries

pytestmark = pytest.mark.e2e

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
CRITICAL = [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}]


def wheel(name: str, version: str, *needs: str, padding: int = 0) -> bytes:
    """A wheel with one module that knows its version."""
    info = f"{name}-{version}.dist-info"
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    metadata += "".join(f"Requires-Dist: {need}\n" for need in needs)
    files = {
        f"{name}.py": f"version = {version!r}\n#{'x' * padding}\n",
        f"{info}/METADATA": metadata,
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: a\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{path},,\n" for path in files)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for path, text in (*files.items(), (f"{info}/RECORD", f"{record}{info}/RECORD,,\n")):
            archive.writestr(zipfile.ZipInfo(path, (2026, 1, 1, 0, 0, 0)), text)
    return out.getvalue()


def tarball(manifest: dict[str, Any]) -> bytes:
    return archive(
        {
            "package/package.json": json.dumps(manifest),
            "package/index.js": f"module.exports = {manifest['version']!r};\n",
        }
    )


def archive(files: dict[str, str]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as packed:
        for path, text in files.items():
            data = text.encode()
            member = tarfile.TarInfo(path)
            member.size = len(data)
            packed.addfile(member, io.BytesIO(data))
    return out.getvalue()


def ago(days: float) -> str:
    return (datetime.now(UTC) - timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")


class Registry:
    """An upstream with invented packages, on loopback."""

    def __init__(self) -> None:
        self.pages: dict[str, tuple[str, bytes]] = {}
        self.asked: list[str] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                outer.asked.append(self.path)
                found = outer.pages.get(self.path)
                self.send_response(404 if found is None else 200)
                kind, body = found or ("text/plain", b"")
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            block_on_close = False
            request_queue_size = 256

            def handle_error(self, *_: object) -> None:
                """The gate is killed in the middle of it."""

        self.server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()
        self._pypi: dict[str, list[dict[str, Any]]] = {}
        self._npm: dict[str, dict[str, Any]] = {}

    def wheel(
        self, name: str, version: str, *needs: str, age: float = 100, padding: int = 0
    ) -> None:
        body = wheel(name, version, *needs, padding=padding)
        file = f"{name}-{version}-py3-none-any.whl"
        self.pages[f"/packages/{file}"] = ("application/octet-stream", body)
        digest = hashlib.sha256(body).hexdigest()
        self._pypi.setdefault(name, []).append(
            {
                "filename": file,
                "url": f"../../packages/{file}",
                "hashes": {"sha256": digest},
                "size": len(body),
                "upload-time": ago(age),
            }
        )
        page = {"meta": {"api-version": "1.1"}, "name": name, "files": self._pypi[name]}
        kind = "application/vnd.pypi.simple.v1+json"
        self.pages[f"/simple/{name}/"] = (kind, json.dumps(page).encode())

    def package(
        self, name: str, version: str, needs: dict[str, str] | None = None, age: float = 100
    ) -> None:
        manifest = {"name": name, "version": version, "dependencies": needs or {}, "license": "MIT"}
        body = tarball(manifest)
        path = f"/npm/{name}/-/{name.rpartition('/')[2]}-{version}.tgz"
        self.pages[path] = ("application/octet-stream", body)
        integrity = base64.b64encode(hashlib.sha512(body).digest()).decode()
        document = self._npm.setdefault(
            name, {"name": name, "dist-tags": {}, "versions": {}, "time": {}}
        )
        document["dist-tags"]["latest"] = version
        document["time"][version] = ago(age)
        document["versions"][version] = {
            **manifest,
            "dist": {"tarball": self.url + path, "integrity": f"sha512-{integrity}"},
        }
        key = f"/npm/{name.replace('/', '%2F')}"
        self.pages[key] = ("application/json", json.dumps(document).encode())

    def crate(self, name: str, version: str, needs: str = "", age: float = 100) -> None:
        manifest = f'[package]\nname = "{name}"\nversion = "{version}"\nedition = "2021"\n'
        body = archive(
            {
                f"{name}-{version}/Cargo.toml": manifest
                + (f'[dependencies]\n{needs} = "*"\n' if needs else ""),
                f"{name}-{version}/src/lib.rs": "",
            }
        )
        self.pages[f"/dl/{name}/{version}/download"] = ("application/octet-stream", body)
        need = {
            "name": needs,
            "req": "*",
            "features": [],
            "optional": False,
            "default_features": True,
            "target": None,
            "kind": "normal",
        }
        line = {
            "name": name,
            "vers": version,
            "deps": [need] if needs else [],
            "features": {},
            "cksum": hashlib.sha256(body).hexdigest(),
            "yanked": False,
            "pubtime": ago(age),
        }
        path = f"/crates/{name[:2]}/{name[2:4]}/{name}"
        before = self.pages.get(path, ("", b""))[1]
        self.pages[path] = ("text/plain", before + json.dumps(line).encode() + b"\n")
        config = json.dumps({"dl": f"{self.url}/dl"}).encode()
        self.pages["/crates/config.json"] = ("application/json", config)

    def module(self, name: str, version: str, needs: str = "", age: float = 100) -> None:
        mod = f"module {name}\n\ngo 1.20\n" + (f"\nrequire {needs}\n" if needs else "")
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as packed:
            packed.writestr(f"{name}@{version}/go.mod", mod)
            packed.writestr(f"{name}@{version}/a.go", "package a\n")
        info = json.dumps({"Version": version, "Time": ago(age)}).encode()
        at = f"/go/{name}/@v"
        self.pages[f"{at}/{version}.info"] = ("application/json", info)
        self.pages[f"{at}/{version}.mod"] = ("text/plain", mod.encode())
        self.pages[f"{at}/{version}.zip"] = ("application/zip", out.getvalue())
        before = self.pages.get(f"{at}/list", ("", b""))[1]
        self.pages[f"{at}/list"] = ("text/plain", before + f"{version}\n".encode())

    def cut(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def registry() -> Iterator[Registry]:
    made = Registry()
    yield made
    made.cut()


@pytest.fixture(scope="module")
def advisories(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("advisories")
    records = [
        {
            "schema_version": "1.7.5",
            "id": identifier,
            "modified": "2026-11-20T00:00:00Z",
            "severity": CRITICAL,
            "affected": [
                {
                    "package": {"ecosystem": ecosystem, "name": "alpha"},
                    "ranges": [{"type": kind, "events": [{"introduced": first}, {"fixed": last}]}],
                }
            ],
        }
        for identifier, ecosystem, kind, first, last in (
            ("GHSA-aaaa-aaaa-aaaa", "PyPI", "ECOSYSTEM", "1.2", "1.3"),
            ("GHSA-bbbb-bbbb-bbbb", "npm", "SEMVER", "1.2.0", "1.3.0"),
        )
    ]
    source = folder / "records.ndjson"
    source.write_text("\n".join(map(json.dumps, records)))
    build(folder / "data", [Source(path=str(source), name="invented")], now=datetime.now(UTC))
    return folder / "data"


class Process:
    """A gate in a process of its own."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.data = folder / "data"
        policy = folder / "trial.yaml"
        policy.write_text(POLICY)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.words = [
            *(sys.executable, "-m", "pratique.gate", "serve", "--policy", str(policy)),
            *("--data", str(self.data), "--port", str(self.port), *options),
        ]
        self.errors = folder / "stderr"
        self.process: subprocess.Popen[bytes] | None = None
        self.start()

    def start(self) -> None:
        with self.errors.open("ab") as errors:
            self.process = subprocess.Popen(self.words, stderr=errors)
        deadline = time.monotonic() + 60
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
        return self.process.wait(30)

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


Start = Callable[..., Process]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    running: list[Process] = []

    def call(*options: str) -> Process:
        running.append(Process(tmp_path, *options))
        return running[-1]

    yield call
    for one in running:
        if one.process is not None and one.process.poll() is None:
            one.kill()


@pytest.fixture
def gate(start: Start, registry: Registry, advisories: Path, tmp_path: Path) -> Process:
    lists = tmp_path / "lists"
    lists.write_text(
        "reserved acme-*\nreserved npm:@acme\ndeny pkg:pypi/beta@2.*\ndeny pkg:npm/beta@2.*\ndeny pkg:cargo/beta@2.*\ndeny pkg:golang/example.test/beta@v1.2.*\n"
    )
    return start(
        *("--upstream", f"pypi={registry.url}/simple", "--upstream", f"npm={registry.url}/npm"),
        *("--upstream", f"crates={registry.url}/crates", "--upstream", f"go={registry.url}/go"),
        *("--advisories", str(advisories), "--lists", str(lists)),
    )


def run(
    folder: Path, *words: str, more: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a package manager without any configuration of the machine's."""
    clean = {
        name: value
        for name, value in os.environ.items()
        if not name.lower().startswith(("pip_", "uv_", "npm_config"))
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


def pip(folder: Path, gate: Process, *what: str) -> subprocess.CompletedProcess[str]:
    return run(
        folder,
        *(sys.executable, "-m", "pip", "install", "--no-cache-dir", "--disable-pip-version-check"),
        *("--target", "site", "--index-url", f"{gate.url}/pypi/simple/", "--retries", "0", *what),
    )


def uv(folder: Path, gate: Process, *what: str) -> subprocess.CompletedProcess[str]:
    return run(
        folder,
        *(str(Path(sys.executable).with_name("uv")), "pip", "install", "--no-cache"),
        *("--python", sys.executable, "--target", "site"),
        *("--default-index", f"{gate.url}/pypi/simple/", *what),
    )


def npm(folder: Path, gate: Process, *what: str) -> subprocess.CompletedProcess[str]:
    program = shutil.which("npm")
    if program is None:
        pytest.skip("npm is not installed")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "package.json").write_text("{}")
    return run(
        folder,
        *(program, "install", "--registry", f"{gate.url}/npm/", "--cache", str(folder / "cache")),
        *("--no-audit", "--no-fund", "--fetch-retries", "0", *what),
    )


def installed(folder: Path) -> dict[str, str]:
    """Versions by name, of a ``--target`` folder or of ``node_modules``."""
    found = {}
    for path in (folder / "site").glob("*.dist-info"):
        name, _, version = path.name.removesuffix(".dist-info").partition("-")
        found[name] = version
    for path in (folder / "node_modules").rglob("package.json"):
        manifest = json.loads(path.read_text())
        found[manifest["name"]] = manifest["version"]
    return found


@pytest.mark.parametrize("install", [pip, uv])
def test_python_installers(tmp_path: Path, gate: Process, registry: Registry, install: Any) -> None:
    registry.wheel("alpha", "1.1", "beta")
    registry.wheel("alpha", "1.2", "beta")  # vulnerable
    registry.wheel("alpha", "1.4", "beta", age=0.5)  # too new
    registry.wheel("beta", "1.0", padding=300_000)
    registry.wheel("beta", "2.0")  # denied
    registry.wheel("acme_pay", "99.0")
    first = tmp_path / "first"
    done = install(first, gate, "alpha")
    assert done.returncode == 0, done.stderr
    assert installed(first) == {"alpha": "1.1", "beta": "1.0"}
    for wanted in ("alpha==1.2", "alpha==1.4", "beta==2.0", "acme-pay"):
        assert install(tmp_path / "other", gate, wanted).returncode != 0
    denied = f"{gate.url}/pypi/files/alpha/alpha-1.2-py3-none-any.whl"
    done = install(tmp_path / "other", gate, f"alpha @ {denied}")
    assert done.returncode != 0
    assert "403" in done.stderr
    assert not any("acme" in path for path in registry.asked)
    told = gate.ask("why", "alpha").stdout
    assert "alpha 1.2: deny by critical: vulnerabilities: GHSA-aaaa-aaaa-aaaa" in told
    assert "alpha 1.4: quarantine by new-release" in told
    registry.cut()
    gate.restart()
    again = tmp_path / "again"
    done = install(again, gate, "alpha")
    assert done.returncode == 0, done.stderr
    assert installed(again) == installed(first)
    assert gate.ask("verify").returncode == 0


def test_npm(tmp_path: Path, gate: Process, registry: Registry) -> None:
    registry.package("alpha", "1.1.0", {"@free/beta": "^1.0.0", "beta": "*"})
    registry.package("alpha", "1.2.0")  # vulnerable
    registry.package("alpha", "1.4.0", age=0.5)  # too new, and latest
    registry.package("@free/beta", "1.0.0")
    registry.package("beta", "1.0.0")
    registry.package("beta", "2.0.0")  # denied
    registry.package("@acme/pay", "99.0.0")
    first = tmp_path / "first"
    done = npm(first, gate, "alpha")
    assert done.returncode == 0, done.stderr
    assert installed(first) == {"alpha": "1.1.0", "@free/beta": "1.0.0", "beta": "1.0.0"}
    for wanted in ("alpha@1.2.0", "alpha@1.4.0", "beta@2", "@acme/pay"):
        assert npm(tmp_path / "other", gate, wanted).returncode != 0
    done = npm(tmp_path / "other", gate, f"{gate.url}/npm/alpha/-/alpha-1.2.0.tgz")
    assert done.returncode != 0
    assert "403" in done.stderr
    assert not any("acme" in path for path in registry.asked)
    registry.cut()
    gate.restart()
    again = tmp_path / "again"
    done = npm(again, gate, "alpha")
    assert done.returncode == 0, done.stderr
    assert installed(again) == installed(first)
    assert gate.ask("verify").returncode == 0


def cargo(folder: Path, gate: Process, needs: str) -> subprocess.CompletedProcess[str]:
    program = shutil.which("cargo")
    if program is None:
        pytest.skip("cargo is not installed")
    (folder / "src").mkdir(parents=True, exist_ok=True)
    (folder / "src/lib.rs").write_text("")
    (folder / ".cargo").mkdir(exist_ok=True)
    done = gate.ask_setup("cargo")
    (folder / ".cargo/config.toml").write_text(done)
    (folder / "Cargo.toml").write_text(
        f'[package]\nname = "own"\nversion = "0.1.0"\nedition = "2021"\n[dependencies]\n{needs}\n'
    )
    home = {"CARGO_HOME": str(folder / "cargo"), "RUSTUP_HOME": str(Path.home() / ".rustup")}
    return run(folder, program, "fetch", more=home)


def test_cargo(tmp_path: Path, gate: Process, registry: Registry) -> None:
    registry.crate("alpha", "1.1.0", "beta")
    registry.crate("alpha", "1.4.0", "beta", age=0.5)  # too new
    registry.crate("beta", "1.0.0")
    registry.crate("beta", "2.0.0")  # denied
    first = tmp_path / "first"
    done = cargo(first, gate, 'alpha = "1"')
    old = "sparse registries requires" in done.stderr  # cargo before 1.68, as in Debian 12
    if done.returncode and ("rustup" in done.stderr or old):
        pytest.skip(f"cargo does not run here: {done.stderr[-200:]}")
    assert done.returncode == 0, done.stderr
    lock = (first / "Cargo.lock").read_text()
    assert 'name = "alpha"\nversion = "1.1.0"' in lock
    assert 'name = "beta"\nversion = "1.0.0"' in lock
    for number, wanted in enumerate(('alpha = "=1.4.0"', 'beta = "2"', 'acme-pay = "99"')):
        assert cargo(tmp_path / f"other{number}", gate, wanted).returncode != 0
    assert not any("acme" in path for path in registry.asked)
    registry.cut()
    gate.restart()
    again = tmp_path / "again"
    done = cargo(again, gate, 'alpha = "1"')
    assert done.returncode == 0, done.stderr
    assert (again / "Cargo.lock").read_text() == lock
    assert gate.ask("verify").returncode == 0


def go(folder: Path, gate: Process, *what: str) -> subprocess.CompletedProcess[str]:
    program = shutil.which("go")
    if program is None:
        pytest.skip("go is not installed")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "go.mod").write_text("module own.test/own\n\ngo 1.20\n")
    more = {
        "GOPROXY": f"{gate.url}/go",
        "GOSUMDB": "off",
        "GOMODCACHE": str(folder / "cache"),
        "GOFLAGS": "-modcacherw",
        "GOTOOLCHAIN": "local",
        "GOENV": "off",
        "GOPATH": str(folder / "path"),
    }
    return run(folder, program, "get", *what, more=more)


def test_go(tmp_path: Path, gate: Process, registry: Registry) -> None:
    registry.module("example.test/beta", "v1.0.0")
    registry.module("example.test/beta", "v1.2.0")  # denied
    registry.module("example.test/alpha", "v1.1.0", "example.test/beta v1.0.0")
    registry.module("example.test/alpha", "v1.4.0", age=0.5)  # too new
    first = tmp_path / "first"
    done = go(first, gate, "example.test/alpha@latest", "example.test/beta@latest")
    assert done.returncode == 0, done.stderr
    mod = (first / "go.mod").read_text()
    assert "example.test/alpha v1.1.0" in mod
    assert "example.test/beta v1.0.0" in mod
    for number, wanted in enumerate(("alpha@v1.4.0", "beta@v1.2.0")):
        done = go(tmp_path / f"other{number}", gate, f"example.test/{wanted}")
        assert done.returncode != 0
        assert "403" in done.stderr
        assert "is not admitted" in done.stderr
    registry.cut()
    gate.restart()
    again = tmp_path / "again"
    done = go(again, gate, "example.test/alpha@latest", "example.test/beta@latest")
    assert done.returncode == 0, done.stderr
    assert (again / "go.mod").read_text() == mod
    assert (again / "go.sum").read_text() == (first / "go.sum").read_text()
    assert gate.ask("verify").returncode == 0


def test_what_is_wrong_never_arrives_whole(gate: Process, registry: Registry) -> None:
    """A large file is passed on as it comes; its end is withheld until it is verified."""
    registry.wheel("beta", "1.0", padding=3_000_000)
    path = "/packages/beta-1.0-py3-none-any.whl"
    kind, body = registry.pages[path]
    registry.pages[path] = (kind, body[:-1] + b"!")
    url = f"{gate.url}/pypi/files/beta/beta-1.0-py3-none-any.whl"
    got = b""
    try:
        with httpx.stream("GET", url) as answer:
            if answer.status_code == 200:
                for block in answer.iter_raw():
                    got += block
            else:
                assert answer.status_code == 502
    except httpx.HTTPError:
        pass
    assert len(got) < len(body) - 1000
    registry.pages[path] = (kind, body)
    assert httpx.get(url).content == body
    assert gate.ask("verify").returncode == 0


def test_many_first_downloads_at_once(gate: Process, registry: Registry) -> None:
    for number in range(40):
        registry.wheel(f"p{number}", "1.0", padding=200_000)
    paths = [f"/pypi/files/p{n % 40}/p{n % 40}-1.0-py3-none-any.whl" for n in range(200)]

    limits = httpx.Limits(max_connections=200)
    client = httpx.Client(timeout=60, trust_env=False, verify=False, limits=limits)

    def fetch(path: str) -> bool:
        answer = client.get(gate.url + path)
        return answer.content == registry.pages[f"/packages/{path.rpartition('/')[2]}"][1]

    with ThreadPoolExecutor(200) as pool:
        assert all(pool.map(fetch, paths))
    client.close()
    assert len([path for path in registry.asked if path.startswith("/packages/")]) == 40
    assert gate.process is not None
    status = Path(f"/proc/{gate.process.pid}/status")
    if status.exists():
        peak = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        assert int(peak.split()[1]) < 300 * 1024, peak


def test_one_gate_for_a_folder(gate: Process) -> None:
    words = [word if word != str(gate.port) else str(gate.port + 1) for word in gate.words]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert "in use by another gate" in done.stderr
    assert gate.kill(signal.SIGTERM) == 0


@pytest.mark.parametrize("kills", [3, pytest.param(20, marks=pytest.mark.nightly)])
def test_killed_at_any_moment(gate: Process, registry: Registry, kills: int) -> None:
    """No artifact that a client has whole is lost, and no entry of the log."""
    count = 60 * kills
    for number in range(count):
        registry.wheel(f"p{number}", "1.0", padding=100_000)
    chance = random.Random(kills)
    whole: dict[str, str] = {}
    left = list(range(count))
    heads: list[str] = []

    client = httpx.Client(timeout=10, trust_env=False, verify=False)

    def fetch(number: int) -> None:
        path = f"/pypi/files/p{number}/p{number}-1.0-py3-none-any.whl"
        try:
            answer = client.get(gate.url + path)
        except httpx.HTTPError:
            return
        if answer.status_code == 200:
            whole[path] = hashlib.sha256(answer.content).hexdigest()

    for _ in range(kills):
        batch = [left.pop() for _ in range(60)]
        with ThreadPoolExecutor(8) as pool:
            work = [pool.submit(fetch, number) for number in batch]
            enough = len(whole) + chance.randint(1, 25)
            deadline = time.monotonic() + 20
            while len(whole) < enough and time.monotonic() < deadline:
                time.sleep(0.001)
            time.sleep(chance.uniform(0, 0.05))
            gate.kill()
            for one in work:
                one.result()
        gate.start()
        now = [entry["hash"] for entry in entries(gate.data)]
        assert now[: len(heads)] == heads
        heads = now
    client.close()
    assert len(whole) > kills
    registry.cut()
    gate.restart()
    for path, digest in whole.items():
        assert hashlib.sha256(httpx.get(gate.url + path).content).hexdigest() == digest
    stored = {entry["sha256"] for entry in entries(gate.data) if entry["kind"] == "stored"}
    assert set(whole.values()) <= stored
    done = gate.ask("verify")
    assert done.returncode == 0, done.stdout


@pytest.mark.network
def test_the_registries_of_this_machine(tmp_path: Path, start: Start, advisories: Path) -> None:
    try:
        gate = start("--advisories", str(advisories))
    except AssertionError as error:
        pytest.skip(f"no registries are configured here: {str(error)[-300:]}")
    probe = httpx.get(f"{gate.url}/pypi/simple/idna/", timeout=120)
    if probe.status_code != 200:
        pytest.skip(f"the registry cannot be reached: {probe.text[:300]}")
    for install in (pip, uv):
        first = tmp_path / f"{install.__name__}1"
        done = install(first, gate, "jinja2", "requests")
        assert done.returncode == 0, done.stderr
        assert {"jinja2", "markupsafe", "requests", "idna"} <= set(installed(first))
    first = tmp_path / "npm1"
    done = npm(first, gate, "express@4", "@babel/code-frame")
    assert done.returncode == 0, done.stderr
    assert {"express", "@babel/code-frame"} <= set(installed(first))
    with_go = shutil.which("go") is not None
    if with_go:
        done = go(tmp_path / "go1", gate, "github.com/google/uuid@latest")
        assert done.returncode == 0, done.stderr
    gate.kill()
    nowhere = "http://127.0.0.1:9"
    gate.words += ["--upstream", f"pypi={nowhere}/simple", "--upstream", f"npm={nowhere}/npm"]
    gate.words += ["--upstream", f"go={nowhere}/go"] if with_go else []
    gate.start()
    for install in (pip, uv):
        first, again = tmp_path / f"{install.__name__}1", tmp_path / f"{install.__name__}2"
        done = install(again, gate, "jinja2", "requests")
        assert done.returncode == 0, done.stderr
        assert installed(again) == installed(first)
    again = tmp_path / "npm2"
    done = npm(again, gate, "express@4", "@babel/code-frame")
    assert done.returncode == 0, done.stderr
    assert installed(again) == installed(tmp_path / "npm1")
    if with_go:
        done = go(tmp_path / "go2", gate, "github.com/google/uuid@latest")
        assert done.returncode == 0, done.stderr
        sums = [(tmp_path / name / "go.sum").read_text() for name in ("go1", "go2")]
        assert sums[0] == sums[1]
    assert gate.ask("verify").returncode == 0
