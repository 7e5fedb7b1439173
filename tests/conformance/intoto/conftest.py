"""Keys, signed metadata and the shared vectors for the in-toto tests."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from pratique.formats.intoto.canonical import canonical_json


class Person:
    """Somebody with a key, who signs metadata in the older wrapping."""

    def __init__(self, kind: str = "ed25519") -> None:
        self.kind = kind
        self.private: Any = (
            ed25519.Ed25519PrivateKey.generate()
            if kind == "ed25519"
            else rsa.generate_private_key(65537, 2048)
        )
        self.public = self.private.public_key()
        form = (
            (Encoding.Raw, PublicFormat.Raw)
            if kind == "ed25519"
            else (Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        )
        raw = self.public.public_bytes(*form)
        value = raw.hex() if kind == "ed25519" else raw.decode().strip()
        import hashlib

        body = {
            "keytype": kind,
            "scheme": "ed25519" if kind == "ed25519" else "rsassa-pss-sha256",
            "keyval": {"public": value},
        }
        self.id = hashlib.sha256(canonical_json(body)).hexdigest()
        self.key = body | {"keyid": self.id}

    def sign(self, value: dict[str, Any]) -> dict[str, Any]:
        data = canonical_json(value)
        if self.kind == "ed25519":
            signature = self.private.sign(data)
        else:
            scheme = padding.PSS(padding.MGF1(hashes.SHA256()), 32)
            signature = self.private.sign(data, scheme, hashes.SHA256())
        return {"signed": value, "signatures": [{"keyid": self.id, "sig": signature.hex()}]}


def link(name: str, materials: dict[str, str], products: dict[str, str]) -> dict[str, Any]:
    def hashed(given: dict[str, str]) -> dict[str, dict[str, str]]:
        return {path: {"sha256": digit * 64} for path, digit in given.items()}

    return {
        "_type": "link",
        "name": name,
        "command": [],
        "materials": hashed(materials),
        "products": hashed(products),
        "byproducts": {},
        "environment": {},
    }


class Chain:
    """A folder with a signed layout of two steps, and its links."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.owner, self.writer, self.packer = Person(), Person(), Person("rsa")
        self.signed: dict[str, Any] = {
            "_type": "layout",
            "expires": "2100-01-01T00:00:00Z",
            "readme": "",
            "keys": {one.id: one.key for one in (self.writer, self.packer)},
            "steps": [
                self.step("write", self.writer, [["DISALLOW", "*"]], [["CREATE", "a.py"]]),
                self.step(
                    "pack",
                    self.packer,
                    [["MATCH", "a.py", "WITH", "PRODUCTS", "FROM", "write"], ["DISALLOW", "*"]],
                    [["CREATE", "a.tar"], ["ALLOW", "a.py"], ["DISALLOW", "*"]],
                ),
            ],
            "inspect": [],
        }
        self.put(self.writer, link("write", {}, {"a.py": "1"}))
        self.put(self.packer, link("pack", {"a.py": "1"}, {"a.py": "1", "a.tar": "2"}))

    def step(self, name: str, who: Person, materials: list, products: list) -> dict[str, Any]:
        return {
            "_type": "step",
            "name": name,
            "expected_materials": materials,
            "expected_products": products,
            "expected_command": [],
            "pubkeys": [who.id],
            "threshold": 1,
        }

    def put(self, who: Person, value: dict[str, Any], step: str = "") -> Path:
        path = self.folder / f"{step or value['name']}.{who.id[:8]}.link"
        path.write_text(json.dumps(who.sign(value)))
        return path

    def layout(self) -> bytes:
        return json.dumps(self.owner.sign(self.signed)).encode()


@pytest.fixture
def chain(tmp_path: Path) -> Chain:
    return Chain(tmp_path)


@pytest.fixture(scope="session")
def intoto() -> Any:
    class Tools:
        person = Person
        new_link = staticmethod(link)

    return Tools


@pytest.fixture(scope="session")
def vectors(vector_folder: Callable[[str], Path]) -> Path:
    return vector_folder("provenance/provenance.tar.xz")
