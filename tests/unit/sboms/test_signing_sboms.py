"""``pratique sbom sign`` and ``verify``: what holds, and that nothing changed ever does."""

from __future__ import annotations

import base64
import copy
import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pratique.formats.jsf import canonical_json, strict_json
from pratique.formats.jsf.canonical import number
from pratique.formats.sbom.validation import validate
from pratique.model.errors import InputError
from pratique.sboms.enveloped import judge

Run = Callable[..., tuple[int, str, str]]
FORMS = {"dsse": "app.intoto.jsonl", "bundle": "app.sigstore.json"}


@pytest.fixture(params=["ed25519", "ecdsa-p256"])
def signed(request: pytest.FixtureRequest, pratique: Run, bom: dict[str, Any]) -> Run:
    """Keys, a document and an artifact in the folder."""
    Path("app.cdx.json").write_text(json.dumps(bom, indent=1))
    Path("app.tar").write_bytes(b"an artifact")
    for name in ("key", "other"):
        assert (
            pratique("attest", "keygen", name, "--no-passphrase", "--kind", request.param)[0] == 0
        )
    return pratique


def test_an_attestation_of_an_artifact(signed: Run) -> None:
    for form, name in FORMS.items():
        code, _, err = signed(
            "sbom", "sign", "app.cdx.json", "-a", "app.tar", "-K", "key", "-o", name
        )
        assert code == 0, err
        words = ("-a", "app.tar", "-b", name, "--key", "key.pub")
        code, out, _ = signed("sbom", "verify", "app.cdx.json", *words, "--format", "json")
        found = json.loads(out)
        assert code == found["exit_code"] == 0, found
        assert found["grade"] == "verified"
        (one,) = found["answers"][0]["evidence"]
        assert one["predicate_type"] == "https://cyclonedx.org/bom"
        assert one["identity"].startswith("key:")
        # the general verifier agrees that this is evidence about the artifact
        assert signed("verify", "app.tar", "-b", name, "--key", "key.pub")[0] == 0, form


def test_another_key_document_or_artifact_is_never_verified(
    signed: Run, bom: dict[str, Any]
) -> None:
    signed("sbom", "sign", "app.cdx.json", "-a", "app.tar", "-K", "key", "-o", "a.jsonl")
    words = ("-a", "app.tar", "-b", "a.jsonl")
    assert signed("sbom", "verify", "app.cdx.json", *words, "--key", "other.pub")[0] == 1
    assert signed("sbom", "verify", "app.cdx.json", *words)[0] == 3  # nobody is expected
    Path("other.tar").write_bytes(b"another artifact")
    bad = ("-a", "other.tar", "-b", "a.jsonl", "--key", "key.pub")
    assert signed("sbom", "verify", "app.cdx.json", *bad)[0] == 1
    both = (*words, "-a", "other.tar", "--key", "key.pub")
    assert signed("sbom", "verify", "app.cdx.json", *both)[0] == 1
    bom["components"][0]["version"] = "6.6.6"
    Path("changed.json").write_text(json.dumps(bom))
    code, out, _ = signed("sbom", "verify", "changed.json", *words, "--key", "key.pub")
    assert code == 1
    assert "ErrorMismatchDocument" in out


def test_the_same_document_in_other_white_space_holds(signed: Run, bom: dict[str, Any]) -> None:
    signed("sbom", "sign", "app.cdx.json", "-a", "app.tar", "-K", "key", "-o", "a.jsonl")
    Path("same.json").write_text(json.dumps(dict(reversed(bom.items()))))
    words = ("-a", "app.tar", "-b", "a.jsonl", "--key", "key.pub")
    assert signed("sbom", "verify", "same.json", *words)[0] == 0
    Path("twice.json").write_text(json.dumps(bom)[:-1] + ',"version":1}')
    assert signed("sbom", "verify", "twice.json", *words)[0] == 1
    assert signed("sbom", "sign", "twice.json", "-K", "key", "-o", "b")[0] == 3


