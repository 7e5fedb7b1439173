"""That a log entry is about this very signature.

A log proves that it holds a body; what ties the body to a bundle is that the
content's digest, the signature and the signer in it are the bundle's
(Sigstore client specification, "Verify the log entry").
"""

from __future__ import annotations

import binascii
import hashlib
from typing import TYPE_CHECKING, Any

import msgspec

from pratique.formats.dsse import Envelope, pae
from pratique.model.errors import InputError
from pratique.provenance.certificates import load_certificate
from pratique.provenance.errors import UnsupportedEvidenceError, VerificationError
from pratique.provenance.keys import load_key, spki

if TYPE_CHECKING:
    from pratique.formats.sigstore import Bundle, LogEntry


class Signed(msgspec.Struct, frozen=True):
    """What an entry must be about."""

    signature: bytes
    envelope: Envelope | None
    algorithm: str
    """Of the message's digest; empty for an envelope."""

    digest: bytes
    certificate: bytes
    """DER; empty where a bare key signed."""

    key: bytes
    """DER SubjectPublicKeyInfo of the signer."""

    envelope_hash: str = ""
    """Hexadecimal SHA-256 of the envelope's JSON as it was sent to the log, where it was kept."""


def signed_of(bundle: Bundle, certificate: bytes, key: Any) -> Signed:
    """What the entries of a bundle must be about."""
    if bundle.envelope is not None:
        return Signed(
            bundle.envelope.signatures[0].sig,
            bundle.envelope,
            "",
            b"",
            certificate,
            spki(key),
            bundle.envelope_hash,
        )
    message = bundle.message
    if message is None:
        raise InputError("Sigstore bundle has no content")
    return Signed(
        message.signature, None, message.algorithm, message.digest, certificate, spki(key)
    )


