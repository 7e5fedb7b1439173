"""Lockfiles, manifests and deployed dependency lists of NuGet."""

from __future__ import annotations

from pratique.formats.base import Kind, Reader

_HERE = "pratique.formats.lockfiles.dotnet"

READERS: tuple[Reader, ...] = (
    Reader(
        name="paket.lock",
        title="Paket lockfile",
        kind=Kind.LOCKFILE,
        ecosystem="NuGet",
        files=("paket.lock",),
        read="pratique.formats.lockfiles.dotnet.paket_lock:read",
    ),
    Reader(
        name="packages.lock.json",
        title="NuGet lockfile, versions 1 to 3",
        kind=Kind.LOCKFILE,
        ecosystem="NuGet",
        files=("packages.lock.json",),
        read=f"{_HERE}.packages_lock:read",
        supersedes=("csproj",),
    ),
    Reader(
        name="project.assets.json",
        title="NuGet restore result, versions 1 to 4",
        kind=Kind.LOCKFILE,
        ecosystem="NuGet",
        files=("project.assets.json",),
        read=f"{_HERE}.assets:read",
    ),
    Reader(
        name="packages.config",
        title="NuGet packages of a project, the old way",
        kind=Kind.LOCKFILE,
        ecosystem="NuGet",
        files=("packages.config",),
        read=f"{_HERE}.packages_config:read",
    ),
    Reader(
        name="deps.json",
        title=".NET dependency manifest of a built application",
        kind=Kind.INSTALLED,
        ecosystem="NuGet",
        files=("*.deps.json",),
        read=f"{_HERE}.deps:read",
    ),
    Reader(
        name="csproj",
        title=".NET project file, with central package versions in the tree",
        kind=Kind.MANIFEST,
        ecosystem="NuGet",
        files=("*.csproj", "*.vbproj", "*.fsproj"),
        read=f"{_HERE}.project:read",
    ),
    Reader(
        name="Directory.Packages.props",
        title="NuGet central package versions and shared package references",
        kind=Kind.MANIFEST,
        ecosystem="NuGet",
        files=("Directory.Packages.props", "Directory.Build.props"),
        read=f"{_HERE}.project:read_props",
    ),
)
