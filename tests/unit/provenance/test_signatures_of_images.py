"""Image layouts: cosign's signatures, and bundles that refer to the image."""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pratique.formats.sigstore.simple_signing import image_signature
from pratique.model.attestation import Grade
from pratique.model.errors import InputError
from pratique.provenance.expectations import Expectations
from pratique.provenance.request import Request
from pratique.provenance.service import verify_file

SOURCE = Expectations(source="github.com/example/alpha")
SIMPLE = "application/vnd.dev.cosign.simplesigning.v1+json"
BUNDLE = "application/vnd.dev.sigstore.bundle.v0.3+json"


class Layout:
    """A folder with an image of one layer, and whatever is put beside it."""

    def __init__(self, folder: Path, instance: Any, forge: Any) -> None:
        self.folder, self.instance, self.forge = folder / "image", instance, forge
        (self.folder / "blobs" / "sha256").mkdir(parents=True)
        (self.folder / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
        self.manifests: list[dict[str, Any]] = []
        layer = self.blob(b"layer")
        self.image = self.json({"schemaVersion": 2, "layers": [{"digest": layer}]})
        self.add(self.image)

    def blob(self, data: bytes) -> str:
        digest = hashlib.sha256(data).hexdigest()
        (self.folder / "blobs" / "sha256" / digest).write_bytes(data)
        return f"sha256:{digest}"

    def json(self, value: Any) -> str:
        return self.blob(json.dumps(value).encode())

    def add(self, digest: str, **annotations: str) -> None:
        self.manifests.append({"digest": digest, "annotations": annotations})

    def payload(self, image: str = "", kind: str = "cosign container image signature") -> bytes:
        critical = {
            "identity": {"docker-reference": "registry.example.test/alpha"},
            "image": {"docker-manifest-digest": image or self.image},
            "type": kind,
        }
        return json.dumps({"critical": critical, "optional": None}).encode()

    def annotations(self, payload: bytes, signer: Any = None) -> dict[str, str]:
        who = signer or self.instance.identity()
        bundle = self.instance.bundle(None, artifact=payload, signer=who)
        entry = bundle["verificationMaterial"]["tlogEntries"][0]
        note = {
            "SignedEntryTimestamp": entry["inclusionPromise"]["signedEntryTimestamp"],
            "Payload": {
                "body": entry["canonicalizedBody"],
                "integratedTime": int((self.forge.now + timedelta(minutes=1)).timestamp()),
                "logIndex": 7,
                "logID": self.instance.log_id.hex(),
            },
        }
        return {
            "dev.cosignproject.cosign/signature": bundle["messageSignature"]["signature"],
            "dev.sigstore.cosign/certificate": who.pem.decode(),
            "dev.sigstore.cosign/bundle": json.dumps(note),
        }

    def sign(self, payload: bytes, annotations: dict[str, str]) -> None:
        layer = {"mediaType": SIMPLE, "digest": self.blob(payload), "annotations": annotations}
        self.add(self.json({"layers": [layer]}), kind="dev.cosignproject.cosign/sigs")

    def refer(self, data: bytes, image: str = "", kind: str = BUNDLE) -> None:
        layer = {"mediaType": kind, "digest": self.blob(data)}
        subject = {"digest": image or self.image}
        self.add(self.json({"artifactType": kind, "subject": subject, "layers": [layer]}))

    def statement(self, image: str = "") -> dict[str, Any]:
        digest = (image or self.image).removeprefix("sha256:")
        return self.forge.statement(subject=[{"digest": {"sha256": digest}}])

    def verify(self, **request: Any) -> Any:
        index = {"schemaVersion": 2, "manifests": self.manifests}
        (self.folder / "index.json").write_text(json.dumps(index))
        return verify_file(self.folder, None, Request(root=self.instance.trust(), **request))


@pytest.fixture
def layout(tmp_path: Path, instance, forge) -> Layout:
    return Layout(tmp_path, instance, forge)


def test_a_signature_of_an_identity(layout: Layout, forge) -> None:
    payload = layout.payload()
    layout.sign(payload, layout.annotations(payload))
    found = layout.verify(expected=SOURCE, identity=forge.workflow, issuer=forge.issuer)
    assert (found.grade, found.reason) == (Grade.VERIFIED, "")
    (one,) = found.evidence
    assert (one.kind, one.identity) == ("cosign-signature", forge.workflow)
    assert one.subject == layout.image
    assert one.levels == ()
    assert layout.verify(identity="other@example.test", issuer=forge.issuer).grade == "failed"
    other = Expectations(source="github.com/example/beta")
    assert layout.verify(expected=other).evidence[0].error == "ErrorMismatchSource"
    assert layout.verify(expected=Expectations(builder="https://b.test")).grade == "unsupported"


def test_a_signature_of_a_key(layout: Layout, forge) -> None:
    key = forge.new_key()
    payload = layout.payload()
    signature = forge.b64(forge.sign(key, payload))
    layout.sign(payload, {"dev.cosignproject.cosign/signature": signature})
    assert layout.verify().grade == "unsupported"
    assert "--key" in layout.verify().evidence[0].next_action
    assert layout.verify(key=key.public_key()).grade == "verified"
    assert layout.verify(key=forge.new_key().public_key()).grade == "failed"
    assert layout.verify(key=key.public_key(), expected=SOURCE).grade == "failed"
    stranger = {"identity": "dev@example.test", "issuer": "https://i.example.test"}
    assert layout.verify(key=key.public_key(), **stranger).grade == "failed"


def test_a_signature_over_another_image(layout: Layout, forge) -> None:
    for payload in (layout.payload("sha256:" + "0" * 64), layout.payload("alpha:latest")):
        layout.manifests = layout.manifests[:1]
        layout.sign(payload, layout.annotations(payload))
        assert layout.verify().grade == "failed"
    key = forge.new_key()
    payload = layout.payload("sha256:" + "0" * 64)
    signature = forge.b64(forge.sign(key, payload))
    layout.manifests = layout.manifests[:1]
    layout.sign(payload, {"dev.cosignproject.cosign/signature": signature})
    assert layout.verify(key=key.public_key()).evidence[0].error == "ErrorMismatchHash"


def test_a_signature_that_was_changed_or_exchanged(layout: Layout) -> None:
    payload, other = layout.payload(), layout.payload("sha256:" + "0" * 64)
    good, strange = layout.annotations(payload), layout.annotations(other)
    for name, value in strange.items():
        layout.manifests = layout.manifests[:1]
        layout.sign(payload, good | {name: value})
        assert layout.verify().grade == "failed", name
    layout.manifests = layout.manifests[:1]
    layout.sign(other, good)
    assert layout.verify().grade == "failed"
    for name in ("dev.cosignproject.cosign/signature", "dev.sigstore.cosign/bundle"):
        layout.manifests = layout.manifests[:1]
        layout.sign(payload, {key: value for key, value in good.items() if key != name})
        assert layout.verify().grade == "failed", name


def test_a_signature_of_another_type_is_unsupported(layout: Layout) -> None:
    payload = layout.payload(kind="atomic container signature")
    layout.sign(payload, layout.annotations(payload))
    assert layout.verify().grade == "unsupported"


def test_a_bundle_that_refers_to_the_image(layout: Layout, forge) -> None:
    layout.refer(json.dumps(layout.instance.bundle(layout.statement())).encode())
    found = layout.verify(expected=SOURCE)
    assert (found.grade, found.reason) == (Grade.VERIFIED, "")
    (one,) = found.evidence
    assert (one.kind, one.builder) == ("sigstore-bundle", forge.workflow)
    assert found.digests == {"sha256": layout.image.removeprefix("sha256:")}


def test_a_bundle_about_another_image_fails(layout: Layout) -> None:
    layout.refer(
        json.dumps(layout.instance.bundle(layout.statement("sha256:" + "0" * 64))).encode()
    )
    assert layout.verify().evidence[0].error == "ErrorMismatchHash"


def test_what_refers_to_something_else_is_not_about_the_image(layout: Layout) -> None:
    layout.refer(b"{", image="sha256:" + "0" * 64)
    layout.refer(b"{}", kind="application/vnd.cyclonedx+json")
    assert layout.verify().grade == "none"


def test_referrers_that_are_damaged_or_of_notary(layout: Layout) -> None:
    layout.refer(b"{")
    assert layout.verify().grade == "failed"
    layout.manifests = layout.manifests[:1]
    layout.refer(b"{}", kind="application/vnd.cncf.notary.signature")
    found = layout.verify()
    assert found.grade == "unsupported"
    assert "Notary" in found.evidence[0].cause


def test_an_index_with_all_its_parts_is_one_image(layout: Layout) -> None:
    """Copies of several platforms list the parts beside the whole, and lists of referrers."""
    part = layout.image
    whole = layout.json({"schemaVersion": 2, "manifests": [{"digest": part}]})
    layout.image = whole
    layout.add(whole, **{"org.opencontainers.image.ref.name": "v1"})
    tag = whole.replace(":", "-")
    layout.add(layout.json({"manifests": []}), **{"org.opencontainers.image.ref.name": tag})
    layout.refer(json.dumps(layout.instance.bundle(layout.statement())).encode())
    found = layout.verify(expected=SOURCE)
    assert found.grade is Grade.VERIFIED
    assert found.digests == {"sha256": whole.removeprefix("sha256:")}
    layout.add(layout.json({"schemaVersion": 2, "layers": []}))
    with pytest.raises(InputError, match="holds 2 images"):
        layout.verify()


@given(st.binary(max_size=300), st.dictionaries(st.text(max_size=50), st.text(max_size=50)))
@settings(max_examples=100, deadline=None)
def test_any_layer_is_a_signature_or_one_line(blob: bytes, annotations: dict[str, str]) -> None:
    with pytest.raises(InputError):
        image_signature(blob, annotations)
