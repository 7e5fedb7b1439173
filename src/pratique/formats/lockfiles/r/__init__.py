"""Lockfiles of R."""

from __future__ import annotations

from pratique.formats.base import Kind, Reader

READERS: tuple[Reader, ...] = (
    Reader(
        name="renv.lock",
        title="renv lockfile of R packages",
        kind=Kind.LOCKFILE,
        files=("renv.lock",),
        read="pratique.formats.lockfiles.r.renv_lock:read",
    ),
)
