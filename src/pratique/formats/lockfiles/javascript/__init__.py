"""Lockfiles and manifests of JavaScript: npm, yarn, pnpm, bun and deno."""

from __future__ import annotations

from pratique.formats.base import Kind, Reader

_HERE = "pratique.formats.lockfiles.javascript"

READERS: tuple[Reader, ...] = (
    Reader(
        name="npm-shrinkwrap.json",
        title="npm lockfile that is published with a package, versions 1 to 3",
        kind=Kind.LOCKFILE,
        ecosystem="npm",
        files=("npm-shrinkwrap.json",),
        read=f"{_HERE}.npm_lock:read",
        supersedes=("package-lock.json", "package.json"),
    ),
    Reader(
        name="package-lock.json",
        title="npm lockfile, versions 1 to 3",
        kind=Kind.LOCKFILE,
        ecosystem="npm",
        files=("package-lock.json", "*package-lock.json"),
        read=f"{_HERE}.npm_lock:read",
        sniff=f"{_HERE}.npm_lock:sniff",
        supersedes=("package.json",),
    ),
    Reader(
        name="yarn.lock",
        title="Yarn lockfile, classic (version 1) and berry (2 and later)",
        kind=Kind.LOCKFILE,
        ecosystem="npm",
        files=("yarn.lock", "*-yarn.lock"),
        read=f"{_HERE}.yarn_lock:read",
        sniff=f"{_HERE}.yarn_lock:sniff",
        supersedes=("package.json",),
    ),
    Reader(
        name="pnpm-lock.yaml",
        title="pnpm lockfile, versions 5 to 9",
        kind=Kind.LOCKFILE,
        ecosystem="npm",
        files=("pnpm-lock.yaml",),
        read=f"{_HERE}.pnpm_lock:read",
        sniff=f"{_HERE}.pnpm_lock:sniff",
        supersedes=("package.json",),
    ),
    Reader(
        name="bun.lock",
        title="Bun lockfile in text, versions 0 and 1",
        kind=Kind.LOCKFILE,
        ecosystem="npm",
        files=("bun.lock",),
        read=f"{_HERE}.bun_lock:read",
        sniff=f"{_HERE}.bun_lock:sniff",
        supersedes=("package.json",),
    ),
    Reader(
        name="deno.lock",
        title="Deno lockfile, versions 2 to 5",
        kind=Kind.LOCKFILE,
        ecosystem="",
        files=("deno.lock",),
        read=f"{_HERE}.deno_lock:read",
        sniff=f"{_HERE}.deno_lock:sniff",
        supersedes=("package.json",),
    ),
    Reader(
        name="package.json",
        title="npm manifest: what is asked for, not what was resolved",
        kind=Kind.MANIFEST,
        ecosystem="npm",
        files=("package.json",),
        read=f"{_HERE}.package_json:read",
    ),
)
