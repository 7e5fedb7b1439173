"""A Sigstore instance in memory: authority, certificate log, transparency log, and its forger.

Everything it makes is real: certificates with embedded timestamps, signed
entry timestamps, Merkle trees and checkpoints.  Every part can be made wrong.
"""

from __future__ import annotations

import base64
import hashlib
import json
import struct
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from pratique.formats.dsse import IN_TOTO_PAYLOAD, pae
from pratique.provenance.trust import TrustRoot, trust_root

NOW = datetime(2025, 6, 1, 12, tzinfo=UTC)
FULCIO = "1.3.6.1.4.1.57264.1."
ISSUER = "https://token.actions.githubusercontent.com"
REPOSITORY = "https://github.com/example/alpha"
WORKFLOW = f"{REPOSITORY}/.github/workflows/release.yml@refs/tags/v1.2.3"
COMMIT = "0123456789abcdef0123456789abcdef01234567"
LOG_HOST = "log.example.test"


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def spki(key: Any) -> bytes:
    return key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def new_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def sign(key: ec.EllipticCurvePrivateKey, data: bytes) -> bytes:
    return key.sign(data, ec.ECDSA(hashes.SHA256()))


def utf8(text: str) -> bytes:
    data = text.encode()
    size = bytes([len(data)]) if len(data) < 128 else b"\x81" + bytes([len(data)])
    return b"\x0c" + size + data


class Identity:
    """A signer's key and certificate."""

    def __init__(self, key: ec.EllipticCurvePrivateKey, der: bytes) -> None:
        self.key = key
        self.der = der

    @property
    def pem(self) -> bytes:
        return x509.load_der_x509_certificate(self.der).public_bytes(Encoding.PEM)


