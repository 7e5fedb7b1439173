"""``pratique verify``: no evidence that is somebody else's, or of something else, makes a yes.

Every signature here is right; what is wrong is whose it is, or what it does not say.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from pratique.formats.dsse import IN_TOTO_PAYLOAD, pae
from pratique.model.errors import PratiqueError
from pratique.provenance.cli import verify

MALLORY = ("mallory@example.test", "https://accounts.example.test")
GO_BUILDER = (
    "https://github.com/slsa-framework/slsa-github-generator/.github/workflows/"
    "builder_go_slsa3.yml@refs/tags/v1.2.3"
)


class Desk:
    """An artifact in a folder, and what comes of verifying it."""

    def __init__(self, folder: Path, instance: Any, forge: Any, capsys: Any) -> None:
        self.instance, self.forge, self.capsys = instance, forge, capsys
        self.folder = folder
        self.file = folder / "alpha-1.2.3.tar.gz"
        self.file.write_bytes(b"alpha")
        self.root = folder / "root.json"
        self.root.write_text(json.dumps(instance.trusted_root()))

    def put(self, suffix: str, value: Any) -> Path:
        path = self.folder / f"{self.file.name}{suffix}"
        path.write_text(value if isinstance(value, str) else json.dumps(value))
        return path

    def by(self, name: str, issuer: str, statement: dict | None = None, **more: Any) -> dict:
        signer = self.instance.identity(name, issuer, **more)
        return self.instance.bundle(statement, signer=signer)

    def key(self) -> tuple[Any, Path]:
        key = self.forge.new_key()
        path = self.folder / "key.pub"
        path.write_bytes(
            key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        )
        return key, path

    def envelope(self, key: Any, statement: dict) -> dict:
        payload = json.dumps(statement).encode()
        signature = self.forge.sign(key, pae(IN_TOTO_PAYLOAD, payload))
        return {
            "payload": self.forge.b64(payload),
            "payloadType": IN_TOTO_PAYLOAD,
            "signatures": [{"sig": self.forge.b64(signature)}],
        }

    def run(self, *words: object) -> dict:
        parser = ArgumentParser()
        verify.configure(parser)
        given = [str(self.file), "--trusted-root", str(self.root), "--format", "json"]
        code = verify.run(parser.parse_args([*given, *map(str, words)]))
        self.out, self.err = self.capsys.readouterr()
        found = json.loads(self.err if "--print-provenance" in words else self.out)
        assert found["exit_code"] == int(code)
        return found


@pytest.fixture
def desk(tmp_path: Path, instance, forge, capsys) -> Desk:
    return Desk(tmp_path, instance, forge, capsys)


@pytest.fixture
def signers(desk: Desk) -> Path:
    """The artifact signed with an SSH key, and the file that allows that key."""
    keygen = shutil.which("ssh-keygen")
    if keygen is None:
        pytest.skip("ssh-keygen is not installed")
    key = desk.folder / "ssh"
    made = [keygen, "-q", "-t", "ed25519", "-N", "", "-f", str(key)]
    subprocess.run(made, check=True, capture_output=True)
    signing = [keygen, "-q", "-Y", "sign", "-f", str(key), "-n", "file", str(desk.file)]
    subprocess.run(signing, check=True, capture_output=True)
    path = desk.folder / "signers"
    path.write_text(f"dev@example.test {key.with_suffix('.pub').read_text()}")
    return path


def built_by(desk: Desk, builder: str) -> dict:
    statement = desk.forge.statement()
    statement["predicate"]["runDetails"]["builder"]["id"] = builder
    return statement


SOURCES = [
    ("--source", "github.com/example/alpha"),
    ("--source-tag", "v1.2.3"),
    ("--source-branch", "main"),
    ("--source-versioned-tag", "v1"),
    ("--build-workflow-input", "a=b"),
]


@pytest.mark.parametrize("words", SOURCES, ids=[one[0] for one in SOURCES])
def test_a_signature_that_names_no_source_meets_no_source(desk: Desk, signers, words) -> None:
    alone = desk.run("--allowed-signers", signers)
    assert (alone["grade"], alone["exit_code"]) == ("verified", 0)
    found = desk.run("--allowed-signers", signers, *words)
    assert (found["grade"], found["exit_code"]) == ("unsupported", 3)
    assert "from which source" in found["reason"]
    assert found["next_action"]


def test_a_builders_name_that_somebody_else_signed_fails(desk: Desk) -> None:
    desk.put(".sigstore.json", desk.by(*MALLORY, built_by(desk, GO_BUILDER)))
    found = desk.run()
    assert (found["grade"], found["exit_code"]) == ("failed", 1)
    (one,) = found["evidence"]
    assert one["error"] == "ErrorMismatchBuilderID"
    assert one["builder"] == ""
    assert one["levels"] == []


def test_another_version_of_the_signers_own_workflow_fails(desk: Desk) -> None:
    other = desk.forge.workflow.replace("v1.2.3", "v9.9.9")
    desk.put(".sigstore.json", desk.instance.bundle(built_by(desk, other)))
    found = desk.run("--source", "github.com/example/alpha")
    assert found["exit_code"] == 1
    assert found["evidence"][0]["error"] == "ErrorMismatchBuilderID"


def test_a_builder_that_nothing_proves_is_not_printed_as_a_fact(desk: Desk) -> None:
    statement = built_by(desk, "https://ci.example.test/builder")
    desk.put(".sigstore.json", desk.by(*MALLORY, statement))
    (one,) = desk.run()["evidence"]
    assert one["builder"] == ""
    assert "said by the signer alone" in one["cause"]
    known = desk.run("--identity", MALLORY[0], "--issuer", MALLORY[1])
    assert known["exit_code"] == 0
    assert known["evidence"][0]["builder"] == "https://ci.example.test/builder"


def test_a_key_that_is_expected_is_not_replaced_by_a_certificate(desk: Desk) -> None:
    key, path = desk.key()
    desk.put(".sigstore.json", desk.by(*MALLORY))
    found = desk.run("--key", path)
    assert (found["grade"], found["exit_code"]) == ("unsupported", 3)
    assert "mallory@example.test" in found["reason"]
    desk.put(".intoto.jsonl", desk.envelope(key, desk.forge.statement()))
    both = desk.run("--key", path)
    assert both["exit_code"] == 0
    assert both["reason"] == ""


def test_signers_that_are_listed_are_not_replaced_by_a_certificate(desk: Desk, signers) -> None:
    bundle = desk.put(".sigstore.json", desk.by(*MALLORY))
    found = desk.run("--allowed-signers", signers, "--bundle", bundle)
    assert (found["grade"], found["exit_code"]) == ("unsupported", 3)


def summary(desk: Desk) -> dict:
    return desk.forge.statement(
        predicateType="https://slsa.dev/verification_summary/v1",
        predicate={
            "verifier": {"id": "https://verifier.example.test"},
            "timeVerified": "2025-06-01T12:00:00Z",
            "resourceUri": "pkg:generic/alpha@1.2.3",
            "policy": {"uri": "https://policy.example.test"},
            "verificationResult": "PASSED",
            "verifiedLevels": ["SLSA_BUILD_LEVEL_3"],
        },
    )


def test_a_summary_of_somebody_else_gives_no_level_where_a_key_is_expected(desk: Desk) -> None:
    _, path = desk.key()
    desk.put(".vsa.json", desk.by(*MALLORY, summary(desk)))
    found = desk.run("--key", path, "--require", "L3")
    assert found["exit_code"] == 3
    assert found["evidence"][0]["levels"] == []
    named = desk.run("--key", path, "--verifier", "https://verifier.example.test")
    assert named["exit_code"] == 3
    assert "anybody may sign" in named["evidence"][0]["cause"]


def test_provenance_that_contradicts_the_repository_of_its_certificate_fails(desk: Desk) -> None:
    statement = desk.forge.statement()
    flow = statement["predicate"]["buildDefinition"]["externalParameters"]["workflow"]
    flow["repository"] = "https://github.com/example/beta"
    desk.put(".sigstore.json", desk.instance.bundle(statement))
    found = desk.run("--source", "github.com/example/alpha")
    assert found["exit_code"] == 1
    assert found["evidence"][0]["error"] == "ErrorMismatchSource"


NEAR = [
    "github.com/example/alpha-evil",
    "github.com/example/alph",
    "github.com/Example/alpha",
    "github.com/example/alpha/",
    "github.com/example",
    "github.com.example.test/example/alpha",
    "http://github.com/example/alpha",
    "github.com/ex\u0430mple/alpha",
    "github.com/example/alpha@refs/tags/v1.2.3",
]


@pytest.mark.parametrize("source", NEAR, ids=range(len(NEAR)))
@pytest.mark.parametrize("builder", [False, True], ids=["any builder", "its builder"])
def test_a_repository_of_a_similar_name_is_another(desk: Desk, source: str, builder: bool) -> None:
    desk.put(".sigstore.json", desk.instance.bundle(desk.forge.statement()))
    words = ("--builder", desk.forge.workflow) if builder else ()
    found = desk.run("--source", source, *words)
    assert (found["grade"], found["exit_code"]) == ("failed", 1)


def test_an_issuer_that_cannot_know_a_repository_does_not_vouch_for_it(desk: Desk) -> None:
    """Other issuers' certificates may name a repository of GitHub as well."""
    statement = desk.forge.statement()
    for content in (None, statement):
        other = ("https://ci.example.test/run", "https://ci.example.test")
        desk.put(".sigstore.json", desk.by(*other, content))
        found = desk.run("--source", "github.com/example/alpha")
        assert found["exit_code"] == 1
        assert found["evidence"][0]["error"] == "ErrorInvalidOIDCIssuer"


