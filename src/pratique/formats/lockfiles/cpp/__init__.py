"""Lockfiles of Conan."""

from __future__ import annotations

from pratique.formats.base import Kind, Reader

READERS: tuple[Reader, ...] = (
    Reader(
        name="conan.lock",
        title="Conan lockfile, of Conan 1 (0.2 to 0.4) and Conan 2 (0.5)",
        kind=Kind.LOCKFILE,
        ecosystem="ConanCenter",
        files=("conan.lock",),
        read="pratique.formats.lockfiles.cpp.conan_lock:read",
    ),
)
