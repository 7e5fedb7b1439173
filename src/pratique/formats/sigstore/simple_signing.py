"""cosign's signatures over images (cosign, ``specs/SIGNATURE_SPEC.md``; *simple signing*).

The layer is a small JSON document that names the image by its digest; its
annotations hold the signature over the layer's bytes, and the certificate and log
entry of a signer with an identity.
"""

from __future__ import annotations

import hashlib

import msgspec

from pratique.formats.dsse.wire import base64_bytes, decode_json
from pratique.formats.sigstore.bundle import Bundle, MessageSignature
from pratique.formats.sigstore.cosign import CERTIFICATE, CHAIN, ENTRY, log_entry, pem_certificates
from pratique.model.errors import InputError, UnsupportedError

MEDIA_TYPE = "application/vnd.dev.cosign.simplesigning.v1+json"
"""Of the layer."""

SIGNATURE = "dev.cosignproject.cosign/signature"

TYPE = "cosign container image signature"
"""``critical.type`` of the document."""


class _Image(msgspec.Struct, frozen=True):
    digest: str = msgspec.field(name="docker-manifest-digest")


class _Critical(msgspec.Struct, frozen=True):
    image: _Image
    type: str


class _Payload(msgspec.Struct, frozen=True):
    critical: _Critical


class ImageSignature(msgspec.Struct, frozen=True):
    """A signature over an image."""

    payload: bytes
    """What was signed."""

    image: str
    """Digest that it names: ``sha256:…``."""

    bundle: Bundle
    """The signature over the payload; without a certificate where a key signed."""


def image_signature(blob: bytes, annotations: dict[str, str]) -> ImageSignature:
    """Signature of a layer.

    Args:
        blob: The layer.
        annotations: Of the layer in its manifest.

    Raises:
        UnsupportedError: The document is of another type.
        InputError: It is no such document, or lacks its signature or log entry.
    """
    payload = decode_json(blob, _Payload, "image signature")
    if payload.critical.type != TYPE:
        raise UnsupportedError(
            f"image signature is of the unknown type {payload.critical.type[:80]!r}"
        )
    if not annotations.get(SIGNATURE):
        raise InputError(f"image signature has no annotation {SIGNATURE}")
    certified = bool(annotations.get(CERTIFICATE))
    if certified and not annotations.get(ENTRY):
        raise InputError(f"image signature has no annotation {ENTRY}")
    chain = annotations.get(CERTIFICATE, "") + annotations.get(CHAIN, "")
    signature = base64_bytes(annotations[SIGNATURE], "image signature")
    return ImageSignature(
        payload=blob,
        image=payload.critical.image.digest,
        bundle=Bundle(
            version=(0, 1),
            certificates=pem_certificates(chain) if certified else (),
            key_hint=None if certified else "",
            entries=(log_entry(annotations[ENTRY]),) if annotations.get(ENTRY) else (),
            message=MessageSignature("sha256", hashlib.sha256(blob).digest(), signature),
        ),
    )
