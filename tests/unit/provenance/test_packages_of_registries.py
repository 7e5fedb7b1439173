"""``pratique verify`` of packages and lockfiles, against a registry of this machine.

The registry is an adversary in memory: it serves what a test puts into it, real
attestations of a private Sigstore instance among it, and answers over HTTP.
"""

from __future__ import annotations

import base64
import hashlib
import json
import threading
import time
from argparse import ArgumentParser
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from pratique.model.errors import InputError, UsageError
from pratique.provenance.cli import verify
from pratique.sources.packages.attested import MAX_EVIDENCE_BYTES

PUBLISH = "https://docs.index.example.test/attestations/publish/v1"
WHEEL = "alpha-1.2.3-py3-none-any.whl"


class Registry:
    """Serves pages by their path, and remembers what was asked."""

    def __init__(self) -> None:
        self.pages: dict[str, object] = {}
        self.asked: list[str] = []
        self.pause, self.now, self.most = 0.0, 0, 0
        self.lock = threading.Lock()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                with outer.lock:
                    outer.asked.append(self.path)
                    outer.now += 1
                    outer.most = max(outer.most, outer.now)
                time.sleep(outer.pause)
                with outer.lock:
                    outer.now -= 1
                page = outer.pages.get(self.path)
                status = page if isinstance(page, int) else 404 if page is None else 200
                data = page if isinstance(page, bytes) else json.dumps(page).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True)
        self.thread.start()
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


class Market:
    """A registry, a private instance, and the command."""

    def __init__(self, folder: Path, registry: Registry, instance, forge, capsys) -> None:
        self.folder, self.registry, self.capsys = folder, registry, capsys
        self.instance, self.forge = instance, forge
        self.root = folder / "trusted_root.json"
        self.root.write_text(json.dumps(instance.trusted_root()))
        self.digests: dict[str, str] = {}

    def attestation(self, name: str, data: bytes, **changes: object) -> dict:
        statement = {
            "_type": "https://in-toto.io/Statement/v1",
            "subject": [{"name": name, "digest": {"sha256": hashlib.sha256(data).hexdigest()}}],
            "predicateType": PUBLISH,
            "predicate": None,
        } | changes
        return self.dressed(self.instance.bundle(statement))

    def dressed(self, bundle: dict) -> dict:
        """A bundle as PEP 740 has it."""
        material = bundle["verificationMaterial"]
        return {
            "version": 1,
            "verification_material": {
                "certificate": material["certificate"]["rawBytes"],
                "transparency_entries": material["tlogEntries"],
            },
            "envelope": {
                "statement": bundle["dsseEnvelope"]["payload"],
                "signature": bundle["dsseEnvelope"]["signatures"][0]["sig"],
            },
        }

    def provenance(self, *attestations: dict) -> dict:
        publisher = {"kind": "GitHub", "repository": "example/alpha", "workflow": "release.yml"}
        bundle = {"publisher": publisher, "attestations": list(attestations)}
        return {"version": 1, "attestation_bundles": [bundle]}

    def publish(
        self,
        name: str = WHEEL,
        data: bytes = b"alpha",
        evidence: object = "",
        project: str = "alpha",
    ) -> None:
        """Put a file on the index; its evidence is an object, None, or by default the right one."""
        page = self.registry.pages.setdefault(f"/simple/{project}/", {"files": []})
        assert isinstance(page, dict)
        digest = hashlib.sha256(data).hexdigest()
        file = {"filename": name, "url": f"../../files/{name}", "hashes": {"sha256": digest}}
        self.registry.pages[f"/files/{name}"] = data
        self.digests[name] = digest
        if evidence == "":
            evidence = self.provenance(self.attestation(name, data))
        if evidence is not None:
            file["provenance"] = f"{self.registry.url}/provenance/{name}"
            self.registry.pages[f"/provenance/{name}"] = evidence
        else:
            file["provenance"] = None
        page["files"] = [*page["files"], file]

    def run(self, subject: object, *words: object) -> tuple[int, str, str]:
        parser = ArgumentParser()
        verify.configure(parser)
        given = [
            str(subject), "--trusted-root", str(self.root),
            "--registry", f"pypi={self.registry.url}/simple",
            "--registry", f"npm={self.registry.url}/npm",
            "--cache", str(self.folder / "cache"), *map(str, words),
        ]  # fmt: skip
        code = verify.run(parser.parse_args(given))
        out, err = self.capsys.readouterr()
        return int(code), out, err

    def json(self, subject: object, *words: object) -> dict:
        code, out, _ = self.run(subject, "--format", "json", *words)
        found = json.loads(out)
        assert found["exit_code"] == code
        return found

    def lock(self, *hashes: str, requirement: str = "alpha==1.2.3") -> Path:
        path = self.folder / "requirements.txt"
        listed = " ".join(f"--hash=sha256:{one}" for one in hashes)
        path.write_text(f"{requirement} {listed}\n")
        return path


