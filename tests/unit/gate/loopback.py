"""A registry on loopback with invented packages, which answers as it is told: also as an adversary.

One class for the tests of the room and for those with real package managers;
each ``conftest.py`` loads it from here.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import tarfile
import threading
import time
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

JSON = "application/vnd.pypi.simple.v1+json"
OCTETS = "application/octet-stream"

CRITICAL = [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}]


def ago(days: float) -> str:
    return (datetime.now(UTC) - timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")


def wheel(name: str, version: str, *needs: str, padding: int = 0, license: str = "") -> bytes:
    """A wheel with one module that knows its version."""
    info = f"{name}-{version}.dist-info"
    metadata = core_metadata(name, version, *needs, license=license).decode()
    files = {
        f"{name}.py": f"version = {version!r}\n#{'x' * padding}\n",
        f"{info}/METADATA": metadata,
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: a\nRoot-Is-Purelib: true\n"
        "Tag: py3-none-any\n",
    }
    record = "".join(f"{path},,\n" for path in files)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for path, text in (*files.items(), (f"{info}/RECORD", f"{record}{info}/RECORD,,\n")):
            archive.writestr(zipfile.ZipInfo(path, (2026, 1, 1, 0, 0, 0)), text)
    return out.getvalue()


def core_metadata(name: str, version: str, *needs: str, license: str = "") -> bytes:
    text = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    text += f"License-Expression: {license}\n" if license else ""
    return (text + "".join(f"Requires-Dist: {need}\n" for need in needs)).encode()


def tarball(manifest: dict[str, Any]) -> bytes:
    return packed(
        {
            "package/package.json": json.dumps(manifest),
            "package/index.js": f"module.exports = {manifest['version']!r};\n",
        }
    )


def packed(files: dict[str, str]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        for path, text in files.items():
            data = text.encode()
            member = tarfile.TarInfo(path)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return out.getvalue()


def jar(version: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(zipfile.ZipInfo("version.txt", (2026, 1, 1, 0, 0, 0)), version)
    return out.getvalue()


class Loopback:
    """An upstream of every kind."""

    def __init__(self) -> None:
        self.answers: dict[str, Callable[[BaseHTTPRequestHandler], None]] = {}
        self.bodies: dict[str, bytes] = {}
        self.asked: list[str] = []
        self.heard: list[tuple[str, dict[str, str]]] = []
        """Paths with the headers of each request, names in lower case."""

        self.away = False
        self.failures: dict[str, int] = {}
        """How often a path is answered with 503 before it is answered."""

        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                outer.asked.append(self.path)
                outer.heard.append((self.path, {k.lower(): v for k, v in self.headers.items()}))
                answer = outer.answers.get(self.path)
                left = outer.failures.get(self.path, 0)
                if left:
                    outer.failures[self.path] = left - 1
                if outer.away or left:
                    self.send_error(503)
                elif answer is None:
                    self.send_error(404)
                else:
                    answer(self)

            def do_HEAD(self) -> None:
                self.do_GET()

            def log_message(self, *_: object) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            block_on_close = False
            request_queue_size = 256

            def handle_error(self, *_: object) -> None:
                """A client that hung up, or is killed, is what some tests are about."""

        self.server = Server(("127.0.0.1", 0), Handler)
        self.port = self.server.server_port
        self.url = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()
        self._files: dict[str, list[dict[str, Any]]] = {}
        self._packuments: dict[str, dict[str, Any]] = {}
        self._artifacts: dict[str, list[str]] = {}

    def put(self, path: str, body: bytes, kind: str = OCTETS, **headers: str) -> None:
        tag = f'"{hashlib.md5(body).hexdigest()}"'
        self.bodies[path] = body

        def answer(handler: BaseHTTPRequestHandler) -> None:
            if handler.headers.get("If-None-Match") == tag:
                handler.send_response(304)
                handler.send_header("Content-Length", "0")
                handler.end_headers()
                return
            handler.send_response(200)
            given = {"Content-Type": kind, "Content-Length": str(len(body)), "ETag": tag} | headers
            for name, value in given.items():
                handler.send_header(name.replace("_", "-"), value)
            handler.end_headers()
            if handler.command != "HEAD":
                handler.wfile.write(body)

        self.answers[path] = answer

    def redirect(self, path: str, target: str) -> None:
        def answer(handler: BaseHTTPRequestHandler) -> None:
            handler.send_response(302)
            handler.send_header("Location", target)
            handler.send_header("Content-Length", "0")
            handler.end_headers()

        self.answers[path] = answer

    def drip(self, path: str, body: bytes, pause: float, announced: int | None = None) -> None:
        """Give a body in two parts; with a length announced that may be another."""

        def answer(handler: BaseHTTPRequestHandler) -> None:
            handler.send_response(200)
            handler.send_header("Content-Length", str(announced or len(body)))
            handler.end_headers()
            half = len(body) // 2
            handler.wfile.write(body[:half])
            handler.wfile.flush()
            time.sleep(pause)
            handler.wfile.write(body[half:])
            handler.close_connection = True

        self.answers[path] = answer

    def pypi(self, name: str, *files: dict[str, Any], as_html: bool = False, **more: Any) -> None:
        """A project's page; each file has at least ``filename`` and ``body``."""
        records, lines = [], []
        for given in files:
            file = dict(given)
            body = file.pop("body")
            sha256 = hashlib.sha256(body).hexdigest()
            url = file.setdefault("url", f"/packages/{file['filename']}")
            file.setdefault("hashes", {"sha256": sha256})
            file.setdefault("size", len(body))
            file.setdefault("upload-time", ago(100))
            records.append(file)
            lines.append(f'<a href="{url}#sha256={sha256}">{file["filename"]}</a>')
            if url.startswith("/") and url not in self.answers:
                self.put(url, body)
        page = {"meta": {"api-version": "1.1"}, "name": name, "files": records, "versions": []}
        page |= more
        if as_html:
            self.put(f"/simple/{name}/", "\n".join(lines).encode(), "text/html; charset=utf-8")
        else:
            self.put(f"/simple/{name}/", json.dumps(page).encode(), JSON)

    def wheel(
        self, name: str, version: str, *needs: str, age: float = 100, padding: int = 0
    ) -> None:
        """One more version of a project, which can be installed."""
        file = {
            "filename": f"{name}-{version}-py3-none-any.whl",
            "body": wheel(name, version, *needs, padding=padding),
            "upload-time": ago(age),
        }
        self._files.setdefault(name, []).append(file)
        self.pypi(name, *self._files[name])

    def npm(
        self,
        name: str,
        versions: dict[str, dict[str, Any]],
        tags: dict[str, str],
        times: dict[str, str] | None = None,
    ) -> None:
        """A packument; each version may have a ``body``, and any field."""
        document: dict[str, Any] = {"name": name, "dist-tags": tags, "versions": {}, "time": {}}
        for version, given in versions.items():
            fields = dict(given)
            body = fields.pop("body", f"{name} {version}".encode())
            path = f"/npm/{name}/-/{name.rpartition('/')[2]}-{version}.tgz"
            integrity = base64.b64encode(hashlib.sha512(body).digest()).decode()
            dist = {
                "tarball": self.url + path,
                "integrity": f"sha512-{integrity}",
                "shasum": hashlib.sha1(body).hexdigest(),
            } | fields.pop("dist", {})
            document["versions"][version] = {
                "name": name,
                "version": version,
                "dist": dist,
                **fields,
            }
            document["time"][version] = (times or {}).get(version, ago(100))
            self.put(path, body)
        path = f"/npm/{name.replace('/', '%2F')}"
        self.put(path, json.dumps(document).encode(), "application/json")

    def package(
        self, name: str, version: str, needs: dict[str, str] | None = None, age: float = 100
    ) -> None:
        """One more version of a package, which can be installed; ``latest`` is this one."""
        manifest = {"name": name, "version": version, "dependencies": needs or {}, "license": "MIT"}
        given = self._packuments.setdefault(name, {"versions": {}, "times": {}})
        given["versions"][version] = manifest | {"body": tarball(manifest)}
        given["times"][version] = ago(age)
        self.npm(name, given["versions"], {"latest": version}, given["times"])

    def crate(self, name: str, version: str, needs: str = "", age: float = 100) -> None:
        manifest = f'[package]\nname = "{name}"\nversion = "{version}"\nedition = "2021"\n'
        body = packed(
            {
                f"{name}-{version}/Cargo.toml": manifest
                + (f'[dependencies]\n{needs} = "*"\n' if needs else ""),
                f"{name}-{version}/src/lib.rs": "",
            }
        )
        self.put(f"/dl/{name}/{version}/download", body)
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
        before = self.bodies.get(path, b"")
        self.put(path, before + json.dumps(line).encode() + b"\n", "text/plain")
        config = json.dumps({"dl": f"{self.url}/dl"}).encode()
        self.put("/crates/config.json", config, "application/json")

    def module(self, name: str, version: str, needs: str = "", age: float = 100) -> None:
        mod = f"module {name}\n\ngo 1.20\n" + (f"\nrequire {needs}\n" if needs else "")
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as archive:
            archive.writestr(f"{name}@{version}/go.mod", mod)
            archive.writestr(f"{name}@{version}/a.go", "package a\n")
        info = json.dumps({"Version": version, "Time": ago(age)}).encode()
        at = f"/go/{name}/@v"
        self.put(f"{at}/{version}.info", info, "application/json")
        self.put(f"{at}/{version}.mod", mod.encode(), "text/plain")
        self.put(f"{at}/{version}.zip", out.getvalue(), "application/zip")
        before = self.bodies.get(f"{at}/list", b"")
        self.put(f"{at}/list", before + f"{version}\n".encode(), "text/plain")

    def maven_file(self, path: str, body: bytes, age: float = 100, *, sums: bool = True) -> None:
        """A file of a Maven repository, with the checksums beside it."""
        made = format_datetime(datetime.now(UTC) - timedelta(days=age), usegmt=True)
        self.put(f"/maven/{path}", body, Last_Modified=made)
        for method in ("sha1", "md5") if sums else ():
            digest = hashlib.new(method, body).hexdigest().encode()
            self.put(f"/maven/{path}.{method}", digest, "text/plain", Last_Modified=made)

    def maven(
        self, name: str, version: str, needs: str = "", age: float = 100, license: str = "MIT"
    ) -> None:
        """One more version of ``group:artifact``; ``needs`` is ``group:artifact:version``."""
        group, _, artifact = name.partition(":")
        at = f"{group.replace('.', '/')}/{artifact}"
        self.maven_file(
            f"{at}/{version}/{artifact}-{version}.pom",
            pom(name, version, needs, license=license),
            age,
        )
        self.maven_file(f"{at}/{version}/{artifact}-{version}.jar", jar(version), age)
        listed = self._artifacts.setdefault(name, [])
        listed.append(version)
        self.maven_file(f"{at}/maven-metadata.xml", maven_metadata(name, listed))

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


