"""Lockfiles of the Swift package manager and of CocoaPods."""

from __future__ import annotations

from pratique.formats.base import Kind, Reader

_HERE = "pratique.formats.lockfiles.swift"

READERS: tuple[Reader, ...] = (
    Reader(
        name="Package.resolved",
        title="Swift package manager lockfile, versions 1 to 3",
        kind=Kind.LOCKFILE,
        ecosystem="SwiftURL",
        files=("Package.resolved",),
        read=f"{_HERE}.package_resolved:read",
    ),
    Reader(
        name="Podfile.lock",
        title="CocoaPods lockfile",
        kind=Kind.LOCKFILE,
        files=("Podfile.lock",),
        read=f"{_HERE}.podfile_lock:read",
    ),
)
