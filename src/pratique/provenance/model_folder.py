"""The files of a signed AI model, compared with what was signed (OMS v1.0).

The folder is read by the library ``model-signing``, in the way that the
signature says.  Nothing of a model is loaded or run.
"""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING, Annotated, Any

import msgspec

from pratique.model.errors import InputError, UsageError
from pratique.provenance.errors import UnsupportedEvidenceError, VerificationError
from pratique.provenance.files import shown

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from pratique.formats.intoto import ResourceDescriptor

PREDICATE_TYPE = "https://model_signing/signature/v1.0"

EXTRA = "models"
"""Name of the extra that brings the library."""

MAX_NAMED = 10
"""Most files of a kind that a message names; their number is always said."""

GIT_PATHS = (".git", ".gitattributes", ".github", ".gitignore")
"""What is left out unless the signature lists it (OMS v1.0, section 6.2)."""

ALGORITHMS = {"sha256": "sha256", "blake2": "blake2", "blake2b": "blake2", "blake3": "blake3"}
"""Digests by the names in signatures, and how the library calls them."""

Hexadecimal = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64,128}$")]


class Resource(msgspec.Struct, frozen=True):
    """A file of the model, or a part of one."""

    name: str
    digest: Hexadecimal
    algorithm: str = "sha256"


class Serialization(msgspec.Struct, frozen=True):
    """How the folder was read."""

    method: str
    hash_type: str = "sha256"
    allow_symlinks: bool = False
    shard_size: int = 0
    ignore_paths: tuple[str, ...] = ()


class Signature(msgspec.Struct, frozen=True):
    """The predicate."""

    serialization: Serialization
    resources: tuple[Resource, ...] = ()


def compare(folder: Path, expected: Signature, own: str) -> tuple[str, ...]:
    """What of the folder is not covered; its files are compared with what was signed.

    Raises:
        VerificationError: A file was changed, added or removed; all are named.
    """
    how = expected.serialization
    signed = {
        _own_name(one.name, folder): (one.algorithm, one.digest) for one in expected.resources
    }
    ignored = {one for one in how.ignore_paths if stays(one)}
    # what the signature lists is compared, though it would be left out by default
    ignored |= {
        one for one in GIT_PATHS if not any(f"{name}/".startswith(f"{one}/") for name in signed)
    }
    actual = _hashed(folder, how, (*ignored, *filter(None, [own])))
    changed = [name for name in signed if name in actual and signed[name] != actual[name]]
    missing = [name for name in signed if name not in actual]
    added = [name for name in actual if name not in signed]
    said = [
        f"{what}: {named(names)}"
        for what, names in (("changed", changed), ("missing", missing), ("not signed", added))
        if names
    ]
    if said:
        raise VerificationError(
            f"the model is not what was signed; {'; '.join(said)}",
            error="ErrorMismatchHash",
            remedy="Do not load it; fetch it again from its publisher.",
        )
    return tuple(sorted(one for one in ignored if one != own and (folder / one).exists()))


def _hashed(folder: Path, how: Serialization, ignored: Iterable[str]) -> dict[str, tuple[str, str]]:
    """Every file or shard that is there, with algorithm and digest."""
    config = _library().Config()
    algorithm = ALGORITHMS.get(how.hash_type)
    if algorithm is None:
        raise UnsupportedEvidenceError(f"the digest {how.hash_type[:40]!r} is not known here")
    links = how.allow_symlinks
    if how.method == "files":
        config.use_file_serialization(hashing_algorithm=algorithm, allow_symlinks=links)
    elif how.method == "shards" and how.shard_size > 0:
        config.use_shard_serialization(
            hashing_algorithm=algorithm, shard_size=how.shard_size, allow_symlinks=links
        )
    else:
        raise UnsupportedEvidenceError(f"the serialization {how.method[:40]!r} is not known here")
    config.set_ignored_paths(paths=list(ignored), ignore_git_paths=False)
    config.set_allow_symlinks(links)
    try:
        manifest = config.hash(folder)
    except ValueError as error:  # a link or a special file where none was signed
        raise VerificationError(
            f"the model is not what was signed; {' '.join(str(error).split())[:300]}",
            error="ErrorMismatchHash",
        ) from None
    except OSError as error:
        raise InputError(f"{error.filename or folder} cannot be read: {error.strerror}") from None
    return {
        _own_name(str(one.identifier), folder): (one.digest.algorithm, one.digest.digest_hex)
        for one in manifest.resource_descriptors()
    }