def test_what_is_of_something_else_says_to_check_the_expectation(desk: Desk) -> None:
    """The evidence is whole: fetching it again would help nobody."""
    desk.put(".sigstore.json", desk.instance.bundle(desk.forge.statement()))
    for words in (
        ("--source-branch", "main"),
        ("--source-tag", "v2"),
        ("--issuer", "https://issuer.example.test"),
        ("--build-workflow-input", "a=b"),
    ):
        (one,) = desk.run(*words)["evidence"]
        assert one["grade"] == "failed"
        assert "check what you expect" in one["next_action"], words
    desk.file.write_bytes(b"beta")
    (one,) = desk.run()["evidence"]
    assert "published with this evidence" in one["next_action"]


def test_a_name_of_a_package_that_nothing_states_is_not_met(desk: Desk) -> None:
    desk.put(".sigstore.json", desk.instance.bundle(desk.forge.statement()))
    for words in (("--package-name", "alpha"), ("--package-version", "1.2.3")):
        found = desk.run("--source", "github.com/example/alpha", *words)
        assert (found["grade"], found["exit_code"]) == ("unsupported", 3)
        assert "states one" in found["reason"]


@pytest.mark.parametrize("member", ["dsseEnvelope", "attestations", "attestation_bundles"])
def test_print_provenance_prints_what_was_verified_alone(desk: Desk, member: str) -> None:
    key, path = desk.key()
    evil = desk.forge.statement(predicate={"forged": True})
    inner = {"payload": desk.forge.b64(json.dumps(evil).encode())}
    document = desk.envelope(key, desk.forge.statement())
    document[member] = {
        "dsseEnvelope": inner,
        "attestations": [{"bundle": {"dsseEnvelope": inner}}],
        "attestation_bundles": [{"attestations": [{"envelope": {"statement": inner["payload"]}}]}],
    }[member]
    desk.put(".intoto.jsonl", document)
    desk.run("--key", path, "--print-provenance")
    assert "forged" not in desk.out
    if member != "attestation_bundles":  # with that member it is no envelope at all
        assert [json.loads(line) for line in desk.out.splitlines()] == [desk.forge.statement()]


