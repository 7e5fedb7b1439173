"""Signing with an identity, against a private Sigstore whose services run on loopback.

The services are stand-ins that speak the protocols of Fulcio, Rekor 1 and 2,
a timestamp authority (OpenSSL's) and an OpenID provider; the certificates,
proofs and tokens that they give are real.  What is signed is verified by our
own verifier, and by the library's.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import secrets
import shutil
import socket
import stat
import subprocess
import threading
import time
import urllib.request
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from pratique.model.errors import EvidenceError, PratiqueError, UpstreamError, UsageError
from pratique.surfaces.cli.app import dispatch

jwt = pytest.importorskip("jwt")
pytest.importorskip("sigstore")

WHO = "dev@example.test"


class Sigstore:
    """The services of an instance; every one can be made wrong."""

    def __init__(self, instance: Any, forge: Any, folder: Path) -> None:
        self.instance, self.forge, self.folder = instance, forge, folder
        self.oidc_key = forge.new_key()
        self.challenges: dict[str, str] = {}
        self.asked: list[str] = []
        self.broken: set[str] = set()
        self.released = threading.Event()
        self.url = ""
        self.tsa_key = forge.new_key()
        self.tsa = self._tsa_certificate()

    # OpenID

    def token(self, **changes: Any) -> str:
        now = int(time.time())
        claims = {"iss": self.url, "sub": WHO, "aud": "sigstore", "iat": now, "exp": now + 300}
        secret = self.oidc_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        return jwt.encode(claims | changes, secret, algorithm="ES256")

    def openid(self, path: str, query: dict[str, str]) -> Any:
        if path == "/.well-known/openid-configuration":
            return {
                "authorization_endpoint": f"{self.url}/auth",
                "token_endpoint": f"{self.url}/token",
            }
        code = secrets.token_hex(8)
        self.challenges[code] = query["code_challenge"]
        assert query["code_challenge_method"] == "S256"
        return f"{query['redirect_uri']}?{urlencode({'code': code, 'state': query['state']})}"

    def exchange(self, form: dict[str, str]) -> Any:
        digest = hashlib.sha256(form["code_verifier"].encode()).digest()
        proof = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if self.challenges.pop(form["code"], None) != proof:
            return None
        return {"access_token": self.token(), "token_type": "Bearer"}

    # Fulcio

    def certify(self, body: dict[str, Any], bearer: str) -> Any:
        claims = jwt.decode(
            bearer, self.oidc_key.public_key(), algorithms=["ES256"], audience="sigstore"
        )
        pem = base64.b64decode(body["certificateSigningRequest"])
        request = x509.load_pem_x509_csr(pem)
        assert request.is_signature_valid
        at = datetime.now(UTC).replace(microsecond=0) - timedelta(seconds=1)
        made = self.instance.identity(claims["sub"], claims["iss"], at=at, request=request)
        chain = [x509.load_der_x509_certificate(made.der), self.instance.ca, self.instance.root]
        pems = [one.public_bytes(Encoding.PEM).decode() for one in chain]
        return {"signedCertificateEmbeddedSct": {"chain": {"certificates": pems}}}

    # Rekor

    def log1(self, body: dict[str, Any]) -> Any:
        content = body["spec"]["proposedContent"]
        envelope = json.loads(content["envelope"])
        payload = base64.b64decode(envelope["payload"])
        spec = {
            "envelopeHash": {
                "algorithm": "sha256",
                "value": hashlib.sha256(content["envelope"].encode()).hexdigest(),
            },
            "payloadHash": {"algorithm": "sha256", "value": hashlib.sha256(payload).hexdigest()},
            "signatures": [
                {"signature": envelope["signatures"][0]["sig"], "verifier": content["verifiers"][0]}
            ],
        }
        if "log" in self.broken:
            spec["payloadHash"]["value"] = "00" * 32
        entry = self.instance.entry(
            {"apiVersion": "0.0.1", "kind": "dsse", "spec": spec}, datetime.now(UTC)
        )
        proof = entry["inclusionProof"]

        def as_hex(text: str) -> str:
            return base64.b64decode(text).hex()

        return {
            "a" * 64: {
                "body": entry["canonicalizedBody"],
                "integratedTime": int(entry["integratedTime"]),
                "logID": self.instance.log_id.hex(),
                "logIndex": int(entry["logIndex"]),
                "verification": {
                    "signedEntryTimestamp": entry["inclusionPromise"]["signedEntryTimestamp"],
                    "inclusionProof": {
                        "checkpoint": proof["checkpoint"]["envelope"],
                        "hashes": [as_hex(one) for one in proof["hashes"]],
                        "logIndex": int(proof["logIndex"]),
                        "rootHash": as_hex(proof["rootHash"]),
                        "treeSize": int(proof["treeSize"]),
                    },
                },
            }
        }

    def log2(self, body: dict[str, Any]) -> Any:
        request = body["hashedRekordRequestV002"]
        inner = {
            "data": {"algorithm": "SHA2_256", "digest": request["digest"]},
            "signature": request["signature"],
        }
        document = {
            "apiVersion": "0.0.2",
            "kind": "hashedrekord",
            "spec": {"hashedRekordV002": inner},
        }
        return self.instance.entry(document, datetime.now(UTC), promise=False)

    # timestamps

    def _tsa_certificate(self) -> x509.Certificate:
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "tsa")])
        now = datetime.now(UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(self.instance.root.subject)
            .public_key(self.tsa_key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=30))
            .add_extension(x509.BasicConstraints(False, None), critical=True)
            .add_extension(
                x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), critical=True
            )
            .sign(self.instance.root_key, hashes.SHA256())
        )

    def stamp(self, query: bytes) -> bytes:
        (self.folder / "tsa.pem").write_bytes(self.tsa.public_bytes(Encoding.PEM))
        key = self.tsa_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        (self.folder / "tsa.key").write_bytes(key)
        (self.folder / "query").write_bytes(query)
        (self.folder / "tsa.cnf").write_text(
            "[tsa]\ndefault_tsa=t\n[t]\nserial=serial\ndefault_policy=1.2.3\ndigests=sha256\n"
            "signer_digest=sha256\n"
        )
        words = ["openssl", "ts", "-reply", "-config", "tsa.cnf", "-queryfile", "query"]
        words += ["-signer", "tsa.pem", "-inkey", "tsa.key", "-out", "reply"]
        subprocess.run(words, cwd=self.folder, check=True, capture_output=True)
        return (self.folder / "reply").read_bytes()

    # configuration

    def trusted_root(self, *, stamps: bool) -> dict[str, Any]:
        chain = [
            {"rawBytes": self.forge.b64(one.public_bytes(Encoding.DER))}
            for one in (self.tsa, self.instance.root)
        ]
        authority = {
            "uri": f"{self.url}/tsa",
            "certChain": {"certificates": chain},
            "validFor": {"start": "2024-01-01T00:00:00Z"},
        }
        made = self.instance.trusted_root(timestampAuthorities=[authority] if stamps else [])
        for log in (*made["tlogs"], *made["ctlogs"]):
            log["publicKey"]["keyDetails"] = "PKIX_ECDSA_P256_SHA_256"
        for one in (*made["certificateAuthorities"], *made["timestampAuthorities"]):
            one["subject"] = {"organization": "example.test", "commonName": "private"}
        return made

    def config(self, *, log: int = 1) -> dict[str, Any]:
        def service(path: str, version: int = 1) -> list[dict[str, Any]]:
            return [
                {
                    "url": f"{self.url}{path}",
                    "majorApiVersion": version,
                    "validFor": {"start": "2024-01-01T00:00:00Z"},
                    "operator": "example.test",
                }
            ]

        return {
            "mediaType": "application/vnd.dev.sigstore.clienttrustconfig.v0.1+json",
            "trustedRoot": self.trusted_root(stamps=log == 2),
            "signingConfig": {
                "mediaType": "application/vnd.dev.sigstore.signingconfig.v0.2+json",
                "caUrls": service(""),
                "oidcUrls": service(""),
                "rekorTlogUrls": service("", log),
                "tsaUrls": service("/tsa") if log == 2 else [],
                "rekorTlogConfig": {"selector": "ANY"},
                "tsaConfig": {"selector": "ANY"},
            },
        }


def handler(services: Sigstore) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            services.asked.append(parts.path)
            if parts.path == "/ambient":
                assert self.headers["Authorization"] == "bearer runner-secret"
                assert query["audience"] == "sigstore"
                return self.answer({"value": services.token(sub="https://ci.example.test/job")})
            found = services.openid(parts.path, query)
            if isinstance(found, str):
                self.send_response(302)
                self.send_header("Location", found)
                self.send_header("Content-Length", "0")
                self.end_headers()
                return None
            return self.answer(found)

        def do_POST(self) -> None:
            data = self.rfile.read(int(self.headers["Content-Length"]))
            services.asked.append(self.path)
            if "slow" in services.broken:
                services.released.wait(20)
            if self.path in services.broken:
                return self.answer({"code": 13, "message": "out of order"}, 500)
            if self.path == "/tsa":
                return self.raw(services.stamp(data), "application/timestamp-reply")
            if self.path == "/token":
                form = {name: values[0] for name, values in parse_qs(data.decode()).items()}
                found = services.exchange(form)
                return self.answer(found or {"error": "invalid_grant"}, 200 if found else 400)
            body = json.loads(data)
            if self.path == "/api/v2/signingCert":
                bearer = self.headers["Authorization"].removeprefix("Bearer ")
                try:
                    return self.answer(services.certify(body, bearer))
                except jwt.InvalidTokenError:
                    return self.answer({"code": 16, "message": "token not accepted"}, 401)
            made = services.log1(body) if self.path.startswith("/api/v1/") else services.log2(body)
            return self.answer(made, 201)

        def answer(self, value: Any, status: int = 200) -> None:
            self.raw(json.dumps(value).encode(), "application/json", status)

        def raw(self, data: bytes, kind: str, status: int = 200) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_args: object) -> None:
            pass

    return Handler


@pytest.fixture
def services(forge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    for name in list(os.environ):
        if name.startswith(("ACTIONS_", "GITHUB_", "SIGSTORE_", "GITLAB_", "CIRCLE", "BUILDKITE")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("PRATIQUE_DATA", str(tmp_path / "data"))
    folder = tmp_path / "services"
    folder.mkdir()
    made = Sigstore(forge.other_instance(), forge, folder)
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler(made))
    made.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield made
    server.shutdown()
    thread.join()
    server.server_close()


class Desk:
    """A folder with an artifact, and the command that attests it."""

    def __init__(self, folder: Path, services: Sigstore) -> None:
        self.folder, self.services = folder, services
        self.artifact = folder / "alpha.tar.gz"
        self.artifact.write_bytes(b"alpha")
        self.output = folder / "alpha.tar.gz.sigstore.json"
        self.predicate = folder / "predicate.json"
        self.predicate.write_text('{"purl": "pkg:generic/alpha@1.0"}')

    def sign(self, *words: str, config: dict[str, Any] | None = None, subject: str = "") -> None:
        path = self.folder / "config.json"
        path.write_text(json.dumps(config or self.services.config()))
        given = ["--predicate", str(self.predicate), "--type", "https://example.test/claim/v1"]
        given += ["-o", str(self.output), "--sigstore", "--trust-config", str(path)]
        code = dispatch(["attest", "file", subject or str(self.artifact), *given, *words])
        assert code == 0

    def verify(self, *, log: int = 1, who: str = WHO) -> int:
        root = self.folder / "trusted_root.json"
        root.write_text(json.dumps(self.services.trusted_root(stamps=log == 2)))
        words = ["--identity", who, "--issuer", self.services.url]
        return int(dispatch(["verify", str(self.artifact), "--trusted-root", str(root), *words]))

    def token(self, **changes: Any) -> list[str]:
        path = self.folder / "token"
        path.write_text(self.services.token(**changes))
        return ["--identity-token-file", str(path)]


@pytest.fixture
def desk(tmp_path: Path, services: Sigstore) -> Desk:
    return Desk(tmp_path, services)


def test_what_an_identity_signs_verifies__rekor_1(desk: Desk) -> None:
    desk.sign(*desk.token())
    bundle = json.loads(desk.output.read_bytes())
    assert bundle["mediaType"] == "application/vnd.dev.sigstore.bundle.v0.3+json"
    assert bundle["verificationMaterial"]["certificate"]["rawBytes"]
    assert desk.verify() == 0
    assert desk.verify(who="somebody@example.test") == 1
    desk.artifact.write_bytes(b"beta")
    assert desk.verify() == 1


@pytest.mark.skipif(not shutil.which("openssl"), reason="openssl is not installed")
def test_what_an_identity_signs_verifies__rekor_2_with_a_timestamp(desk: Desk) -> None:
    desk.sign(*desk.token(), config=desk.services.config(log=2))
    material = json.loads(desk.output.read_bytes())["verificationMaterial"]
    assert material["timestampVerificationData"]["rfc3161Timestamps"]
    assert "inclusionPromise" not in material["tlogEntries"][0]
    assert desk.verify(log=2) == 0


def test_the_librarys_own_verifier_agrees(desk: Desk) -> None:
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


def test_subjects_may_have_digests_that_the_library_does_not_know(desk: Desk) -> None:
    commit = "0123456789abcdef0123456789abcdef01234567"
    desk.sign(*desk.token(), subject=f"gitCommit:{commit}")
    payload = json.loads(desk.output.read_bytes())["dsseEnvelope"]["payload"]
    assert json.loads(base64.b64decode(payload))["subject"][0]["digest"] == {"gitCommit": commit}


def test_a_token_of_the_environment(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIGSTORE_ID_TOKEN", desk.services.token())
    desk.sign()
    assert desk.verify() == 0


def test_the_identity_of_a_run(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "runner-secret")
    url = f"{desk.services.url}/ambient?api-version=1"
    monkeypatch.setenv("ACTIONS_ID_TOKEN_REQUEST_URL", url)
    desk.sign()
    assert desk.verify(who="https://ci.example.test/job") == 0


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_the_flow_through_a_browser(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = desk.folder / "browser"
    browser.write_text(
        "#!/usr/bin/env python3\nimport sys, urllib.request\n"
        "urllib.request.urlopen(sys.argv[1], timeout=20).read()\n"
    )
    browser.chmod(browser.stat().st_mode | stat.S_IXUSR)
    import webbrowser

    monkeypatch.setattr(webbrowser, "_tryorder", None)
    monkeypatch.setattr(webbrowser, "_browsers", {})
    monkeypatch.setenv("BROWSER", f"{browser} %s")
    desk.sign("--browser")
    assert "/token" in desk.services.asked
    assert desk.verify() == 0


def test_an_sbom_is_signed_with_an_identity(desk: Desk) -> None:
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


def test_a_model_is_signed_with_an_identity(desk: Desk) -> None:
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
    desk: Desk, monkeypatch: pytest.MonkeyPatch
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


def test_an_entry_that_does_not_hold_is_not_written(desk: Desk) -> None:
    desk.services.broken.add("log")
    with pytest.raises(EvidenceError, match="does not verify, and is not written"):
        desk.sign(*desk.token())
    assert not desk.output.exists()


def test_an_instance_that_is_not_the_one_that_is_trusted(desk: Desk, forge) -> None:
    config = desk.services.config()
    other = forge.other_instance().trusted_root()["tlogs"]
    other[0]["publicKey"]["keyDetails"] = "PKIX_ECDSA_P256_SHA_256"
    config["trustedRoot"]["tlogs"] = other
    with pytest.raises(EvidenceError, match="does not verify"):
        desk.sign(*desk.token(), config=config)
    assert not desk.output.exists()


@pytest.mark.parametrize("path", ["/api/v2/signingCert", "/api/v1/log/entries"])
def test_a_service_that_is_out_of_order(desk: Desk, path: str) -> None:
    desk.services.broken.add(path)
    with pytest.raises(UpstreamError, match="did not sign"):
        desk.sign(*desk.token())
    assert not desk.output.exists()


def test_a_service_that_does_not_answer_is_given_up(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pratique.sources import sigstore_services

    monkeypatch.setattr(sigstore_services, "SECONDS", 0.3)
    desk.services.broken.add("slow")
    with pytest.raises(UpstreamError, match="timed out"):
        desk.sign(*desk.token())
    desk.services.broken.clear()
    desk.services.released.set()
    assert not desk.output.exists()


@pytest.mark.skipif(not shutil.which("openssl"), reason="openssl is not installed")
def test_without_a_timestamp_nothing_proves_the_time(desk: Desk) -> None:
    desk.services.broken.add("/tsa")
    with pytest.raises(UpstreamError, match="did not sign: bundle must contain"):
        desk.sign(*desk.token(), config=desk.services.config(log=2))
    assert not desk.output.exists()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"exp": 1_700_000_000}, "identity token cannot be used"),
        ({"aud": "somebody else"}, "identity token cannot be used"),
        ({"sub": None}, "identity token cannot be used"),
    ],
)
def test_tokens_that_are_none(desk: Desk, changes: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        desk.sign(*desk.token(**changes))
    assert "/api/v2/signingCert" not in desk.services.asked


def test_a_token_that_the_authority_refuses(desk: Desk, forge) -> None:
    other = Sigstore(desk.services.instance, forge, desk.folder)
    other.url = desk.services.url
    (desk.folder / "token").write_text(other.token())
    with pytest.raises(UpstreamError, match="did not sign") as caught:
        desk.sign("--identity-token-file", str(desk.folder / "token"))
    assert other.token()[:40] not in str(caught.value)


def test_nobody_says_who_signs(desk: Desk) -> None:
    with pytest.raises(UsageError, match="nothing says who signs"):
        desk.sign()


@pytest.mark.parametrize(
    "config",
    [
        {"x": 1},
        {"mediaType": "application/json"},
    ],
)
def test_configurations_that_are_none(desk: Desk, config: dict[str, Any]) -> None:
    with pytest.raises(PratiqueError, match="trust configuration") as caught:
        desk.sign(*desk.token(), config=config)
    assert caught.value.exit_code == 3
    assert desk.services.asked == []


def test_options_that_contradict(desk: Desk) -> None:
    with pytest.raises(UsageError, match="certificate and log entry"):
        desk.sign(*desk.token(), "--form", "dsse")
    with pytest.raises(UsageError, match="contradict"):
        desk.sign(*desk.token(), "--browser")
    with pytest.raises(UsageError, match="not allowed with"):
        desk.sign("--signing-key", "key.pem")
    with pytest.raises(UsageError, match="no instance 'corp'"):
        desk.sign("--trust-config", "instance:corp")


def test_without_the_library_the_extra_is_named(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pratique.sources import sigstore_services

    monkeypatch.setattr(sigstore_services, "find_spec", lambda _name: None)
    with pytest.raises(UsageError, match="needs the library sigstore") as caught:
        desk.sign(*desk.token())
    assert "pratique[sigstore]" in caught.value.remedy


REKOR = "rekor-server-posix"
"""Rekor 2's server with a folder as storage: cmd/rekor-server/posix of rekor-tiles."""