def test_without_artifact_the_document_is_the_subject(signed: Run) -> None:
    signed("sbom", "sign", "app.cdx.json", "-K", "key", "-o", "app.cdx.json.intoto.jsonl")
    assert signed("sbom", "verify", "app.cdx.json", "--key", "key.pub")[0] == 0  # found beside
    signed("sbom", "sign", "app.cdx.json", "-a", "app.tar", "-K", "key", "-o", "a.jsonl")
    code, out, _ = signed("sbom", "verify", "app.cdx.json", "-b", "a.jsonl", "--key", "key.pub")
    assert code == 3
    assert "--artifact" in out
    assert signed("sbom", "verify", "app.cdx.json", "-b", "a.jsonl", "--key", "other.pub")[0] == 1


@pytest.mark.parametrize("form", ["cyclonedx-xml", "spdx-tag-value", "spdx-json"])
def test_other_forms(pratique: Run, bom: dict[str, Any], form: str) -> None:
    Path("in.json").write_text(json.dumps(bom))
    Path("app.tar").write_bytes(b"an artifact")
    pratique("attest", "keygen", "key", "--no-passphrase")
    pratique("sbom", "convert", "in.json", "--to", form, "-o", "doc")
    assert pratique("sbom", "sign", "doc", "-a", "app.tar", "-K", "key", "-o", "a.jsonl")[0] == 0
    words = ("-a", "app.tar", "-b", "a.jsonl", "--key", "key.pub", "--format", "json")
    code, out, _ = pratique("sbom", "verify", "doc", *words)
    assert code == 0, out
    kind = json.loads(out)["answers"][0]["evidence"][0]["predicate_type"]
    assert kind.startswith("https://spdx.dev" if form == "spdx-json" else "https://in-toto.io/att")
    Path("doc").write_bytes(Path("doc").read_bytes().replace(b"tarry", b"tarrx"))
    assert pratique("sbom", "verify", "doc", *words)[0] == 1


def test_evidence_about_something_else_proves_nothing(signed: Run) -> None:
    Path("p.json").write_text("{}")
    signed("attest", "file", "app.tar", "-K", "key", "-o", "x.jsonl", "--type", "urn:x", "--predicate", "p.json")  # fmt: skip
    code, out, _ = signed(
        "sbom", "verify", "app.cdx.json", "-a", "app.tar", "-b", "x.jsonl", "--key", "key.pub"
    )
    assert code == 3
    assert "nothing that was found attests this bill" in out


@pytest.mark.parametrize("form", FORMS)
def test_mutated_attestations_are_never_verified(signed: Run, form: str) -> None:
    name = FORMS[form]
    signed("sbom", "sign", "app.cdx.json", "-a", "app.tar", "-K", "key", "-o", name)
    good = json.loads(Path(name).read_text())
    envelope = good if form == "dsse" else good["dsseEnvelope"]
    chance = random.Random(3)
    words = ("-a", "app.tar", "-b", "bad", "--key", "key.pub", "--format", "json")
    for number_ in range(40):
        bad = copy.deepcopy(good)
        inner = bad if form == "dsse" else bad["dsseEnvelope"]
        part = "sig" if number_ % 2 else "payload"
        owner = inner["signatures"][0] if part == "sig" else inner
        raw = bytearray(base64.b64decode(owner[part]))
        raw[chance.randrange(len(raw))] ^= 1 << chance.randrange(8)
        owner[part] = base64.b64encode(raw).decode()
        Path("bad").write_text(json.dumps(bad))
        code, out, err = signed("sbom", "verify", "app.cdx.json", *words)
        assert code in {1, 3}, out
        assert code != 3 or err or json.loads(out)["grade"] != "verified"
    for bad_type in ("application/json", "", envelope["payloadType"] + " "):
        bad = copy.deepcopy(good)
        (bad if form == "dsse" else bad["dsseEnvelope"])["payloadType"] = bad_type
        Path("bad").write_text(json.dumps(bad))
        assert signed("sbom", "verify", "app.cdx.json", *words)[0] in {1, 3}


