"""Tells the format of a model's file and what loading it would call."""

from __future__ import annotations

import io

import msgspec

from pratique.formats.models.containers import (
    GGUF,
    HDF5,
    NPY,
    ZIP,
    Contents,
    hdf5,
    npy,
    safetensors,
    unpacked,
    zipped,
)
from pratique.formats.models.imports import Danger, Import
from pratique.formats.models.pickled import imports

NAMES = (
    *("*.pkl", "*.pickle", "*.joblib", "*.pt", "*.pth", "*.ckpt", "*.npy", "*.npz"),
    *("*.h5", "*.hdf5", "*.keras", "*.safetensors", "*.gguf", "*.onnx"),
    *("pytorch_model*.bin", "*.mar", "*.dill", "*.cloudpickle"),
)
"""Names under which models are kept."""


_PACKAGES = frozenset({"site-packages", "dist-packages"})


class Inspection(msgspec.Struct, frozen=True, kw_only=True):
    """What was found in a file."""

    format: str
    imports: tuple[Import, ...] = ()
    """Callables that it names, in order."""

    layers: tuple[str, ...] = ()
    """Keras layers with code of their own."""

    problems: tuple[str, ...] = ()
    """What could not be followed, a line each."""

    @property
    def runs(self) -> tuple[Import, ...]:
        """Imports that run code."""
        return tuple(one for one in self.imports if one.danger is Danger.RUNS)

    @property
    def unknown(self) -> tuple[Import, ...]:
        """Imports that are not known to be harmless."""
        return tuple(one for one in self.imports if one.danger is Danger.UNKNOWN)


def is_path_file(data: bytes, path: str) -> bool:
    """Whether a file is one of Python's own that add folders to its path, and no model.

    They end in ``.pth`` as models do, and stand in the folders of installed packages
    (Python's documentation, module ``site``).
    """
    folder, _, name = path.rpartition("/")
    if not name.endswith(".pth") or folder.rpartition("/")[2] not in _PACKAGES:
        return False
    return b"\0" not in data and not data.startswith((b"\x80", ZIP)) and _is_text(data)


def _is_text(data: bytes) -> bool:
    try:
        return all(one.isprintable() or one.isspace() for one in data.decode())
    except UnicodeDecodeError:
        return False


def inspect(data: bytes, name: str) -> Inspection:
    """Inspect a file; nothing of it is loaded or run.

    Args:
        data: Of the whole file.
        name: Of the file.

    Raises:
        InputError: It is an archive or compressed, and damaged.
        LimitError: It exceeds a limit.
    """
    found = _contents(data, name.rpartition("/")[2].lower())
    return Inspection(
        format=found.format,
        imports=tuple(imports(found.scans)),
        layers=tuple(dict.fromkeys(found.layers)),
        problems=tuple(dict.fromkeys(found.problems)),
    )


def _contents(data: bytes, name: str) -> Contents:
    if data.startswith(ZIP):
        return zipped(data)
    if data.startswith(NPY):
        return npy(data)
    if data.startswith(HDF5):
        return hdf5(data)
    if data.startswith(GGUF):
        return Contents("GGUF")
    if name.endswith(".onnx"):
        return _onnx(data)
    if (tensors := safetensors(data)) is not None:
        return tensors
    if name.endswith((".safetensors", ".gguf", ".h5", ".hdf5", ".keras", ".npz", ".npy")):
        found = Contents("unknown")
        found.problems.append("is not of the format that its name says")
        data_is_pickle = data[:1] in {b"\x80", b"(", b"c", b"]", b"}"}
        if data_is_pickle:  # loaders that guess by content would take it for one
            found.scan(io.BytesIO(data))
        return found
    found = Contents("joblib" if name.endswith(".joblib") else "pickle")
    found.scan(io.BytesIO(unpacked(data, name)))
    return found


def _onnx(data: bytes) -> Contents:
    """A protocol buffer whose first field is the version of the format."""
    found = Contents("ONNX")
    if not data.startswith(b"\x08"):
        found.problems.append("is not of the format that its name says")
    return found