@pytest.fixture
def rekor(forge, tmp_path: Path):
    """A real log on loopback; its address, and its row of a trusted root."""
    program = shutil.which(REKOR)
    if program is None:
        pytest.skip(f"{REKOR} is not installed")
    key = Ed25519PrivateKey.generate()
    place = tmp_path / "rekor"
    (place / "log").mkdir(parents=True)
    (place / "key.pem").write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )
    http, grpc, metrics = free_ports(3)
    host = "rekor.example.test"
    words = ["serve", "--hostname", host, "--storage-dir", str(place / "log")]
    words += ["--signer-filepath", str(place / "key.pem"), "--checkpoint-interval", "1s"]
    words += ["--http-port", str(http), "--grpc-port", str(grpc)]
    words += ["--http-metrics-port", str(metrics), "--persistent-antispam=false"]
    with (place / "output").open("wb") as output:
        server = subprocess.Popen([program, *words], stdout=output, stderr=output)
    try:
        wait_for(http, server, place / "output")
        raw = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        row = {
            "baseUrl": f"https://{host}",
            "hashAlgorithm": "SHA2_256",
            "publicKey": {
                "rawBytes": forge.b64(forge.spki(key)),
                "keyDetails": "PKIX_ED25519",
                "validFor": {"start": "2024-01-01T00:00:00Z"},
            },
            # key id of signed notes: the name, the kind of the key, and the key
            "logId": {"keyId": forge.b64(hashlib.sha256(host.encode() + b"\n\x01" + raw).digest())},
        }
        yield f"http://127.0.0.1:{http}", row
    finally:
        server.terminate()
        server.wait(20)


