"""Registries on loopback that answer in each protocol, and documents about what they have."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
import threading
import zipfile
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

NPM = {
    "name": "tarry",
    "version": "1.2.0",
    "license": "MIT",
    "author": "Ada Example <ada@example.test>",
    "repository": "github:example/tarry",
    "homepage": "https://tarry.example.test",
    "deprecated": "use oakum",
    "dist": {
        "integrity": "sha512-" + "A" * 86 + "==",
        "tarball": "https://files.example.test/tarry-1.2.0.tgz",
    },
}
METADATA = b"""\
Metadata-Version: 2.1
Name: oakum
Version: 2.0
License: BSD 3-Clause
Author-email: "Grace Example" <grace@example.test>
Project-URL: Source, https://git.example.test/oakum
Project-URL: Homepage, https://oakum.example.test
"""
MANIFEST = b"""\
[package]
name = "caulk"
version = "0.3.1"
license = "MIT OR Apache-2.0"
authors = ["Linus Example <l@example.test>"]
repository = "https://git.example.test/caulk"
"""
POM = b"""\
<project xmlns="https://example.test/pom">
  <parent><groupId>test.example</groupId><artifactId>top</artifactId><version>1</version></parent>
  <artifactId>mast</artifactId><version>4.0</version>
  <scm><url>https://git.example.test/mast</url></scm>
</project>
"""
PARENT = b"""\
<project>
  <groupId>test.example</groupId><artifactId>top</artifactId><version>1</version>
  <organization><name>Example Shipyard</name></organization>
  <licenses><license><name>Apache License, Version 2.0</name></license></licenses>
</project>
"""


def wheel() -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("oakum/__init__.py", "")
        archive.writestr("oakum-2.0.dist-info/METADATA", METADATA)
    return data.getvalue()


def crate() -> bytes:
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w:gz") as archive:
        member = tarfile.TarInfo("caulk-0.3.1/Cargo.toml")
        member.size = len(MANIFEST)
        archive.addfile(member, io.BytesIO(MANIFEST))
    return data.getvalue()


class Registries:
    """What the server answers, by path; a number is a status."""

    def __init__(self) -> None:
        self.pages: dict[str, bytes | int] = {}
        self.asked: list[str] = []
        self.together = 0
        """Each answer waits until so many were asked for at once."""

        self.open = self.most = 0
        """Requests that are being answered, and the most that were at one time."""

        self.change = threading.Condition()
        self.address = ""

    def fill(self) -> None:
        whl, box = wheel(), crate()
        sha = hashlib.sha256(whl).hexdigest()
        files = [
            {"filename": "oakum-2.0-py3-none-any.whl", "url": "/w/oakum.whl", "size": len(whl)},
            {
                "filename": "oakum-1.0.tar.gz",
                "url": "/w/old.tar.gz",
                "hashes": {"sha256": "0" * 64},
            },
        ]
        files[0]["hashes"] = {"sha256": sha}
        entry = {"vers": "0.3.1", "cksum": hashlib.sha256(box).hexdigest(), "yanked": True}
        modfile = b"module example.test/rope\n\nretract v1.1.0 // lost\n"
        self.pages |= {
            "/npm/tarry/1.2.0": json.dumps(NPM).encode(),
            "/pypi/oakum/": json.dumps({"files": files}).encode(),
            "/w/oakum.whl": whl,
            "/crates/ca/ul/caulk": json.dumps(entry).encode(),
            "/crates/config.json": json.dumps({"dl": f"{self.address}/dl"}).encode(),
            "/dl/caulk/0.3.1/download": box,
            "/go/example.test/rope/@v/v1.1.0.info": b'{"Version":"v1.1.0","Origin":'
            b'{"VCS":"git","URL":"https://git.example.test/rope"}}',
            "/go/example.test/rope/@latest": b'{"Version":"v1.2.0"}',
            "/go/example.test/rope/@v/v1.2.0.mod": modfile,
            "/maven/test/example/mast/4.0/mast-4.0.pom": POM,
            "/maven/test/example/top/1/top-1.pom": PARENT,
            "/maven/test/example/mast/4.0/mast-4.0.jar.sha256": b"ab" * 32 + b"  mast-4.0.jar\n",
        }

    def options(self) -> list[str]:
        words = ("npm", "pypi", "crates", "go", "maven")
        return [f"--registry={word}={self.address}/{word}" for word in words]


@pytest.fixture
def registries(monkeypatch: pytest.MonkeyPatch) -> Iterator[Registries]:
    """Registries of five ecosystems on loopback."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    found = Registries()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            with found.change:
                found.asked.append(self.path)
                found.open += 1
                found.most = max(found.most, found.open)
                found.change.notify_all()
                found.change.wait_for(lambda: found.most >= found.together, 60)
                found.open -= 1
            answer = found.pages.get(self.path, 404)
            body = b"" if isinstance(answer, int) else answer
            self.send_response(answer if isinstance(answer, int) else 200)
            if answer == 302:
                self.send_header("Location", "http://127.0.0.2:1/secret")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found.address = f"http://127.0.0.1:{server.server_port}"
    found.fill()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield found
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def bom() -> dict[str, Any]:
    """A CycloneDX document about packages that the registries have."""
    purls = {
        "tarry": "pkg:npm/tarry@1.2.0",
        "oakum": "pkg:pypi/oakum@2.0",
        "caulk": "pkg:cargo/caulk@0.3.1",
        "rope": "pkg:golang/example.test/rope@v1.1.0",
        "mast": "pkg:maven/test.example/mast@4.0",
    }
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": "urn:uuid:3e671687-395b-41f5-a30f-a58921a69b79",
        "version": 1,
        "metadata": {
            "timestamp": "2025-01-01T00:00:00Z",
            "component": {"type": "application", "name": "ship", "bom-ref": "ship"},
        },
        "components": [
            {"type": "library", "bom-ref": name, "name": name, "purl": purl}
            for name, purl in purls.items()
        ],
        "dependencies": [{"ref": "ship", "dependsOn": list(purls)}],
    }


@pytest.fixture
def pratique(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Callable[..., tuple[int, str, str]]:
    """Runs a command in an empty folder: exit code, output, errors."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "user-cache"))
    monkeypatch.delenv("PRATIQUE_KEY_PASSPHRASE", raising=False)

    def run(*words: object) -> tuple[int, str, str]:
        from pratique.surfaces.cli import main

        code = main([str(word) for word in words])
        out, err = capsys.readouterr()
        return int(code or 0), out, err

    return run