class Instance:
    """A private Sigstore."""

    def __init__(self) -> None:
        self.root_key, self.ca_key = new_key(), new_key()
        self.ct_key, self.log_key = new_key(), new_key()
        self.root = self._authority("root", self.root_key, "root", self.root_key, 1)
        self.ca = self._authority("issuing", self.ca_key, "root", self.root_key, 0)
        self.log_id = hashlib.sha256(spki(self.log_key)).digest()
        self.ct_id = hashlib.sha256(spki(self.ct_key)).digest()
        self.leaves: list[bytes] = []

    def _authority(
        self, name: str, key: Any, issuer: str, signer: Any, length: int, purpose: Any = None
    ) -> Any:
        def named(text: str) -> x509.Name:
            return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])

        usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
        builder = x509.CertificateBuilder()
        if purpose is not None:
            builder = builder.add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
        return (
            builder.subject_name(named(name))
            .issuer_name(named(issuer))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(NOW - timedelta(days=365))
            .not_valid_after(NOW + timedelta(days=36500))
            .add_extension(x509.BasicConstraints(True, length), critical=True)
            .add_extension(usage, critical=True)
            .add_extension(
                x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False
            )
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()),
                critical=False,
            )
            .sign(signer, hashes.SHA256())
        )

    def bound(self, purpose: Any) -> bytes:
        """The issuing certificate, bound to a purpose."""
        made = self._authority("issuing", self.ca_key, "root", self.root_key, 0, purpose)
        return made.public_bytes(Encoding.DER)

    def loop(self, number: int) -> bytes:
        """One of a ring of issuing certificates: two names that sign for each other."""
        names = ("issuing", "other") if number % 2 else ("other", "issuing")
        made = self._authority(names[0], self.root_key, names[1], self.root_key, 9)
        return made.public_bytes(Encoding.DER)

    def trusted_root(self, **changes: Any) -> dict[str, Any]:
        valid = {"start": "2024-01-01T00:00:00Z"}

        def log(key: Any, identifier: bytes, host: str) -> dict[str, Any]:
            return {
                "baseUrl": f"https://{host}",
                "hashAlgorithm": "SHA2_256",
                "publicKey": {"rawBytes": b64(spki(key)), "validFor": valid},
                "logId": {"keyId": b64(identifier)},
            }

        chain = [{"rawBytes": b64(one.public_bytes(Encoding.DER))} for one in (self.ca, self.root)]
        return {
            "mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
            "tlogs": [log(self.log_key, self.log_id, LOG_HOST)],
            "certificateAuthorities": [
                {"certChain": {"certificates": chain}, "validFor": valid, "uri": "https://ca.test"}
            ],
            "ctlogs": [log(self.ct_key, self.ct_id, "ct.example.test")],
            "timestampAuthorities": [],
        } | changes

    def trust(self, **changes: Any) -> TrustRoot:
        return trust_root(json.dumps(self.trusted_root(**changes)).encode())

    def identity(
        self,
        name: str = WORKFLOW,
        issuer: str = ISSUER,
        *,
        at: datetime = NOW,
        claims: dict[str, str] | None = None,
        authority: bool = False,
        purpose: Any = ExtendedKeyUsageOID.CODE_SIGNING,
        sct: bool = True,
        ct_key: Any = None,
        ca_key: Any = None,
        request: Any = None,
    ) -> Identity:
        """A certificate of ten minutes, as Fulcio gives it to a run of a workflow."""
        key = request or new_key()  # a certificate is for the key of a request, as Fulcio's are
        given = {
            "8": issuer,
            "11": "github-hosted",
            "12": REPOSITORY,
            "13": COMMIT,
            "14": "refs/tags/v1.2.3",
            "18": f"{REPOSITORY}/.github/workflows/release.yml@refs/tags/v1.2.3",
            "19": COMMIT,
            "20": "push",
            "21": f"{REPOSITORY}/actions/runs/42/attempts/1",
        } | (claims or {})
        usage = x509.KeyUsage(True, False, False, False, False, False, False, False, False)
        san: x509.GeneralName = (
            x509.UniformResourceIdentifier(name) if "://" in name else x509.RFC822Name(name)
        )
        builder = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([]))
            .issuer_name(self.ca.subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(at)
            .not_valid_after(at + timedelta(minutes=10))
            .add_extension(usage, critical=True)
            .add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
            .add_extension(x509.SubjectAlternativeName([san]), critical=True)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self.ca_key.public_key()),
                critical=False,
            )
        )
        if authority:
            builder = builder.add_extension(x509.BasicConstraints(True, None), critical=True)
        for number, text in given.items():
            oid = x509.ObjectIdentifier(FULCIO + number)
            builder = builder.add_extension(
                x509.UnrecognizedExtension(oid, utf8(text)), critical=False
            )
        signer = ca_key or self.ca_key
        if sct:
            body = builder.sign(signer, hashes.SHA256()).tbs_certificate_bytes
            builder = builder.add_extension(
                self._timestamps(body, at, ct_key or self.ct_key), critical=False
            )
        made = builder.sign(signer, hashes.SHA256())
        return Identity(key, made.public_bytes(Encoding.DER))

    def _timestamps(self, body: bytes, at: datetime, key: Any) -> x509.UnrecognizedExtension:
        milliseconds = int(at.timestamp() * 1000)
        issuer = hashlib.sha256(spki(self.ca_key)).digest()
        signed = (
            struct.pack(">BBQH", 0, 0, milliseconds, 1)
            + issuer
            + len(body).to_bytes(3, "big")
            + body
            + b"\x00\x00"
        )
        signature = sign(key, signed)
        sct = (
            b"\x00"
            + self.ct_id
            + struct.pack(">QH", milliseconds, 0)
            + b"\x04\x03"
            + struct.pack(">H", len(signature))
            + signature
        )
        inner = struct.pack(">H", len(sct)) + sct
        listed = struct.pack(">H", len(inner)) + inner
        oid = x509.ObjectIdentifier("1.3.6.1.4.1.11129.2.4.2")
        head = b"\x04" + (
            bytes([len(listed)]) if len(listed) < 128 else b"\x81" + bytes([len(listed)])
        )
        return x509.UnrecognizedExtension(oid, head + listed)

    def entry(
        self, body: dict[str, Any], at: datetime, *, promise: bool = True, proof: bool = True
    ) -> dict[str, Any]:
        """A log entry with its proofs, in a tree of a few leaves."""
        raw = json.dumps(body, sort_keys=True, separators=(",", ":")).encode()
        seconds = int(at.timestamp())
        made: dict[str, Any] = {
            "logIndex": "7",
            "logId": {"keyId": b64(self.log_id)},
            "kindVersion": {"kind": body["kind"], "version": body["apiVersion"]},
            "canonicalizedBody": b64(raw),
        }
        if promise:
            signed = json.dumps(
                {
                    "body": b64(raw),
                    "integratedTime": seconds,
                    "logID": self.log_id.hex(),
                    "logIndex": 7,
                },
                separators=(",", ":"),
            )
            made["integratedTime"] = str(seconds)
            made["inclusionPromise"] = {
                "signedEntryTimestamp": b64(sign(self.log_key, signed.encode()))
            }
        if proof:
            made["inclusionProof"] = self._proof(raw)
        return made

    def _proof(self, raw: bytes) -> dict[str, Any]:
        leaf = hashlib.sha256(b"\x00" + raw).digest()
        other = hashlib.sha256(b"\x00other").digest()
        root = hashlib.sha256(b"\x01" + other + leaf).digest()
        text = f"{LOG_HOST} - 1\n2\n{b64(root)}\n"
        signature = self.log_id[:4] + sign(self.log_key, text.encode())
        return {
            "logIndex": "1",
            "rootHash": b64(root),
            "treeSize": "2",
            "hashes": [b64(other)],
            "checkpoint": {"envelope": f"{text}\n\u2014 {LOG_HOST} {b64(signature)}\n"},
        }

    def bundle(
        self,
        statement: dict[str, Any] | None = None,
        *,
        artifact: bytes = b"alpha",
        signer: Identity | None = None,
        key: ec.EllipticCurvePrivateKey | None = None,
        kind: str = "",
        at: datetime = NOW + timedelta(minutes=1),
        **proofs: bool,
    ) -> dict[str, Any]:
        """A bundle 0.3 over a statement, or over an artifact where there is none."""
        who = signer or (None if key else self.identity())
        secret = key or (who.key if who else None)
        assert secret is not None
        material: dict[str, Any] = (
            {"certificate": {"rawBytes": b64(who.der)}} if who else {"publicKey": {"hint": "k"}}
        )
        made = {
            "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
            "verificationMaterial": material,
        }
        verifier = (
            who.pem
            if who
            else secret.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        )
        raw = who.der if who else spki(secret)
        if statement is None:
            digest = hashlib.sha256(artifact).digest()
            signature = sign(secret, artifact)
            made["messageSignature"] = {
                "messageDigest": {"algorithm": "SHA2_256", "digest": b64(digest)},
                "signature": b64(signature),
            }
            body = BODIES[kind or "hashedrekord 0.0.1"](signature, digest, b"", verifier, raw)
        else:
            payload = json.dumps(statement).encode()
            encoded = pae(IN_TOTO_PAYLOAD, payload)
            signature = sign(secret, encoded)
            made["dsseEnvelope"] = {
                "payload": b64(payload),
                "payloadType": IN_TOTO_PAYLOAD,
                "signatures": [{"sig": b64(signature)}],
            }
            digest = hashlib.sha256(encoded).digest()
            body = BODIES[kind or "dsse 0.0.1"](signature, digest, payload, verifier, raw)
        material["tlogEntries"] = [self.entry(body, at, **proofs)]
        return made


