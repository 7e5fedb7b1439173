"""Layouts over attestations (ITE-10, ITE-11): attestation-verifier's examples, and attacks."""

from __future__ import annotations

import base64
import json
import random
import shutil
from argparse import ArgumentParser
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from pratique.formats.dsse.write import write_envelope
from pratique.formats.intoto.attested_layout import read_attested_layout, resolved
from pratique.model.errors import InputError, LimitError, PratiqueError, UsageError
from pratique.provenance.attested_chain import verify_attested_chain
from pratique.provenance.errors import VerificationError
from pratique.provenance.layout_cli import verify_layout
from pratique.provenance.signing import generate

NOW = datetime(2025, 6, 1, tzinfo=UTC)
TEST = "https://in-toto.io/attestation/test-result/v0.1"


@pytest.fixture
def example(vectors: Path, tmp_path: Path) -> tuple[bytes, Path]:
    folder = tmp_path / "data"
    shutil.copytree(vectors / "attestation-verifier/test-data", folder)
    return (vectors / "attestation-verifier/layouts/layout.yml").read_bytes(), folder


def test_the_example_holds(example: tuple[bytes, Path]) -> None:
    layout, folder = example
    found = verify_attested_chain(layout, folder, NOW)
    assert [one.name for one in found.steps] == ["clone", "test", "build"]
    assert set(found.products) == {"bin/foo"}
    assert found.notices == ()


def test_the_example_of_npm(vectors: Path) -> None:
    folder = vectors / "attestation-verifier"
    layout = (folder / "layouts/layout-npm.yml").read_bytes()
    parameters = json.loads((folder / "parameters/npm-sigstore.json").read_text())
    found = verify_attested_chain(layout, folder / "test-data-npm", NOW, parameters)
    assert [one.name for one in found.steps] == ["build", "publish"]
    for name, value in (("package_version", "1.2.1"), ("github_ref", "refs/heads/evil")):
        with pytest.raises(VerificationError, match="break"):
            verify_attested_chain(layout, folder / "test-data-npm", NOW, parameters | {name: value})
    changed = parameters | {"package_name": "x' == 'x' || 'a"}
    with pytest.raises(InputError, match="quote"):
        verify_attested_chain(layout, folder / "test-data-npm", NOW, changed)


def test_swapped_changed_and_missing_attestations(example: tuple[bytes, Path]) -> None:
    layout, folder = example
    paths = sorted(folder.iterdir())
    for path in paths:
        data = path.read_bytes()
        for other in paths:
            if other != path:
                path.write_bytes(other.read_bytes())
                with pytest.raises(VerificationError):
                    verify_attested_chain(layout, folder, NOW)
        document = json.loads(data)
        payload = base64.b64decode(document["payload"])
        document["payload"] = base64.b64encode(payload.replace(b"foo", b"bar")).decode()
        path.write_text(json.dumps(document))
        with pytest.raises(VerificationError, match="needs 1 attestations"):
            verify_attested_chain(layout, folder, NOW)
        path.unlink()
        with pytest.raises(VerificationError, match="needs 1 attestations"):
            verify_attested_chain(layout, folder, NOW)
        path.write_bytes(data)
    assert verify_attested_chain(layout, folder, NOW).steps


def test_expired_and_other_keys(example: tuple[bytes, Path]) -> None:
    layout, folder = example
    with pytest.raises(VerificationError, match="expired"):
        verify_attested_chain(layout.replace(b"2100-10", b"2020-10"), folder, NOW)
    other = layout.replace(b"7345b83c121ea0d9", b"7345b83c121ea0d8")
    with pytest.raises((VerificationError, InputError)):
        verify_attested_chain(other, folder, NOW)


