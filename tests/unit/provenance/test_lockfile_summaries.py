"""``attest vsa`` of a lockfile: levels of its dependencies, and summaries used again."""

from __future__ import annotations

import base64
import hashlib
import json
from argparse import ArgumentParser
from pathlib import Path

import pytest

from pratique.model.errors import EvidenceError, UsageError
from pratique.provenance import attest_cli
from pratique.provenance.cli import verify
from pratique.provenance.summary_cli import vsa

VERIFIER = "https://verifier.example.test"
ALPHA, BETA = "pkg:pypi/alpha@1.2.3", "pkg:pypi/beta@2"


class Shop:
    """A lockfile of two packages, evidence about one of them, and keys."""

    def __init__(self, folder: Path, instance, forge, capsys) -> None:
        self.folder, self.instance, self.forge, self.capsys = folder, instance, forge, capsys
        self.root = folder / "trusted_root.json"
        self.root.write_text(json.dumps(instance.trusted_root()))
        self.key, self.public = folder / "key.pem", folder / "key.pem.pub"
        self.run(attest_cli.keygen, self.key, "--no-passphrase")
        self.public = next(one for one in folder.iterdir() if one.name.endswith("pub"))
        self.evidence = folder / "evidence"
        self.evidence.mkdir()
        self.summaries = folder / "summaries"
        self.lock = folder / "requirements.txt"
        self.write_lock(b"alpha", b"beta")
        self.put("alpha", b"alpha")

    def put(self, name: str, data: bytes) -> None:
        bundle = self.instance.bundle(self.forge.statement(artifact=data), artifact=data)
        (self.evidence / f"{name}.sigstore.json").write_text(json.dumps(bundle))

    def write_lock(self, alpha: bytes, beta: bytes) -> None:
        self.lock.write_text(
            f"alpha==1.2.3 --hash=sha256:{hashlib.sha256(alpha).hexdigest()}\n"
            f"beta==2 --hash=sha256:{hashlib.sha256(beta).hexdigest()}\n"
        )

    def run(self, command, *words: object) -> int:
        parser = ArgumentParser(allow_abbrev=False)
        command.configure(parser)
        return int(command.run(parser.parse_args(list(map(str, words)))))

    def sum_up(self, *words: object, key: Path | None = None) -> tuple[int, dict]:
        output = self.folder / "lock.vsa.json"
        code = self.run(
            vsa, self.lock, "-K", key or self.key, "-o", output, "--trusted-root", self.root,
            "--verifier-id", VERIFIER, "--resource-uri", "https://example.test/requirements.txt",
            "--policy-uri", "https://policy.example.test", "--evidence", self.evidence, *words,
        )  # fmt: skip
        payload = json.loads(output.read_bytes())["payload"]
        return code, json.loads(base64.b64decode(payload))

    def verify(self, *words: object) -> dict:
        self.capsys.readouterr()
        self.run(
            verify, self.lock, "--trusted-root", self.root, "--format", "json",
            "--evidence", self.evidence, *words,
        )  # fmt: skip
        return json.loads(self.capsys.readouterr().out)


@pytest.fixture
def shop(tmp_path: Path, instance, forge, capsys) -> Shop:
    return Shop(tmp_path, instance, forge, capsys)


def test_levels_of_dependencies_and_every_input(shop: Shop) -> None:
    code, statement = shop.sum_up()
    assert code == 0
    value = statement["predicate"]
    assert value["verificationResult"] == "PASSED"
    assert value["dependencyLevels"] == {"SLSA_BUILD_LEVEL_0": 1, "SLSA_BUILD_LEVEL_2": 1}
    assert value["verifiedLevels"] == ["SLSA_DEPENDENCY_LEVEL_1"]
    bundle = (shop.evidence / "alpha.sigstore.json").read_bytes()
    (one,) = value["inputAttestations"]
    assert one["digest"] == {"sha256": hashlib.sha256(bundle).hexdigest()}
    lock = hashlib.sha256(shop.lock.read_bytes()).hexdigest()
    assert statement["subject"][0]["digest"]["sha256"] == lock


def test_a_required_level_is_of_each_component(shop: Shop) -> None:
    code, statement = shop.sum_up("--require", "L2")
    assert (code, statement["predicate"]["verificationResult"]) == (1, "FAILED")
    assert statement["predicate"]["verifiedLevels"] == ["FAILED"]
    shop.put("beta", b"beta")
    code, statement = shop.sum_up("--require", "L2")
    assert (code, statement["predicate"]["verificationResult"]) == (0, "PASSED")
    assert statement["predicate"]["dependencyLevels"] == {"SLSA_BUILD_LEVEL_2": 2}
    assert shop.sum_up("--require", "L3")[0] == 1


def test_what_is_unknown_is_not_summed_up(shop: Shop) -> None:
    shop.lock.write_text(shop.lock.read_text() + "gamma==1\n")
    with pytest.raises(EvidenceError, match="nothing can be summed up"):
        shop.sum_up()


