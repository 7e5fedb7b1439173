"""Signing keys in hardware, by PKCS#11 (v2.40), named by a URI (RFC 7512).

The module, the token's own library, is native code that its user names.  The
key never leaves the token; what it signs is verified with its public key
before anybody gets it.
"""

from __future__ import annotations

import hashlib
import os
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from pratique.model.errors import EvidenceError, InputError, PratiqueError, UsageError
from pratique.provenance.keys import digest_of, key_id, load_key, verify
from pratique.provenance.pkcs11_uri import KeyUri, read_uri
from pratique.provenance.signing import PASSPHRASE_VARIABLE, SigningKey

if TYPE_CHECKING:
    from types import TracebackType

EXTRA = "pkcs11"
"""Name of the extra that brings the library."""

MODULE_VARIABLE = "PRATIQUE_PKCS11_MODULE"
"""Environment variable with the path of the module, where the URI names none."""

MAX_PIN_BYTES = 4096
"""Longest file of a PIN."""


class HardwareKey(SigningKey):
    """A private key in a token, which signs as one of a file does.

    Args:
        uri: Which key.
        pin: Of the token's user; None for the URI's ``pin-source``, or a token without.

    Raises:
        UsageError: The library is absent, no module is named, or the PIN is missing or wrong.
        EvidenceError: There is no such key, there are several, or the token does not work.
    """

    def __init__(self, uri: KeyUri, pin: bytes | None = None) -> None:
        if find_spec("pkcs11") is None:
            raise UsageError(
                "keys in hardware need the library python-pkcs11.",
                remedy=f"Install 'pratique[{EXTRA}]', or sign with a key file.",
            )
        self._uri = uri
        self._pin = _pin(uri) if uri.pin_source else pin
        with _Explained("the token cannot be used"), _session(uri, self._pin) as session:
            public = _public(session, uri, _one(session, uri))
        self.public = load_key(public)
        self.id = key_id(self.public)

    def sign(self, data: bytes) -> bytes:
        """A signature over data; DER for ECDSA, with the digest of the key's curve."""
        from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
        from pkcs11 import KeyType, Mechanism

        # a session of its own: a token may end one that waits for a long build
        with _Explained("the token did not sign"), _session(self._uri, self._pin) as session:
            private = _one(session, self._uri)
            if private.key_type == KeyType.EC:
                digest = hashlib.new(digest_of(self.public), data).digest()
                raw = bytes(private.sign(digest, mechanism=Mechanism.ECDSA))
                half = len(raw) // 2
                r, s = (int.from_bytes(one, "big") for one in (raw[:half], raw[half:]))
                signature = encode_dss_signature(r, s)
            else:
                signature = bytes(private.sign(data, mechanism=Mechanism.EDDSA))
        try:
            verify(self.public, signature, data)
        except PratiqueError:
            raise EvidenceError(
                "the token's signature does not verify with its public key.",
                remedy="Check that the private and the public key of the token belong together.",
            ) from None
        return signature

    def private_pem(self, passphrase: bytes | None) -> bytes:  # noqa: ARG002 - of a key file
        """Never: the key does not leave the token.

        Raises:
            UsageError: Always.
        """
        raise UsageError("a key in hardware cannot be written to a file.")


def open_key(uri: str, pin: bytes | None = None) -> HardwareKey:
    """The key that a URI names; raises as :func:`read_uri` and :class:`HardwareKey`."""
    return HardwareKey(read_uri(uri), pin)


def _pin(uri: KeyUri) -> bytes:
    """First line of the file of ``pin-source`` (§2.4: a file URI, or a path)."""
    parts = urlsplit(uri.pin_source)
    if parts.scheme not in {"", "file"} or parts.netloc not in {"", "localhost"}:
        raise UsageError("pin-source names no file.", remedy="Write it as file:/path.")
    path = Path(parts.path)
    try:
        with path.open("rb") as file:
            line = file.read(MAX_PIN_BYTES).split(b"\n", 1)[0].rstrip(b"\r")
    except OSError as error:
        raise InputError(f"PIN {path} cannot be read: {error.strerror}.") from None
    if not line:
        raise UsageError(f"{path} holds no PIN.")
    return line


