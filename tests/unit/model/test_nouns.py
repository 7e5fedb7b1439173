from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pratique.model.errors import InputError
from pratique.model.nouns import HEX_LENGTHS, Artifact, Builder, License, Source, Vulnerability
from pratique.model.purl import Package

SHA1 = "0123456789abcdef0123456789abcdef01234567"


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        (f"sha1:{SHA1}", f"sha1:{SHA1}"),
        (f"SHA-1: {SHA1.upper()} ", f"sha1:{SHA1}"),
        ("MD-5:" + "a" * 32, "md5:" + "a" * 32),
        ("blake2b:" + "0F" * 5, "blake2b:" + "0f" * 5),
    ],
)
def test_an_artifact_has_one_text(text: str, canonical: str) -> None:
    assert str(Artifact.parse(text)) == canonical


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "names no algorithm"),
        (SHA1, "names no algorithm"),
        (f":{SHA1}", "not hexadecimal"),
        ("sha1:", "not hexadecimal"),
        ("sha1:xyz", "not hexadecimal"),
        ("sha256:" + SHA1, "has 40 hex digits, not 64"),
        ("sha1:" + "\N{ARABIC-INDIC DIGIT ONE}" * 40, "not hexadecimal"),
    ],
)
def test_what_is_not_a_digest_says_why(text: str, reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        Artifact.parse(text)


@given(st.sampled_from(sorted(HEX_LENGTHS)), st.data())
def test_artifact_round_trip(algorithm: str, data: st.DataObject) -> None:
    length = HEX_LENGTHS[algorithm]
    digest = data.draw(st.text("0123456789abcdef", min_size=length, max_size=length))
    artifact = Artifact.of(algorithm.upper(), digest)
    assert Artifact.parse(str(artifact)) == artifact == Artifact(algorithm, digest)


def test_a_source_names_its_commit_before_its_reference() -> None:
    url = "https://code.test/alpha"
    assert str(Source(url)) == f"git+{url}"
    assert str(Source(url, reference="v1")) == f"git+{url}@v1"
    assert str(Source(url, SHA1, "v1")) == f"git+{url}@{SHA1}"
    assert str(Source(url, "12", vcs="hg")) == f"hg+{url}@12"


def test_other_nouns_are_their_text() -> None:
    assert str(Vulnerability("CVE-2024-0001")) == "CVE-2024-0001"
    assert str(Builder("https://build.test/v1")) == "https://build.test/v1"
    assert str(License("MIT OR Apache-2.0")) == "MIT OR Apache-2.0"


def test_nouns_are_values() -> None:
    nouns = (
        Artifact.parse(f"sha1:{SHA1}"),
        Source("https://code.test/alpha"),
        Vulnerability("CVE-2024-0001"),
        Builder("https://build.test/v1"),
        License("MIT"),
        Package.parse("pkg:npm/alpha@1"),
    )
    assert len(set(nouns)) == len(nouns)
    for noun in nouns:
        with pytest.raises(AttributeError):
            noun.name = "other"
    assert Vulnerability("CVE-1") < Vulnerability("CVE-2")
