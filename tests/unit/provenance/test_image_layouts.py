"""OCI image layouts with cosign's attestations: blobs are what their names say."""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta
from pathlib import Path

import pytest

from pratique.model.attestation import Grade
from pratique.model.errors import InputError, PratiqueError
from pratique.provenance.errors import VerificationError
from pratique.provenance.expectations import Expectations
from pratique.provenance.layout import is_layout, read_layout
from pratique.provenance.request import Request
from pratique.provenance.service import verify_file


def put(folder: Path, data: bytes) -> str:
    digest = hashlib.sha256(data).hexdigest()
    (folder / "blobs" / "sha256" / digest).write_bytes(data)
    return f"sha256:{digest}"


@pytest.fixture
def layout(tmp_path: Path, instance, forge) -> Path:
    """An image of one layer, with an attestation in cosign's annotations."""
    folder = tmp_path / "image"
    (folder / "blobs" / "sha256").mkdir(parents=True)
    layer = put(folder, b"layer")
    image = put(folder, json.dumps({"schemaVersion": 2, "layers": [{"digest": layer}]}).encode())
    signer = instance.identity()
    statement = forge.statement(subject=[{"digest": {"sha256": image.removeprefix("sha256:")}}])
    bundle = instance.bundle(statement, signer=signer, kind="intoto 0.0.2")
    entry = bundle["verificationMaterial"]["tlogEntries"][0]
    note = {
        "SignedEntryTimestamp": entry["inclusionPromise"]["signedEntryTimestamp"],
        "Payload": {
            "body": entry["canonicalizedBody"],
            "integratedTime": int((forge.now + timedelta(minutes=1)).timestamp()),
            "logIndex": 7,
            "logID": instance.log_id.hex(),
        },
    }
    envelope = put(folder, json.dumps(bundle["dsseEnvelope"]).encode())
    annotations = {
        "dev.sigstore.cosign/certificate": signer.pem.decode(),
        "dev.sigstore.cosign/bundle": json.dumps(note),
    }
    attestations = put(
        folder,
        json.dumps(
            {
                "layers": [
                    {
                        "mediaType": "application/vnd.dsse.envelope.v1+json",
                        "digest": envelope,
                        "annotations": annotations,
                    }
                ]
            }
        ).encode(),
    )
    manifests = [
        {"digest": image, "annotations": {"kind": "dev.cosignproject.cosign/image"}},
        {"digest": attestations, "annotations": {"kind": "dev.cosignproject.cosign/atts"}},
    ]
    (folder / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": manifests}))
    (folder / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
    return folder


def test_an_image_with_its_attestation(layout: Path, instance, forge) -> None:
    assert is_layout(layout)
    request = Request(
        root=instance.trust(), expected=Expectations(source="github.com/example/alpha")
    )
    answer = verify_file(layout, None, request)
    assert answer.grade is Grade.VERIFIED
    (one,) = answer.evidence
    assert (one.kind, one.identity) == ("cosign-attestation", forge.workflow)
    assert one.subject == f"sha256:{answer.digests['sha256']}"


def test_another_root_does_not_trust_it(layout: Path, forge) -> None:
    answer = verify_file(layout, None, Request(root=forge.other_instance().trust()))
    assert answer.grade is Grade.FAILED


def test_a_swapped_blob(layout: Path, instance) -> None:
    for blob in (layout / "blobs" / "sha256").iterdir():
        kept = blob.read_bytes()
        blob.write_bytes(kept + b" ")
        with pytest.raises(PratiqueError, match="not what its name says"):
            read_layout(layout)
        blob.write_bytes(kept)
    read_layout(layout)


def test_a_swapped_image(layout: Path, instance) -> None:
    """The attestation of one image put beside another."""
    index = json.loads((layout / "index.json").read_text())
    index["manifests"][0]["digest"] = put(layout, b"{}")
    (layout / "index.json").write_text(json.dumps(index))
    answer = verify_file(layout, None, Request(root=instance.trust()))
    assert answer.grade is Grade.FAILED
    assert answer.evidence[0].error == "ErrorMismatchHash"


@pytest.mark.parametrize(
    "index",
    [
        "",
        "{}",
        '{"manifests": []}',
        '{"manifests": [{"digest": "sha256:00"}]}',
        '{"manifests": [{"digest": "../../etc/passwd"}]}',
    ],
)
def test_layouts_that_are_none(layout: Path, index: str) -> None:
    (layout / "index.json").write_text(index)
    with pytest.raises(InputError):
        read_layout(layout)


def test_attestations_that_are_none(layout: Path, instance) -> None:
    index = json.loads((layout / "index.json").read_text())
    empty = {"layers": [{"mediaType": "application/vnd.dsse.envelope.v1+json"}]}
    empty["layers"][0]["digest"] = put(layout, b"{}")
    index["manifests"][1]["digest"] = put(layout, json.dumps(empty).encode())
    (layout / "index.json").write_text(json.dumps(index))
    answer = verify_file(layout, None, Request(root=instance.trust()))
    assert answer.grade is Grade.FAILED
    assert "no annotation" in answer.evidence[0].cause


def test_a_missing_blob_folder(layout: Path) -> None:
    import shutil

    shutil.rmtree(layout / "blobs")
    with pytest.raises((InputError, VerificationError)):
        read_layout(layout)