def _session(uri: KeyUri, pin: bytes | None) -> Any:
    import pkcs11

    module = uri.module_path or os.environ.get(MODULE_VARIABLE, "")
    if not module:
        raise UsageError(
            "no module of a token is named.",
            remedy=f"Add ?module-path=/path/of/the/module.so to the URI, or set {MODULE_VARIABLE}.",
        )
    try:
        library = pkcs11.lib(module)
    except (RuntimeError, OSError) as error:
        raise InputError(f"module {module} cannot be loaded: {str(error)[:200]}.") from None
    wanted = {"token": "label", "manufacturer": "manufacturer_id", "model": "model"}
    tokens = [
        token
        for token in (slot.get_token() for slot in library.get_slots(token_present=True))
        if all(
            not getattr(uri, name) or getattr(token, attribute) == getattr(uri, name)
            for name, attribute in wanted.items()
        )
        and (not uri.serial or token.serial.decode("utf-8", "replace").strip() == uri.serial)
        and pkcs11.TokenFlag.TOKEN_INITIALIZED in token.flags
    ]
    if len(tokens) != 1:
        raise EvidenceError(
            f"{len(tokens)} tokens are what the URI says, not one.",
            remedy="Name it with token=LABEL or serial=NUMBER; 'pkcs11-tool -L' lists them.",
        )
    if pin is None and pkcs11.TokenFlag.LOGIN_REQUIRED in tokens[0].flags:
        raise UsageError(
            "the token needs its PIN.",
            remedy=f"Give it in {PASSPHRASE_VARIABLE}, or with --passphrase-file.",
        )
    return tokens[0].open(user_pin=pin.decode("utf-8", "replace") if pin else None)


def _one(session: Any, uri: KeyUri) -> Any:
    """The only private key that is what the URI says."""
    from pkcs11 import Attribute, KeyType, ObjectClass

    query: dict[Any, Any] = {Attribute.CLASS: ObjectClass.PRIVATE_KEY}
    if uri.object:
        query[Attribute.LABEL] = uri.object
    if uri.id:
        query[Attribute.ID] = uri.id
    found = list(session.get_objects(query))
    if len(found) != 1:
        raise EvidenceError(
            f"the token has {len(found)} keys that are what the URI says, not one.",
            remedy="Name it with object=LABEL or id=%01; 'pkcs11-tool -O' lists them.",
        )
    if found[0].key_type not in {KeyType.EC, KeyType.EC_EDWARDS}:
        raise EvidenceError(
            f"the key is of the kind {found[0].key_type.name}, which does not sign here.",
            remedy="Use a key on P-256, P-384 or P-521, or Ed25519.",
        )
    return found[0]


def _public(session: Any, uri: KeyUri, private: Any) -> bytes:
    """Its public key, SubjectPublicKeyInfo: of the public object, or of a certificate."""
    from pkcs11 import Attribute, KeyType, ObjectClass
    from pkcs11.util.ec import encode_ec_public_key

    identifier = private[Attribute.ID]
    query: dict[Any, Any] = {Attribute.CLASS: ObjectClass.PUBLIC_KEY}
    query |= {Attribute.ID: identifier} if identifier else {Attribute.LABEL: uri.object}
    for found in session.get_objects(query):
        if private.key_type == KeyType.EC:
            return bytes(encode_ec_public_key(found))
        return _edwards(bytes(found[Attribute.EC_POINT]))
    for found in session.get_objects({**query, Attribute.CLASS: ObjectClass.CERTIFICATE}):
        return _of_certificate(bytes(found[Attribute.VALUE]))
    raise EvidenceError(
        "the token has neither the public key nor a certificate of this key.",
        remedy="Write one of them to the token under the same id.",
    )


def _edwards(point: bytes) -> bytes:
    """A point of Ed25519, as it is or in an OCTET STRING (PKCS#11 v3.0 §2.3.10)."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    from pratique.provenance.keys import spki

    raw = point[2:] if len(point) == 34 and point[:2] == b"\x04\x20" else point
    return bytes(spki(Ed25519PublicKey.from_public_bytes(raw)))


def _of_certificate(der: bytes) -> bytes:
    from cryptography.x509 import load_der_x509_certificate

    from pratique.provenance.keys import spki

    return bytes(spki(load_der_x509_certificate(der).public_key()))


class _Explained:
    """Turns the library's errors, which mostly have no text, into this program's."""

    def __init__(self, what: str) -> None:
        self._what = what

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        if not isinstance(error, Exception) or isinstance(error, PratiqueError):
            return
        from pkcs11.exceptions import PinIncorrect, PinInvalid, PinLenRange, PinLocked

        if isinstance(error, PinIncorrect | PinInvalid | PinLenRange):
            raise UsageError(
                "the token refuses the PIN.", remedy="Check it: tokens lock after some tries."
            ) from None
        if isinstance(error, PinLocked):
            raise EvidenceError(
                "the token is locked.", remedy="Unlock it with its SO PIN."
            ) from None
        text = " ".join(str(error).split())[:200]
        cause = type(error).__name__ + (f" ({text})" if text else "")
        raise EvidenceError(f"{self._what}: {cause}.", remedy="Check the token and its module.")
