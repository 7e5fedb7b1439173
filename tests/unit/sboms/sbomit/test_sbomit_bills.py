"""SBOMit: the bills that documents of in-toto metadata derive."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pratique.formats.sbom.validation import validate

Run = Callable[..., tuple[int, str, str]]


ARTIFACT = b"the product"


def sha(data: bytes) -> dict[str, str]:
    return {"sha256": hashlib.sha256(data).hexdigest()}


BUILD = (
    "sbomit", "build", "root.layout", "--links", "links", "--key", "owner.pub", "--name", "app",
    "--version", "1.2", "--attestation", "bom.json", "--attestation", "slsa.json", "-o", "doc",
)  # fmt: skip


VERIFY = ("sbomit", "verify", "doc", "--key", "owner.pub")


def test_the_bill_says_what_is_attested(derived: Any, pratique: Run, built: Any) -> None:
    bill = derived(pratique)
    assert validate(json.dumps(bill).encode()).valid
    names = {one["name"]: one for one in bill["components"]}
    assert set(names) == {"app.py", "app.tar", "tar", "oar", "caulk"}
    assert names["app.tar"]["hashes"] == [{"alg": "SHA-256", "content": sha(ARTIFACT)["sha256"]}]
    marks = {(one["name"], one["value"]) for one in names["app.py"]["properties"]}
    assert marks == {
        ("pratique:sbomit:product-of", "write"),
        ("pratique:sbomit:material-of", "build"),
    }
    assert names["caulk"]["purl"] == "pkg:pypi/caulk@2.0"
    edges = {one["ref"]: one.get("dependsOn", []) for one in bill["dependencies"]}
    assert edges["bom.json#tar"] == ["bom.json#oar"]
    assert edges[names["app.tar"]["bom-ref"]] == [names["app.py"]["bom-ref"]]
    assert names["app.tar"]["bom-ref"] in edges["subject"]
    assert bill["externalReferences"][0]["url"].startswith("urn:pratique:sbomit:sha256:")
    assert derived(pratique) == bill


def test_a_signed_bill_is_verified_with_its_document(
    derived: Any, pratique: Run, built: Any
) -> None:
    derived(pratique, "-K", "builder.pem")
    words = (*VERIFY, "-a", "app.tar", "--bill", "b.cdx.json")
    code, out, _ = pratique(*words, "--format", "json")
    found = json.loads(out)
    assert code == 0, found
    assert {one["what"] for one in found["findings"]} == {
        "layout and metadata", "artifact app.tar", "mutation of bom.cdx.json",
        "bill bom.cdx.json", "signature of bom.cdx.json",
    }  # fmt: skip
    # the same attestation is one of the bill for the general verifier
    Path("builder.pub").write_bytes(built.builder.key.public_pem())
    words = ("-a", "app.tar", "-b", "b.cdx.json.intoto.jsonl", "--key", "builder.pub")
    assert pratique("sbom", "verify", "b.cdx.json", *words)[0] == 0


def test_a_bill_of_somebody_else_or_of_another_document(
    derived: Any, pratique: Run, built: Any
) -> None:
    code, _, err = pratique(
        "sbomit", "generate", "doc", "--key", "owner.pub", "-o", "b", "-K", "writer.pem"
    )
    assert code == 2  # the last step's functionaries answer for the product
    assert "does not let this key sign" in err
    bill = derived(pratique, "-K", "builder.pem")
    bill["components"][0]["hashes"][0]["content"] = "00" * 32
    Path("changed.json").write_text(json.dumps(bill))
    words = (*VERIFY, "--bill", "changed.json", "-b", "b.cdx.json.intoto.jsonl")
    code, out, _ = pratique(*words)
    assert code == 1
    assert "is not what the document derives" in out
    assert "it is about another bill of materials" in out
    assert pratique(*VERIFY, "--bill", "nobody=b.cdx.json")[0] == 1
    Path("b.cdx.json.intoto.jsonl").unlink()
    code, out, _ = pratique(*VERIFY, "--bill", "b.cdx.json")
    assert code == 3
    assert "no attestation of the bill" in out
    # signed by a functionary of the chain, but of another step
    envelope = built.writer.attest(
        "https://cyclonedx.org/bom", json.loads(Path("b.cdx.json").read_text()), sha(ARTIFACT)
    )
    Path("w.jsonl").write_bytes(envelope)
    assert pratique(*VERIFY, "--bill", "b.cdx.json", "-b", "w.jsonl")[0] == 1
    assert pratique(*VERIFY, "--bill", "b.cdx.json", "-b", "w.jsonl", "--sit-step", "write")[0] == 0
    assert pratique(*VERIFY, "--bill", "b.cdx.json", "-b", "w.jsonl", "--sit-step", "none")[0] == 1


def test_a_bill_changes_with_its_document(
    derived: Any, patched: Any, pratique: Run, built: Any
) -> None:
    derived(pratique, "-K", "builder.pem")
    patched(pratique, [{"op": "add", "path": "/metadata/supplier", "value": {"name": "Other"}}])
    code, out, _ = pratique(*VERIFY, "--bill", "b.cdx.json")
    assert code == 1
    assert "is not what the document derives" in out


def test_inspections_leave_the_answer_open(pratique: Run, pipeline: Any) -> None:
    pipeline.layout["inspect"] = [
        {
            "_type": "inspection",
            "name": "look",
            "expected_materials": [],
            "expected_products": [],
            "run": ["true"],
        }
    ]
    pipeline.write()
    assert pratique(*BUILD)[0] == 0
    code, out, _ = pratique(*VERIFY)
    assert code == 3
    assert "never run" in out


def test_wrong_use(pratique: Run, built: Any) -> None:
    assert pratique("sbomit", "verify", "doc")[0] == 2
    assert pratique(*VERIFY[:2], "none", "--key", "owner.pub")[0] == 2
    assert pratique(*VERIFY[:2], "bom.json", "--key", "owner.pub")[0] == 3
    assert pratique(*BUILD, "--links", "nowhere")[0] == 2
    assert pratique(*BUILD, "--step", "nothing")[0] == 3
    assert (
        pratique("sbomit", "generate", "doc", "--key", "owner.pub", "-o", "b", "--sit", "x")[0] == 3
    )