def test_enveloped_signatures(signed: Run) -> None:
    assert (
        signed("sbom", "sign", "app.cdx.json", "-K", "key", "--enveloped", "-o", "s.json")[0] == 0
    )
    assert validate(Path("s.json").read_bytes()).valid
    code, out, _ = signed("sbom", "verify", "s.json", "--key", "key.pub", "--format", "json")
    assert code == 0, out
    assert json.loads(out)["answers"][0]["evidence"][0]["kind"] == "jsf"
    assert signed("sbom", "verify", "s.json", "--key", "other.pub")[0] == 1
    code, out, _ = signed("sbom", "verify", "s.json")  # its own key is no reason to trust it
    assert code == 3
    assert "could be anybody's" in out
    code, _, err = signed(
        "sbom", "sign", "s.json", "-a", "app.tar", "-K", "key", "--enveloped", "-o", "x"
    )
    assert code == 2
    assert "alone" in err


def test_any_change_breaks_an_enveloped_signature(signed: Run) -> None:
    signed("sbom", "sign", "app.cdx.json", "-K", "key", "--enveloped", "-o", "s.json")
    good = json.loads(Path("s.json").read_text())
    key = _public("key.pub")
    assert judge(good, key, "x").grade == "verified"  # type: ignore[union-attr]
    changes: list[Callable[[dict[str, Any]], Any]] = [
        lambda v: v.update(version=2),
        lambda v: v.update(version=True),
        lambda v: v["components"].pop(),
        lambda v: v["components"].reverse(),
        lambda v: v.update(extra=None),
        lambda v: v["signature"].update(algorithm="none"),
        lambda v: v["signature"].update(algorithm="HS256"),
        lambda v: v["signature"].update(value=""),
        lambda v: v["signature"].update(keyId="me"),
        lambda v: v["signature"].pop("publicKey"),
        lambda v: v["signature"].update(excludes=["components"]),
        lambda v: v.update(signature={"signers": [v["signature"]]}),
        lambda v: v.update(signature={"chain": [v["signature"]]}),
        lambda v: v.update(signature=None),
        lambda v: v.update(signature=[]),
    ]
    for number_, change in enumerate(changes):
        bad = copy.deepcopy(good)
        change(bad)
        found = judge(bad, key, "x")
        assert found is not None, number_
        assert found.grade == "failed", number_


def _public(name: str) -> Any:
    from pratique.provenance.keys import load_key

    return load_key(Path(name).read_bytes())


def _private(kind: str) -> tuple[Any, Any, Callable[[bytes], bytes]]:
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
    from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

    if kind.startswith("ES"):
        curve = {"ES384": ec.SECP384R1(), "ES512": ec.SECP521R1()}[kind]
        digest = {"ES384": hashes.SHA384(), "ES512": hashes.SHA512()}[kind]
        key = ec.generate_private_key(curve)
        width = (key.key_size + 7) // 8

        def sign(data: bytes) -> bytes:
            return b"".join(
                n.to_bytes(width) for n in decode_dss_signature(key.sign(data, ec.ECDSA(digest)))
            )

        return key, key.public_key(), sign
    secret = rsa.generate_private_key(65537, 2048)
    if kind == "RS256":
        return (
            secret,
            secret.public_key(),
            lambda d: secret.sign(d, padding.PKCS1v15(), hashes.SHA256()),
        )
    pss = padding.PSS(padding.MGF1(hashes.SHA512()), 64)
    return secret, secret.public_key(), lambda d: secret.sign(d, pss, hashes.SHA512())


