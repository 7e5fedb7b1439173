"""Signed VEX documents: whose signature holds, whose does not, and what is then applied."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
)

from pratique.surfaces.cli import main

SUBJECT = "pkg:npm/alpha@1.1.0"
Status = Callable[..., tuple[int, str, list[str], list[str]]]


@pytest.fixture
def keys(tmp_path: Path) -> tuple[Path, Path]:
    """Two private keys; their public ones end in ``.pub``."""
    made = []
    for name in ("ours.pem", "theirs.pem"):
        assert main(["attest", "keygen", str(tmp_path / name), "--kind", "ecdsa-p256",
                     "--no-passphrase"]) == 0  # fmt: skip
        made.append(tmp_path / name)
    return made[0], made[1]


@pytest.fixture
def document(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    path = tmp_path / "vex" / "alpha.openvex.json"
    path.parent.mkdir()
    arguments = [SUBJECT, "CVE-2026-0001", "not_affected", "-j", "vulnerable_code_not_present"]
    assert main(["vex", "create", *arguments, "--output", str(path)]) == 0
    capsys.readouterr()
    return path


def signed(document: Path, key: Path, form: str) -> Path:
    output = document.parent.parent / f"signed.{form}.json"
    assert main(["attest", "vex", f"{SUBJECT}=sha256:{'0' * 64}", "--vex", str(document), "-K", str(key),
                 "--form", form, "-o", str(output)]) == 0  # fmt: skip
    return output


@pytest.fixture
def status(index_folder: Path, capsys: pytest.CaptureFixture[str]) -> Status:
    """Exit code, status, signers and problems of the one finding, with a VEX document applied."""

    def check(path: Path, *more: str) -> tuple[int, str, list[str], list[str]]:
        capsys.readouterr()
        arguments = ["check", SUBJECT, "--vex", str(path), "--advisories", str(index_folder)]
        code = main([*arguments, "-f", "json", *more])
        bill = json.loads(capsys.readouterr().out)
        [finding] = [one for one in bill["findings"] if one["id"] == "GHSA-aaaa-aaaa-aaaa"]
        signers = [one["origin"]["signer"] for one in finding["evidence"]
                   if one["verb"] == "CertifyVEXStatement"]  # fmt: skip
        return code, finding["status"], signers, [one["message"] for one in bill["unknowns"]]

    return check


@pytest.fixture
def sidecar(document: Path, keys: tuple[Path, Path]) -> Path:
    """An attestation of the document as a file, beside it."""
    beside = document.with_name(document.name + ".sigstore.json")
    predicate = document.parent.parent / "predicate.json"
    predicate.write_text("{}")
    arguments = ["--type", "https://example.test/reviewed/1", "--predicate"]
    assert main(["attest", "file", str(document), *arguments, str(predicate), "-K", str(keys[0]),
                 "-o", str(beside)]) == 0  # fmt: skip
    return document


@pytest.mark.parametrize("form", ["dsse", "bundle"])
def test_a_signature_by_a_given_key_is_shown(
    document: Path, keys: tuple[Path, Path], status: Status, form: str
) -> None:
    path = signed(document, keys[0], form)
    code, found, signers, _ = status(path, "--vex-key", f"{keys[0]}.pub", "--vex-signed")
    assert (found, len(signers)) == ("not_affected", 1)
    assert signers[0].startswith("key:")
    assert code == 0


@pytest.mark.parametrize("form", ["dsse", "bundle"])
def test_a_signature_by_another_key_takes_the_document_out(
    document: Path, keys: tuple[Path, Path], status: Status, form: str
) -> None:
    path = signed(document, keys[1], form)
    code, found, signers, problems = status(path, "--vex-key", f"{keys[0]}.pub")
    assert (found, signers) == ("open", [])
    assert any("does not hold" in text and "not applied" in text for text in problems)
    assert code == 1


@pytest.mark.parametrize("form", ["dsse", "bundle"])
def test_without_keys_a_signature_counts_for_nothing(
    document: Path, keys: tuple[Path, Path], status: Status, form: str
) -> None:
    path = signed(document, keys[0], form)
    assert status(path)[1:3] == ("not_affected", [""])
    _, found, _, problems = status(path, "--vex-signed")
    assert found == "open"
    assert any("nobody is shown to have signed it" in text for text in problems)


def test_unsigned_documents_are_left_out_where_a_signature_is_required(
    document: Path, keys: tuple[Path, Path], status: Status
) -> None:
    assert status(document)[1] == "not_affected"
    _, found, _, problems = status(document, "--vex-signed", "--vex-key", f"{keys[0]}.pub")
    assert found == "open"
    assert any("nobody is shown" in text for text in problems)


def test_any_changed_byte_takes_the_document_out(
    document: Path, keys: tuple[Path, Path], status: Status
) -> None:
    path = signed(document, keys[0], "dsse")
    envelope: dict[str, Any] = json.loads(path.read_text())
    statement = base64.b64decode(envelope["payload"]).replace(b"CVE-2026-0001", b"CVE-2026-0002")
    envelope["payload"] = base64.b64encode(statement).decode()
    path.write_text(json.dumps(envelope))
    _, found, _, problems = status(path, "--vex-key", f"{keys[0]}.pub")
    assert found == "open"
    assert any("does not hold" in text for text in problems)


def test_evidence_beside_a_document_is_verified(
    sidecar: Path, keys: tuple[Path, Path], status: Status
) -> None:
    _, found, signers, _ = status(sidecar, "--vex-key", f"{keys[0]}.pub", "--vex-signed")
    assert found == "not_affected"
    assert signers[0].startswith("key:")
    # In a folder the evidence is no document of its own, and the document is found.
    assert status(sidecar.parent, "--vex-key", f"{keys[0]}.pub", "--vex-signed")[1] == found


def test_a_document_changed_after_signing_is_taken_out(
    sidecar: Path, keys: tuple[Path, Path], status: Status
) -> None:
    sidecar.write_bytes(sidecar.read_bytes() + b" ")
    _, found, _, problems = status(sidecar, "--vex-key", f"{keys[0]}.pub")
    assert found == "open"
    assert any("does not hold" in text for text in problems)


@pytest.fixture
def served(sidecar: Path) -> Iterator[str]:
    """Address of the document, with its evidence beside it."""

    class Handler(SimpleHTTPRequestHandler):
        def log_message(self, *_: Any) -> None:
            pass

    handler = partial(Handler, directory=str(sidecar.parent))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/{sidecar.name}"
        server.shutdown()


def test_a_document_is_fetched_with_its_evidence(
    served: str, keys: tuple[Path, Path], status: Status, capsys: pytest.CaptureFixture[str]
) -> None:
    address: Any = served
    _, found, signers, _ = status(address, "--vex-key", f"{keys[0]}.pub", "--vex-signed")
    assert found == "not_affected"
    assert signers[0].startswith("key:")
    assert main(["check", SUBJECT, "--vex", f"{served}.absent"]) == 4
    assert main(["check", SUBJECT, "--vex", served, "--offline"]) == 2
    assert main(["check", SUBJECT, "--vex", served.replace("//", "//name:word@")]) == 2
    assert "word" not in capsys.readouterr().err


def test_whose_statement_counts_is_policy(document: Path, tmp_path: Path, status: Status) -> None:
    later = tmp_path / "theirs.json"
    assert main(["vex", "create", SUBJECT, "CVE-2026-0001", "affected", "-a", "Upgrade.",
                 "--author", "Their Team", "--output", str(later)]) == 0  # fmt: skip
    assert status(document, "--vex", str(later))[1] == "open"
    assert status(document, "--vex", str(later), "--vex-prefer", str(document))[1] == "not_affected"
    assert status(document, "--vex", str(later), "--vex-prefer", "Their Team")[1] == "open"


def test_a_key_of_nothing_and_half_an_identity_are_errors(
    document: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = tmp_path / "bad.pub"
    bad.write_text("no key")
    assert main(["check", SUBJECT, "--vex", str(document), "--vex-key", str(bad)]) == 3
    assert "bad.pub" in capsys.readouterr().err
    assert main(["check", SUBJECT, "--vex", str(document), "--vex-identity", "a@example.test"]) == 2
    assert "go together" in capsys.readouterr().err


def test_the_public_key_is_the_private_ones(keys: tuple[Path, Path]) -> None:
    private = load_pem_private_key(keys[0].read_bytes(), None)
    public = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    assert Path(f"{keys[0]}.pub").read_bytes() == public
