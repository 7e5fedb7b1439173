"""Which image an index means, and what its layers are.

OCI image specification 1.1 (index, manifest, config) and the ``manifest.json``
of ``docker save`` (Docker image specification 1.2).
"""

from __future__ import annotations

import hashlib
import posixpath
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from pratique.formats.text import decode, parse_json
from pratique.inventory.images.blobs import blob_path
from pratique.model.errors import InputError, LimitError

if TYPE_CHECKING:
    from pratique.formats.base import Notes
    from pratique.inventory.images.blobs import Blobs

MAX_JSON = 16 * 1024 * 1024
"""Bytes of an index, a manifest or a configuration; registries refuse manifests over 4 MiB."""

MAX_MANIFESTS = 1_000
"""Manifests of one index, with those of indexes inside of it; the largest official
images have some twenty."""

MAX_LEVELS = 4
"""Indexes within indexes."""

MAX_LAYERS = 512
"""Layers of one image; Docker's own storage ends at 128."""

PLATFORM = "linux/amd64"
"""The platform that is read where an index offers several."""

_HEX = re.compile(r"([0-9a-f]{64})(?:\.json)?\Z")


class LayerRef(NamedTuple):
    """One layer, as the manifest has it."""

    path: str
    """Of its blob."""

    digest: str
    """Of the blob; empty where the manifest states none."""

    size: int
    """Of the blob; -1 where the manifest states none."""

    diff_id: str
    """Digest of the unpacked layer, from the configuration; may be empty."""

    created_by: str
    """The step that made it, from the history; may be empty."""


class Manifest(NamedTuple):
    """One image."""

    name: str
    """Its tag where one is stated."""

    platform: str
    layers: tuple[LayerRef, ...]


class _Candidate(NamedTuple):
    digest: str
    size: int
    platform: str
    name: str


def choose(blobs: Blobs, notes: Notes) -> Manifest:
    """The image to read; others in the same archive are named in the notes.

    Raises:
        InputError: No image can be found.
    """
    if blobs.has("index.json") and (blobs.has("oci-layout") or not blobs.has("manifest.json")):
        return _of_layout(blobs, notes)
    if blobs.has("manifest.json"):
        return _of_docker(blobs, notes)
    raise InputError("has neither an index.json nor a manifest.json")


def _of_layout(blobs: Blobs, notes: Notes) -> Manifest:
    index = _object(_json(blobs, "index.json"), "index.json")
    found: list[_Candidate] = []
    _candidates(index, "", blobs, notes, found, 0)
    if not found:
        raise InputError("has an index without an image")
    chosen = next((one for one in found if one.platform == PLATFORM), found[0])
    others = [one for one in found if one.digest != chosen.digest]
    for other in others[:20]:
        what = f"{other.name or 'an image'} for {other.platform or 'an unnamed platform'}"
        message = f"holds also {what} ({other.digest[:19]}), which is not read"
        if other.platform and other.platform != chosen.platform:
            notes.notice(message)
        else:
            notes.unknown(message)
    if len(others) > 20:
        notes.unknown(f"holds {len(others) - 20} further images, which are not read")
    manifest = _object(
        _checked(blobs, chosen.digest, chosen.size, notes), f"manifest {chosen.digest[:19]}"
    )
    return _manifest(manifest, chosen, blobs, notes)


def _candidates(
    index: dict[str, Any],
    name: str,
    blobs: Blobs,
    notes: Notes,
    found: list[_Candidate],
    level: int,
) -> None:
    """Collect the manifests of an index and of those inside of it."""
    entries = index.get("manifests")
    if not isinstance(entries, list):
        raise InputError("has an index without manifests")
    for entry in entries:
        if len(found) >= MAX_MANIFESTS:
            raise LimitError(f"has an index of more than {MAX_MANIFESTS:,} images")
        if not isinstance(entry, dict) or not isinstance(entry.get("digest"), str):
            notes.unreadable("has an entry of its index that is none")
            continue
        annotations = entry.get("annotations")
        annotations = annotations if isinstance(annotations, dict) else {}
        if annotations.get("vnd.docker.reference.type"):
            continue  # an attestation about another entry, no image
        title = _text(annotations.get("io.containerd.image.name")) or _text(
            annotations.get("org.opencontainers.image.ref.name")
        )
        size = _size(entry)
        if "index" in _text(entry.get("mediaType")) or "list" in _text(entry.get("mediaType")):
            if level >= MAX_LEVELS:
                raise LimitError(f"has indexes over {MAX_LEVELS} deep")
            try:
                inner = _object(_checked(blobs, entry["digest"], size, notes), "index")
                _candidates(inner, title or name, blobs, notes, found, level + 1)
            except LimitError:
                raise
            except InputError as error:
                notes.unreadable(f"index {entry['digest'][:19]} {error.message}")
            continue
        platform = _platform(entry.get("platform"))
        if not blobs.has(blob_path(entry["digest"])) and level:
            # An index may be of more platforms than the archive was made with.
            notes.notice(f"was made without the image for {platform or 'an unnamed platform'}")
            continue
        found.append(_Candidate(entry["digest"], size, platform, title or name))


