"""``pratique rebuild`` against a registry on the loopback, with a build of its own."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import shutil
import subprocess
import tarfile
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from pratique.provenance.rebuild import sandbox
from pratique.surfaces.cli import main

pytestmark = pytest.mark.skipif(
    not sandbox.available(), reason="bubblewrap (bwrap) is not installed"
)

BACKEND = """\
import os, zipfile

def build_wheel(folder, settings=None, metadata=None):
    name = "alpha-1.0-py3-none-any.whl"
    rows = {
        "alpha.py": "print('hello')\\n",
        "alpha-1.0.dist-info/METADATA": "Metadata-Version: 2.1\\nName: alpha\\nVersion: 1.0\\n",
        "alpha-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\\nGenerator: ours (1)\\n",
    }
    with zipfile.ZipFile(os.path.join(folder, name), "w") as archive:
        for path, text in rows.items():
            archive.writestr(zipfile.ZipInfo(path, (2020, 2, 2, 0, 0, 0)), text)
    return name
"""
PYPROJECT = '[build-system]\nrequires = []\nbuild-backend = "ours"\nbackend-path = ["tools"]\n'


class Registry:
    """Serves what is put into it; counts nothing, keeps nothing."""

    def __init__(self) -> None:
        self.pages: dict[str, tuple[str, bytes]] = {}
        pages = self.pages

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                kind, data = pages.get(self.path, ("", b""))
                self.send_response(200 if kind else 404)
                self.send_header("Content-Type", kind or "text/plain")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def index(self, **files: bytes) -> None:
        rows = []
        for name, data in files.items():
            self.pages[f"/files/{name}"] = ("application/octet-stream", data)
            rows.append(
                {
                    "filename": name,
                    "url": f"{self.url}/files/{name}",
                    "hashes": {"sha256": hashlib.sha256(data).hexdigest()},
                    "upload-time": "2026-01-01T00:00:00Z",
                }
            )
        page = {"meta": {"api-version": "1.1"}, "name": "alpha", "files": rows}
        kind = "application/vnd.pypi.simple.v1+json"
        self.pages["/simple/alpha/"] = (kind, json.dumps(page).encode())


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> Iterator[Registry]:
    made = Registry()
    monkeypatch.setenv("PIP_INDEX_URL", f"{made.url}/simple")
    monkeypatch.setenv("npm_config_registry", made.url)
    monkeypatch.setenv("NPM_CONFIG_REGISTRY", made.url)
    yield made
    made.close()


def source(backend: str = BACKEND) -> bytes:
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w:gz") as archive:
        for name, text in (("pyproject.toml", PYPROJECT), ("tools/ours.py", backend)):
            info = tarfile.TarInfo(f"alpha-1.0/{name}")
            info.size = len(text.encode())
            archive.addfile(info, io.BytesIO(text.encode()))
    return data.getvalue()


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    folder = tmp_path_factory.mktemp("wheel")
    scope: dict[str, Any] = {}
    exec(BACKEND, scope)
    return (folder / scope["build_wheel"](str(folder))).read_bytes()


@pytest.fixture
def rebuild(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, Any]]:
    def go(purl: str, *more: str) -> tuple[int, Any]:
        code = main(["rebuild", purl, "-f", "json", *more])
        return code, json.loads(capsys.readouterr().out)["packages"][0]

    return go


Rebuild = Callable[..., tuple[int, Any]]
ALPHA = "pkg:pypi/alpha@1.0"
NAME = "alpha-1.0-py3-none-any.whl"


def test_a_wheel_is_built_to_the_same_bytes(
    registry: Registry, wheel: bytes, rebuild: Rebuild, tmp_path: Path
) -> None:
    registry.index(**{NAME: wheel, "alpha-1.0.tar.gz": source()})
    code, one = rebuild(ALPHA, "--keep", str(tmp_path / "kept"))
    assert (code, one["grade"]) == (0, "bit-identical"), one
    assert one["source"].startswith("alpha-1.0.tar.gz sha256:")
    assert (tmp_path / "kept" / NAME).read_bytes() == wheel


@pytest.mark.parametrize(
    ("old", "new", "code", "grade"),
    [
        ("(2020,", "(2021,", 0, "identical but for"),
        ("ours (1)", "ours (2)", 0, "identical but for"),
        ("hello", "good bye", 1, "different"),
        ('"alpha.py"', '"beta.py"', 1, "different"),
    ],
)
def test_what_differs_is_graded(
    registry: Registry, wheel: bytes, rebuild: Rebuild, old: str, new: str, code: int, grade: str
) -> None:
    assert old in BACKEND
    registry.index(**{NAME: wheel, "alpha-1.0.tar.gz": source(BACKEND.replace(old, new))})
    found, one = rebuild(ALPHA)
    assert (found, one["grade"]) == (code, grade), one


@pytest.mark.parametrize(
    ("backend", "reason"),
    [
        ("raise SystemExit('broken')", "the build failed"),
        ("import socket; socket.create_connection(('127.0.0.1', 1))", "the build failed"),
        ("def build_wheel(folder, *_): return ''", "made no wheel"),
    ],
)
def test_what_cannot_be_built_is_not_rebuilt(
    registry: Registry, wheel: bytes, rebuild: Rebuild, backend: str, reason: str
) -> None:
    registry.index(**{NAME: wheel, "alpha-1.0.tar.gz": source(backend)})
    code, one = rebuild(ALPHA)
    assert (code, one["grade"]) == (3, "not rebuilt")
    assert reason in one["reason"]


def test_files_that_are_missing_or_not_what_they_should_be(
    registry: Registry, wheel: bytes, rebuild: Rebuild
) -> None:
    registry.index(**{NAME: wheel})
    assert "no source distribution" in rebuild(ALPHA)[1]["reason"]
    registry.index(**{"alpha-1.0.tar.gz": source()})
    assert "no wheel" in rebuild(ALPHA)[1]["reason"]
    registry.index(**{"alpha-1.0-cp311-cp311-linux_x86_64.whl": wheel, "alpha-1.0.tar.gz": b""})
    assert "no wheel of pure Python" in rebuild(ALPHA)[1]["reason"]
    registry.index(**{NAME: wheel, "alpha-1.0.tar.gz": source()})
    registry.pages[f"/files/{NAME}"] = ("application/octet-stream", wheel + b"x")
    assert "not what the index says" in rebuild(ALPHA)[1]["reason"]


def test_only_the_same_bytes_are_attested(
    registry: Registry, wheel: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    key = tmp_path / "key.pem"
    assert main(["attest", "keygen", str(key), "--no-passphrase"]) == 0
    summary = tmp_path / "alpha.vsa.jsonl"
    words = [
        "--attest",
        str(summary),
        "-K",
        str(key),
        "--verifier",
        "https://example.test/rebuilder",
    ]
    registry.index(**{NAME: wheel, "alpha-1.0.tar.gz": source(BACKEND.replace("(2020,", "(2021,"))})
    assert main(["rebuild", ALPHA, *words]) == 3
    assert "Only bit-identical" in capsys.readouterr().err
    assert not summary.exists()
    registry.index(**{NAME: wheel, "alpha-1.0.tar.gz": source()})
    assert main(["rebuild", ALPHA, *words]) == 0
    envelope = json.loads(summary.read_text())
    statement = json.loads(base64.b64decode(envelope["payload"]))
    assert statement["predicate"]["verifiedLevels"] == ["SLSA_BUILD_REPRODUCED"]
    assert statement["subject"][0]["digest"]["sha256"] == hashlib.sha256(wheel).hexdigest()
    (tmp_path / NAME).write_bytes(wheel)
    capsys.readouterr()
    assert main(["verify", str(tmp_path / NAME), "-b", str(summary), "--key", f"{key}.pub"]) == 0


def test_an_npm_package_is_packed_again(
    registry: Registry, rebuild: Rebuild, tmp_path: Path
) -> None:
    if shutil.which("npm") is None:
        pytest.skip("npm is not installed")
    folder = tmp_path / "alpha"
    folder.mkdir()
    manifest = {"name": "@acme/alpha", "version": "1.0.0", "main": "index.js"}
    (folder / "package.json").write_text(json.dumps(manifest))
    (folder / "index.js").write_text("module.exports = 1;\n")
    subprocess.run(["npm", "pack", "--silent", "--ignore-scripts", "--offline"], cwd=folder, check=True,
                   capture_output=True)  # fmt: skip
    [packed] = folder.glob("*.tgz")
    data = packed.read_bytes()
    packed.unlink()
    integrity = f"sha512-{base64.b64encode(hashlib.sha512(data).digest()).decode()}"
    dist = {"tarball": f"{registry.url}/alpha.tgz", "integrity": integrity}
    page = {"name": "@acme/alpha", "versions": {"1.0.0": {**manifest, "dist": dist}}}
    registry.pages["/@acme%2Falpha"] = ("application/json", json.dumps(page).encode())
    registry.pages["/alpha.tgz"] = ("application/octet-stream", data)
    purl = "pkg:npm/%40acme/alpha@1.0.0"
    code, one = rebuild(purl, "--source", str(folder))
    assert (code, one["grade"]) == (0, "bit-identical"), one
    (folder / "index.js").write_text("module.exports = 2;\n")
    code, one = rebuild(purl, "--source", str(folder))
    assert (code, one["grade"]) == (1, "different")
    assert [each["path"] for each in one["differences"]] == ["package/index.js"]
    code, one = rebuild(purl)
    assert (code, one["reason"]) == (3, "the version names no repository and commit")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["pkg:cargo/alpha@1"], "are not rebuilt"),
        (["pkg:pypi/alpha"], "has no version"),
        ([ALPHA, ALPHA, "--source", "."], "about one package"),
        ([ALPHA, "--attest", "x"], "--signing-key"),
        ([ALPHA, "--attest", "x", "--sigstore"], "--verifier"),
        ([ALPHA, "--sigstore"], "nothing is signed without --attest"),
        ([ALPHA, "-K", "key.pem"], "nothing is signed without --attest"),
        ([ALPHA, "--attest", "x", "--sigstore", "-K", "k", "--verifier", "v:"], "not allowed with"),
        ([ALPHA, "--attest", "x", "-K", "pkcs11:token=a", "--verifier", "v:"], "names no key"),
        ([ALPHA, "--source", "/nowhere"], "is no folder"),
    ],
)
def test_wrong_use_is_one_line(
    registry: Registry, words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["rebuild", *words]) in {2, 3}
    assert said in capsys.readouterr().err
