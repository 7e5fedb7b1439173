"""``pratique attest``: what is signed here is verified here and by others, and nothing tampered is."""

from __future__ import annotations

import base64
import hashlib
import json
import random
import sys
from argparse import ArgumentParser
from pathlib import Path

import pytest

from pratique.formats.dsse import read_envelope
from pratique.formats.dsse.write import write_envelope
from pratique.formats.sigstore import read_bundle
from pratique.model.command import Command
from pratique.model.errors import EvidenceError, InputError, PratiqueError, UsageError
from pratique.provenance import attest_cli
from pratique.provenance.cli import verify
from pratique.provenance.junit import read_junit
from pratique.provenance.signing import generate, load_signing_key

SECRET = b"correct horse"


class Bench:
    """A folder with an artifact and keys, and the commands."""

    def __init__(self, folder: Path, capfd, monkeypatch) -> None:
        self.folder, self.capfd = folder, capfd
        monkeypatch.delenv("PRATIQUE_KEY_PASSPHRASE", raising=False)
        self.artifact = folder / "alpha.bin"
        self.artifact.write_bytes(b"alpha")
        self.key = folder / "key.pem"
        self.run(attest_cli.keygen, self.key, "--no-passphrase")

    def run(self, command: Command, *words: object) -> tuple[int, str]:
        parser = ArgumentParser(allow_abbrev=False)
        command.configure(parser)
        code = command.run(parser.parse_args([str(word) for word in words]))
        out, self.err = self.capfd.readouterr()
        return int(code), out

    def attest(self, command: Command, *words: object, output: str = "alpha.bin.intoto.jsonl"):
        path = self.folder / output
        code, _ = self.run(command, "-K", self.key, "-o", path, *words)
        assert code == 0
        return path

    def verify(self, *words: object, key: str = "key.pem.pub") -> dict:
        _, out = self.run(
            verify, self.artifact, "--key", self.folder / key, "--format", "json", *words
        )
        return json.loads(out)


@pytest.fixture
def bench(tmp_path: Path, capfd, monkeypatch) -> Bench:
    return Bench(tmp_path, capfd, monkeypatch)


def statement_in(path: Path) -> dict:
    document = json.loads(path.read_bytes())
    return json.loads(base64.b64decode(document.get("dsseEnvelope", document)["payload"]))


@pytest.fixture
def release(bench: Bench) -> Path:
    path = bench.folder / "release.json"
    path.write_text('{"purl": "pkg:generic/alpha@1.2.3"}')
    return path


@pytest.mark.parametrize("kind", ["ed25519", "ecdsa-p256"])
@pytest.mark.parametrize("output", ["alpha.bin.intoto.jsonl", "alpha.bin.sigstore.json"])
def test_what_we_sign_we_verify(bench: Bench, release: Path, kind: str, output: str) -> None:
    bench.key = bench.folder / "other.pem"
    _, out = bench.run(attest_cli.keygen, bench.key, "--kind", kind, "--no-passphrase")
    id = out.split()[-1]
    words = (bench.artifact, "--predicate", release, "--type", "release")
    bench.attest(attest_cli.file, *words, output=output)
    found = bench.verify(key="other.pem.pub")
    assert (found["grade"], found["exit_code"]) == ("verified", 0)
    assert found["evidence"][0]["identity"] == f"key:{id}"
    assert found["evidence"][0]["predicate_type"] == "https://in-toto.io/attestation/release/v0.1"
    assert found["evidence"][0]["signed_at"] is None
    assert bench.verify()["grade"] == "failed"  # another key
    bench.artifact.write_bytes(b"evil")
    found = bench.verify(key="other.pem.pub")
    assert (found["grade"], found["evidence"][0]["error"]) == ("failed", "ErrorMismatchHash")


def test_a_bundle_without_log_entry_needs_the_key(bench: Bench, release: Path) -> None:
    words = (bench.artifact, "--predicate", release, "--type", "release", "--form", "bundle")
    path = bench.attest(attest_cli.file, *words, output="alpha.bin.bundle")
    assert read_bundle(path.read_bytes()).version == (0, 3)
    _, out = bench.run(verify, bench.artifact, "--format", "json")
    assert json.loads(out)["grade"] == "unsupported"


