"""A registry of this machine, and the command that verifies what it has.

The registry is an adversary in memory: it serves what a test puts into it, real
attestations of a private Sigstore instance among it, and answers over HTTP.
"""

from __future__ import annotations

import hashlib
import json
import threading
from argparse import ArgumentParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from pratique.provenance.cli import verify

PUBLISH = "https://docs.index.example.test/attestations/publish/v1"


WHEEL = "alpha-1.2.3-py3-none-any.whl"


class Registry:
    """Serves pages by their path, and remembers what was asked."""

    def __init__(self) -> None:
        self.pages: dict[str, object] = {}
        self.asked: list[str] = []
        self.together, self.now, self.most = 0, 0, 0
        """``together``: each answer waits until so many were asked for at once."""

        self.change = threading.Condition()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                with outer.change:
                    outer.asked.append(self.path)
                    outer.now += 1
                    outer.most = max(outer.most, outer.now)
                    outer.change.notify_all()
                    outer.change.wait_for(lambda: outer.most >= outer.together, 60)
                    outer.now -= 1
                page = outer.pages.get(self.path)
                status = page if isinstance(page, int) else 404 if page is None else 200
                data = page if isinstance(page, bytes) else json.dumps(page).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True)
        self.thread.start()
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


class Market:
    """A registry, a private instance, and the command."""

    def __init__(self, folder: Path, registry: Registry, instance, forge, capsys) -> None:
        self.folder, self.registry, self.capsys = folder, registry, capsys
        self.instance, self.forge = instance, forge
        self.root = folder / "trusted_root.json"
        self.root.write_text(json.dumps(instance.trusted_root()))
        self.digests: dict[str, str] = {}

    def attestation(self, name: str, data: bytes, **changes: object) -> dict:
        statement = {
            "_type": "https://in-toto.io/Statement/v1",
            "subject": [{"name": name, "digest": {"sha256": hashlib.sha256(data).hexdigest()}}],
            "predicateType": PUBLISH,
            "predicate": None,
        } | changes
        return self.dressed(self.instance.bundle(statement))

    def dressed(self, bundle: dict) -> dict:
        """A bundle as PEP 740 has it."""
        material = bundle["verificationMaterial"]
        return {
            "version": 1,
            "verification_material": {
                "certificate": material["certificate"]["rawBytes"],
                "transparency_entries": material["tlogEntries"],
            },
            "envelope": {
                "statement": bundle["dsseEnvelope"]["payload"],
                "signature": bundle["dsseEnvelope"]["signatures"][0]["sig"],
            },
        }

    def provenance(self, *attestations: dict) -> dict:
        publisher = {"kind": "GitHub", "repository": "example/alpha", "workflow": "release.yml"}
        bundle = {"publisher": publisher, "attestations": list(attestations)}
        return {"version": 1, "attestation_bundles": [bundle]}

    def publish(
        self,
        name: str = WHEEL,
        data: bytes = b"alpha",
        evidence: object = "",
        project: str = "alpha",
    ) -> None:
        """Put a file on the index; its evidence is an object, None, or by default the right one."""
        page = self.registry.pages.setdefault(f"/simple/{project}/", {"files": []})
        assert isinstance(page, dict)
        digest = hashlib.sha256(data).hexdigest()
        file = {"filename": name, "url": f"../../files/{name}", "hashes": {"sha256": digest}}
        self.registry.pages[f"/files/{name}"] = data
        self.digests[name] = digest
        if evidence == "":
            evidence = self.provenance(self.attestation(name, data))
        if evidence is not None:
            file["provenance"] = f"{self.registry.url}/provenance/{name}"
            self.registry.pages[f"/provenance/{name}"] = evidence
        else:
            file["provenance"] = None
        page["files"] = [*page["files"], file]

    def run(self, subject: object, *words: object) -> tuple[int, str, str]:
        parser = ArgumentParser()
        verify.configure(parser)
        given = [
            str(subject), "--trusted-root", str(self.root),
            "--registry", f"pypi={self.registry.url}/simple",
            "--registry", f"npm={self.registry.url}/npm",
            "--cache", str(self.folder / "cache"), *map(str, words),
        ]  # fmt: skip
        code = verify.run(parser.parse_args(given))
        out, err = self.capsys.readouterr()
        return int(code), out, err

    def json(self, subject: object, *words: object) -> dict:
        code, out, _ = self.run(subject, "--format", "json", *words)
        found = json.loads(out)
        assert found["exit_code"] == code
        return found

    def lock(self, *hashes: str, requirement: str = "alpha==1.2.3") -> Path:
        path = self.folder / "requirements.txt"
        listed = " ".join(f"--hash=sha256:{one}" for one in hashes)
        path.write_text(f"{requirement} {listed}\n")
        return path


@pytest.fixture
def market(tmp_path: Path, instance, forge, capsys):
    registry = Registry()
    yield Market(tmp_path, registry, instance, forge, capsys)
    registry.close()
