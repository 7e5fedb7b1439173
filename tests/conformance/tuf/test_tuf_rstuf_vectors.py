"""Keys and roots as RSTUF's own tools write them (TUF 1.0 §4.2, §4.3)."""

from __future__ import annotations

import json

import pytest

from pratique.repository.ceremony import ROOT, TARGETS, Trust, draft, read_draft
from pratique.repository.errors import RepositoryError
from pratique.repository.keys import read_key
from pratique.repository.models import Metadata, Root
from pratique.repository.published import read_metadata

PEM = {
    "JC.pub": "rsassa-pss-sha256",
    "JH.pub": "ed25519",
    "JJ.pub": "ecdsa-sha2-nistp256",
    "online-rsa.pub": "rsassa-pss-sha256",
}


@pytest.fixture(scope="module")
def tuf(vector_folder):
    return vector_folder("tuf/tuf.tar.xz")


def roots(value):
    """All root metadata within a JSON value."""
    if isinstance(value, dict):
        signed = value.get("signed")
        if isinstance(signed, dict) and signed.get("_type") == "root":
            yield value
        for each in value.values():
            yield from roots(each)
    elif isinstance(value, list):
        for each in value:
            yield from roots(each)


def root_of(tuf, name):
    found = next(iter(roots(json.loads((tuf / name).read_bytes()))))
    return read_metadata(json.dumps(found).encode(), Root, name)


def judged(root, previous=None):
    return root.signed.get_root_verification_result(
        previous.signed if previous else None, root.signed_bytes, root.signatures
    ).verified


@pytest.mark.parametrize("name", PEM)
def test_public_keys_are_read_whatever_their_kind(tuf, name):
    assert read_key(tuf / "public-keys" / name).public.scheme == PEM[name]


def test_key_ids_are_those_of_rstuf(tuf):
    root = root_of(tuf, "rstuf-cli/payload/ceremony.json").signed
    for name in ("JH.pub", "JJ.pub"):
        key = read_key(tuf / "public-keys" / name).public
        assert root.keys[key.keyid].keyval == key.keyval
    for file in (tuf / "public-keys").glob("?" * 64 + ".pub"):
        assert read_key(file).public.keyid == file.stem


def test_what_is_no_pem_public_key_is_refused(tuf):
    refused = []
    for file in sorted((tuf / "public-keys").iterdir()):
        try:
            read_key(file)
        except RepositoryError:
            refused.append(file.name)
    assert refused == [
        "JanisJoplin.pub", "JimiHendrix.pub", "JoeCocker.pub", "hsm-9c-ecc.crt", "online.pub",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "complete"),
    [
        ("rstuf-cli/root.json", True),
        ("rstuf-cli/payload/ceremony.json", True),
        ("rstuf-cli/das-root.json", True),
        ("rstuf-cli/payload/ceremony_das.json", False),
        ("rstuf-cli/root/v1.json", False),
        ("rstuf-api/examples/bootstrap/payload_bins.json", True),
        ("rstuf-api/examples/bootstrap/das-payload.json", False),
        ("rstuf-umbrella/ceremony-payload.json", False),
    ],
)
def test_roots_of_rstuf_meet_their_threshold_or_not(tuf, name, complete):
    assert judged(root_of(tuf, name)) is complete


def test_a_root_update_is_signed_by_both_thresholds(tuf):
    first = root_of(tuf, "rstuf-cli/payload/ceremony.json")
    second = root_of(tuf, "rstuf-cli/payload/update.json")
    assert second.signed.version == 2
    assert judged(second, first)
    signatures = list(second.signatures)
    for gone in signatures:
        short = Metadata.from_bytes(second.to_bytes())
        del short.signatures[gone]
        kept = {key for key in short.signatures if key in second.signed.roles["root"].keyids}
        old = {key for key in short.signatures if key in first.signed.roles["root"].keyids}
        assert judged(short, first) is (len(kept) >= 2 and len(old) >= 2)


def test_a_root_of_rstuf_can_follow_in_our_ceremony(tuf, tmp_path):
    first = root_of(tuf, "rstuf-cli/payload/ceremony.json")
    second = root_of(tuf, "rstuf-cli/payload/update.json")
    trust = Trust(
        [second.signed.keys[key] for key in second.signed.roles["root"].keyids],
        2,
        [second.signed.keys[key] for key in second.signed.roles["timestamp"].keyids],
    )
    expires = (second.signed.expires, second.signed.expires)
    draft(tmp_path, trust, bins=4, expires=expires)
    (tmp_path / ROOT).write_bytes(second.to_bytes())
    found = read_draft(tmp_path, first)
    assert found is not None
    # its root is complete; targets lack the one online signature that RSTUF asks for
    assert found.missing == 1
    assert (tmp_path / TARGETS).exists()


def test_malformed_payloads_are_refused(tuf):
    data = (tuf / "rstuf-umbrella/payload-invalid.json").read_bytes()
    with pytest.raises(RepositoryError):
        read_metadata(data, Root, "payload-invalid.json")
