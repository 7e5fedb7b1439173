"""Signing with Rekor 2's own server and OpenSSL's timestamp authority."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import time
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from pratique.surfaces.cli.app import dispatch

WHO = "dev@example.test"


REKOR = "rekor-server-posix"
"""Rekor 2's server with a folder as storage: cmd/rekor-server/posix of rekor-tiles."""


@pytest.fixture
def rekor(forge, tmp_path: Path, free_port):
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
    http, grpc, metrics = free_port(), free_port(), free_port()
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
        server.wait(60)


def wait_for(port: int, server: subprocess.Popen[bytes], output: Path) -> None:
    for _ in range(1200):
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
def test_with_a_real_log_and_a_real_timestamp_authority(desk: Any, rekor) -> None:
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