def test_a_certificate_without_log_entry_stays_unverified(bench: Bench, instance) -> None:
    """The key that is given opens nothing for bundles with certificates."""
    statement = {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"digest": {"sha256": hashlib.sha256(b"alpha").hexdigest()}}],
        "predicateType": "https://example.test/x",
    }
    root = bench.folder / "root.json"
    root.write_text(json.dumps(instance.trusted_root()))
    bundle = instance.bundle(statement)
    bundle["verificationMaterial"]["tlogEntries"] = []
    (bench.folder / "alpha.bin.bundle").write_text(json.dumps(bundle))
    assert bench.verify("--trusted-root", root)["grade"] == "failed"


def test_no_flipped_byte_is_verified_as_something_else(bench: Bench, release: Path) -> None:
    words = (bench.artifact, "--predicate", release, "--type", "release")
    dice = random.Random(6)
    for output in ("alpha.bin.intoto.jsonl", "alpha.bin.sigstore.json"):
        path = bench.attest(attest_cli.file, *words, output=output)
        data, survived = path.read_bytes(), 0
        for _ in range(150):
            changed = bytearray(data)
            changed[dice.randrange(len(data))] ^= 1 << dice.randrange(8)
            path.write_bytes(bytes(changed))
            found = bench.verify("-b", path)
            if found["grade"] == "verified":  # an unsigned hint, or a bit base64 does not use
                survived += 1
                assert statement_in_bytes(bytes(changed)) == statement_in_bytes(data)
        assert survived < 75


def statement_in_bytes(data: bytes) -> bytes:
    try:
        return read_envelope(data).payload
    except InputError:
        envelope = read_bundle(data).envelope
        assert envelope is not None
        return envelope.payload


def test_a_signature_for_another_payload_type_or_payload_is_refused(
    bench: Bench, release: Path
) -> None:
    words = (bench.artifact, "--predicate", release, "--type", "release")
    path = bench.attest(attest_cli.file, *words)
    document = json.loads(path.read_bytes())
    for changes in (
        {"payloadType": "application/json"},
        {"payload": base64.b64encode(b"{}").decode()},
        {"signatures": [{"sig": ""}]},
        {"signatures": [{"sig": base64.b64encode(bytes(64)).decode()}]},
    ):
        path.write_text(json.dumps(document | changes))
        assert bench.verify()["grade"] == "failed"


def test_others_verify_it(bench: Bench, release: Path) -> None:
    """securesystemslib and sigstore-python take our envelopes, and refuse changed ones."""
    sslib = pytest.importorskip("securesystemslib.dsse")
    from cryptography.hazmat.primitives.serialization import load_pem_public_key
    from securesystemslib.exceptions import VerificationError
    from securesystemslib.signer import SSlibKey

    for kind in ("ed25519", "ecdsa-p256"):
        bench.key = bench.folder / f"{kind}.pem"
        bench.run(attest_cli.keygen, bench.key, "--kind", kind, "--no-passphrase")
        words = (bench.artifact, "--predicate", release, "--type", "release")
        document = json.loads(bench.attest(attest_cli.file, *words).read_bytes())
        public = load_pem_public_key((bench.folder / f"{kind}.pem.pub").read_bytes())
        key = SSlibKey.from_crypto(public, keyid=document["signatures"][0]["keyid"])
        assert key.keyid in sslib.Envelope.from_dict(json.loads(json.dumps(document))).verify(
            [key], 1
        )
        payload = base64.b64decode(document["payload"]).replace(b"1.2.3", b"1.2.4")
        document["payload"] = base64.b64encode(payload).decode()
        with pytest.raises(VerificationError):
            sslib.Envelope.from_dict(document).verify([key], 1)


def test_sigstore_python_verifies_our_envelope_and_reads_our_bundle(
    bench: Bench, release: Path
) -> None:
    dsse = pytest.importorskip("sigstore.dsse")
    from cryptography.hazmat.primitives.serialization import load_pem_public_key
    from sigstore_models.bundle.v1 import Bundle

    bench.key = bench.folder / "p256.pem"
    bench.run(attest_cli.keygen, bench.key, "--kind", "ecdsa-p256", "--no-passphrase")
    words = (bench.artifact, "--predicate", release, "--type", "release")
    public = load_pem_public_key((bench.folder / "p256.pem.pub").read_bytes())
    envelope = dsse.Envelope._from_json(bench.attest(attest_cli.file, *words).read_bytes())
    assert b"pkg:generic/alpha@1.2.3" in dsse._verify(public, envelope)
    path = bench.attest(attest_cli.file, *words, output="alpha.bin.sigstore.json")
    read = Bundle.from_json(path.read_text())
    assert read.media_type == "application/vnd.dev.sigstore.bundle.v0.3+json"
    assert read.verification_material.public_key.hint


