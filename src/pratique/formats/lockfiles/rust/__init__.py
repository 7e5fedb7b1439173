"""Lockfile and manifest of Rust."""

from __future__ import annotations

from pratique.formats.base import Kind, Reader

_HERE = "pratique.formats.lockfiles.rust"

READERS: tuple[Reader, ...] = (
    Reader(
        name="Cargo.lock",
        title="Cargo lockfile, versions 1 to 4",
        kind=Kind.LOCKFILE,
        ecosystem="crates.io",
        files=("Cargo.lock",),
        read=f"{_HERE}.cargo_lock:read",
        sniff=f"{_HERE}.cargo_lock:is_cargo_lock",
        supersedes=("Cargo.toml",),
    ),
    Reader(
        name="Cargo.toml",
        title="Cargo manifest",
        kind=Kind.MANIFEST,
        ecosystem="crates.io",
        files=("Cargo.toml",),
        read=f"{_HERE}.cargo_toml:read",
    ),
)
