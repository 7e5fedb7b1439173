"""Lockfiles of Composer."""

from __future__ import annotations

from pratique.formats.base import Kind, Reader

READERS: tuple[Reader, ...] = (
    Reader(
        name="composer.lock",
        title="Composer lockfile, with what composer.json beside it asks for",
        kind=Kind.LOCKFILE,
        ecosystem="Packagist",
        files=("composer.lock",),
        read="pratique.formats.lockfiles.php.composer_lock:read",
    ),
)
