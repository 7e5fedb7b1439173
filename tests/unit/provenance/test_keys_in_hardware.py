"""Keys in a token, by PKCS#11: SoftHSM 2 stands for the hardware."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pratique.model.errors import EvidenceError, InputError, UsageError
from pratique.provenance.hsm import open_key
from pratique.provenance.pkcs11_uri import KeyUri, read_uri
from pratique.surfaces.cli.app import dispatch

PIN = "84391"
LABEL = "release token"


def test_uris__rfc7512_section_2_3():
    uri = "pkcs11:token=release%20token;serial=1a2b;object=alpha;id=%01%ff;type=private"
    uri += "?module-path=/usr/lib/softhsm.so&pin-source=file:/run/pin"
    assert read_uri(uri) == KeyUri(
        token="release token",
        serial="1a2b",
        object="alpha",
        id=b"\x01\xff",
        module_path="/usr/lib/softhsm.so",
        pin_source="file:/run/pin",
    )


@pytest.mark.parametrize(
    ("uri", "said"),
    [
        ("pkcs11:token=a", "names no key"),
        ("pkcs11:object=a?pin-value=1234", "every process"),
        ("pkcs11:object=a?module-name=softhsm", "depends on the machine"),
        ("pkcs11:object=a;colour=red", "'colour' is no attribute"),
        ("pkcs11:object=a;type=public", "names no key that signs"),
        ("pkcs11:object=a;object=b", "no PKCS#11 URI"),
        ("pkcs11:object", "no PKCS#11 URI"),
        ("pkcs11:object=%ff", "not in UTF-8"),
        ("file:a", "no PKCS#11 URI"),
    ],
)
def test_uris_that_name_no_key_surely(uri, said):
    with pytest.raises(UsageError, match=said) as caught:
        read_uri(uri)
    assert "1234" not in str(caught.value)


@given(st.text(alphabet="pkcs11:;=?&%0aF/objectid-ü\x00", max_size=60))
def test_any_text_is_a_uri_or_wrong_usage(text):
    with suppress(UsageError):
        found = read_uri(f"pkcs11:{text}")
        assert found.object or found.id


def module() -> str:
    for place in ("/usr/lib/softhsm", "/usr/lib/x86_64-linux-gnu/softhsm", "/usr/lib64"):
        path = Path(place) / "libsofthsm2.so"
        if path.exists():
            return str(path)
    pytest.skip("SoftHSM 2 is not installed")


@pytest.fixture(scope="module")
def token(tmp_path_factory) -> Path:
    """A token with keys of several kinds; its folder."""
    pkcs11 = pytest.importorskip("pkcs11")
    if not shutil.which("softhsm2-util"):
        pytest.skip("SoftHSM 2 is not installed")
    from pkcs11 import Attribute, KeyType
    from pkcs11.util.ec import encode_named_curve_parameters

    folder = tmp_path_factory.mktemp("token")
    (folder / "tokens").mkdir()
    (folder / "softhsm2.conf").write_text(f"directories.tokendir = {folder / 'tokens'}\n")
    patch = pytest.MonkeyPatch()
    patch.setenv("SOFTHSM2_CONF", str(folder / "softhsm2.conf"))
    words = ["--init-token", "--free", "--label", LABEL, "--so-pin", "1234", "--pin", PIN]
    subprocess.run(["softhsm2-util", *words], check=True, capture_output=True)
    with pkcs11.lib(module()).get_token(token_label=LABEL).open(rw=True, user_pin=PIN) as session:
        for number, curve in enumerate(("secp256r1", "secp384r1", "secp521r1"), 1):
            parameters = session.create_domain_parameters(
                KeyType.EC,
                {Attribute.EC_PARAMS: encode_named_curve_parameters(curve)},
                local=True,
            )
            parameters.generate_keypair(store=True, label=curve, id=bytes([number]))
        parameters = session.create_domain_parameters(
            KeyType.EC_EDWARDS,
            {Attribute.EC_PARAMS: encode_named_curve_parameters("1.3.101.112")},
            local=True,
        )
        from pkcs11 import Mechanism

        parameters.generate_keypair(
            store=True,
            label="ed25519",
            id=b"\x09",
            mechanism=Mechanism.EC_EDWARDS_KEY_PAIR_GEN,
        )
        session.generate_keypair(KeyType.RSA, 2048, store=True, label="rsa", id=b"\x07")
        for _ in range(2):
            public, _private = session.create_domain_parameters(
                KeyType.EC,
                {Attribute.EC_PARAMS: encode_named_curve_parameters("secp256r1")},
                local=True,
            ).generate_keypair(store=True, label="twice", id=b"\x08")
        public.destroy()
    yield folder
    patch.undo()


def uri_of(label: str, more: str = "") -> str:
    return f"pkcs11:token={LABEL.replace(' ', '%20')};object={label}?module-path={module()}{more}"


@pytest.mark.parametrize("label", ["secp256r1", "secp384r1", "secp521r1", "ed25519"])
def test_a_token_signs_and_the_signature_verifies(token, label, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("PRATIQUE_KEY_PASSPHRASE", PIN)
    artifact = tmp_path / "alpha.bin"
    artifact.write_bytes(b"alpha")
    predicate = tmp_path / "predicate.json"
    predicate.write_text("{}")
    public = tmp_path / "public.pem"
    public.write_bytes(open_key(uri_of(label), PIN.encode()).public_pem())
    output = tmp_path / "alpha.bin.intoto.jsonl"
    words = ["--predicate", str(predicate), "--type", "https://example.test/claim/v1"]
    words += ["-K", uri_of(label), "-o", str(output)]
    assert dispatch(["attest", "file", str(artifact), *words]) == 0
    assert dispatch(["verify", str(artifact), "--key", str(public), "-f", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["grade"] == "verified"
    artifact.write_bytes(b"beta")
    assert dispatch(["verify", str(artifact), "--key", str(public)]) == 1


def test_the_public_key_of_the_token_is_printed(token, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("PRATIQUE_KEY_PASSPHRASE", PIN)
    assert dispatch(["attest", "public-key", "-K", uri_of("secp256r1")]) == 0
    assert (
        capsys.readouterr().out == open_key(uri_of("secp256r1"), PIN.encode()).public_pem().decode()
    )


def test_the_pin_of_a_file(token, tmp_path):
    pin = tmp_path / "pin"
    pin.write_text(f"{PIN}\n")
    key = open_key(uri_of("secp256r1", f"&pin-source=file:{pin}"))
    assert key.sign(b"alpha")
    with pytest.raises(InputError, match="cannot be read"):
        open_key(uri_of("secp256r1", f"&pin-source=file:{pin}.absent"))
    with pytest.raises(UsageError, match="no file"):
        open_key(uri_of("secp256r1", "&pin-source=https://x.test/pin"))


def test_the_id_names_a_key_too_and_the_module_may_be_a_setting(token, monkeypatch):
    monkeypatch.setenv("PRATIQUE_PKCS11_MODULE", module())
    by_label = open_key(uri_of("secp384r1"), PIN.encode())
    assert open_key("pkcs11:id=%02", PIN.encode()).id == by_label.id


@pytest.mark.parametrize(
    ("label", "pin", "error", "said"),
    [
        ("secp256r1", None, UsageError, "needs its PIN"),
        ("secp256r1", b"000000", UsageError, "refuses the PIN"),
        ("absent", PIN.encode(), EvidenceError, "0 keys"),
        ("twice", PIN.encode(), EvidenceError, "2 keys"),
        ("rsa", PIN.encode(), EvidenceError, "kind RSA"),
    ],
)
def test_keys_that_do_not_sign(token, label, pin, error, said):
    with pytest.raises(error, match=said):
        open_key(uri_of(label), pin)


def test_a_token_that_is_not_there(token):
    with pytest.raises(EvidenceError, match="0 tokens"):
        open_key(f"pkcs11:token=other;object=a?module-path={module()}", b"1")


def test_a_module_that_is_none(tmp_path, monkeypatch):
    pytest.importorskip("pkcs11")
    with pytest.raises(InputError, match="cannot be loaded"):
        open_key(f"pkcs11:object=a?module-path={tmp_path / 'absent.so'}", b"1")
    monkeypatch.delenv("PRATIQUE_PKCS11_MODULE", raising=False)
    with pytest.raises(UsageError, match="no module"):
        open_key("pkcs11:object=a", b"1")


def test_a_public_key_of_another_pair_is_noticed(token):
    from cryptography.hazmat.primitives.asymmetric import ec

    key = open_key(uri_of("secp256r1"), PIN.encode())
    key.public = ec.generate_private_key(ec.SECP256R1()).public_key()
    with pytest.raises(EvidenceError, match="belong together"):
        key.sign(b"alpha")


def test_the_key_does_not_leave_the_token(token):
    with pytest.raises(UsageError, match="cannot be written"):
        open_key(uri_of("secp256r1"), PIN.encode()).private_pem(None)


def test_without_the_library_the_extra_is_named(monkeypatch):
    from pratique.provenance import hsm

    monkeypatch.setattr(hsm, "find_spec", lambda _name: None)
    with pytest.raises(UsageError, match="need the library") as caught:
        open_key("pkcs11:object=a", b"1")
    assert "pratique[pkcs11]" in caught.value.remedy


def test_a_summary_is_signed_by_a_token(token, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("PRATIQUE_KEY_PASSPHRASE", PIN)
    (tmp_path / "alpha.bin").write_bytes(b"alpha")
    public = tmp_path / "public.pem"
    public.write_bytes(open_key(uri_of("secp256r1"), PIN.encode()).public_pem())
    claim = tmp_path / "claim.json"
    claim.write_text("{}")
    words = ["--predicate", str(claim), "--type", "https://example.test/claim/v1"]
    words += ["-K", uri_of("secp256r1"), "-o", str(tmp_path / "alpha.bin.intoto.jsonl")]
    assert dispatch(["attest", "file", str(tmp_path / "alpha.bin"), *words]) == 0
    summary = tmp_path / "alpha.bin.vsa.json"
    words = ["--verifier-id", "https://verifier.example.test", "--key", str(public)]
    words += ["--resource-uri", "pkg:generic/alpha@1", "--policy-uri", "https://p.example.test"]
    words += ["-K", uri_of("ed25519"), "-o", str(summary)]
    assert dispatch(["attest", "vsa", str(tmp_path / "alpha.bin"), *words]) == 0
    public.write_bytes(open_key(uri_of("ed25519"), PIN.encode()).public_pem())
    capsys.readouterr()
    words = ["-b", str(summary), "--key", str(public)]
    words += ["--verifier", "https://verifier.example.test", "--resource", "pkg:generic/alpha@1"]
    assert dispatch(["verify", str(tmp_path / "alpha.bin"), *words]) == 0


def test_a_rebuild_is_attested_by_a_token(token, tmp_path, monkeypatch):
    from argparse import ArgumentParser

    from pratique.provenance.attest_options import signing_key
    from pratique.provenance.rebuild import cli
    from pratique.provenance.rebuild.models import File, Grade, Rebuilt

    monkeypatch.setenv("PRATIQUE_KEY_PASSPHRASE", PIN)
    artifact = tmp_path / "alpha-1.0-py3-none-any.whl"
    artifact.write_bytes(b"alpha")
    summary, public = tmp_path / "alpha.vsa.json", tmp_path / "public.pem"
    public.write_bytes(open_key(uri_of("secp256r1"), PIN.encode()).public_pem())
    parser = ArgumentParser()
    cli.rebuild.configure(parser)
    words = ["pkg:pypi/alpha@1.0", "--attest", str(summary), "-K", uri_of("secp256r1")]
    options = parser.parse_args([*words, "--verifier", "https://rebuilder.example.test"])
    file = File(name=artifact.name, sha256=hashlib.sha256(b"alpha").hexdigest(), size=5)
    one = Rebuilt(
        package="pkg:pypi/alpha@1.0", grade=Grade.BIT_IDENTICAL, published=file, rebuilt=file
    )
    cli._attest(options, signing_key(options), one)
    words = ["-b", str(summary), "--key", str(public), "--require", "SLSA_BUILD_REPRODUCED"]
    assert dispatch(["verify", str(artifact), *words]) == 0


def test_a_functionary_whose_key_is_in_a_token_attests_a_bill(
    token, sbomit_document, tmp_path, monkeypatch
):
    """Of an SBOMit document: the layout names the token's key for the only step."""
    monkeypatch.setenv("PRATIQUE_KEY_PASSPHRASE", PIN)
    monkeypatch.chdir(tmp_path)
    key = open_key(uri_of("secp256r1"), PIN.encode())
    value = {"public": key.public_pem().decode()}
    body = {"keytype": "ecdsa", "scheme": "ecdsa-sha2-nistp256", "keyval": value}
    sbomit_document(key, body)
    words = ["sbomit", "generate", "doc", "--key", "owner.pub", "-o", "app.cdx.json"]
    assert dispatch([*words, "-K", uri_of("secp256r1")]) == 0
    verified = ["sbomit", "verify", "doc", "--key", "owner.pub", "--bill", "app.cdx.json"]
    assert dispatch(verified) == 0
    with pytest.raises(UsageError, match="does not let this key sign"):
        dispatch([*words, "-K", uri_of("secp384r1")])