def _manifest(manifest: dict[str, Any], chosen: _Candidate, blobs: Blobs, notes: Notes) -> Manifest:
    config: dict[str, Any] = {}
    stated = manifest.get("config")
    if isinstance(stated, dict) and isinstance(stated.get("digest"), str):
        size = _size(stated)
        try:
            config = _object(_checked(blobs, stated["digest"], size, notes), "configuration")
        except InputError as error:
            notes.unreadable(f"configuration {stated['digest'][:19]} {error.message}")
    layers = manifest.get("layers")
    if not isinstance(layers, list) or not layers:
        raise InputError("has a manifest without layers")
    refs = []
    for layer, (diff_id, step) in zip(
        layers[:MAX_LAYERS], _steps(config, len(layers)), strict=False
    ):
        if not isinstance(layer, dict) or not isinstance(layer.get("digest"), str):
            notes.unreadable("has a layer in its manifest that is none")
            continue
        size = _size(layer)
        try:
            path = blob_path(layer["digest"])
        except InputError as error:
            notes.unreadable(f"has a layer whose {error.message}")
            continue
        refs.append(LayerRef(path, layer["digest"], size, diff_id, step))
    _note_many(len(layers), notes)
    return Manifest(chosen.name, chosen.platform or _platform(config), tuple(refs))


def _of_docker(blobs: Blobs, notes: Notes) -> Manifest:
    images = _json(blobs, "manifest.json")
    if not isinstance(images, list) or not images or not isinstance(images[0], dict):
        raise InputError("has a manifest.json without an image")
    tags = [_tags(image) for image in images]
    for other in tags[1:20]:
        notes.unknown(f"holds also {other or 'an image without a tag'}, which is not read")
    if len(tags) > 20:
        notes.unknown(f"holds {len(tags) - 20} further images, which are not read")
    image = images[0]
    config: dict[str, Any] = {}
    path = _text(image.get("Config"))
    try:
        data = _bytes(blobs, path)
        match = _HEX.search(posixpath.basename(path))
        if match and hashlib.sha256(data).hexdigest() != match[1]:
            notes.unreadable(f"configuration {path[:90]} has another digest than its name states")
        config = _object(parse_json(decode(data)), "configuration")
    except InputError as error:
        notes.unreadable(f"configuration {path[:90]} {error.message}")
    layers = image.get("Layers")
    if not isinstance(layers, list) or not layers:
        raise InputError("has an image without layers")
    refs = []
    for layer, (diff_id, step) in zip(
        layers[:MAX_LAYERS], _steps(config, len(layers)), strict=False
    ):
        if not _text(layer):
            notes.unreadable("has a layer in its manifest that is none")
            continue
        refs.append(LayerRef(layer, "", -1, diff_id, step))
    _note_many(len(layers), notes)
    return Manifest(tags[0], _platform(config), tuple(refs))


def _steps(config: dict[str, Any], count: int) -> list[tuple[str, str]]:
    """Digest and step of each layer: what made no layer is passed over."""
    rootfs = config.get("rootfs")
    ids = rootfs.get("diff_ids") if isinstance(rootfs, dict) else None
    ids = [_text(one) for one in ids] if isinstance(ids, list) else []
    history = config.get("history")
    steps = [
        _line(step.get("created_by"))
        for step in (history if isinstance(history, list) else [])
        if isinstance(step, dict) and step.get("empty_layer") is not True
    ]
    # Histories of squashed images are of another length; then none fits.
    steps = steps if len(steps) == count else [""] * count
    ids = ids if len(ids) == count else [""] * count
    return list(zip(ids, steps, strict=True))


def _note_many(count: int, notes: Notes) -> None:
    if count > MAX_LAYERS:
        notes.unreadable(f"has {count:,} layers; those after {MAX_LAYERS} are not read")


def _checked(blobs: Blobs, digest: str, size: int, notes: Notes) -> Any:
    """JSON of a blob; a digest or size that does not fit is noted."""
    data = _bytes(blobs, blob_path(digest))
    algorithm, _, stated = digest.partition(":")
    if hashlib.new(algorithm, data).hexdigest() != stated:
        notes.unreadable(f"blob {digest[:19]} has another digest than stated")
    elif size not in {-1, len(data)}:
        notes.unreadable(f"blob {digest[:19]} has {len(data):,} bytes, not {size:,} as stated")
    return parse_json(decode(data))


def _json(blobs: Blobs, path: str) -> Any:
    try:
        return parse_json(decode(_bytes(blobs, path)))
    except InputError as error:
        raise InputError(f"has a {path} that {error.message}") from None


def _bytes(blobs: Blobs, path: str) -> bytes:
    file = blobs.open(path)
    if file.size > MAX_JSON:
        raise LimitError(f"is {file.size:,} bytes, over the limit of {MAX_JSON:,}")
    return file.read(file.size) or b""


def _size(entry: dict[str, Any]) -> int:
    value = entry.get("size")
    return value if isinstance(value, int) else -1


def _object(value: Any, what: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise InputError(f"has a {what} that is no object")
    return value


def _platform(value: Any) -> str:
    if not isinstance(value, dict):
        return ""
    words = (value.get("os"), value.get("architecture"), value.get("variant"))
    return "/".join(word for word in map(_text, words) if word)[:60]


def _tags(image: Any) -> str:
    tags = image.get("RepoTags") if isinstance(image, dict) else None
    return ", ".join(_text(tag) for tag in tags)[:200] if isinstance(tags, list) else ""


def _line(value: Any) -> str:
    """A text of several lines as one, of bounded length."""
    line = " ".join(value.split())[:300] if isinstance(value, str) else ""
    return line if line.isprintable() else ""


def _text(value: Any) -> str:
    return value if isinstance(value, str) and value.isprintable() else ""
