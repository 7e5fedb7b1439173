"""Lockfiles and manifests of Maven and Gradle."""

from __future__ import annotations

from pratique.formats.base import Kind, Reader

_HERE = "pratique.formats.lockfiles.jvm"

READERS: tuple[Reader, ...] = (
    Reader(
        name="pom.xml",
        title="Maven project object model 4.0.0, with parents and imported BOMs in the tree",
        kind=Kind.MANIFEST,
        ecosystem="Maven",
        files=("pom.xml", "*.pom"),
        read=f"{_HERE}.pom:read",
    ),
    Reader(
        name="gradle.lockfile",
        title="Gradle dependency lock state, one file or one a configuration",
        kind=Kind.LOCKFILE,
        ecosystem="Maven",
        files=(
            "gradle.lockfile",
            "buildscript-gradle.lockfile",
            "gradle/dependency-locks/*.lockfile",
        ),
        read=f"{_HERE}.gradle_lockfile:read",
    ),
    Reader(
        name="verification-metadata.xml",
        title="Gradle dependency verification metadata, with digests",
        kind=Kind.LOCKFILE,
        ecosystem="Maven",
        files=("gradle/verification-metadata.xml",),
        read=f"{_HERE}.verification_metadata:read",
    ),
)
