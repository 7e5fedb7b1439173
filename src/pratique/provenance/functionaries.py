"""Keys of in-toto's functionaries and owners, and their signatures.

Schemes are securesystemslib's: ``rsassa-pss-sha256``, ``ed25519``,
``ecdsa-sha2-nistp256`` and its longer curves; and OpenPGP version 4 with RSA,
as in-toto writes it (RFC 4880, section 5.2.4).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pratique.model.errors import InputError
from pratique.provenance.errors import UnsupportedEvidenceError, VerificationError
from pratique.provenance.keys import MAX_RSA_BITS, MIN_RSA_BITS, key_id, load_key, verify

if TYPE_CHECKING:
    from datetime import datetime

    from pratique.formats.intoto.layout import Key, Metadata, MetadataSignature

_PGP_HASHES = {8: "sha256", 9: "sha384", 10: "sha512"}
"""Hash algorithms of OpenPGP that are accepted (RFC 4880, section 9.4); SHA-1 is not."""


class Functionary:
    """A public key that may sign metadata.

    Args:
        key: Of ``cryptography``.
        keyid: As metadata names it; empty for any.
        pgp: Whether its signatures are OpenPGP's.
    """

    def __init__(self, key: Any, keyid: str = "", *, pgp: bool = False) -> None:
        self.key = key
        self.keyid = keyid
        self.pgp = pgp
        self.id = key_id(key)
        """Name of the key material: two ids of one key are one functionary."""

    def signed(self, metadata: Metadata) -> bool:
        """Whether a signature of the metadata is this key's."""
        return any(self._holds(one, metadata.signed) for one in metadata.signatures)

    def _holds(self, signature: MetadataSignature, data: bytes) -> bool:
        try:
            if self.pgp or signature.other_headers:
                return self.pgp and _pgp_holds(self.key, signature, data)
            verify_scheme(self.key, signature.signature, data)
        except VerificationError:
            return False
        return True


def functionary_of(key: Key, now: datetime) -> Functionary:
    """The functionary that a layout's key is.

    Raises:
        InputError: The key cannot be read.
        UnsupportedEvidenceError: It is of a kind that is not verified here.
        VerificationError: It has expired.
    """
    public = key.keyval.get("public")
    if key.method:
        if key.method != "pgp+rsa-pkcsv1.5" or not isinstance(public, dict):
            raise UnsupportedEvidenceError(f"OpenPGP keys of {key.method[:40]} are not verified")
        if key.creation_time is not None and key.validity_period:
            ends = key.creation_time + key.validity_period
            if ends < now.timestamp():
                raise VerificationError(f"the key {key.keyid[:16]} has expired")
        return Functionary(_rsa(public), key.keyid, pgp=True)
    if not isinstance(public, str):
        raise InputError("key of the in-toto layout has no public value")
    if key.keytype == "ed25519":
        return Functionary(ed25519(public), key.keyid)
    if key.keytype not in {"rsa", "ecdsa"} and not key.keytype.startswith("ecdsa-sha2-"):
        raise UnsupportedEvidenceError(f"keys of the type {key.keytype[:40]!r} are not verified")
    return Functionary(load_key(public.encode()), key.keyid)


def ed25519(public: str) -> Any:
    """An Ed25519 key of its hexadecimal value.

    Raises:
        InputError: It is none.
    """
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        return Ed25519PublicKey.from_public_bytes(bytes.fromhex(public))
    except ValueError:
        raise InputError("ed25519 key is not 32 bytes in hexadecimal") from None


def verify_scheme(key: Any, signature: bytes, data: bytes) -> None:
    """Check a signature by the scheme of a key: for RSA it is PSS with SHA-256.

    Raises:
        VerificationError: It is not the key's.
    """
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding, rsa

    if not isinstance(key, rsa.RSAPublicKey):
        verify(key, signature, data)
        return
    scheme = padding.PSS(padding.MGF1(hashes.SHA256()), padding.PSS.AUTO)
    try:
        key.verify(signature, data, scheme, hashes.SHA256())
    except (InvalidSignature, ValueError):
        raise VerificationError("the signature is not the key's over this content") from None


def _rsa(public: dict[str, Any]) -> Any:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers

    try:
        exponent, modulus = (int.from_bytes(bytes.fromhex(public[name])) for name in ("e", "n"))
        if not MIN_RSA_BITS <= modulus.bit_length() <= MAX_RSA_BITS:
            raise InputError(f"RSA key of {modulus.bit_length()} bits is not accepted")
        return RSAPublicNumbers(exponent, modulus).public_key()
    except (KeyError, TypeError, ValueError):
        raise InputError("OpenPGP key of the in-toto layout cannot be read") from None


def _pgp_holds(key: Any, signature: MetadataSignature, data: bytes) -> bool:
    """Whether a version 4 signature over a document (type 0) is an RSA key's."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding

    headers = signature.other_headers
    if len(headers) < 6 or headers[:3] != b"\x04\x00\x01":
        return False
    if len(headers) != 6 + int.from_bytes(headers[4:6]):
        return False  # else bytes of the document could pass for headers
    name = _PGP_HASHES.get(headers[3])
    if name is None:
        return False
    trailer = b"\x04\xff" + len(headers).to_bytes(4)
    width = (key.key_size + 7) // 8
    digests = {"sha256": hashes.SHA256(), "sha384": hashes.SHA384(), "sha512": hashes.SHA512()}
    try:
        key.verify(
            signature.signature.rjust(width, b"\0"),
            data + headers + trailer,
            padding.PKCS1v15(),
            digests[name],
        )
    except (InvalidSignature, ValueError):
        return False
    return True
