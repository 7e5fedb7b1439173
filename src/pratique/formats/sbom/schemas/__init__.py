"""CycloneDX's own schemas, compressed; README.md beside them says where they are from."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

MAX_SCHEMA = 4 * 1024 * 1024
"""Bytes that a schema may unpack to; the largest has 0.6 MB."""


@cache
def schema(name: str) -> bytes:
    """A schema by its file name (``bom-1.6.schema.json``, ``bom-1.6.xsd``)."""
    import zstandard

    packed = files(__name__).joinpath(f"{name}.zst").read_bytes()
    return zstandard.ZstdDecompressor().decompress(packed, max_output_size=MAX_SCHEMA)