@pytest.fixture
def market(tmp_path: Path, instance, forge, capsys):
    registry = Registry()
    yield Market(tmp_path, registry, instance, forge, capsys)
    registry.close()


PURL = "pkg:pypi/alpha@1.2.3"


def test_a_package_with_provenance_of_the_index(market: Market) -> None:
    market.publish()
    found = market.json(PURL, "--source", "github.com/example/alpha")
    assert found["grade"] == "verified"
    (one,) = found["evidence"]
    assert one["kind"] == "pep740-provenance"
    assert one["source"].startswith("git+https://github.com/example/alpha@")
    assert found["digests"]["sha256"] == hashlib.sha256(b"alpha").hexdigest()


def test_every_file_of_a_version_counts(market: Market) -> None:
    market.publish()
    market.publish("alpha-1.2.3.tar.gz", b"source", evidence=None)
    found = market.json(PURL)
    assert (found["grade"], found["exit_code"]) == ("none", 3)
    assert "alpha-1.2.3.tar.gz" in found["reason"]
    one = market.json(f"{PURL}?file_name={WHEEL}")
    assert one["grade"] == "verified"


def test_another_version_is_not_looked_at(market: Market) -> None:
    market.publish()
    market.publish("alpha-9.tar.gz", b"other", evidence=None)
    assert market.json(PURL)["grade"] == "verified"


def test_an_index_that_has_no_evidence_is_none_and_never_verified(market: Market) -> None:
    market.publish(evidence=None)
    code, out, _ = market.run(PURL)
    assert code == 3
    assert "- none" in out
    assert "the registry offers no evidence about it" in out
    page = market.registry.pages["/simple/alpha/"]
    del page["files"][0]["provenance"]  # an index from before PEP 740: its other place is asked
    found = market.json(PURL, "--cache", market.folder / "other")
    assert found["grade"] == "none"
    assert any(path.startswith("/integrity/alpha/1.2.3/") for path in market.registry.asked)


def test_the_integrity_api_is_asked_where_the_index_lists_nothing(market: Market) -> None:
    market.publish()
    page = market.registry.pages["/simple/alpha/"]
    del page["files"][0]["provenance"]
    market.registry.pages[f"/integrity/alpha/1.2.3/{WHEEL}/provenance"] = market.registry.pages[
        f"/provenance/{WHEEL}"
    ]
    assert market.json(PURL)["grade"] == "verified"


@pytest.mark.parametrize("answer", [403, None])
def test_what_cannot_be_asked_is_unknown(market: Market, answer: int | None) -> None:
    market.publish()
    market.registry.pages[f"/provenance/{WHEEL}"] = answer
    found = market.json(PURL)
    assert (found["grade"], found["exit_code"]) == ("unknown", 3)
    assert found["next_action"]


