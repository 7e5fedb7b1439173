"""Bills of materials in Sigstore bundles: signed by an identity, proven by a log."""

from __future__ import annotations

import copy
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from pratique.provenance.subject import Subject

BOM = {
    "bomFormat": "CycloneDX",
    "specVersion": "1.6",
    "version": 1,
    "components": [{"type": "library", "name": "rope", "purl": "pkg:npm/rope@1"}],
}
ISSUER = "https://token.actions.githubusercontent.com"


@pytest.fixture
def checked(instance: Any, forge: Any, tmp_path: Path) -> Any:
    from pratique.provenance.request import Request
    from pratique.sboms.verifying import verify

    def run(
        bundle: dict[str, Any],
        bom: dict[str, Any] = BOM,
        artifact: bytes = b"alpha",
        identity: str = forge.workflow,
    ) -> Any:
        path = tmp_path / "a.sigstore.json"
        path.write_text(json.dumps(bundle))
        request = Request(root=instance.trust(), identity=identity, issuer=ISSUER)
        subject = Subject("alpha", {"sha256": hashlib.sha256(artifact).hexdigest()})
        data = json.dumps(bom).encode()
        return verify(data, "bom", [subject], [path], request)

    return run


@pytest.fixture
def bundle(instance: Any, forge: Any) -> dict[str, Any]:
    statement = forge.statement(predicateType="https://cyclonedx.org/bom", predicate=BOM)
    made: dict[str, Any] = instance.bundle(statement)
    return made


def test_the_identity_and_the_document_are_verified(checked: Any, bundle: Any, forge: Any) -> None:
    found = checked(bundle)
    assert found.grade == "verified"
    (one,) = found.answers[0].evidence
    assert one.identity == forge.workflow
    assert one.issuer == ISSUER
    assert one.signed_at is not None


def test_what_differs_is_never_verified(checked: Any, bundle: Any) -> None:
    assert checked(bundle, identity="https://github.com/example/other").grade == "failed"
    assert checked(bundle, artifact=b"other").grade == "failed"
    assert checked(bundle, bom=BOM | {"version": 2}).grade == "failed"
    assert checked(bundle, bom=BOM | {"version": True}).grade == "failed"


@pytest.mark.parametrize("part", ["payload", "sig", "entry", "certificate"])
def test_a_bundle_that_was_tampered_with(
    checked: Any, bundle: Any, instance: Any, part: str
) -> None:
    bad = copy.deepcopy(bundle)
    if part == "payload":
        text = bad["dsseEnvelope"]["payload"]
        bad["dsseEnvelope"]["payload"] = (
            text[:100] + ("A" if text[100] != "A" else "B") + text[101:]
        )
    elif part == "sig":
        bad["dsseEnvelope"]["signatures"][0]["sig"] = "AAAA"
    elif part == "entry":
        bad["verificationMaterial"]["tlogEntries"] = []
    else:
        other = instance.bundle({"_type": "https://in-toto.io/Statement/v1"})
        bad["verificationMaterial"]["certificate"] = other["verificationMaterial"]["certificate"]
    assert checked(bad).grade == "failed"


def test_provenance_alone_attests_no_document(checked: Any, instance: Any, forge: Any) -> None:
    found = checked(instance.bundle(forge.statement()))
    assert found.grade == "none"
    assert found.exit_code == 3


def test_a_signature_over_the_document_itself(instance: Any, forge: Any, tmp_path: Path) -> None:
    from pratique.provenance.request import Request
    from pratique.sboms.verifying import verify

    data = json.dumps(BOM).encode()
    path = tmp_path / "bom.sigstore.json"
    path.write_text(json.dumps(instance.bundle(artifact=data)))
    request = Request(root=instance.trust(), identity=forge.workflow, issuer=ISSUER)
    assert verify(data, "bom", [], [path], request).grade == "verified"
    assert verify(data + b" ", "bom", [], [path], request).grade == "failed"
    # it says nothing of an artifact
    subject = Subject("alpha", {"sha256": hashlib.sha256(b"alpha").hexdigest()})
    assert verify(data, "bom", [subject], [path], request).grade == "none"


def test_other_evidence_beside_does_not_matter(
    checked: Any, bundle: Any, instance: Any, forge: Any, tmp_path: Path
) -> None:
    from pratique.provenance.request import Request
    from pratique.sboms.verifying import verify

    names = {}
    for name, value in (
        ("a", bundle),
        ("b", instance.bundle(forge.statement())),
        ("c", instance.bundle(artifact=b"alpha")),
    ):
        names[name] = tmp_path / f"{name}.json"
        names[name].write_text(json.dumps(value))
    request = Request(root=instance.trust(), identity=forge.workflow, issuer=ISSUER)
    subject = Subject("alpha", {"sha256": hashlib.sha256(b"alpha").hexdigest()})
    found = verify(json.dumps(BOM).encode(), "bom", [subject], [*names.values()], request)
    assert found.grade == "verified"
    assert [one.path for one in found.answers[0].evidence] == [str(names["a"])]
