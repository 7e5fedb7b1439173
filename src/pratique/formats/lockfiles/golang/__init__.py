"""Module files of Go."""

from __future__ import annotations

from pratique.formats.base import Kind, Reader

_HERE = "pratique.formats.lockfiles.golang"

READERS: tuple[Reader, ...] = (
    Reader(
        name="go.mod",
        title="Go module file",
        kind=Kind.LOCKFILE,
        ecosystem="Go",
        files=("go.mod",),
        read=f"{_HERE}.go_mod:read",
        sniff=f"{_HERE}.go_mod:is_go_mod",
        supersedes=("go.sum",),
    ),
    Reader(
        name="go.sum",
        title="Go module checksums, read where no go.mod is beside them",
        kind=Kind.LOCKFILE,
        ecosystem="Go",
        files=("go.sum",),
        read=f"{_HERE}.go_sum:read",
        sniff=f"{_HERE}.go_sum:is_go_sum",
    ),
)
