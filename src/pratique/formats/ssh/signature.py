"""Signatures as ``ssh-keygen -Y sign`` writes them (OpenSSH, PROTOCOL.sshsig, version 1)."""

from __future__ import annotations

import binascii

import msgspec

from pratique.model.errors import InputError, LimitError, UnsupportedError

BEGIN = b"-----BEGIN SSH SIGNATURE-----"
END = b"-----END SSH SIGNATURE-----"
MAGIC = b"SSHSIG"

MAX_SIGNATURE_BYTES = 64 * 1024
"""Largest signature file; one of an RSA key of 16,384 bits has 6 kB."""

HASHES = frozenset({"sha256", "sha512"})
"""Digests of the signed file that the format allows."""

_CURVES = {
    "ecdsa-sha2-nistp256": ("nistp256", 32),
    "ecdsa-sha2-nistp384": ("nistp384", 48),
    "ecdsa-sha2-nistp521": ("nistp521", 66),
}


class PublicKey(msgspec.Struct, frozen=True):
    """A public key in SSH's encoding (RFC 4253, section 6.6; RFC 5656; RFC 8709)."""

    kind: str
    """``ssh-ed25519``, ``ssh-rsa``, ``ecdsa-sha2-nistp256`` and its longer curves."""

    point: bytes = b""
    """Of an elliptic-curve key; the whole key of Ed25519."""

    exponent: int = 0
    modulus: int = 0


class SshSignature(msgspec.Struct, frozen=True, kw_only=True):
    """A signature over a file."""

    key_blob: bytes
    """The signer's public key, in SSH's encoding."""

    namespace: str
    """What the signature is for: ``file``, ``git`` …"""

    hash: str
    """Digest of the file that was signed: ``sha256`` or ``sha512``."""

    algorithm: str
    """``ssh-ed25519``, ``rsa-sha2-512`` …"""

    signature: bytes
    reserved: bytes = b""

    def signed(self, digest: bytes) -> bytes:
        """The bytes that were signed, for a file of a digest (PROTOCOL.sshsig, section 3)."""
        parts = (self.namespace.encode(), self.reserved, self.hash.encode(), digest)
        return MAGIC + b"".join(len(one).to_bytes(4) + one for one in parts)


class _Reader:
    """Takes fields off a buffer."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def take(self, count: int) -> bytes:
        """So many bytes."""
        found = self._data[self._at : self._at + count]
        if len(found) != count:
            raise InputError("SSH data ends too early")
        self._at += count
        return found

    def number(self) -> int:
        """A uint32."""
        return int.from_bytes(self.take(4))

    def string(self) -> bytes:
        """A string with its length (RFC 4251, section 5)."""
        return self.take(self.number())

    def text(self) -> str:
        """A string of printable ASCII."""
        data = self.string()
        try:
            text = data.decode("ascii")
        except UnicodeDecodeError:
            raise InputError("SSH data has a name that is not ASCII") from None
        if not text.isprintable():
            raise InputError("SSH data has a name with control characters")
        return text

    def mpint(self) -> int:
        """A positive integer."""
        value = int.from_bytes(self.string(), signed=True)
        if value <= 0:
            raise InputError("SSH data has a number that is not positive")
        return value

    def end(self) -> None:
        """Nothing may follow."""
        if self._at != len(self._data):
            raise InputError("SSH data goes on where it should end")


def is_ssh_signature(data: bytes) -> bool:
    """Whether a file is such a signature, judged by its first line."""
    return data[:1024].lstrip().startswith(BEGIN)


def read_ssh_signature(data: bytes) -> SshSignature:
    """Signature of an armored file.

    Raises:
        LimitError: It is over ``MAX_SIGNATURE_BYTES``.
        UnsupportedError: It is of another version.
        InputError: It is no such signature.
    """
    if len(data) > MAX_SIGNATURE_BYTES:
        raise LimitError(f"SSH signature is over the limit of {MAX_SIGNATURE_BYTES:,} bytes")
    text = data.strip()
    if not text.startswith(BEGIN) or not text.endswith(END) or len(text) < len(BEGIN) + len(END):
        raise InputError("SSH signature has no armour")
    body = b"".join(text[len(BEGIN) : -len(END)].split())
    try:
        reader = _Reader(binascii.a2b_base64(body, strict_mode=True))
    except binascii.Error:
        raise InputError("SSH signature is not base64") from None
    if reader.take(len(MAGIC)) != MAGIC:
        raise InputError("SSH signature does not begin as one")
    if (version := reader.number()) != 1:
        raise UnsupportedError(f"SSH signature is of the version {version}")
    key_blob, namespace, reserved = reader.string(), reader.text(), reader.string()
    digest, blob = reader.text(), reader.string()
    reader.end()
    if not namespace:
        raise InputError("SSH signature has an empty namespace")
    if digest not in HASHES:
        raise UnsupportedError(f"SSH signature is over a {digest[:20]} digest")
    inner = _Reader(blob)
    algorithm, signature = inner.text(), inner.string()
    inner.end()
    return SshSignature(
        key_blob=key_blob,
        namespace=namespace,
        hash=digest,
        algorithm=algorithm,
        signature=signature,
        reserved=reserved,
    )


def public_key_of(blob: bytes) -> PublicKey:
    """The key of its encoding.

    Raises:
        UnsupportedError: It is of a kind that is not read: a certificate, a security key.
        InputError: It is no public key.
    """
    reader = _Reader(blob)
    kind = reader.text()
    if kind == "ssh-ed25519":
        key = PublicKey(kind, reader.string())
    elif kind == "ssh-rsa":
        exponent = reader.mpint()
        key = PublicKey(kind, b"", exponent, reader.mpint())
    elif kind in _CURVES:
        if reader.text() != _CURVES[kind][0]:
            raise InputError("SSH key is of another curve than it says")
        key = PublicKey(kind, reader.string())
    else:
        raise UnsupportedError(f"SSH keys of the kind {kind[:60]} are not verified")
    reader.end()
    return key


def ecdsa_numbers(signature: bytes) -> tuple[int, int]:
    """The two numbers of an ECDSA signature (RFC 5656, section 3.1.2).

    Raises:
        InputError: It is none.
    """
    reader = _Reader(signature)
    r, s = reader.mpint(), reader.mpint()
    reader.end()
    return r, s
