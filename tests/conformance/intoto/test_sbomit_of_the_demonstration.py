"""SBOMit documents of in-toto's own demonstration: real keys and links, in both wrappings."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from pratique.formats.json_writing import indented_json
from pratique.formats.sbom.validation import validate
from pratique.provenance.functionaries import Functionary
from pratique.sboms.sbomit.chain import prove
from pratique.sboms.sbomit.deriving import derive
from pratique.sboms.sbomit.document import Sit, SitSubject, effective, read
from pratique.sboms.sbomit.service import build, verify

NOW = datetime(2025, 1, 1, tzinfo=UTC)
DIGEST = "52947cb78b91ad01fe81cd6aef42d1f6817e92b9e6936c1e5aabb7c98514f355"


def signed_layout(folder: Path, owner: Any) -> bytes:
    document = json.loads((folder / "demo.layout.template").read_text())
    if "payload" in document:
        document = {"signed": json.loads(base64.b64decode(document["payload"]))}
    return json.dumps(owner.sign(document["signed"] | {"expires": "2100-01-01T00:00:00Z"})).encode()


@pytest.mark.parametrize("name", ["demo_files", "demo_dsse_files", "demo_files_gpg"])
def test_a_bill_of_the_demonstration(vectors: Path, intoto: Any, name: str) -> None:
    folder, owner = vectors / "in-toto-demo" / name, intoto.person()
    owners = [Functionary(owner.public)]
    sit = Sit(name="foo.cdx.json", step="package", subject=SitSubject("foo"))
    value = build(signed_layout(folder, owner), folder, (), (sit,), owners, NOW)
    document, again = read(indented_json(value))
    assert again == value
    bill = derive(document, prove(document, owners, NOW), sit, NOW).value
    assert validate(json.dumps(bill).encode()).valid
    product = next(one for one in bill["components"] if one["name"] == "foo.tar.gz")
    assert product["hashes"] == [{"alg": "SHA-256", "content": DIGEST}]
    found = verify(document, owners, NOW, name="x")
    assert found.exit_code == 3  # the demonstration has an inspection, which is never run
    assert [one.what for one in found.findings if one.grade == "verified"] == [
        "layout and metadata",
        "mutation of foo.cdx.json",
    ]
    link = next(iter(value["metadata"]))
    value["metadata"].pop(link)
    assert verify(effective(value), owners, NOW, name="x").exit_code == 1