def test_summaries_of_components_are_kept_and_used_again(shop: Shop) -> None:
    shop.sum_up("--summaries", shop.summaries)
    (kept,) = shop.summaries.iterdir()
    (shop.evidence / "alpha.sigstore.json").unlink()
    _, statement = shop.sum_up("--summaries", shop.summaries)
    value = statement["predicate"]
    assert value["dependencyLevels"] == {"SLSA_BUILD_LEVEL_0": 1, "SLSA_BUILD_LEVEL_2": 1}
    # the earlier summary is the attestation that this one rests on
    digest = hashlib.sha256(kept.read_bytes().strip()).hexdigest()
    assert [one["digest"] for one in value["inputAttestations"]] in (
        [{"sha256": digest}],
        [{"sha256": hashlib.sha256(kept.read_bytes()).hexdigest()}],
    )
    found = shop.verify("--summaries", shop.summaries, "--key", shop.public, "--verifier", VERIFIER)
    assert found["counts"] == {"verified": 1, "none": 1}
    assert "SLSA_BUILD_LEVEL_2" in found["rows"][0]["evidence"][0]["levels"]


def test_summaries_of_somebody_else_are_not_used(shop: Shop) -> None:
    shop.sum_up("--summaries", shop.summaries)
    (shop.evidence / "alpha.sigstore.json").unlink()
    mallory = shop.folder / "mallory.pem"
    shop.run(attest_cli.keygen, mallory, "--no-passphrase")
    _, statement = shop.sum_up("--summaries", shop.summaries, key=mallory)
    assert statement["predicate"]["dependencyLevels"] == {"SLSA_BUILD_LEVEL_0": 2}
    assert shop.verify("--summaries", shop.summaries)["counts"] == {"none": 2}
    found = shop.verify(
        "--summaries", shop.summaries, "--key", shop.public, "--verifier", "https://x.example.test"
    )
    assert found["counts"] == {"none": 2}


def test_a_summary_is_of_one_package_and_all_its_digests(shop: Shop) -> None:
    shop.sum_up("--summaries", shop.summaries)
    (shop.evidence / "alpha.sigstore.json").unlink()
    known = ("--summaries", shop.summaries, "--key", shop.public)
    text = shop.lock.read_text()
    shop.lock.write_text(text.replace("alpha==1.2.3", "alpha==1.2.4"))
    assert shop.verify(*known)["counts"] == {"none": 2}
    more = hashlib.sha256(b"another wheel").hexdigest()
    shop.lock.write_text(text.replace("\nbeta", f" --hash=sha256:{more}\nbeta"))
    assert shop.verify(*known)["counts"] == {"none": 2}
    shop.lock.write_text(text)
    assert shop.verify(*known)["counts"] == {"verified": 1, "none": 1}


def test_a_summary_neither_teaches_nor_alarms(shop: Shop) -> None:
    store = ("--record", "--store", f"sqlite:///{shop.folder / 'record.sqlite'}")
    known = ("--summaries", shop.summaries, "--key", shop.public, "--verifier", VERIFIER)
    shop.verify(*store)
    shop.sum_up("--summaries", shop.summaries)
    bundle = shop.evidence / "alpha.sigstore.json"
    kept = bundle.read_bytes()
    bundle.unlink()
    found = shop.verify(*store, *known)
    assert found["counts"] == {"verified": 1, "none": 1}
    assert not any(one["alarms"] for one in found["rows"])
    bundle.write_bytes(kept)
    assert shop.verify(*store)["counts"] == {"verified": 1, "none": 1}


def test_flipped_bytes_of_summaries(shop: Shop) -> None:
    shop.sum_up("--summaries", shop.summaries)
    (shop.evidence / "alpha.sigstore.json").unlink()
    (kept,) = shop.summaries.iterdir()
    good = kept.read_bytes()
    payload = json.loads(good)["payload"].encode()
    start = good.index(payload)
    for at in range(start, start + len(payload), 61):
        data = bytearray(good)
        data[at] = ord("A") if data[at] != ord("A") else ord("B")
        kept.write_bytes(bytes(data))
        found = shop.verify("--summaries", shop.summaries, "--key", shop.public)
        assert found["counts"] == {"none": 2}, at


def test_wrong_calls(shop: Shop) -> None:
    with pytest.raises(UsageError, match="are its components"):
        shop.sum_up("--no-dependencies")
    shop.lock = Path(ALPHA)
    with pytest.raises(UsageError, match="no file that can be summed up"):
        shop.sum_up()


# The draft Dependency track


def scan(lock: Path, *results: dict) -> dict:
    digest = hashlib.sha256(lock.read_bytes()).hexdigest()
    return {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": lock.name, "digest": {"sha256": digest}}],
        "predicateType": "https://in-toto.io/attestation/vulns/v0.2",
        "predicate": {
            "scanner": {
                "uri": "https://scanner.example.test",
                "db": {"lastUpdate": "2025-06-01T00:00:00Z"},
                "result": list(results),
            },
            "metadata": {
                "scanStartedOn": "2025-06-01T00:00:00Z",
                "scanFinishedOn": "2025-06-01T00:00:00Z",
            },
        },
    }