def _own_name(name: str, model: Path) -> str:
    """Name of a file: a model of one file has its own (section 6.1.2), the library has a dot."""
    if (name == "." or name.startswith(".:")) and model.is_file():
        return f"{model.name}{name[1:]}"
    return name


def _library() -> Any:
    """The library's module that reads folders.

    Raises:
        UnsupportedEvidenceError: It is absent, or something that it needs is.
    """
    try:
        from model_signing import hashing
    except ImportError as error:
        raise UnsupportedEvidenceError(
            f"signatures of models need the library model-signing ({error.name} is absent)",
            remedy=f"Install 'pratique[{EXTRA}]'.",
        ) from None
    return hashing


def stays(path: str) -> bool:
    """Whether a path that a signature leaves out is within the folder, and not all of it."""
    parts = [part for part in path.replace("\\", "/").split("/") if part not in {"", "."}]
    return bool(parts) and ".." not in parts and not path.startswith("/")


def within(path: Path, folder: Path) -> str:
    """The signature's own place in the folder; empty where it is elsewhere."""
    try:
        return os.fspath(path.resolve().relative_to(folder.resolve()))
    except ValueError:
        return ""


def named(names: Iterable[str]) -> str:
    """Names for a message: the first few, and how many more."""
    listed = sorted(map(shown, names))
    more = f" and {len(listed) - MAX_NAMED:,} more" if len(listed) > MAX_NAMED else ""
    return ", ".join(one[:200] for one in listed[:MAX_NAMED]) + more


def model_statement(
    folder: Path, left_out: Iterable[Path]
) -> tuple[tuple[ResourceDescriptor, ...], tuple[str, dict[str, Any]]]:
    """Subject and predicate of a signature of a model, as the library makes them.

    Args:
        folder: The model.
        left_out: Files in it that are not signed, such as the signature itself.

    Raises:
        UsageError: The library is absent.
        InputError: Something in it is a link or a special file, or cannot be read.
    """
    from pratique.formats.intoto import ResourceDescriptor

    ignored = [*GIT_PATHS, *filter(None, (within(path, folder) for path in left_out))]
    how = Serialization("files", ignore_paths=tuple(ignored))
    try:
        found = _hashed(folder, how, ignored)
    except UnsupportedEvidenceError as error:
        raise UsageError(f"{error.message}.", remedy=error.remedy) from None
    except VerificationError as error:
        cause = error.message.partition("; ")[2]
        raise InputError(f"{folder} cannot be signed: {cause}") from None
    if not found:
        raise InputError(f"{folder} has no file to sign.")
    if unreadable := [name for name in found if shown(name) != name]:
        raise InputError(f"{folder} has a name that is not in UTF-8: {named(unreadable)}.")
    rows = [
        {"name": name, "algorithm": algorithm, "digest": digest}
        for name, (algorithm, digest) in sorted(found.items())
    ]
    total = hashlib.sha256(b"".join(bytes.fromhex(row["digest"]) for row in rows)).hexdigest()
    subject = ResourceDescriptor(name=name_of(folder), digest={"sha256": total})
    serialization = {
        "method": "files",
        "hash_type": "sha256",
        "allow_symlinks": False,
        "ignore_paths": sorted(ignored),
    }
    return (subject,), (PREDICATE_TYPE, {"serialization": serialization, "resources": rows})


def name_of(folder: Path) -> str:
    """Name of a model: that of its folder or file."""
    return folder.name or folder.resolve().name