def free_ports(count: int) -> list[int]:
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in held]
    for one in held:
        one.close()
    return ports


def wait_for(port: int, server: subprocess.Popen[bytes], output: Path) -> None:
    for _ in range(300):
        assert server.poll() is None, output.read_text()
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=2) as answer:
                if b"SERVING" in answer.read():
                    return
        except OSError:
            time.sleep(0.1)
    pytest.fail(f"the log does not serve: {output.read_text()[-2000:]}")


@pytest.mark.e2e
@pytest.mark.skipif(not shutil.which("openssl"), reason="openssl is not installed")
def test_with_a_real_log_and_a_real_timestamp_authority(desk: Desk, rekor) -> None:
    address, row = rekor
    config = desk.services.config(log=2)
    config["signingConfig"]["rekorTlogUrls"][0]["url"] = address
    config["trustedRoot"]["tlogs"] = [row]
    desk.sign(*desk.token(), config=config)
    (entry,) = json.loads(desk.output.read_bytes())["verificationMaterial"]["tlogEntries"]
    assert entry["kindVersion"] == {"kind": "hashedrekord", "version": "0.0.2"}
    root = desk.folder / "root.json"
    root.write_text(json.dumps(config["trustedRoot"]))
    words = ["--trusted-root", str(root), "--identity", WHO, "--issuer", desk.services.url]
    assert dispatch(["verify", str(desk.artifact), *words]) == 0
    other = dict(row, publicKey=desk.services.trusted_root(stamps=True)["tlogs"][0]["publicKey"])
    root.write_text(json.dumps(config["trustedRoot"] | {"tlogs": [other]}))
    assert dispatch(["verify", str(desk.artifact), *words]) == 1
