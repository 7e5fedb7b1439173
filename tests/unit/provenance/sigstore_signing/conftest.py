"""A private Sigstore whose services run on loopback.

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
import subprocess
import threading
import time
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from pratique.surfaces.cli.app import dispatch

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
        return import_module("jwt").encode(claims | changes, secret, algorithm="ES256")

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
        claims = import_module("jwt").decode(
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
                services.released.wait(60)
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
                except import_module("jwt").InvalidTokenError:
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
    pytest.importorskip("jwt")
    pytest.importorskip("sigstore")
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
