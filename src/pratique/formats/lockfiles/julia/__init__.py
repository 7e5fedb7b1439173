"""Lockfiles of Julia."""

from __future__ import annotations

from pratique.formats.base import Kind, Reader

READERS: tuple[Reader, ...] = (
    Reader(
        name="Manifest.toml",
        title="Julia's manifest, formats 1 and 2",
        kind=Kind.LOCKFILE,
        ecosystem="Julia",
        files=("Manifest.toml", "JuliaManifest.toml", "Manifest-v*.toml"),
        read="pratique.formats.lockfiles.julia.manifest:read",
    ),
)
"""The formats of this room."""