def test_build_records_materials_and_products(bench: Bench, monkeypatch) -> None:
    tree = bench.folder / "tree"
    (tree / ".git").mkdir(parents=True)
    (tree / ".git/config").write_text("x")
    (tree / "source.txt").write_text("source")
    (tree / "log.txt").write_text("old")
    (tree / "link").symlink_to(bench.key)
    monkeypatch.setenv("PRATIQUE_KEY_PASSPHRASE", "secret")
    script = (
        "import os, pathlib as p; p.Path('dist').mkdir(); p.Path('log.txt').write_text('new');"
        "p.Path('dist/alpha.bin').write_bytes(b'alpha');"
        "p.Path('dist/env').write_text(os.environ.get('PRATIQUE_KEY_PASSPHRASE', 'none'))"
    )
    path = bench.attest(
        attest_cli.build, "-C", tree, "--product", "dist", "--source",
        "git+https://example.test/alpha@refs/tags/v1", "--commit", "0" * 40,
        "--builder", "https://builder.example.test", "--", sys.executable, "-c", script,
    )  # fmt: skip
    told = bench.err
    assert (tree / "dist/env").read_text() == "none"  # the build never sees the passphrase
    stated = statement_in(path)
    assert {one["name"] for one in stated["subject"]} == {"dist/alpha.bin", "dist/env"}
    definition = stated["predicate"]["buildDefinition"]
    assert definition["externalParameters"]["command"] == [sys.executable, "-c", script]
    origin, *materials = definition["resolvedDependencies"]
    assert origin == {
        "uri": "git+https://example.test/alpha@refs/tags/v1",
        "digest": {"gitCommit": "0" * 40},
    }
    old = hashlib.sha256(b"old").hexdigest()
    assert [one["name"] for one in materials] == ["log.txt", "source.txt"]
    assert materials[0]["digest"] == {"sha256": old}
    assert "1 links and special files are not recorded: 'link'" in told
    found = bench.verify("--require", "L1")
    assert found["exit_code"] == 0
    assert found["evidence"][0]["builder"] == "https://builder.example.test"
    assert found["evidence"][0]["levels"] == ["SLSA_BUILD_LEVEL_1"]
    assert bench.verify("--require", "L2")["exit_code"] == 3


def test_a_build_that_fails_or_makes_nothing_is_not_attested(bench: Bench) -> None:
    output = bench.folder / "x.intoto.jsonl"
    (bench.folder / "tree").mkdir()
    words = ("-K", bench.key, "-o", output, "-C", bench.folder / "tree", "--", sys.executable, "-c")
    assert bench.run(attest_cli.build, *words, "raise SystemExit(7)")[0] == 1
    with pytest.raises(EvidenceError, match="made no file"):
        bench.run(attest_cli.build, *words, "pass")
    with pytest.raises(UsageError, match="cannot be run"):
        bench.run(attest_cli.build, *words[:-2], "./absent-command")
    assert not output.exists()


def test_an_unknown_external_parameter_is_refused(bench: Bench, release: Path) -> None:
    predicate = {
        "buildDefinition": {
            "buildType": "urn:pratique:buildtype:command:1",
            "externalParameters": {"command": ["make"], "backdoor": True},
        },
        "runDetails": {"builder": {"id": "https://builder.example.test"}},
    }
    release.write_text(json.dumps(predicate))
    bench.attest(attest_cli.file, bench.artifact, "--predicate", release, "--type", "provenance")
    found = bench.verify()
    assert found["exit_code"] == 1
    assert "unknown parameter 'backdoor'" in found["evidence"][0]["cause"]


