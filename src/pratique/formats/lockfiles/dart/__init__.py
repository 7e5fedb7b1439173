"""Lockfiles of Dart and Flutter."""

from __future__ import annotations

from pratique.formats.base import Kind, Reader

READERS: tuple[Reader, ...] = (
    Reader(
        name="pubspec.lock",
        title="Dart and Flutter lockfile",
        kind=Kind.LOCKFILE,
        ecosystem="Pub",
        files=("pubspec.lock",),
        read="pratique.formats.lockfiles.dart.pubspec_lock:read",
        sniff="pratique.formats.lockfiles.dart.pubspec_lock:sniff",
    ),
)