def test_a_member_that_is_there_twice_is_refused(desk: Desk) -> None:
    """Readers differ in which of the two they take: the signed digest, or another one."""
    key, path = desk.key()
    text = json.dumps(desk.forge.statement())
    other = json.dumps([{"name": "x", "digest": {"sha256": "00" * 32}}])
    nested = text.replace('"sha256":', f'"sha256": "{"00" * 32}", "sha256":')
    for twice in (f'{{"subject": {other}, {text[1:]}', nested):
        assert json.loads(twice) == desk.forge.statement()  # the last one counts for many
        payload = twice.encode()
        signature = desk.forge.sign(key, pae(IN_TOTO_PAYLOAD, payload))
        document = desk.envelope(key, {}) | {
            "payload": desk.forge.b64(payload),
            "signatures": [{"sig": desk.forge.b64(signature)}],
        }
        desk.put(".intoto.jsonl", document)
        found = desk.run("--key", path)
        assert found["exit_code"] == 1
        assert "twice" in found["evidence"][0]["cause"]


def test_a_bundle_or_envelope_with_a_member_twice_is_refused(desk: Desk) -> None:
    key, path = desk.key()
    for suffix, value, words in (
        (".sigstore.json", desk.instance.bundle(desk.forge.statement()), ()),
        (".intoto.jsonl", desk.envelope(key, desk.forge.statement()), ("--key", path)),
    ):
        text = json.dumps(value)
        first = next(iter(value))
        made = desk.put(suffix, f'{{"{first}": {json.dumps(value[first])}, {text[1:]}')
        found = desk.run(*words, "--bundle", made)
        assert found["exit_code"] == 1
        assert "twice" in found["evidence"][0]["cause"]


