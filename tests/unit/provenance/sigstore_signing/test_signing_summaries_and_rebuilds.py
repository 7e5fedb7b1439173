"""Summaries of what was verified and rebuilt, and SBOMit's bills, signed with an identity."""

from __future__ import annotations

import hashlib
import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

import pytest

from pratique.surfaces.cli.app import dispatch

WHO = "dev@example.test"


@pytest.fixture
def identity(desk: Any) -> list[str]:
    """Options that sign as the identity, once each: a token is for one signature here."""
    path = desk.folder / "config.json"
    path.write_text(json.dumps(desk.services.config()))
    return ["--sigstore", "--trust-config", str(path), *desk.token()]


@pytest.fixture
def trusted(desk: Any) -> list[str]:
    """Options that trust the instance, after it has signed."""
    path = desk.folder / "trusted_root.json"
    path.write_text(json.dumps(desk.services.trusted_root(stamps=False)))
    return ["--trusted-root", str(path)]


def test_a_verification_summary(desk: Any, identity: list[str], trusted: list[str]) -> None:
    desk.sign(*desk.token())
    who = ["--identity", WHO, "--issuer", desk.services.url]
    output = desk.folder / "alpha.vsa.sigstore.json"
    words = ["--verifier-id", "https://verifier.example.test", "--resource-uri", "pkg:generic/a@1"]
    words += ["--policy-uri", "https://policy.example.test", "-o", str(output)]
    given = ["attest", "vsa", str(desk.artifact), *who, *trusted, *words, *identity]
    assert dispatch(given) == 0
    words = ["-b", str(output), "--verifier", "https://verifier.example.test", *who, *trusted]
    assert dispatch(["verify", str(desk.artifact), *words]) == 0
    stranger = ["--identity", "other@example.test", "--issuer", desk.services.url]
    words = ["-b", str(output), *stranger, *trusted]
    assert dispatch(["verify", str(desk.artifact), *words]) == 1


def test_a_rebuild(desk: Any, identity: list[str], trusted: list[str]) -> None:
    from pratique.provenance.attest_options import signing_key
    from pratique.provenance.rebuild import cli
    from pratique.provenance.rebuild.models import File, Grade, Rebuilt

    output = desk.folder / "alpha.sigstore.json"
    parser = ArgumentParser()
    cli.rebuild.configure(parser)
    words = ["pkg:pypi/alpha@1.0", "--attest", str(output), "--verifier", "https://r.example.test"]
    options = parser.parse_args([*words, *identity])
    digest = hashlib.sha256(desk.artifact.read_bytes()).hexdigest()
    file = File(name=desk.artifact.name, sha256=digest, size=5)
    one = Rebuilt(
        package="pkg:pypi/alpha@1.0", grade=Grade.BIT_IDENTICAL, published=file, rebuilt=file
    )
    cli._attest(options, signing_key(options), one)
    words = ["-b", str(output), "--require", "SLSA_BUILD_REPRODUCED", *trusted]
    who = ["--identity", WHO, "--issuer", desk.services.url]
    assert dispatch(["verify", str(desk.artifact), *words, *who]) == 0
    assert dispatch(["verify", str(desk.artifact), *words]) == 3  # anybody can sign a level


def test_a_bill_of_sbomit(
    desk: Any, identity: list[str], trusted: list[str], sbomit_document, monkeypatch, capsys
) -> None:
    from pratique.provenance.signing import generate

    monkeypatch.chdir(desk.folder)
    builder = generate("ed25519")
    value = {"public": builder.public.public_bytes_raw().hex()}
    body = {"keytype": "ed25519", "scheme": "ed25519", "keyval": value}
    sbomit_document(builder, body)
    words = ["sbomit", "generate", "doc", "--key", "owner.pub", "-o", "app.cdx.json"]
    assert dispatch([*words, *identity]) == 0
    assert Path("app.cdx.json.sigstore.json").is_file()
    verified = ["sbomit", "verify", "doc", "--key", "owner.pub", "--bill", "app.cdx.json"]
    assert dispatch(verified) == 1  # an identity is no functionary of the layout
    assert "nobody who may sign" in capsys.readouterr().out
    named = ["--bill-identity", WHO, "--bill-issuer", desk.services.url, *trusted]
    assert dispatch([*verified, *named]) == 0
    other = ["--bill-identity", "other@example.test", "--bill-issuer", desk.services.url, *trusted]
    assert dispatch([*verified, *other]) == 1
    assert "signed by dev@example.test, not by other@example.test" in capsys.readouterr().out