class Made:
    """A layout of our own, with two functionaries."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.keys = {"a" * 64: generate("ed25519"), "b" * 64: generate("ecdsa-p256")}
        self.predicates: list[dict[str, Any]] = []
        self.rules: dict[str, list[str]] = {}

    def layout(self) -> bytes:
        keys = {}
        for keyid, key in self.keys.items():
            keys[keyid] = {"keyType": "ecdsa", "keyVal": {"public": key.public_pem().decode()}}
        keys["a" * 64] = {
            "keyType": "ed25519",
            "keyVal": {"public": self.keys["a" * 64].public.public_bytes_raw().hex()},
        }
        steps = [{"name": "test", "expectedPredicates": self.predicates} | self.rules]
        return json.dumps(
            {"expires": "2100-01-01T00:00:00Z", "functionaries": keys, "steps": steps}
        ).encode()

    def expect(self, *functionaries: str, threshold: int = 1, **rules: Any) -> None:
        self.predicates = [
            {
                "predicateType": TEST,
                "functionaries": [one * 64 for one in functionaries],
                "threshold": threshold,
                "expectedAttributes": [rules] if rules else [],
            }
        ]

    def put(self, who: str, predicate: dict, kind: str = TEST) -> None:
        statement = {
            "_type": "https://in-toto.io/Statement/v1",
            "subject": [{"name": "foo", "digest": {"sha256": "1" * 64}}],
            "predicateType": kind,
            "predicate": predicate,
        }
        envelope = self.keys[who * 64].envelope(json.dumps(statement).encode())
        (self.folder / f"test.{who * 8}.json").write_bytes(write_envelope(envelope))

    def verify(self, **parameters: str):
        return verify_attested_chain(self.layout(), self.folder, NOW, parameters)


@pytest.fixture
def made(tmp_path: Path) -> Made:
    return Made(tmp_path)


PASSED = {"result": "PASSED", "configuration": []}


def test_only_who_may_state_it_counts(made: Made) -> None:
    made.expect("a")
    made.put("b", PASSED)
    with pytest.raises(VerificationError, match="has 0"):
        made.verify()
    made.put("a", PASSED)
    found = made.verify()
    assert found.steps[0].signers == ("a" * 64,)
    assert any("nobody who may state" in one for one in found.notices)


def test_thresholds_count_keys(made: Made) -> None:
    made.expect("a", "b", threshold=2)
    made.put("a", PASSED)
    with pytest.raises(VerificationError, match="needs 2 attestations"):
        made.verify()
    made.put("b", PASSED)
    assert len(made.verify().steps[0].signers) == 2
    made.keys["c" * 64] = made.keys["b" * 64]  # the same key under another id
    made.expect("b", "c", threshold=2)
    with pytest.raises(VerificationError, match="has 1"):
        made.verify()


@pytest.mark.parametrize(
    ("rule", "fine"),
    [
        ("predicate.result == 'PASSED'", True),
        ("predicate.result == 'FAILED'", False),
        ("size(subject) == 1 && subject[0].name == 'foo'", True),
        (f"predicateType == '{TEST}'", True),
        ("predicate.absent == 1", False),
        ("predicate.result", False),
        ("predicate.result > 3", False),
        ("predicate.result ==", False),
    ],
)
def test_rules_in_cel(made: Made, rule: str, fine: bool) -> None:
    made.put("a", PASSED)
    made.expect("a", rule=rule)
    if fine:
        assert made.verify().steps
    else:
        with pytest.raises(VerificationError):
            made.verify()


def test_absent_claims_and_warnings(made: Made) -> None:
    made.put("a", PASSED)
    made.expect("a", rule="predicate.absent == 1", allowIfNoClaim=True)
    assert made.verify().notices == ()
    made.expect("a", rule="predicate.result == 'x'", allowIfNoClaim=True)
    with pytest.raises(VerificationError):
        made.verify()
    made.expect("a", rule="predicate.result == 'x'", warn=True)
    assert "breaks the rule" in made.verify().notices[0]


def test_files_that_are_no_envelopes_do_not_count(made: Made) -> None:
    made.expect("a")
    (made.folder / "test.aaaaaaaa.json").write_text("{")
    with pytest.raises(VerificationError, match="has 0"):
        made.verify()


@pytest.mark.parametrize(
    "layout",
    [
        b"", b"[]", b"{}", b"expires: x\nfunctionaries: {}\nsteps: []", b"!!python/x {}",
        b'{"expires": "2100-01-01T00:00:00Z", "functionaries": {}, "steps": [], "inspections": [1]}',
        b'{"expires": "2100-01-01T00:00:00Z", "functionaries": {}, "steps": [{"name": "../x",'
        b' "expectedPredicates": [{"predicateType": "x", "functionaries": []}]}]}',
        b'{"expires": "2100-01-01T00:00:00Z", "functionaries": {}, "steps": [{"name": "x",'
        b' "expectedPredicates": []}]}',
    ],
)  # fmt: skip
def test_what_is_no_layout(layout: bytes) -> None:
    with pytest.raises(InputError):
        read_attested_layout(layout)


def test_damaged_layouts_raise_our_own_errors(made: Made) -> None:
    made.expect("a", rule="predicate.result == 'x'")
    data, dice = made.layout(), random.Random(2)
    for _ in range(400):
        changed = bytearray(data)
        for _ in range(dice.randrange(1, 4)):
            changed[dice.randrange(len(data))] = dice.randrange(256)
        try:
            verify_attested_chain(bytes(changed[: dice.randrange(len(data) + 9)]), made.folder, NOW)
        except PratiqueError:
            continue


def test_parameters_in_parameters() -> None:
    assert resolved({"a": "{b}/x", "b": "c{unknown}"}) == {"a": "c{unknown}/x", "b": "c{unknown}"}
    for loop in ({"a": "{a}"}, {"a": "{b}{b}", "b": "{a}{a}"}):
        with pytest.raises(InputError, match="back to itself"):
            resolved(loop)
    growing = {f"p{n}": f"{{p{n + 1}}}" * 1000 for n in range(8)} | {"p8": "x"}
    with pytest.raises(LimitError, match="too long"):
        resolved(growing)


def test_the_command(chain, capsys, made: Made) -> None:
    def run(*words: object) -> tuple[int, str]:
        parser = ArgumentParser()
        verify_layout.configure(parser)
        code = verify_layout.run(parser.parse_args([str(word) for word in words]))
        return int(code), capsys.readouterr().out

    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    layout, key, artifact = (chain.folder / name for name in ("root.layout", "key.pub", "a.tar"))
    key.write_bytes(
        chain.owner.public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    )
    layout.write_bytes(chain.layout())
    with pytest.raises(UsageError, match="anybody"):
        run(layout)
    code, out = run(layout, "--key", key)
    assert code == 0
    assert "✓ pack" in out
    artifact.write_bytes(b"other")
    with pytest.raises(VerificationError, match="no product"):
        run(layout, artifact, "--key", key)
    chain.signed["inspect"] = [{"name": "look", "run": ["x"]}]
    layout.write_bytes(chain.layout())
    assert run(layout, "--key", key)[0] == 3
    assert run(layout, "--key", key, "--without-inspections")[0] == 0
    key.write_text(json.dumps(chain.owner.key))
    code, out = run(layout, "--key", key, "--format", "json")
    assert json.loads(out)["exit_code"] == code == 3