def test_a_registry_without_the_package(market: Market) -> None:
    assert market.json(PURL)["grade"] == "none"
    market.registry.pages["/simple/alpha/"] = 403
    found = market.json(PURL, "--cache", market.folder / "other")
    assert (found["grade"], found["exit_code"]) == ("unknown", 3)
    assert "403" in found["reason"]


def test_offline_uses_what_was_answered_before(market: Market) -> None:
    market.publish()
    found = market.json(PURL, "--offline")
    assert (found["grade"], market.registry.asked) == ("unknown", [])
    assert market.json(PURL)["grade"] == "verified"
    asked = len(market.registry.asked)
    assert market.json(PURL, "--offline")["grade"] == "verified"
    assert len(market.registry.asked) == asked


def test_a_file_that_is_not_what_the_index_says(market: Market) -> None:
    market.publish()
    market.registry.pages[f"/files/{WHEEL}"] = b"changed"
    found = market.json(PURL)
    assert (found["grade"], found["exit_code"]) == ("failed", 1)
    assert "not what the registry says" in found["evidence"][0]["cause"]


def test_a_file_of_another_project_is_refused(market: Market) -> None:
    """The index lists a file with true provenance, of a project that was not asked for."""
    market.publish("beta-1.2.3-py3-none-any.whl", b"beta")
    found = market.json(PURL)
    assert (found["grade"], found["exit_code"]) == ("failed", 1)
    assert found["evidence"][0]["error"] == "ErrorMismatchPackageName"


def test_swapped_subjects_and_replayed_provenance(market: Market) -> None:
    other = market.provenance(market.attestation(WHEEL, b"other"))
    market.publish(evidence=other)
    assert market.json(PURL)["grade"] == "failed"


def test_provenance_of_another_file_name(market: Market) -> None:
    lie = market.provenance(market.attestation("alpha-1.2.2-py3-none-any.whl", b"alpha"))
    market.publish(evidence=lie)
    found = market.json(PURL)
    assert found["grade"] == "failed"
    assert found["evidence"][0]["error"] == "ErrorMismatchPackageName"


def test_another_source_than_expected(market: Market) -> None:
    market.publish()
    found = market.json(PURL, "--source", "github.com/example/beta")
    assert found["evidence"][0]["error"] == "ErrorMismatchSource"
    assert found["exit_code"] == 1


@pytest.mark.parametrize(
    "document", [b"", b"{", b"[]", b'{"attestation_bundles": []}', b"\0" * 40, b"[" * 100_000]
)
def test_provenance_that_is_none(market: Market, document: bytes) -> None:
    market.publish(evidence=document)
    assert market.json(PURL)["grade"] in {"failed", "none", "unsupported"}


def test_a_giant_document_is_not_read(market: Market) -> None:
    market.publish(evidence=b" " * (MAX_EVIDENCE_BYTES + 1))
    found = market.json(PURL)
    assert (found["grade"], found["exit_code"]) == ("unknown", 3)
    assert "limit" in found["reason"]


@pytest.mark.parametrize("proofs", [{"promise": False, "proof": False}, {"proof": False}])
def test_provenance_without_its_log_entry(market: Market, proofs: dict) -> None:
    attestation = market.attestation(WHEEL, b"alpha")
    entries = attestation["verification_material"]["transparency_entries"]
    for entry in entries:
        if not proofs.get("promise", True):
            entry.pop("inclusionPromise", None)
        entry.pop("inclusionProof", None)
    market.publish(evidence=market.provenance(attestation))
    assert market.json(PURL)["grade"] != "verified"


def test_provenance_signed_after_its_certificate_had_expired(market: Market) -> None:
    data = b"alpha"
    statement = {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": WHEEL, "digest": {"sha256": hashlib.sha256(data).hexdigest()}}],
        "predicateType": PUBLISH,
        "predicate": None,
    }
    late = market.instance.bundle(statement, at=datetime(2025, 6, 1, 13, tzinfo=UTC))
    market.publish(evidence=market.provenance(market.dressed(late)))
    assert market.json(PURL)["grade"] == "failed"