def _verifier2(verifier: bytes, raw: bytes) -> dict[str, Any]:
    member = "x509Certificate" if b"CERTIFICATE" in verifier else "publicKey"
    return {"keyDetails": "PKIX_ECDSA_P256_SHA_256", member: {"rawBytes": b64(raw)}}


def _hashedrekord1(sig: bytes, digest: bytes, payload: bytes, verifier: bytes, raw: bytes) -> dict:
    data = {"hash": {"algorithm": "sha256", "value": digest.hex()}}
    signature = {"content": b64(sig), "publicKey": {"content": b64(verifier)}}
    return {
        "apiVersion": "0.0.1",
        "kind": "hashedrekord",
        "spec": {"data": data, "signature": signature},
    }


def _hashedrekord2(sig: bytes, digest: bytes, payload: bytes, verifier: bytes, raw: bytes) -> dict:
    inner = {
        "data": {"algorithm": "SHA2_256", "digest": b64(digest)},
        "signature": {"content": b64(sig), "verifier": _verifier2(verifier, raw)},
    }
    return {"apiVersion": "0.0.2", "kind": "hashedrekord", "spec": {"hashedRekordV002": inner}}


def _dsse1(sig: bytes, digest: bytes, payload: bytes, verifier: bytes, raw: bytes) -> dict:
    spec = {
        "envelopeHash": {"algorithm": "sha256", "value": "00" * 32},
        "payloadHash": {"algorithm": "sha256", "value": hashlib.sha256(payload).hexdigest()},
        "signatures": [{"signature": b64(sig), "verifier": b64(verifier)}],
    }
    return {"apiVersion": "0.0.1", "kind": "dsse", "spec": spec}


