"""Files of trained models: what they are, and what loading them would call.

Nothing is loaded.  Pickles are read opcode by opcode with the standard
library's ``pickletools``, which decodes and runs nothing.
"""

from __future__ import annotations

from pratique.formats.base import Kind, Reader
from pratique.formats.models.inspect import NAMES, Inspection, inspect

__all__ = ["NAMES", "READERS", "Inspection", "inspect"]

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