def test_flipped_bytes_of_the_answer(market: Market) -> None:
    import random

    market.publish()
    good = json.dumps(market.registry.pages[f"/provenance/{WHEEL}"]).encode()
    draw = random.Random(7)
    for number in range(24):
        data = bytearray(good)
        at = draw.randrange(len(data))
        data[at] ^= 1 << draw.randrange(8)
        if json_equal(bytes(data), good):
            continue
        market.registry.pages[f"/provenance/{WHEEL}"] = bytes(data)
        found = market.json(PURL, "--cache", market.folder / f"cache{number}")
        if found["grade"] == "verified":
            # what is not signed is the publisher's further members alone
            assert not changes_what_is_signed(bytes(data), good), at


def json_equal(one: bytes, other: bytes) -> bool:
    try:
        return json.loads(one) == json.loads(other)
    except ValueError:
        return False


def changes_what_is_signed(one: bytes, other: bytes) -> bool:
    def signed(data: bytes) -> object:
        attestation = json.loads(data)["attestation_bundles"][0]["attestations"][0]
        return attestation["envelope"], attestation["verification_material"]["certificate"]

    return signed(one) != signed(other)


@pytest.mark.parametrize("key", ["SHA256:unknown", ""])
def test_registry_signatures_by_unknown_keys_fail(market: Market, key: str) -> None:
    market.registry.pages |= {
        "/npm/alpha/1.2.3": npm_manifest(market, [{"keyid": key, "sig": "MEUCIQ=="}]),
        "/npm/alpha.tgz": b"alpha",
    }
    found = market.json("pkg:npm/alpha@1.2.3")
    assert (found["grade"], found["exit_code"]) == ("failed", 1)
    assert found["evidence"][0]["kind"] == "registry-signature"


def test_a_registry_signature_that_is_not_the_keys(market: Market) -> None:
    from pratique.provenance.npm import SIGNATURES, pinned_keys

    key = next(one for one in pinned_keys() if one.key_usage == SIGNATURES).key_id
    for signature in ("MEUCIQ==", "!", "", base64.b64encode(b"0" * 70).decode()):
        market.registry.pages |= {
            "/npm/alpha/1.2.3": npm_manifest(market, [{"keyid": key, "sig": signature}]),
            "/npm/alpha.tgz": b"alpha",
        }
        cache = market.folder / f"cache-{len(signature)}"
        assert market.json("pkg:npm/alpha@1.2.3", "--cache", cache)["grade"] == "failed"


def test_npm_attestations_that_were_promised_and_are_gone(market: Market) -> None:
    manifest = npm_manifest(market, [])
    manifest["dist"]["attestations"] = {"url": "https://npm.example.test/x"}
    market.registry.pages |= {"/npm/alpha/1.2.3": manifest, "/npm/alpha.tgz": b"alpha"}
    assert market.json("pkg:npm/alpha@1.2.3")["grade"] == "unknown"
    del manifest["dist"]["attestations"]
    found = market.json("pkg:npm/alpha@1.2.3", "--cache", market.folder / "other")
    assert found["grade"] == "none"


def npm_manifest(market: Market, signatures: list) -> dict:
    digest = base64.b64encode(hashlib.sha512(b"alpha").digest()).decode()
    return {
        "name": "alpha",
        "version": "1.2.3",
        "dist": {
            "tarball": f"{market.registry.url}/npm/alpha.tgz",
            "integrity": f"sha512-{digest}",
            "signatures": signatures,
        },
    }