@pytest.mark.parametrize("kind", ["ES384", "ES512", "RS256", "PS512"])
@pytest.mark.parametrize("form", ["single", "signers", "chain"])
def test_other_algorithms_and_forms__jsf_0_82(kind: str, form: str) -> None:
    """Signatures made here by another road than the one that is under test."""
    _, public, sign = _private(kind)
    bare = {"algorithm": kind}
    value: dict[str, Any] = {"bomFormat": "CycloneDX", "specVersion": "1.6", "b": 1, "a": [1.50]}
    placed: Any = bare if form == "single" else {form: [bare]}
    text = json.dumps(value | {"signature": placed}, sort_keys=True, separators=(",", ":"))
    made = base64.urlsafe_b64encode(sign(text.encode())).rstrip(b"=").decode()
    full = bare | {"value": made}
    value["signature"] = full if form == "single" else {form: [full]}
    assert judge(value, public, "x").grade == "verified"  # type: ignore[union-attr]
    value["b"] = 2
    assert judge(value, public, "x").grade == "failed"  # type: ignore[union-attr]


def test_canonical_json__rfc_8785() -> None:
    value = {
        "numbers": [333333333.33333329, 1e30, 4.50, 2e-3, 0.000000000000000000000000001, -0.0],
        "string": '€$\u000f\nA\'B"\\\\"/',
        "literals": [None, True, False],
    }
    assert canonical_json(value).decode() == (
        '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27,0],'
        '"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}'
    )
    order = {"\u20ac": 1, "\r": 2, "\ufb33": 3, "1": 4, "\U0001f600": 5, "\x80": 6, "\xf6": 7}
    assert [*strict_json(canonical_json(order)).values()] == [2, 4, 6, 7, 1, 5, 3]
    assert [number(x) for x in (1e21, 1e20, 123456789012345680000.0, 5e-324, 1e-6, 1e-7)] == [
        "1e+21", "100000000000000000000", "123456789012345680000", "5e-324", "0.000001", "1e-7",
    ]  # fmt: skip
    for wrong in (float("nan"), float("inf"), 2**53, "\ud800"):
        with pytest.raises(InputError):
            canonical_json(wrong)


def test_canonical_json_as_another_library_writes_it() -> None:
    rfc8785 = pytest.importorskip("rfc8785")
    import struct

    chance = random.Random(2)
    for _ in range(5000):
        value = struct.unpack(">d", chance.randbytes(8))[0]
        if value == value and abs(value) != float("inf"):  # noqa: PLR0124 - not a number
            assert canonical_json([value]) == rfc8785.dumps([value])


def test_json_with_a_member_twice_is_refused() -> None:
    for wrong in (b'{"a":1,"a":1}', b'[{"x":{"b":1,"\\u0062":2}}]', b"NaN", b"\xff", b"[" * 100000):
        with pytest.raises(InputError):
            strict_json(wrong)


def test_real_signatures_are_read(vector_folder: Callable[[str], Path]) -> None:
    folder = vector_folder("sbom/sbom-vectors.tar.xz")
    found = {}
    for path in folder.rglob("*-signature*.json"):
        value = json.loads(path.read_bytes())
        if value.get("bomFormat") == "CycloneDX" and "signature" in value:
            graded = judge(value, None, "x")
            assert graded is not None
            found[path.name] = graded.grade.value
    assert found
    assert "verified" not in found.values()  # no key is trusted


def test_wrong_use(signed: Run) -> None:
    for words in (
        ("sign", "app.cdx.json"),
        ("verify", "app.cdx.json", "-a", "nothing"),
        ("verify", "app.cdx.json", "--identity", "me"),
        ("sign", "app.cdx.json", "-a", "nothing", "-K", "key", "-o", "x"),
        ("sign", "none", "-K", "key", "-o", "x"),
        ("verify", "none"),
        ("verify", "app.cdx.json", "-b", "none"),
    ):
        assert signed("sbom", *words)[0] == 2, words
    Path("text").write_text("hello")
    for words in (
        ("sign", "text", "-K", "key", "-o", "x"),
        ("sign", "text", "-K", "key", "-o", "x", "--enveloped"),
        ("sign", "app.cdx.json", "-K", "text", "-o", "x"),
        ("verify", "app.cdx.json", "--key", "text"),
    ):
        code, _, err = signed("sbom", *words)
        assert code == 3, (words, err)
    assert signed("sbom", "verify", "app.cdx.json", "-b", "text")[0] == 1
    assert signed("sbom", "verify", "app.cdx.json")[0] == 3
