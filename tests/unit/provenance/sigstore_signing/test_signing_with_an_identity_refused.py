"""What is not signed: services that are wrong or silent, tokens and options that are none."""

from __future__ import annotations

import shutil
from typing import Any

import pytest

from pratique.model.errors import EvidenceError, PratiqueError, UpstreamError, UsageError


def test_an_entry_that_does_not_hold_is_not_written(desk: Any) -> None:
    desk.services.broken.add("log")
    with pytest.raises(EvidenceError, match="does not verify, and is not written"):
        desk.sign(*desk.token())
    assert not desk.output.exists()


def test_an_instance_that_is_not_the_one_that_is_trusted(desk: Any, forge) -> None:
    config = desk.services.config()
    other = forge.other_instance().trusted_root()["tlogs"]
    other[0]["publicKey"]["keyDetails"] = "PKIX_ECDSA_P256_SHA_256"
    config["trustedRoot"]["tlogs"] = other
    with pytest.raises(EvidenceError, match="does not verify"):
        desk.sign(*desk.token(), config=config)
    assert not desk.output.exists()


@pytest.mark.parametrize("path", ["/api/v2/signingCert", "/api/v1/log/entries"])
def test_a_service_that_is_out_of_order(desk: Any, path: str) -> None:
    desk.services.broken.add(path)
    with pytest.raises(UpstreamError, match="did not sign"):
        desk.sign(*desk.token())
    assert not desk.output.exists()


def test_a_service_that_does_not_answer_is_given_up(
    desk: Any, monkeypatch: pytest.MonkeyPatch
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
def test_without_a_timestamp_nothing_proves_the_time(desk: Any) -> None:
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
def test_tokens_that_are_none(desk: Any, changes: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        desk.sign(*desk.token(**changes))
    assert "/api/v2/signingCert" not in desk.services.asked


def test_a_token_that_the_authority_refuses(desk: Any, forge) -> None:
    other = type(desk.services)(desk.services.instance, forge, desk.folder)
    other.url = desk.services.url
    (desk.folder / "token").write_text(other.token())
    with pytest.raises(UpstreamError, match="did not sign") as caught:
        desk.sign("--identity-token-file", str(desk.folder / "token"))
    assert other.token()[:40] not in str(caught.value)


def test_nobody_says_who_signs(desk: Any) -> None:
    with pytest.raises(UsageError, match="nothing says who signs"):
        desk.sign()


@pytest.mark.parametrize(
    "config",
    [
        {"x": 1},
        {"mediaType": "application/json"},
    ],
)
def test_configurations_that_are_none(desk: Any, config: dict[str, Any]) -> None:
    with pytest.raises(PratiqueError, match="trust configuration") as caught:
        desk.sign(*desk.token(), config=config)
    assert caught.value.exit_code == 3
    assert desk.services.asked == []


def test_options_that_contradict(desk: Any) -> None:
    with pytest.raises(UsageError, match="certificate and log entry"):
        desk.sign(*desk.token(), "--form", "dsse")
    with pytest.raises(UsageError, match="contradict"):
        desk.sign(*desk.token(), "--browser")
    with pytest.raises(UsageError, match="not allowed with"):
        desk.sign("--signing-key", "key.pem")
    with pytest.raises(UsageError, match="no instance 'corp'"):
        desk.sign("--trust-config", "instance:corp")


def test_without_the_library_the_extra_is_named(desk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from pratique.sources import sigstore_services

    monkeypatch.setattr(sigstore_services, "find_spec", lambda _name: None)
    with pytest.raises(UsageError, match="needs the library sigstore") as caught:
        desk.sign(*desk.token())
    assert "pratique[sigstore]" in caught.value.remedy