def _dsse2(sig: bytes, digest: bytes, payload: bytes, verifier: bytes, raw: bytes) -> dict:
    inner = {
        "payloadHash": {
            "algorithm": "SHA2_256",
            "digest": b64(hashlib.sha256(payload).digest()),
        },
        "signatures": [{"content": b64(sig), "verifier": _verifier2(verifier, raw)}],
    }
    return {"apiVersion": "0.0.2", "kind": "dsse", "spec": {"dsseV002": inner}}


def _intoto(version: str) -> Callable[..., dict]:
    def body(sig: bytes, digest: bytes, payload: bytes, verifier: bytes, raw: bytes) -> dict:
        content: dict[str, Any] = {
            "hash": {"algorithm": "sha256", "value": "11" * 32},
            "payloadHash": {"algorithm": "sha256", "value": hashlib.sha256(payload).hexdigest()},
        }
        if version == "0.0.1":
            spec = {"content": content, "publicKey": b64(verifier)}
        else:
            signed = {"publicKey": b64(verifier), "sig": b64(b64(sig).encode())}
            content["envelope"] = {"payloadType": IN_TOTO_PAYLOAD, "signatures": [signed]}
            spec = {"content": content}
        return {"apiVersion": version, "kind": "intoto", "spec": spec}

    return body


BODIES: dict[str, Callable[..., dict]] = {
    "hashedrekord 0.0.1": _hashedrekord1,
    "hashedrekord 0.0.2": _hashedrekord2,
    "dsse 0.0.1": _dsse1,
    "dsse 0.0.2": _dsse2,
    "intoto 0.0.1": _intoto("0.0.1"),
    "intoto 0.0.2": _intoto("0.0.2"),
}


def provenance_statement(artifact: bytes = b"alpha", **changes: Any) -> dict[str, Any]:
    """GitHub's own attestation of a build."""
    reference = "refs/tags/v1.2.3"
    return {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [
            {
                "name": "alpha-1.2.3.tar.gz",
                "digest": {"sha256": hashlib.sha256(artifact).hexdigest()},
            }
        ],
        "predicateType": "https://slsa.dev/provenance/v1",
        "predicate": {
            "buildDefinition": {
                "buildType": "https://actions.github.io/buildtypes/workflow/v1",
                "externalParameters": {
                    "workflow": {
                        "ref": reference,
                        "repository": REPOSITORY,
                        "path": ".github/workflows/release.yml",
                    }
                },
                "internalParameters": {"github": {"event_name": "push"}},
                "resolvedDependencies": [
                    {"uri": f"git+{REPOSITORY}@{reference}", "digest": {"gitCommit": COMMIT}}
                ],
            },
            "runDetails": {
                "builder": {"id": WORKFLOW},
                "metadata": {"invocationId": f"{REPOSITORY}/actions/runs/42/attempts/1"},
            },
        },
    } | changes