def test_a_package_is_learned_and_watched_in_the_record(market: Market) -> None:
    store = ("--record", "--store", f"sqlite:///{market.folder / 'record.sqlite'}")
    market.publish()
    market.publish("alpha-1.2.4-py3-none-any.whl", b"newer", evidence=None)
    _, _, err = market.run(PURL, *store)
    assert "pkg:pypi/alpha: learned on first use" in err
    found = market.json("pkg:pypi/alpha@1.2.4", *store)
    assert (found["grade"], found["exit_code"]) == ("failed", 1)
    assert "disappeared" in found["alarms"][0]
    path = market.lock(market.digests[WHEEL])
    assert market.json(path, *store)["counts"] == {"verified": 1}
    path = market.lock(market.digests["alpha-1.2.4-py3-none-any.whl"], requirement="alpha==1.2.4")
    code, out, _ = market.run(path, *store)
    assert code == 1
    assert "alarm" in out


def test_what_could_not_be_asked_has_not_disappeared(market: Market) -> None:
    store = ("--record", "--store", f"sqlite:///{market.folder / 'record.sqlite'}")
    market.publish()
    market.run(PURL, *store)
    market.registry.pages[f"/provenance/{WHEEL}"] = 403
    found = market.json(PURL, *store, "--cache", market.folder / "other")
    assert (found["grade"], found["alarms"], found["exit_code"]) == ("unknown", [], 3)


def test_no_more_is_asked_at_a_time_than_may_be(market: Market) -> None:
    lines = []
    for number in range(12):
        name = f"p{number}-1.tar.gz"
        market.publish(name, name.encode(), evidence=None, project=f"p{number}")
        lines.append(f"p{number}==1 --hash=sha256:{market.digests[name]}\n")
    path = market.folder / "requirements.txt"
    path.write_text("".join(lines))
    market.registry.pause = 0.02
    assert market.json(path, "--jobs", "3")["counts"] == {"none": 12}
    assert 1 < market.registry.most <= 3
    rows = market.json(path, "--jobs", "12", "--offline")["rows"]
    assert [one["artifact"] for one in rows] == sorted(one["artifact"] for one in rows)


def test_evidence_that_is_named_is_of_files(market: Market) -> None:
    bundle = market.folder / "a.sigstore.json"
    bundle.write_text("{}")
    with pytest.raises(UsageError, match="--bundle"):
        market.run(PURL, "--bundle", bundle)


# Lockfiles


def test_a_lockfile_has_a_row_for_each_component(market: Market) -> None:
    market.publish()
    market.publish("beta-2.tar.gz", b"beta", evidence=None, project="beta")
    path = market.folder / "requirements.txt"
    path.write_text(
        f"alpha==1.2.3 --hash=sha256:{market.digests[WHEEL]}\n"
        f"beta==2 --hash=sha256:{market.digests['beta-2.tar.gz']}\n"
    )
    found = market.json(path)
    assert found["counts"] == {"verified": 1, "none": 1}
    assert [one["artifact"] for one in found["rows"]] == [PURL, "pkg:pypi/beta@2"]
    assert (found["grade"], found["exit_code"]) == ("none", 3)
    code, out, _ = market.run(path)
    assert code == 3
    assert "2 components: 1 verified, 1 none" in out
    assert "SLSA_DEPENDENCY_LEVEL_1 (draft)" in out
    assert f"/files/{WHEEL}" not in market.registry.asked


def test_the_locked_digest_must_be_the_attested_one(market: Market) -> None:
    market.publish()
    path = market.lock(hashlib.sha256(b"poisoned").hexdigest())
    found = market.json(path)
    assert (found["grade"], found["exit_code"]) == ("failed", 1)
    assert "the registry has no such file" in found["rows"][0]["evidence"][0]["cause"]


def test_one_good_digest_does_not_cover_a_bad_one(market: Market) -> None:
    market.publish()
    bad = hashlib.sha256(b"poisoned").hexdigest()
    assert market.json(market.lock(market.digests[WHEEL], bad))["grade"] == "failed"