def openvex(lock: Path, status: str) -> dict:
    digest = hashlib.sha256(lock.read_bytes()).hexdigest()
    said = {
        "vulnerability": {"name": "CVE-2025-0001"},
        "products": [{"@id": ALPHA}],
        "status": status,
    }
    if status == "not_affected":
        said["justification"] = "vulnerable_code_not_present"
    return {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": lock.name, "digest": {"sha256": digest}}],
        "predicateType": "https://openvex.dev/ns/v0.2.0",
        "predicate": {
            "@context": "https://openvex.dev/ns/v0.2.0",
            "@id": "https://vex.example.test/1",
            "author": "A",
            "timestamp": "2025-06-01T00:00:00Z",
            "version": 1,
            "statements": [said],
        },
    }


def beside(shop: Shop, *statements: dict) -> None:
    path = shop.folder / "requirements.txt.sigstore.jsonl"
    lines = [json.dumps(shop.instance.bundle(one)) for one in statements]
    path.write_text("\n".join(lines) + "\n")


def signer(shop: Shop) -> tuple[str, ...]:
    issuer = "https://token.actions.githubusercontent.com"
    return ("--identity", shop.forge.workflow, "--issuer", issuer)


FOUND = {"id": "CVE-2025-0001", "severity": [{"method": "nvd", "score": "9.8"}]}


def test_dependency_level_2_needs_a_scan_in_which_all_is_decided(shop: Shop) -> None:
    who = signer(shop)
    assert shop.verify(*who)["levels"] == ["SLSA_DEPENDENCY_LEVEL_1"]
    beside(shop, scan(shop.lock))
    assert shop.verify(*who)["levels"] == ["SLSA_DEPENDENCY_LEVEL_2"]
    found = shop.verify()  # anybody can attest a scan
    assert found["levels"] == ["SLSA_DEPENDENCY_LEVEL_1"]
    assert "say who should" in found["levels_reason"]
    beside(shop, scan(shop.lock, FOUND))
    found = shop.verify(*who)
    assert found["levels"] == ["SLSA_DEPENDENCY_LEVEL_1"]
    assert found["levels_reason"] == "nobody has decided on CVE-2025-0001"
    beside(shop, scan(shop.lock, FOUND), openvex(shop.lock, "under_investigation"))
    assert shop.verify(*who)["levels"] == ["SLSA_DEPENDENCY_LEVEL_1"]
    beside(shop, scan(shop.lock, FOUND), openvex(shop.lock, "not_affected"))
    assert shop.verify(*who)["levels"] == ["SLSA_DEPENDENCY_LEVEL_2"]
    decided = FOUND | {"annotations": [{"status": "not_affected"}]}
    beside(shop, scan(shop.lock, decided))
    assert shop.verify(*who)["levels"] == ["SLSA_DEPENDENCY_LEVEL_2"]


def test_a_scan_of_another_list_shows_nothing(shop: Shop) -> None:
    beside(shop, scan(shop.lock))
    shop.lock.write_text(shop.lock.read_text() + "# changed\n")
    found = shop.verify(*signer(shop))
    assert found["levels"] == ["SLSA_DEPENDENCY_LEVEL_1"]
    assert found["exit_code"] == 1  # and what lies beside the list does not hold


def test_dependency_level_1_needs_a_complete_inventory(shop: Shop) -> None:
    shop.lock.write_text("alpha>=1\n" + f"beta==2 --hash=sha256:{'0' * 64}\n")
    found = shop.verify()
    assert found["levels"] == []
    assert found["levels_reason"]


def test_the_components_of_a_bill_of_materials(shop: Shop) -> None:
    digest = hashlib.sha256(b"alpha").hexdigest()
    shop.lock = shop.folder / "app.cdx.json"
    component = {
        "type": "library", "name": "alpha", "version": "1.2.3", "purl": ALPHA,
        "bom-ref": "a", "hashes": [{"alg": "SHA-256", "content": digest}],
    }  # fmt: skip
    bill = {"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [component]}
    shop.lock.write_text(json.dumps(bill))
    found = shop.verify("--components")
    assert found["counts"] == {"verified": 1}
    assert found["levels"] == ["SLSA_DEPENDENCY_LEVEL_1"]
    assert "rows" not in shop.verify()  # without the option it is a file like any other


def test_a_level_of_the_dependency_track_is_required_of_the_list(shop: Shop) -> None:
    shop.put("beta", b"beta")
    who = signer(shop)
    found = shop.verify(*who, "--require", "SLSA_DEPENDENCY_LEVEL_1")
    assert (found["grade"], found["exit_code"]) == ("verified", 0)
    found = shop.verify(*who, "--require", "SLSA_DEPENDENCY_LEVEL_2")
    assert (found["grade"], found["exit_code"]) == ("unsupported", 3)
    assert "no verified attestation of a scan" in found["reason"]
    beside(shop, scan(shop.lock))
    assert shop.verify(*who, "--require", "SLSA_DEPENDENCY_LEVEL_2")["exit_code"] == 0
