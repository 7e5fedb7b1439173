"""OCI image layouts with cosign's attestations beside the image (image-spec 1.1, *Image Layout*).

Blobs are named by their digest, and every one that is read is checked against
its name.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import msgspec

from pratique.formats.dsse.wire import decode_json
from pratique.formats.sigstore import Bundle
from pratique.formats.sigstore.cosign import cosign_bundle
from pratique.model.errors import InputError
from pratique.provenance.errors import VerificationError
from pratique.provenance.images import image_digest
from pratique.provenance.subject import Subject

if TYPE_CHECKING:
    from pathlib import Path

MAX_BLOB_BYTES = 16 * 1024 * 1024
"""Largest manifest or attestation that is read; layers are never read."""

MAX_LAYERS = 256
"""Most attestations of one image."""

KIND = "kind"
IMAGES = ("dev.cosignproject.cosign/imageIndex", "dev.cosignproject.cosign/image")
ATTESTATIONS = "dev.cosignproject.cosign/atts"
ENVELOPE = "application/vnd.dsse.envelope.v1+json"


class _Descriptor(msgspec.Struct, frozen=True, rename="camel"):
    digest: str
    media_type: str = ""
    annotations: dict[str, str] = {}


class _Manifest(msgspec.Struct, frozen=True):
    manifests: tuple[_Descriptor, ...] = ()
    layers: tuple[_Descriptor, ...] = ()


class Layout(msgspec.Struct, frozen=True):
    """An image and the attestations that came with it."""

    image: Subject
    attestations: tuple[tuple[str, Bundle | InputError], ...]
    """Digest of each, and its bundle or why it cannot be read."""


def is_layout(path: Path) -> bool:
    """Whether a folder is an image layout."""
    return (path / "oci-layout").is_file() and (path / "index.json").is_file()


def read_layout(path: Path) -> Layout:
    """The image of a layout with its attestations.

    Raises:
        InputError: It is no layout, or holds no image or several.
        VerificationError: A blob is not what its name says.
    """
    index = decode_json(_read(path / "index.json"), _Manifest, "index of the layout")
    images = [one for one in index.manifests if one.annotations.get(KIND) in IMAGES]
    if not images:
        images = [one for one in index.manifests if KIND not in one.annotations]
    if len(images) != 1:
        raise InputError(f"the layout holds {len(images)} images, not one")
    digest = _hex(images[0].digest)
    _blob(path, images[0].digest)
    _check_blobs(path)
    found: list[tuple[str, Bundle | InputError]] = []
    for one in index.manifests:
        if one.annotations.get(KIND) == ATTESTATIONS:
            manifest = decode_json(_blob(path, one.digest), _Manifest, "manifest")
            layers = [layer for layer in manifest.layers if layer.media_type == ENVELOPE]
            found += [(layer.digest, _attestation(path, layer)) for layer in layers[:MAX_LAYERS]]
    return Layout(Subject(path.name, {"sha256": digest}), tuple(found))


def _check_blobs(path: Path) -> None:
    """Check every blob that is there against its name; a layer may be absent, not another."""
    for blob in sorted((path / "blobs" / "sha256").iterdir()):
        try:
            with blob.open("rb") as file:
                found = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            raise InputError(f"{blob} cannot be read: {error.strerror}") from None
        if found != blob.name:
            raise VerificationError(
                f"blob {blob.name[:16]}… of the layout is not what its name says",
                error="ErrorMismatchHash",
                remedy="Do not use the image; fetch it again from its registry.",
            )


def _attestation(path: Path, layer: _Descriptor) -> Bundle | InputError:
    try:
        return cosign_bundle(_blob(path, layer.digest), layer.annotations)
    except InputError as error:
        return error


def _hex(digest: str) -> str:
    try:
        return image_digest(digest)
    except VerificationError:
        raise InputError("the layout has a digest that is no SHA-256") from None


def _blob(path: Path, digest: str) -> bytes:
    name = _hex(digest)
    data = _read(path / "blobs" / "sha256" / name)
    if hashlib.sha256(data).hexdigest() != name:
        raise InputError(f"blob {name[:16]}… is not what its name says")
    return data


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BLOB_BYTES + 1)
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from None
    if len(data) > MAX_BLOB_BYTES:
        raise InputError(f"{path} has over {MAX_BLOB_BYTES:,} bytes")
    return data