def test_provenance_of_another_digest_in_a_lockfile(market: Market) -> None:
    """The registry's digest is the lock's, but what was attested is another file."""
    market.publish(evidence=market.provenance(market.attestation(WHEEL, b"other")))
    found = market.json(market.lock(market.digests[WHEEL]))
    assert found["rows"][0]["evidence"][0]["error"] == "ErrorMismatchHash"
    assert found["exit_code"] == 1


def test_components_without_digest_or_registry(market: Market) -> None:
    path = market.folder / "requirements.txt"
    path.write_text(f"alpha==1.2.3\nbeta==2 --hash=sha256:{'0' * 64}\n")
    market.publish("beta-2.tar.gz", b"beta", evidence=None, project="beta")
    rows = {one["artifact"]: one for one in market.json(path)["rows"]}
    assert rows[PURL]["grade"] == "unknown"
    assert "no strong digest" in rows[PURL]["reason"]


def test_a_registry_that_is_away_makes_a_lockfile_unknown(market: Market) -> None:
    market.publish()
    path = market.lock(market.digests[WHEEL])
    found = market.json(path, "--offline")
    assert (found["counts"], found["exit_code"]) == ({"unknown": 1}, 3)


def test_what_a_lockfile_does_not_take(market: Market) -> None:
    path = market.lock("0" * 64)
    with pytest.raises(UsageError, match="of one artifact"):
        market.run(path, "--source", "github.com/example/alpha")
    with pytest.raises(UsageError, match="jobs"):
        market.run(path, "--jobs", "0")
    with pytest.raises(UsageError, match="names no registry"):
        market.run(path, "--registry", "cpan=http://127.0.0.1/")
    with pytest.raises(UsageError, match="there is no folder"):
        market.run(path, "--evidence", market.folder / "absent")


def test_wrong_package_urls(market: Market) -> None:
    with pytest.raises(InputError):
        market.run("pkg:pypi")
    found = market.json("pkg:pypi/alpha")
    assert found["grade"] == "unknown"
    assert "no version" in found["reason"]
    assert market.json("pkg:cargo/alpha@1")["grade"] == "none"
    assert market.json(f"{PURL}?repository_url=https://index.example.test")["grade"] == "none"


# Folders of evidence, and summaries


def test_evidence_of_a_folder_instead_of_the_registry(market: Market) -> None:
    folder = market.folder / "evidence"
    folder.mkdir()
    (folder / WHEEL).write_bytes(b"alpha")
    (folder / "prov.json").write_text(
        json.dumps(market.provenance(market.attestation(WHEEL, b"alpha")))
    )
    assert market.json(PURL, "--evidence", folder)["grade"] == "verified"
    path = market.lock(hashlib.sha256(b"alpha").hexdigest())
    assert market.json(path, "--evidence", folder)["counts"] == {"verified": 1}
    beta = market.lock(hashlib.sha256(b"alpha").hexdigest(), requirement="beta==1.2.3")
    assert market.json(beta, "--evidence", folder)["counts"] == {"failed": 1}
    with pytest.raises(InputError, match="has no file of"):
        market.run("pkg:pypi/alpha@9", "--evidence", folder)
    assert market.registry.asked == []


def test_a_folder_with_files_that_are_no_evidence(market: Market) -> None:
    folder = market.folder / "evidence"
    folder.mkdir()
    for name, data in {
        "a.json": b"{", "b.json": b"\xff\xfe", "c.json": b"[" * 100_000, "d.jsonl": b"{}\n{}\n",
        "e.json": b'{"payload": "!!"}', "f.json": b'{"attestations": [1, {"bundle": 3}]}',
        "g.json": b'{"payload": "' + base64.b64encode(b'{"subject": [{"digest": 7}]}') + b'"}',
    }.items():  # fmt: skip
        (folder / name).write_bytes(data)
    path = market.lock("0" * 64)
    found = market.json(path, "--evidence", folder)
    assert found["counts"] == {"none": 1}
    _, _, err = market.run(path, "--evidence", folder)
    assert "a.json" in err
    assert "c.json" in err
