"""Lockfiles of Bundler."""

from __future__ import annotations

from pratique.formats.base import Kind, Reader

READERS: tuple[Reader, ...] = (
    Reader(
        name="Gemfile.lock",
        title="Bundler lockfile: gems from servers, Git and paths, with checksums",
        kind=Kind.LOCKFILE,
        ecosystem="RubyGems",
        files=("Gemfile.lock", "gems.locked"),
        read="pratique.formats.lockfiles.ruby.gemfile_lock:read",
    ),
)
