"""Lockfiles of Stack and Cabal."""

from __future__ import annotations

from pratique.formats.base import Kind, Reader

_HERE = "pratique.formats.lockfiles.haskell"

READERS: tuple[Reader, ...] = (
    Reader(
        name="stack.yaml.lock",
        title="Stack lockfile of extra dependencies",
        kind=Kind.LOCKFILE,
        ecosystem="Hackage",
        files=("stack.yaml.lock",),
        read=f"{_HERE}.stack_lock:read",
    ),
    Reader(
        name="cabal.project.freeze",
        title="Cabal frozen constraints",
        kind=Kind.LOCKFILE,
        ecosystem="Hackage",
        files=("cabal.project.freeze",),
        read=f"{_HERE}.cabal_freeze:read",
    ),
)
