"""A bundle is taken whole and as it was signed, or not at all."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from pratique.advisories import Index, bundle
from pratique.advisories.build import build
from pratique.advisories.bundle import PAYLOAD_TYPE, export_bundle, import_bundle
from pratique.advisories.delta import Change, apply_delta
from pratique.advisories.errors import FormatError
from pratique.advisories.inputs import Source
from pratique.advisories.layout import FileInfo
from pratique.advisories.signing import sign
from pratique.formats.dsse.write import write_envelope
from pratique.model.errors import EvidenceError, InputError, LimitError, PratiqueError, UsageError
from pratique.surfaces.cli.app import dispatch

ZERO = {"introduced": "0"}
NOW = datetime(2026, 3, 1, tzinfo=UTC)
LATER = NOW + timedelta(days=5)


def keys(folder: Path, name: str, private: Any, passphrase: bytes = b"") -> tuple[Path, Path]:
    lock = BestAvailableEncryption(passphrase) if passphrase else NoEncryption()
    secret, public = folder / f"{name}.pem", folder / f"{name}.pub"
    secret.write_bytes(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, lock))
    public.write_bytes(
        private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    )
    return secret, public


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Path, Path]:
    return keys(tmp_path, "key", ed25519.Ed25519PrivateKey.generate())


@pytest.fixture
def data(tmp_path: Path, record: Any, source: Callable[..., Path]) -> Path:
    root = tmp_path / "data"
    build(root, [Source(path=str(source(record("A-1", "npm", "a", ZERO))))], as_of=NOW, now=NOW)
    apply_delta(root, [Change(record("A-2", "npm", "b", ZERO), "S")], now=NOW)
    return root


@pytest.fixture
def made(tmp_path: Path, data: Path, pair: tuple[Path, Path]) -> Path:
    export_bundle(Index.open(data).folder, tmp_path / "bundle", pair[0])
    return tmp_path / "bundle"


def test_there_and_back(tmp_path: Path, data: Path, made: Path, pair: Any) -> None:
    import_bundle(tmp_path / "there", made, pair[1], now=LATER)
    there, here = Index.open(tmp_path / "there"), Index.open(data)
    there.verify()
    assert there.manifest == here.manifest
    assert there.advisory("A-2") == here.advisory("A-2") is not None
    assert there.details("A-1") == here.details("A-1")
    import_bundle(tmp_path / "there", made, pair[1], now=LATER)
    assert list(tmp_path.glob(".bundle-*")) == []


@pytest.mark.parametrize("curve", [ec.SECP256R1, ec.SECP384R1])
def test_ecdsa_and_encrypted_keys(
    tmp_path: Path, data: Path, curve: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret, public = keys(tmp_path, "ec", ec.generate_private_key(curve()), b"open sesame")
    folder = Index.open(data).folder
    with pytest.raises(UsageError, match="not a private key that can be read"):
        export_bundle(folder, tmp_path / "b", secret)
    monkeypatch.setenv("PRATIQUE_KEY_PASSPHRASE", "open sesame")
    export_bundle(folder, tmp_path / "b", secret)
    import_bundle(tmp_path / "there", tmp_path / "b", public, now=LATER)
    assert Index.open(tmp_path / "there").manifest.records == 2


def test_keys_that_are_none(tmp_path: Path, made: Path, data: Path) -> None:
    _, other = keys(tmp_path, "other", ed25519.Ed25519PrivateKey.generate())
    with pytest.raises(EvidenceError, match="not signed by the key"):
        import_bundle(tmp_path / "there", made, other, now=LATER)
    secret, public = keys(tmp_path, "rsa", rsa.generate_private_key(65537, 2048))
    with pytest.raises(UsageError, match="another kind"):
        import_bundle(tmp_path / "there", made, public, now=LATER)
    with pytest.raises(UsageError, match="another kind"):
        export_bundle(Index.open(data).folder, tmp_path / "b", secret)
    for path in (made, secret, tmp_path / "absent"):
        with pytest.raises((UsageError, InputError)):
            import_bundle(tmp_path / "there", made, path, now=LATER)
    assert not (tmp_path / "there").exists()


def test_any_byte_changed_is_refused(tmp_path: Path, made: Path, pair: Any) -> None:
    whole, draw = made.read_bytes(), random.Random(3)
    for _ in range(150):
        data = bytearray(whole)
        for _ in range(draw.choice((1, 1, 5))):
            data[draw.randrange(len(data))] ^= 1 << draw.randrange(8)
        made.write_bytes(data)
        with pytest.raises(PratiqueError):
            import_bundle(tmp_path / "there", made, pair[1], now=LATER)
    for data in (whole[:-1], whole + b"x", whole[: len(whole) // 2], b"", whole[:30]):
        made.write_bytes(data)
        with pytest.raises(PratiqueError):
            import_bundle(tmp_path / "there", made, pair[1], now=LATER)
    assert not (tmp_path / "there" / "current").exists()
    assert list((tmp_path / "there").glob("*")) == []


def test_older_bundle_is_refused(
    tmp_path: Path, made: Path, pair: Any, record: Any, source: Callable[..., Path]
) -> None:
    there = tmp_path / "there"
    day = NOW + timedelta(days=1)
    build(there, [Source(path=str(source(record("B-1", "npm", "b", ZERO))))], as_of=day, now=day)
    with pytest.raises(EvidenceError, match="older than the advisories in use") as caught:
        import_bundle(there, made, pair[1], now=LATER)
    assert "--accept-older" in caught.value.remedy
    assert Index.open(there).advisory("B-1") is not None
    import_bundle(there, made, pair[1], now=LATER, accept_older=True)
    assert Index.open(there).advisory("A-1") is not None


def test_bundle_from_the_future_is_refused(tmp_path: Path, made: Path, pair: Any) -> None:
    with pytest.raises(EvidenceError, match="is to come"):
        import_bundle(tmp_path / "there", made, pair[1], now=NOW - timedelta(days=1))


def signed(tmp_path: Path, pair: Any, manifest: Any, content: bytes = b"") -> Path:
    payload = manifest if isinstance(manifest, bytes) else msgspec.json.encode(manifest)
    envelope = write_envelope(sign(payload, PAYLOAD_TYPE, pair[0]))
    path = tmp_path / "hostile"
    path.write_bytes(b"pratique-advisories 1 %d\n" % len(envelope) + envelope + content)
    return path


@pytest.mark.parametrize(
    "name", ["../../evil", "/etc/evil", "a/b", ".hidden", "", "manifest.json", "a" * 200, "a\0b"]
)
def test_signed_names_never_leave_the_folder(
    tmp_path: Path, data: Path, pair: Any, name: str
) -> None:
    """Also one who has the key writes nothing elsewhere."""
    manifest = Index.open(data).manifest
    info = FileInfo(0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    hostile = msgspec.structs.replace(manifest, files={name: info})
    with pytest.raises(InputError, match="files that cannot be"):
        import_bundle(tmp_path / "there", signed(tmp_path, pair, hostile), pair[1], now=LATER)
    hostile = msgspec.structs.replace(manifest, generation=name or "..")
    if name != "manifest.json":
        with pytest.raises(InputError, match="files that cannot be"):
            import_bundle(tmp_path / "there", signed(tmp_path, pair, hostile), pair[1], now=LATER)


def test_signed_sizes_have_limits(
    tmp_path: Path, data: Path, pair: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    manifest = Index.open(data).manifest
    for size in (1 << 62, -5):
        hostile = msgspec.structs.replace(manifest, files={"a": FileInfo(size, "0" * 64)})
        with pytest.raises(LimitError):
            import_bundle(tmp_path / "there", signed(tmp_path, pair, hostile), pair[1], now=LATER)
    many = {f"f{n}": FileInfo(0, "0" * 64) for n in range(1001)}
    hostile = msgspec.structs.replace(manifest, files=many)
    with pytest.raises(LimitError, match="more than 1000 files"):
        import_bundle(tmp_path / "there", signed(tmp_path, pair, hostile), pair[1], now=LATER)
    monkeypatch.setattr(bundle, "MAX_ENVELOPE_BYTES", 10)
    with pytest.raises(LimitError, match="manifest is over"):
        import_bundle(tmp_path / "there", signed(tmp_path, pair, manifest), pair[1], now=LATER)


def test_other_versions_are_refused(tmp_path: Path, data: Path, pair: Any, made: Path) -> None:
    manifest = Index.open(data).manifest
    for changed in (
        msgspec.structs.replace(manifest, format=9),
        msgspec.structs.replace(manifest, ordering_format=9),
        msgspec.structs.replace(manifest, fingerprint="other"),
        b'{"format": 2}',
        b"[]",
    ):
        with pytest.raises(FormatError):
            import_bundle(tmp_path / "there", signed(tmp_path, pair, changed), pair[1], now=LATER)
    made.write_bytes(made.read_bytes().replace(b"advisories 1 ", b"advisories 2 ", 1))
    with pytest.raises(FormatError, match="form 2, not 1"):
        import_bundle(tmp_path / "there", made, pair[1], now=LATER)


def test_commands(
    tmp_path: Path, data: Path, pair: Any, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    file, there = str(tmp_path / "b"), str(tmp_path / "there")
    words = ["advisories", "export", file, "--key", str(pair[0]), "--data", str(data)]
    assert dispatch(words) == 0
    monkeypatch.setenv("PRATIQUE_ADVISORIES_KEY", str(pair[1]))
    assert dispatch(["advisories", "import", file, "--data", there]) == 0
    assert "records     2" in capsys.readouterr().out
    monkeypatch.delenv("PRATIQUE_ADVISORIES_KEY")
    with pytest.raises(UsageError, match="no key is named"):
        dispatch(["advisories", "import", file, "--data", there])


def test_starter_is_not_carried(tmp_path: Path, pair: Any) -> None:
    from pratique.advisories.snapshot import open_root

    folder = open_root(tmp_path / "fresh").folder
    with pytest.raises(UsageError, match="only the starter is in use"):
        export_bundle(folder, tmp_path / "b", pair[0])
