"""Documents of in-toto metadata, and who made them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pratique.formats.dsse.write import write_envelope
from pratique.formats.intoto import ResourceDescriptor
from pratique.formats.intoto.canonical import canonical_json
from pratique.formats.intoto.write import write_statement
from pratique.provenance.signing import SigningKey, generate

Run = Callable[..., tuple[int, str, str]]


ARTIFACT = b"the product"


SOURCE = b"print()"


def sha(data: bytes) -> dict[str, str]:
    return {"sha256": hashlib.sha256(data).hexdigest()}


class Functionary:
    """Somebody with a key."""

    def __init__(self) -> None:
        self.key: SigningKey = generate("ed25519")
        raw = self.key.public.public_bytes_raw().hex()
        body = {"keytype": "ed25519", "scheme": "ed25519", "keyval": {"public": raw}}
        self.id = hashlib.sha256(canonical_json(body)).hexdigest()
        self.public = body | {"keyid": self.id}

    def sign(self, value: dict[str, Any]) -> dict[str, Any]:
        signature = self.key.sign(canonical_json(value)).hex()
        return {"signed": value, "signatures": [{"keyid": self.id, "sig": signature}]}

    def attest(self, kind: str, predicate: dict[str, Any], about: dict[str, str]) -> bytes:
        subject = (ResourceDescriptor(name="app.tar", digest=about),)
        return write_envelope(self.key.envelope(write_statement(subject, kind, predicate)))


class Pipeline:
    """A layout of two steps in a folder, its links, provenance and a bill of the builder."""

    def __init__(self) -> None:
        self.owner, self.writer, self.builder = Functionary(), Functionary(), Functionary()
        self.layout = {
            "_type": "layout",
            "expires": "2100-01-01T00:00:00Z",
            "readme": "",
            "keys": {one.id: one.public for one in (self.writer, self.builder)},
            "steps": [
                self.step("write", self.writer, [["DISALLOW", "*"]], [["CREATE", "app.py"]]),
                self.step(
                    "build",
                    self.builder,
                    [["MATCH", "app.py", "WITH", "PRODUCTS", "FROM", "write"], ["DISALLOW", "*"]],
                    [["CREATE", "app.tar"], ["ALLOW", "app.py"], ["DISALLOW", "*"]],
                ),
            ],
            "inspect": [],
        }
        self.links = {
            self.writer: self.link("write", {}, {"app.py": sha(SOURCE)}),
            self.builder: self.link("build", {"app.py": sha(SOURCE)}, {"app.tar": sha(ARTIFACT)}),
        }
        self.bom = {
            "bomFormat": "CycloneDX",
            "specVersion": "1.6",
            "components": [
                {
                    "type": "library",
                    "bom-ref": "tar",
                    "name": "tar",
                    "version": "6.0",
                    "purl": "pkg:npm/tar@6.0",
                    "hashes": [{"alg": "SHA-256", "content": "ab" * 32}],
                },
                {"type": "library", "bom-ref": "oar", "name": "oar", "purl": "pkg:npm/oar@1"},
            ],
            "dependencies": [{"ref": "tar", "dependsOn": ["oar"]}],
        }
        self.provenance = {
            "buildDefinition": {
                "buildType": "https://example.test/build",
                "externalParameters": {},
                "resolvedDependencies": [
                    {"uri": "pkg:pypi/caulk@2.0", "digest": {"sha256": "cd" * 32}}
                ],
            },
            "runDetails": {"builder": {"id": "https://example.test/builder"}},
        }

    @staticmethod
    def step(
        name: str, who: Functionary, materials: list[Any], products: list[Any]
    ) -> dict[str, Any]:
        return {
            "_type": "step",
            "name": name,
            "expected_materials": materials,
            "expected_products": products,
            "expected_command": [],
            "pubkeys": [who.id],
            "threshold": 1,
        }

    @staticmethod
    def link(name: str, materials: dict[str, Any], products: dict[str, Any]) -> dict[str, Any]:
        return {
            "_type": "link",
            "name": name,
            "command": [],
            "materials": materials,
            "products": products,
            "byproducts": {},
            "environment": {},
        }

    def write(self) -> None:
        Path("links").mkdir(exist_ok=True)
        Path("root.layout").write_text(json.dumps(self.owner.sign(self.layout)))
        for who, link in self.links.items():
            name = f"{link['name']}.{who.id[:8]}.link"
            Path("links", name).write_text(json.dumps(who.sign(link)))
        Path("app.tar").write_bytes(ARTIFACT)
        Path("owner.pub").write_bytes(self.owner.key.public_pem())
        Path("builder.pem").write_bytes(self.builder.key.private_pem(None))
        Path("writer.pem").write_bytes(self.writer.key.private_pem(None))
        kind = "https://cyclonedx.org/bom"
        Path("bom.json").write_bytes(self.builder.attest(kind, self.bom, sha(ARTIFACT)))
        kind = "https://slsa.dev/provenance/v1"
        Path("slsa.json").write_bytes(self.builder.attest(kind, self.provenance, sha(ARTIFACT)))


BUILD = (
    "sbomit", "build", "root.layout", "--links", "links", "--key", "owner.pub", "--name", "app",
    "--version", "1.2", "--attestation", "bom.json", "--attestation", "slsa.json", "-o", "doc",
)  # fmt: skip


@pytest.fixture
def pipeline(pratique: Run) -> Pipeline:
    assert pratique is not None  # it has gone into the folder
    found = Pipeline()
    found.write()
    return found


@pytest.fixture
def built(pratique: Run, pipeline: Pipeline) -> Pipeline:
    code, _, err = pratique(*BUILD)
    assert code == 0, err
    return pipeline


@pytest.fixture
def derived() -> Callable[..., dict[str, Any]]:
    """The bill of the document."""

    def call(run: Run, *words: str) -> dict[str, Any]:
        given = ("--key", "owner.pub", "-o", "b.cdx.json", *words)
        code, _, err = run("sbomit", "generate", "doc", *given)
        assert code == 0, err
        found: dict[str, Any] = json.loads(Path("b.cdx.json").read_text())
        return found

    return call


@pytest.fixture
def patched() -> Callable[..., tuple[int, str]]:
    """The document after a patch; the status and what was said."""

    def call(run: Run, patch: list[dict[str, Any]], *words: str) -> tuple[int, str]:
        Path("patch.json").write_text(json.dumps(patch))
        given = ("--key", "owner.pub", "--patch", "patch.json", "-o", "doc", *words)
        code, _, err = run("sbomit", "mutate", "doc", *given)
        return code, err

    return call