def pom(name: str, version: str, needs: str = "", license: str = "MIT") -> bytes:
    group, _, artifact = name.partition(":")
    text = "<project><modelVersion>4.0.0</modelVersion>"
    text += f"<groupId>{group}</groupId><artifactId>{artifact}</artifactId>"
    text += f"<version>{version}</version>"
    if license:
        text += f"<licenses><license><name>{license}</name></license></licenses>"
    if needs:
        parts = zip(("groupId", "artifactId", "version"), needs.split(":"), strict=True)
        inner = "".join(f"<{tag}>{value}</{tag}>" for tag, value in parts)
        text += f"<dependencies><dependency>{inner}</dependency></dependencies>"
    return f"{text}</project>".encode()


def maven_metadata(name: str, versions: list[str]) -> bytes:
    group, _, artifact = name.partition(":")
    listed = "".join(f"<version>{version}</version>" for version in versions)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<metadata>'
        f"<groupId>{group}</groupId><artifactId>{artifact}</artifactId><versioning>"
        f"<latest>{versions[-1]}</latest><release>{versions[-1]}</release>"
        f"<versions>{listed}</versions><lastUpdated>20260101000000</lastUpdated>"
        "</versioning></metadata>"
    ).encode()


def advisory(
    identifier: str, ecosystem: str, name: str, fixed: str = "", first: str = "0", **more: Any
) -> dict[str, Any]:
    """A record of the OSV schema."""
    events = [{"introduced": first}] + ([{"fixed": fixed}] if fixed else [])
    kind = "SEMVER" if ecosystem == "npm" else "ECOSYSTEM"
    return {
        "schema_version": "1.7.5",
        "id": identifier,
        "modified": ago(1),
        "affected": [
            {
                "package": {"ecosystem": ecosystem, "name": name},
                "ranges": [{"type": kind, "events": events}],
            }
        ],
        **more,
    }
