"""Files of trained models: what they are, and what loading them would call.

Nothing is loaded.  Pickles are read opcode by opcode with the standard
library's ``pickletools``, which decodes and runs nothing.
"""

from __future__ import annotations

from pratique.formats.base import Kind, Reader
from pratique.formats.models.inspect import NAMES, Inspection, inspect, is_path_file

FORMAT = "model file"
"""How the format of a reading of one starts."""

RUNS_CODE, UNKNOWN_CODE = "model-runs-code", "model-imports-unknown"
"""Rules that warn of one."""

__all__ = [
    "FORMAT",
    "NAMES",
    "READERS",
    "RUNS_CODE",
    "UNKNOWN_CODE",
    "Inspection",
    "inspect",
    "is_path_file",
]

READERS: tuple[Reader, ...] = (
    Reader(
        name="model-file",
        title="files of trained models: pickle, PyTorch, joblib, NumPy, Keras, safetensors, "
        "GGUF, ONNX",
        kind=Kind.INSTALLED,
        files=NAMES,
        read="pratique.formats.models.read:read",
    ),
)
"""The formats of this room."""