def bind(entry: LogEntry, signed: Signed) -> None:
    """Check that an entry is about a signature.

    Raises:
        UnsupportedEvidenceError: The entry is of a kind or version not known here.
        VerificationError: It is about another content, signature or signer.
        InputError: Its body is not what its kind has.
    """
    try:
        body = msgspec.json.decode(entry.body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise InputError("log entry has a body that is not JSON") from None
    kind, version = _at(body, "kind"), _at(body, "apiVersion")
    if (kind, version) != (entry.kind, entry.version):
        raise _mismatch("kind")
    check = _KINDS.get((entry.kind, entry.version))
    if check is None:
        raise UnsupportedEvidenceError(
            f"log entries of kind {entry.kind[:40]} {entry.version[:20]} are not verified"
        )
    check(_at(body, "spec"), signed)


def _hashedrekord_1(spec: Any, signed: Signed) -> None:
    _same_signature(_base64(spec, "signature", "content"), signed)
    _same_signer(_base64(spec, "signature", "publicKey", "content"), signed)
    algorithm, digest = _message_digest(signed, "sha256")
    if _text(spec, "data", "hash", "algorithm") != algorithm:
        raise _mismatch("digest algorithm")
    if _text(spec, "data", "hash", "value") != digest.hex():
        raise _other("digest")


def _hashedrekord_2(spec: Any, signed: Signed) -> None:
    inner = _at(spec, "hashedRekordV002")
    _same_signature(_base64(inner, "signature", "content"), signed)
    _same_verifier(_at(inner, "signature", "verifier"), signed)
    names = {"SHA2_256": "sha256", "SHA2_384": "sha384", "SHA2_512": "sha512"}
    algorithm = names.get(_text(inner, "data", "algorithm"), "")
    expected, digest = _message_digest(signed, algorithm)
    if algorithm != expected or _base64(inner, "data", "digest") != digest:
        raise _other("digest")


def _message_digest(signed: Signed, algorithm: str) -> tuple[str, bytes]:
    """Digest of what was signed; of an envelope, that of its encoding (Rekor v2, section 6.1.4)."""
    if signed.envelope is None:
        return signed.algorithm, signed.digest
    if algorithm not in {"sha256", "sha384", "sha512"}:
        raise _mismatch("digest algorithm")
    encoded = pae(signed.envelope.payload_type, signed.envelope.payload)
    return algorithm, hashlib.new(algorithm, encoded).digest()


def _dsse_1(spec: Any, signed: Signed) -> None:
    signature = _only_signature(spec)
    _same_signature(_base64(signature, "signature"), signed)
    _same_signer(_base64(signature, "verifier"), signed)
    _payload_hash(spec, signed)


def _dsse_2(spec: Any, signed: Signed) -> None:
    inner = _at(spec, "dsseV002")
    signature = _only_signature(inner)
    _same_signature(_base64(signature, "content"), signed)
    _same_verifier(_at(signature, "verifier"), signed)
    if _text(inner, "payloadHash", "algorithm") != "SHA2_256":
        raise _mismatch("digest algorithm")
    if _base64(inner, "payloadHash", "digest") != _payload_digest(signed):
        raise _other("payload")


def _intoto_2(spec: Any, signed: Signed) -> None:
    content = _at(spec, "content")
    envelope = _at(content, "envelope")
    signature = _only_signature(envelope)
    # the signature is base64 in the envelope, and Rekor encodes that text once more
    twice = _base64(signature, "sig")
    try:
        logged = binascii.a2b_base64(twice, strict_mode=True)
    except ValueError:
        raise _mismatch("signature") from None
    _same_signature(logged, signed)
    _same_signer(_base64(signature, "publicKey"), signed)
    if signed.envelope is None or _text(envelope, "payloadType") != signed.envelope.payload_type:
        raise _other("payload type")
    _payload_hash(content, signed)


def _intoto_1(spec: Any, signed: Signed) -> None:
    """No signature is in the body: payload and signer tie it, and the envelope's hash where known.

    Rekor hashed the envelope's JSON as it was sent, which need not be kept;
    the log had verified the signature when it took the entry.
    """
    content = _at(spec, "content")
    _same_signer(_base64(spec, "publicKey"), signed)
    _payload_hash(content, signed)
    if signed.envelope_hash and (
        _text(content, "hash", "algorithm") != "sha256"
        or _text(content, "hash", "value") != signed.envelope_hash
    ):
        raise _mismatch("envelope")


_KINDS = {
    ("hashedrekord", "0.0.1"): _hashedrekord_1,
    ("hashedrekord", "0.0.2"): _hashedrekord_2,
    ("dsse", "0.0.1"): _dsse_1,
    ("dsse", "0.0.2"): _dsse_2,
    ("intoto", "0.0.1"): _intoto_1,
    ("intoto", "0.0.2"): _intoto_2,
}


def _only_signature(value: Any) -> Any:
    signatures = _at(value, "signatures")
    if not isinstance(signatures, list) or len(signatures) != 1:
        raise _mismatch("number of signatures")
    return signatures[0]


def _payload_digest(signed: Signed) -> bytes:
    if signed.envelope is None:
        raise _mismatch("content")
    return hashlib.sha256(signed.envelope.payload).digest()


def _payload_hash(spec: Any, signed: Signed) -> None:
    if _text(spec, "payloadHash", "algorithm") != "sha256":
        raise _mismatch("digest algorithm")
    if _text(spec, "payloadHash", "value") != _payload_digest(signed).hex():
        raise _other("payload")


def _same_signature(logged: bytes, signed: Signed) -> None:
    if logged != signed.signature:
        raise _mismatch("signature")


def _same_signer(pem: bytes, signed: Signed) -> None:
    """Compare the PEM of a certificate or key with the signer."""
    if b"BEGIN CERTIFICATE" in pem:
        _same_certificate(pem, signed)
    elif signed.certificate or spki(load_key(pem)) != signed.key:
        raise _mismatch("key")


def _same_certificate(data: bytes, signed: Signed) -> None:
    from cryptography.hazmat.primitives.serialization import Encoding

    if load_certificate(data).public_bytes(Encoding.DER) != signed.certificate:
        raise _mismatch("certificate")


def _same_verifier(verifier: Any, signed: Signed) -> None:
    """Compare Rekor v2's verifier with the signer."""
    if isinstance(verifier, dict) and "x509Certificate" in verifier:
        _same_certificate(_base64(verifier, "x509Certificate", "rawBytes"), signed)
    elif signed.certificate or spki(load_key(_base64(verifier, "publicKey", "rawBytes"))) != (
        signed.key
    ):
        raise _mismatch("key")


def _mismatch(what: str) -> VerificationError:
    return VerificationError(f"the log entry is for another {what}", error="ErrorMismatchSignature")


def _other(what: str) -> VerificationError:
    """The content is not what was logged with this signature, so it was not signed either."""
    return VerificationError(
        f"the log entry is for another {what}",
        error="ErrorInvalidSignature",
        remedy="The content was changed after it was signed; fetch it again from its origin.",
    )


def _at(value: Any, *path: str) -> Any:
    for name in path:
        if not isinstance(value, dict) or name not in value:
            raise InputError(f"log entry has no {name}")
        value = value[name]
    return value


def _text(value: Any, *path: str) -> str:
    found = _at(value, *path)
    if not isinstance(found, str):
        raise InputError(f"log entry has a {path[-1]} that is not text")
    return found


def _base64(value: Any, *path: str) -> bytes:
    try:
        return binascii.a2b_base64(_text(value, *path).encode("ascii"), strict_mode=True)
    except (ValueError, UnicodeEncodeError):
        raise InputError(f"log entry has a {path[-1]} that is not base64") from None