def test_one_good_signature_among_bad_ones_counts_for_its_key_alone(desk: Desk) -> None:
    key, path = desk.key()
    document = desk.envelope(key, desk.forge.statement())
    bad = {"sig": desk.forge.b64(b"0" * 64), "keyid": "x"}
    document["signatures"] = [bad, *document["signatures"], bad]
    desk.put(".intoto.jsonl", document)
    assert desk.run("--key", path)["exit_code"] == 0  # DSSE: the verifier's keys count
    document["signatures"] = [bad, bad]
    desk.put(".intoto.jsonl", document)
    assert desk.run("--key", path)["exit_code"] == 1


def test_a_payload_of_another_type_is_no_statement(desk: Desk) -> None:
    key, path = desk.key()
    payload = json.dumps(desk.forge.statement()).encode()
    for kind in ("application/json", "application/vnd.in-toto+json ", "text/plain"):
        signature = desk.forge.sign(key, pae(kind, payload))
        document = {
            "payload": desk.forge.b64(payload),
            "payloadType": kind,
            "signatures": [{"sig": desk.forge.b64(signature)}],
        }
        desk.put(".intoto.jsonl", document)
        found = desk.run("--key", path)
        assert found["exit_code"] == 1
        assert found["evidence"][0]["error"] == "ErrorInvalidDssePayload"


SUBJECTS: dict[str, list[dict]] = {
    "none": [],
    "no digest": [{"name": "alpha-1.2.3.tar.gz"}],
    "an empty digest": [{"name": "alpha-1.2.3.tar.gz", "digest": {}}],
    "sha1": [{"digest": {"sha1": "be76331b95dfc399cd776d2fc68021e0db03cc4f"}}],
    "md5": [{"digest": {"md5": "2c1743a391305fbf367df8e4f069f9f9"}}],
    "a prefix": [{"digest": {"sha256": "8ed3f6ad685b959e"}}],
    "an unknown name": [{"digest": {"SHA256": "8ed3f6ad685b959ead7022518e1af76c" * 2}}],
    "a URI alone": [{"uri": "file:alpha-1.2.3.tar.gz"}],
}


@pytest.mark.parametrize("subject", SUBJECTS.values(), ids=SUBJECTS)
def test_a_statement_that_does_not_name_the_artifact_by_a_strong_digest(
    desk: Desk, subject: list[dict]
) -> None:
    key, path = desk.key()
    statement = desk.forge.statement(subject=subject)
    desk.put(".intoto.jsonl", desk.envelope(key, statement))
    assert desk.run("--key", path)["grade"] == "failed"
    desk.put(".intoto.jsonl", "")
    (desk.folder / f"{desk.file.name}.intoto.jsonl").unlink()
    desk.put(".sigstore.json", desk.instance.bundle(statement))
    assert desk.run("--source", "github.com/example/alpha")["grade"] == "failed"


def test_words_of_a_hostile_document_cannot_draw_on_a_terminal(desk: Desk) -> None:
    key, path = desk.key()
    hostile = "https://x.test/\x1b[2K\r\u2713 verified\u202e\u200b"
    desk.put(".intoto.jsonl", desk.envelope(key, built_by(desk, hostile)))
    parser = ArgumentParser()
    verify.configure(parser)
    words = [str(desk.file), "--trusted-root", str(desk.root), "--key", str(path)]
    assert verify.run(parser.parse_args(words)) == 0
    out = desk.capsys.readouterr().out
    assert not set("\x1b\r\u202e\u200b") & set(out)