def test_sbom_vex_and_tests(bench: Bench) -> None:
    document = bench.folder / "document"
    document.write_text('{"bomFormat": "CycloneDX", "specVersion": "1.6"}')
    path = bench.attest(attest_cli.sbom, bench.artifact, "--sbom", document)
    assert statement_in(path)["predicateType"] == "https://cyclonedx.org/bom"
    document.write_text('{"spdxVersion": "SPDX-2.3", "name": "alpha"}')
    path = bench.attest(attest_cli.sbom, bench.artifact, "--sbom", document)
    assert statement_in(path)["predicateType"] == "https://spdx.dev/Document"
    document.write_text("{}")
    with pytest.raises(InputError, match="no CycloneDX or SPDX"):
        bench.attest(attest_cli.sbom, bench.artifact, "--sbom", document)
    with pytest.raises(InputError):
        bench.attest(attest_cli.vex, bench.artifact, "--vex", document)
    document.write_text(
        json.dumps(
            {
                "@context": "https://openvex.dev/ns/v0.2.0",
                "@id": "https://example.test/vex/1",
                "author": "Example",
                "timestamp": "2025-06-01T12:00:00Z",
                "version": 1,
                "statements": [
                    {
                        "vulnerability": {"name": "EXAMPLE-1"},
                        "products": [{"@id": "pkg:generic/alpha@1"}],
                        "status": "fixed",
                    }
                ],
            }
        )
    )
    path = bench.attest(attest_cli.vex, bench.artifact, "--vex", document)
    assert statement_in(path)["predicateType"] == "https://openvex.dev/ns/v0.2.0"
    assert bench.verify()["grade"] == "verified"
    document.write_text(
        '<testsuites><testsuite failures="1"><testcase classname="a" name="x"/>'
        '<testcase name="y"><failure/></testcase><testcase name="z"><skipped/></testcase>'
        "</testsuite></testsuites>"
    )
    path = bench.attest(
        attest_cli.test, f"gitCommit:{'A' * 40}", "--junit", document, "--configuration", document
    )
    stated = statement_in(path)
    assert stated["subject"][0]["digest"] == {"gitCommit": "a" * 40}
    predicate = stated["predicate"]
    assert (predicate["result"], predicate["passedTests"]) == ("FAILED", ["a.x"])
    assert predicate["failedTests"] == ["y"]
    assert predicate["configuration"][0]["digest"]["sha256"]
    document.write_text('<testsuite failures="1"><testcase name="x"/></testsuite>')
    with pytest.raises(InputError, match="names none"):
        bench.attest(attest_cli.test, bench.artifact, "--junit", document)
    with pytest.raises(UsageError, match="no test is named"):
        bench.attest(attest_cli.test, bench.artifact)


def test_damaged_test_reports_raise_our_own_errors() -> None:
    data = b'<testsuites><testsuite failures="0"><testcase name="a"/></testsuite></testsuites>'
    dice = random.Random(1)
    assert read_junit(data).passed == ("a",)
    for _ in range(400):
        changed = bytearray(data)
        changed[dice.randrange(len(data))] = dice.randrange(256)
        try:
            read_junit(bytes(changed[: dice.randrange(len(data) + 9)]))
        except InputError:
            continue
    for hostile in (b'<!DOCTYPE a [<!ENTITY b "c">]><testsuite/>', b"<other/>", b"<testsuite/>"):
        with pytest.raises(InputError):
            read_junit(hostile)


def bill(**changes: object) -> dict:
    return {
        "schema": "urn:pratique:schema:bill-of-health:1",
        "tool": "pratique 1",
        "created": "2025-06-01T12:00:00Z",
        "subject": "alpha",
        "health": "needs attention",
        "headline": "x",
        "counts": {},
        "inventory": {"subject": "alpha"},
        "complete": True,
        "advisories": {
            "generation": "starter",
            "records": 1,
            "ecosystems": [],
            "as_of": "2025-05-31T00:00:00Z",
            "age_days": 1.5,
            "stale": False,
        },
        "findings": [
            {
                "rule": "vulnerable-package",
                "id": "EXAMPLE-1",
                "fingerprint": "0" * 32,
                "subject": "pkg:generic/beta@1",
                "severity": "high",
                "score": 7.5,
                "title": "t",
                "remedy": "r",
            }
        ],
    } | changes


def test_scan_results_are_of_complete_bills(bench: Bench) -> None:
    document = bench.folder / "bill.json"
    document.write_text(json.dumps(bill()))
    path = bench.attest(attest_cli.scan, bench.artifact, "--bill", document)
    predicate = statement_in(path)["predicate"]
    assert predicate["scanner"]["db"]["lastUpdate"] == "2025-05-31T00:00:00Z"
    assert predicate["scanner"]["result"] == [
        {
            "id": "EXAMPLE-1",
            "severity": [
                {"method": "pratique", "score": "high"},
                {"method": "cvss_score", "score": "7.5"},
            ],
            "annotations": [{"subject": "pkg:generic/beta@1"}, {"status": "open"}],
        }
    ]
    for changes, match in (
        ({"complete": False}, "not complete"),
        ({"advisories": None}, "without advisories"),
        ({"schema": "x"}, "no bill of health"),
        ({"findings": 3}, "not readable"),
    ):
        document.write_text(json.dumps(bill(**changes)))
        with pytest.raises(InputError, match=match):
            bench.attest(attest_cli.scan, bench.artifact, "--bill", document)


