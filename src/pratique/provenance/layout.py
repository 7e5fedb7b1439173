"""OCI image layouts with the evidence beside the image (image-spec 1.1, *Image Layout*).

cosign's attestations and signatures are in manifests that the index marks; Sigstore
bundles are in manifests that name the image as their ``subject`` (image-spec 1.1,
*referrers*), as GitHub and newer cosigns write them.  Blobs are named by their digest,
and every one that is read is checked against its name.
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

import msgspec

from pratique.formats.dsse.wire import decode_json
from pratique.formats.sigstore import Bundle, read_bundle
from pratique.formats.sigstore.cosign import cosign_bundle
from pratique.formats.sigstore.simple_signing import MEDIA_TYPE as SIGNED
from pratique.formats.sigstore.simple_signing import ImageSignature, image_signature
from pratique.model.errors import InputError, LimitError, UnsupportedError
from pratique.provenance.errors import VerificationError
from pratique.provenance.images import image_digest
from pratique.provenance.subject import Subject

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MAX_BLOB_BYTES = 16 * 1024 * 1024
"""Largest manifest or attestation that is read; layers are never read."""

MAX_LAYERS = 256
"""Most attestations of one image, of a kind."""

MAX_MANIFESTS = 4_096
"""Most manifests of a layout that are looked into; one of many platforms has some dozen."""

KIND = "kind"
IMAGES = ("dev.cosignproject.cosign/imageIndex", "dev.cosignproject.cosign/image")
ATTESTATIONS = "dev.cosignproject.cosign/atts"
SIGNATURES = "dev.cosignproject.cosign/sigs"
ENVELOPE = "application/vnd.dsse.envelope.v1+json"
BUNDLE = "application/vnd.dev.sigstore.bundle"
"""How the type of a referrer, and of its layer, begins that is a Sigstore bundle."""

FALLBACK = re.compile(r"sha256-[0-9a-f]{64}(?:\.[a-z]+)?\Z")
"""Tags under which registries without the referrers API keep lists of referrers
(distribution-spec 1.1), and cosign its attestations."""

NOTARY = "application/vnd.cncf.notary.signature"
REFERENCE = "org.opencontainers.image.ref.name"


class _Descriptor(msgspec.Struct, frozen=True, rename="camel"):
    digest: str
    media_type: str = ""
    annotations: dict[str, str] = {}


class _Config(msgspec.Struct, frozen=True, rename="camel"):
    media_type: str = ""


class _Manifest(msgspec.Struct, frozen=True, rename="camel"):
    manifests: tuple[_Descriptor, ...] = ()
    layers: tuple[_Descriptor, ...] = ()
    subject: _Descriptor | None = None
    artifact_type: str = ""
    config: _Config = _Config()

    @property
    def type(self) -> str:
        """What the manifest is of; the type of its configuration where nothing else says it."""
        return self.artifact_type or self.config.media_type


class Layout(msgspec.Struct, frozen=True):
    """An image and the evidence that came with it: the digest of each, and it or its fault."""

    image: Subject
    attestations: tuple[tuple[str, Bundle | InputError], ...]
    """cosign's, with annotations."""

    signatures: tuple[tuple[str, ImageSignature | InputError], ...] = ()
    """cosign's, over the image."""

    bundles: tuple[tuple[str, Bundle | InputError], ...] = ()
    """Of manifests that refer to the image."""


def is_layout(path: Path) -> bool:
    """Whether a folder is an image layout."""
    return (path / "oci-layout").is_file() and (path / "index.json").is_file()


def read_layout(path: Path) -> Layout:
    """The image of a layout with the evidence about it.

    Raises:
        InputError: It is no layout, or holds no image or several.
        VerificationError: A blob is not what its name says.
    """
    index = decode_json(_read(path / "index.json"), _Manifest, "index of the layout")
    if len(index.manifests) > MAX_MANIFESTS:
        raise LimitError(f"the layout has over {MAX_MANIFESTS:,} manifests")
    image, referrers = _parted(path, index)
    digest = _hex(image.digest)
    _blob(path, image.digest)
    _check_blobs(path)
    attestations: list[tuple[str, Bundle | InputError]] = []
    signatures: list[tuple[str, ImageSignature | InputError]] = []
    for one in index.manifests:
        kind = one.annotations.get(KIND)
        if kind == ATTESTATIONS:
            layers = _layers(path, one, ENVELOPE)
            attestations += [(layer.digest, _attestation(path, layer)) for layer in layers]
        elif kind == SIGNATURES:
            layers = _layers(path, one, SIGNED)
            signatures += [(layer.digest, _signature(path, layer)) for layer in layers]
    return Layout(
        Subject(path.name, {"sha256": digest}),
        tuple(attestations),
        tuple(signatures),
        tuple(_bundles(path, image.digest, referrers)),
    )


def _parted(path: Path, index: _Manifest) -> tuple[_Descriptor, list[_Descriptor]]:
    """The image of an index, and what is not one: referrers, and parts of other manifests.

    Raises:
        InputError: It holds no image, or several.
    """
    marked = [one for one in index.manifests if one.annotations.get(KIND) in IMAGES]
    others = [
        one
        for one in index.manifests
        if KIND not in one.annotations and not FALLBACK.match(one.annotations.get(REFERENCE, ""))
    ]
    referrers, images, parts = [], [], set()
    for one in others:
        manifest = _manifest(path, one)
        if manifest is not None and manifest.subject is not None:
            referrers.append(one)
            continue
        images.append(one)
        parts |= {each.digest for each in manifest.manifests} if manifest is not None else set()
    found = marked or [one for one in images if one.digest not in parts]
    distinct = list({one.digest: one for one in found}.values())
    if len(distinct) != 1:
        raise InputError(f"the layout holds {len(distinct)} images, not one")
    return distinct[0], referrers


def _manifest(path: Path, one: _Descriptor) -> _Manifest | None:
    """A manifest as far as it is looked into here; None where it cannot be."""
    try:
        return decode_json(_blob(path, one.digest), _Manifest, "manifest")
    except InputError:
        return None  # whether the image itself is there is checked by itself


def _layers(path: Path, one: _Descriptor, kind: str) -> list[_Descriptor]:
    manifest = decode_json(_blob(path, one.digest), _Manifest, "manifest")
    return [layer for layer in manifest.layers if layer.media_type == kind][:MAX_LAYERS]


def _bundles(
    path: Path, image: str, referrers: list[_Descriptor]
) -> Iterator[tuple[str, Bundle | InputError]]:
    """Evidence of the manifests that refer to an image; other documents about it are none."""
    for one in referrers[:MAX_LAYERS]:
        manifest = decode_json(_blob(path, one.digest), _Manifest, "manifest")
        if manifest.subject is None or manifest.subject.digest != image:
            continue
        if manifest.type == NOTARY:
            yield one.digest, UnsupportedError("Notary's signatures are not verified here")
        if not manifest.type.startswith(BUNDLE):
            continue
        for layer in manifest.layers:
            try:
                yield layer.digest, read_bundle(_blob(path, layer.digest))
            except InputError as error:
                yield layer.digest, error


def _signature(path: Path, layer: _Descriptor) -> ImageSignature | InputError:
    try:
        return image_signature(_blob(path, layer.digest), layer.annotations)
    except InputError as error:
        return error


def _check_blobs(path: Path) -> None:
    """Check every blob that is there against its name; a layer may be absent, not another."""
    folder = path / "blobs" / "sha256"
    try:
        blobs = sorted(folder.iterdir())
    except OSError as error:
        raise InputError(f"{folder} cannot be read: {error.strerror}") from None
    for blob in blobs:
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
