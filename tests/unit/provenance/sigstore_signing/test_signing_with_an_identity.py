"""What an identity signs verifies: artifacts, SBOMs, models and builds."""

from __future__ import annotations

import base64
import hashlib
import json
import shutil
import stat
from typing import Any

import pytest

from pratique.model.errors import UsageError
from pratique.surfaces.cli.app import dispatch

WHO = "dev@example.test"


def test_what_an_identity_signs_verifies__rekor_1(desk: Any) -> None:
    desk.sign(*desk.token())
    bundle = json.loads(desk.output.read_bytes())
    assert bundle["mediaType"] == "application/vnd.dev.sigstore.bundle.v0.3+json"
    assert bundle["verificationMaterial"]["certificate"]["rawBytes"]
    assert desk.verify() == 0
    assert desk.verify(who="somebody@example.test") == 1
    desk.artifact.write_bytes(b"beta")
    assert desk.verify() == 1


@pytest.mark.skipif(not shutil.which("openssl"), reason="openssl is not installed")
def test_what_an_identity_signs_verifies__rekor_2_with_a_timestamp(desk: Any) -> None:
    desk.sign(*desk.token(), config=desk.services.config(log=2))
    material = json.loads(desk.output.read_bytes())["verificationMaterial"]
    assert material["timestampVerificationData"]["rfc3161Timestamps"]
    assert "inclusionPromise" not in material["tlogEntries"][0]
    assert desk.verify(log=2) == 0


def test_the_librarys_own_verifier_agrees(desk: Any) -> None:
    from sigstore.models import Bundle, ClientTrustConfig
    from sigstore.verify import Verifier, policy

    desk.sign(*desk.token())
    config = ClientTrustConfig.from_json(json.dumps(desk.services.config()))
    verifier = Verifier(trusted_root=config.trusted_root)
    bundle = Bundle.from_json(desk.output.read_bytes())
    wanted = [policy.Identity(identity=WHO), policy.OIDCIssuerV2(desk.services.url)]
    kind, payload = verifier.verify_dsse(bundle, policy.AllOf(wanted))
    assert kind == "application/vnd.in-toto+json"
    digest = hashlib.sha256(b"alpha").hexdigest()
    assert json.loads(payload)["subject"][0]["digest"]["sha256"] == digest


def test_subjects_may_have_digests_that_the_library_does_not_know(desk: Any) -> None:
    commit = "0123456789abcdef0123456789abcdef01234567"
    desk.sign(*desk.token(), subject=f"gitCommit:{commit}")
    payload = json.loads(desk.output.read_bytes())["dsseEnvelope"]["payload"]
    assert json.loads(base64.b64decode(payload))["subject"][0]["digest"] == {"gitCommit": commit}


def test_a_token_of_the_environment(desk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIGSTORE_ID_TOKEN", desk.services.token())
    desk.sign()
    assert desk.verify() == 0


def test_the_identity_of_a_run(desk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "runner-secret")
    url = f"{desk.services.url}/ambient?api-version=1"
    monkeypatch.setenv("ACTIONS_ID_TOKEN_REQUEST_URL", url)
    desk.sign()
    assert desk.verify(who="https://ci.example.test/job") == 0


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_the_flow_through_a_browser(desk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = desk.folder / "browser"
    browser.write_text(
        "#!/usr/bin/env python3\nimport sys, urllib.request\n"
        "urllib.request.urlopen(sys.argv[1], timeout=60).read()\n"
    )
    browser.chmod(browser.stat().st_mode | stat.S_IXUSR)
    import webbrowser

    monkeypatch.setattr(webbrowser, "_tryorder", None)
    monkeypatch.setattr(webbrowser, "_browsers", {})
    monkeypatch.setenv("BROWSER", f"{browser} %s")
    desk.sign("--browser")
    assert "/token" in desk.services.asked
    assert desk.verify() == 0


def test_an_sbom_is_signed_with_an_identity(desk: Any) -> None:
    bill = desk.folder / "bill.cdx.json"
    bill.write_text('{"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1}')
    config = desk.folder / "config.json"
    config.write_text(json.dumps(desk.services.config()))
    words = ["--artifact", str(desk.artifact), "-o", str(desk.output), "--sigstore"]
    words += ["--trust-config", str(config), *desk.token()]
    assert dispatch(["sbom", "sign", str(bill), *words]) == 0
    assert desk.verify() == 0
    with pytest.raises(UsageError, match="certificate and log entry"):
        dispatch(["sbom", "sign", str(bill), *words[2:], "--enveloped"])


def test_a_model_is_signed_with_an_identity(desk: Any) -> None:
    pytest.importorskip("model_signing", reason="model-signing is not installed")
    folder = desk.folder / "alpha-7b"
    folder.mkdir()
    (folder / "weights.bin").write_bytes(b"0" * 1000)
    config = desk.folder / "config.json"
    config.write_text(json.dumps(desk.services.config()))
    words = ["--sigstore", "--trust-config", str(config), *desk.token()]
    output = str(folder / "model.sig")
    assert dispatch(["attest", "model", str(folder), "-o", output, *words]) == 0
    desk.artifact = folder
    assert desk.verify() == 0
    assert desk.verify(who="somebody@example.test") == 1
    (folder / "weights.bin").write_bytes(b"1" * 1000)
    assert desk.verify() == 1


def test_a_build_is_attested_and_the_command_gets_no_token(
    desk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SIGSTORE_ID_TOKEN", desk.services.token())
    config = desk.folder / "config.json"
    config.write_text(json.dumps(desk.services.config()))
    place = desk.folder / "work"
    place.mkdir()
    words = ["-o", str(desk.output), "--sigstore", "--trust-config", str(config), "-C", str(place)]
    command = ["sh", "-c", 'printf "%s" "${SIGSTORE_ID_TOKEN:-none}" > made']
    assert dispatch(["attest", "build", *words, "--", *command]) == 0
    assert (place / "made").read_text() == "none"
    desk.artifact = place / "made"
    (place / "made.sigstore.json").write_bytes(desk.output.read_bytes())
    assert desk.verify() == 0