def test_bundles_of_githubs_client_are_found_by_the_digest(desk: Desk) -> None:
    import hashlib

    digest = hashlib.sha256(b"alpha").hexdigest()
    for mark in (":", "-"):
        path = desk.folder / f"sha256{mark}{digest}.jsonl"
        path.write_text(json.dumps(desk.instance.bundle(desk.forge.statement())))
        found = desk.run("--source", "github.com/example/alpha")
        assert found["exit_code"] == 0
        assert found["evidence"][0]["path"] == str(path)
        path.unlink()


def test_an_image_layout_without_blobs_is_no_traceback(desk: Desk) -> None:
    from pratique.model.errors import InputError

    folder = desk.folder / "layout"
    folder.mkdir()
    (folder / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
    (folder / "index.json").write_text(
        json.dumps({"manifests": [{"digest": f"sha256:{'0' * 64}", "mediaType": "x"}]})
    )
    desk.file = folder
    with pytest.raises(InputError, match="cannot be read"):
        desk.run()


def test_slsa_verifiers_names_of_options_mean_the_same(desk: Desk) -> None:
    path = desk.folder / "elsewhere.json"
    path.write_text(json.dumps(desk.instance.bundle(desk.forge.statement())))
    words = ("--source-uri", "github.com/example/alpha", "--builder-id", desk.forge.workflow)
    for name in ("--provenance-path", "--attestations-path", "--bundle"):
        found = desk.run(name, path, *words, "--source-versioned-tag", "v1")
        assert (found["grade"], found["evidence"][0]["path"]) == ("verified", str(path))
        assert desk.run(name, path, *words, "--source-versioned-tag", "v2")["exit_code"] == 1


def test_a_summary_that_expected_nobody_says_so(desk: Desk) -> None:
    from pratique.surfaces.cli.app import dispatch

    desk.put(".sigstore.json", desk.instance.bundle(desk.forge.statement()))
    key = desk.folder / "key.pem"
    assert dispatch(["attest", "keygen", str(key), "--no-passphrase"]) == 0
    words = ["--trusted-root", str(desk.root), "-K", str(key), "-o", str(desk.folder / "vsa.json")]
    words += ["--verifier-id", "https://v.example.test", "--resource-uri", "pkg:generic/alpha@1"]
    words += ["--policy-uri", "https://policy.example.test"]
    given = ["attest", "vsa", str(desk.file), *words]
    assert dispatch(given) == 0
    assert "nobody in particular was expected" in desk.capsys.readouterr().err
    assert dispatch([*given, "--source", "github.com/example/alpha"]) == 0
    assert "nobody in particular" not in desk.capsys.readouterr().err


def test_registry_keys_are_those_of_the_root_that_is_trusted(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever names a file as the root has nothing taken from what is stored."""
    from pratique.provenance.options import trusted_registry_keys

    folder = desk.folder / "data" / "trust" / "public"
    folder.mkdir(parents=True)
    (folder / "accepted.json").write_text("{")
    monkeypatch.setenv("PRATIQUE_DATA", str(desk.folder / "data"))
    parser = ArgumentParser()
    verify.configure(parser)
    given = parser.parse_args([str(desk.file), "--trusted-root", str(desk.root)])
    assert trusted_registry_keys(given) == ()
    with pytest.raises(PratiqueError, match="cannot be used"):
        trusted_registry_keys(parser.parse_args([str(desk.file)]))


def test_a_list_says_which_root_was_used_as_well(desk: Desk) -> None:
    listed = desk.folder / "requirements.txt"
    listed.write_text(f"alpha==1.2.3 --hash=sha256:{'0' * 64}\n")
    desk.file = listed
    (desk.folder / "evidence").mkdir()
    found = desk.run("--evidence", desk.folder / "evidence")
    assert (found["grade"], found["exit_code"]) == ("none", 3)
    assert found["trust_root"]["place"] == str(desk.root)
    parser = ArgumentParser()
    verify.configure(parser)
    words = [str(listed), "--trusted-root", str(desk.root)]
    words += ["--evidence", str(desk.folder / "evidence")]
    assert verify.run(parser.parse_args(words)) == 3
    out = desk.capsys.readouterr().out
    assert "\n1 component: 1 none\n" in out
    assert out.endswith(f"  root        {desk.root}, as given\n")