def test_keys_are_encrypted_and_never_overwritten(bench: Bench, monkeypatch) -> None:
    path, word = bench.folder / "locked.pem", bench.folder / "word"
    word.write_bytes(SECRET + b"\n")
    with pytest.raises(UsageError, match="no passphrase"):
        bench.run(attest_cli.keygen, path)
    bench.run(attest_cli.keygen, path, "--passphrase-file", word)
    assert b"ENCRYPTED" in path.read_bytes()
    assert path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(InputError, match="cannot be written"):
        bench.run(attest_cli.keygen, path, "--passphrase-file", word)
    bench.key = path
    words = (bench.artifact, "--passed", "x")
    with pytest.raises(UsageError, match="is encrypted"):
        bench.attest(attest_cli.test, *words)
    monkeypatch.setenv("PRATIQUE_KEY_PASSPHRASE", "wrong")
    with pytest.raises(UsageError, match="cannot be opened"):
        bench.attest(attest_cli.test, *words)
    monkeypatch.setenv("PRATIQUE_KEY_PASSPHRASE", SECRET.decode())
    bench.attest(attest_cli.test, *words)
    assert bench.verify(key="locked.pem.pub")["grade"] == "verified"
    bench.attest(attest_cli.test, *words, "--passphrase-file", word)


def test_keys_of_other_tools() -> None:
    from cryptography.hazmat.primitives import serialization as form
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

    young, wide = ed25519.Ed25519PrivateKey.generate(), ec.generate_private_key(ec.SECP384R1())
    for key in (young, wide):
        data = key.private_bytes(form.Encoding.PEM, form.PrivateFormat.OpenSSH, form.NoEncryption())
        assert load_signing_key(data, SECRET).public
    data = wide.private_bytes(
        form.Encoding.PEM, form.PrivateFormat.TraditionalOpenSSL, form.NoEncryption()
    )
    assert load_signing_key(data).public
    other = rsa.generate_private_key(65537, 2048).private_bytes(
        form.Encoding.PEM, form.PrivateFormat.PKCS8, form.NoEncryption()
    )
    with pytest.raises(InputError, match="does not sign here"):
        load_signing_key(other)


def test_damaged_keys_raise_our_own_errors() -> None:
    dice = random.Random(8)
    for secret in (None, SECRET):
        data = generate("ecdsa-p256").private_pem(secret)
        for _ in range(200):
            changed = bytearray(data)
            changed[dice.randrange(len(data))] ^= 1 << dice.randrange(8)
            try:
                load_signing_key(bytes(changed[: dice.randrange(1, len(data) + 99)]), secret)
            except PratiqueError:
                continue


@pytest.mark.parametrize(
    "subject", ["absent", "sha256:12", "sha1:" + "0" * 40, "sha512:" + "0" * 64]
)
def test_what_is_no_subject(bench: Bench, subject: str) -> None:
    with pytest.raises(UsageError, match="neither a file nor a digest"):
        bench.attest(attest_cli.test, subject, "--passed", "x")


@pytest.mark.parametrize(
    ("type", "predicate"),
    [
        ("release", "{}"),
        ("release", "[]"),
        ("provenance", "{}"),
        ("vsa", '{"verifier": {}}'),
        ("scai", '{"attributes": 1}'),
        ("https://example.test/any", "1"),
        ("https://example.test/any", "{"),
    ],
)
def test_predicates_that_are_not_what_their_type_demands(
    bench: Bench, release: Path, type: str, predicate: str
) -> None:
    release.write_text(predicate)
    with pytest.raises(InputError, match=r"release\.json"):
        bench.attest(attest_cli.file, bench.artifact, "--predicate", release, "--type", type)


def test_an_envelope_is_written_as_it_was_read() -> None:
    envelope = generate("ed25519").envelope(b"{}")
    assert read_envelope(write_envelope(envelope)) == envelope
