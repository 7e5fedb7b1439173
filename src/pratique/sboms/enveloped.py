"""Enveloped signatures of CycloneDX documents: made with a key, and verified (JSF 0.82)."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from typing import TYPE_CHECKING, Any

import msgspec

from pratique.formats.jsf import read_signers, to_sign
from pratique.formats.jsf.signature import MEMBER
from pratique.formats.json_writing import indented_json
from pratique.model.attestation import Grade, VerifiedEvidence
from pratique.model.errors import InputError, UnsupportedError
from pratique.provenance.errors import VerificationError
from pratique.provenance.judge import CHANGED_ACTION, failed
from pratique.provenance.keys import key_id

if TYPE_CHECKING:
    from pratique.formats.jsf import Signer
    from pratique.provenance.signing import SigningKey

KIND = "jsf"

_CURVES = {
    "secp256r1": ("ES256", "P-256"),
    "secp384r1": ("ES384", "P-384"),
    "secp521r1": ("ES512", "P-521"),
}
"""Curve to algorithm (RFC 7518, section 3.4) and name of it (section 6.2.1.1)."""

_HASHES = {"256": "SHA256", "384": "SHA384", "512": "SHA512"}


def sign(value: Any, key: SigningKey) -> bytes:
    """A CycloneDX document with a signature in it, in place of any that it had.

    Raises:
        UnsupportedError: It is no CycloneDX of a version that has signatures (from 1.4 on).
    """
    is_one = isinstance(value, dict) and value.get("bomFormat") == "CycloneDX"
    if not is_one or str(value.get("specVersion")) in {"1.0", "1.1", "1.2", "1.3"}:
        raise UnsupportedError(
            "has no place for a signature: that is in CycloneDX JSON from 1.4 on.",
            remedy="Sign it without --enveloped.",
        )
    algorithm, public = _web_key(key.public)
    header = {"algorithm": algorithm, "publicKey": public}
    made = key.sign(to_sign(value, header))
    if algorithm != "Ed25519":
        made = _raw(made, key.public)
    signed = value | {MEMBER: header | {"value": _encoded(made)}}
    return indented_json(signed)


def judge(value: dict[str, Any], key: Any, path: str) -> VerifiedEvidence | None:
    """Grade the signature in a document; ``None`` where it has none.

    Args:
        value: The document.
        key: Public key of the signer; without one nothing is verified.
        path: For the answer.
    """
    try:
        signers = read_signers(value)
        if not signers:
            return None
        _verify(signers, key)
    except (InputError, VerificationError) as error:
        return msgspec.structs.replace(failed(error, KIND), path=path)
    if key is None:
        return VerifiedEvidence(
            grade=Grade.UNSUPPORTED,
            kind=KIND,
            path=path,
            cause="the key that is beside the signature could be anybody's",
            next_action="Give the signer's public key with --key.",
        )
    return VerifiedEvidence(
        grade=Grade.VERIFIED, kind=KIND, path=path, identity=f"key:{key_id(key)}"
    )


def _verify(signers: tuple[Signer, ...], key: Any) -> None:
    """Check that one signature is a key's, over the whole document.

    Raises:
        VerificationError: None is.
    """
    if key is None:
        return
    causes = []
    for one in signers:
        try:
            _holds(one, key)
        except VerificationError as error:
            causes.append(error.message)
            continue
        if one.excluded:
            names = ", ".join(repr(name[:40]) for name in one.excluded[:5])
            raise VerificationError(f"the signature leaves out {names}", remedy=CHANGED_ACTION)
        return
    raise VerificationError("; ".join(dict.fromkeys(causes)), remedy=CHANGED_ACTION)


def _holds(one: Signer, key: Any) -> None:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
    from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

    algorithm = one.algorithm
    other = VerificationError(f"the signature is by {algorithm[:20]}, and the key is for another")
    kind = getattr(hashes, _HASHES.get(algorithm[2:], ""), None)
    try:
        if isinstance(key, ed25519.Ed25519PublicKey):
            if algorithm != "Ed25519":
                raise other
            key.verify(one.value, one.signed)
        elif isinstance(key, ec.EllipticCurvePublicKey):
            width = (key.key_size + 7) // 8
            if algorithm != _CURVES[key.curve.name][0] or kind is None:
                raise other
            if len(one.value) != 2 * width:
                raise VerificationError("the signature has another length than its curve's")
            r, s = (int.from_bytes(half) for half in (one.value[:width], one.value[width:]))
            key.verify(encode_dss_signature(r, s), one.signed, ec.ECDSA(kind()))
        elif isinstance(key, rsa.RSAPublicKey):
            if algorithm[:2] not in {"RS", "PS"} or kind is None:
                raise other
            scheme: Any = padding.PKCS1v15()
            if algorithm.startswith("PS"):  # RFC 7518, section 3.5: the salt is as long as the hash
                scheme = padding.PSS(padding.MGF1(kind()), kind.digest_size)
            key.verify(one.value, one.signed, scheme, kind())
        else:
            raise other
    except (InvalidSignature, ValueError):
        raise VerificationError("the signature is not the key's over this document") from None


def _web_key(public: Any) -> tuple[str, dict[str, str]]:
    """Algorithm and JSON Web Key of a public key (RFC 7517, RFC 8037)."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    if isinstance(public, Ed25519PublicKey):
        point = _encoded(public.public_bytes_raw())
        return "Ed25519", {"kty": "OKP", "crv": "Ed25519", "x": point}
    numbers, width = public.public_numbers(), (public.key_size + 7) // 8
    algorithm, curve = _CURVES[public.curve.name]
    x, y = (_encoded(one.to_bytes(width)) for one in (numbers.x, numbers.y))
    return algorithm, {"kty": "EC", "crv": curve, "x": x, "y": y}


def _raw(signature: bytes, public: Any) -> bytes:
    """A DER signature as two numbers of the curve's length (RFC 7518, section 3.4)."""
    from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

    width = (public.key_size + 7) // 8
    return b"".join(one.to_bytes(width) for one in decode_dss_signature(signature))


def _encoded(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()