@pytest.fixture(scope="session")
def instance() -> Instance:
    return Instance()


@pytest.fixture(scope="session")
def forge() -> Any:
    """The names above, for tests that make things of their own."""

    class Forge:
        statement = staticmethod(provenance_statement)
        new_key = staticmethod(new_key)
        sign = staticmethod(sign)
        spki = staticmethod(spki)
        b64 = staticmethod(b64)
        kinds = tuple(BODIES)
        now = NOW
        workflow = WORKFLOW
        issuer = ISSUER
        repository = REPOSITORY
        commit = COMMIT
        other_instance = Instance

    return Forge


@pytest.fixture(scope="session")
def production(
    vector_folder: Callable[[str], Any],
) -> list[tuple[str, bytes]]:
    """Real bundles of several kinds, each verifying against the pinned root."""
    folder = vector_folder("provenance/provenance.tar.xz")
    cases = folder / "sigstore-conformance/bundle-verify"
    names = [
        cases / "happy-path-intoto-in-dsse-v3/bundle.sigstore.json",
        folder / "slsa-verifier/gha-internal/bundle/valid-v0.3.intoto.sigstore",
        folder
        / "slsa-verifier/testdata/gha_delegator/v2.0.0/binary-linux-amd64-push-v14.build.slsa",
    ]
    found = [(path.parent.name, path.read_bytes()) for path in names]
    with (folder / "source-tool/notes-older.ndjson").open() as lines:
        row = json.loads(lines.readline())
    return [*found, ("source note", json.dumps(row["bundle"]).encode())]


@pytest.fixture
def sbomit_document() -> Callable[[Any, dict[str, Any]], None]:
    """Writes, into the folder it is called in, an SBOMit document of one step and what it is of."""

    def write(builder: Any, body: dict[str, Any]) -> None:
        """``builder`` signs the step; ``body`` is its key as layouts have it, without an id."""
        from pratique.formats.intoto.canonical import canonical_json
        from pratique.provenance.signing import generate
        from pratique.surfaces.cli.app import dispatch

        owner, name = generate("ed25519"), hashlib.sha256(canonical_json(body)).hexdigest()
        step = {
            "_type": "step", "name": "build", "threshold": 1, "pubkeys": [name],
            "expected_materials": [], "expected_products": [["CREATE", "app.tar"]],
            "expected_command": [],
        }  # fmt: skip
        layout = {
            "_type": "layout", "expires": "2100-01-01T00:00:00Z", "readme": "", "inspect": [],
            "keys": {name: body | {"keyid": name}}, "steps": [step],
        }  # fmt: skip
        digest = {"sha256": hashlib.sha256(b"the product").hexdigest()}
        link = {
            "_type": "link", "name": "build", "command": [], "materials": {}, "byproducts": {},
            "products": {"app.tar": digest}, "environment": {},
        }  # fmt: skip
        for path, signed, by, who in (
            ("root.layout", layout, owner, "owner"),
            (f"build.{name[:8]}.link", link, builder, name),
        ):
            signature = by.sign(canonical_json(signed)).hex()
            document = {"signed": signed, "signatures": [{"keyid": who, "sig": signature}]}
            Path(path).write_text(json.dumps(document))
        Path("owner.pub").write_bytes(owner.public_pem())
        words = ["sbomit", "build", "root.layout", "--key", "owner.pub", "--name", "app"]
        assert dispatch([*words, "-o", "doc"]) == 0

    return write
