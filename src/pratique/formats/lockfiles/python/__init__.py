"""Lockfiles and manifests of Python."""

from __future__ import annotations

from pratique.formats.base import Kind, Reader

_HERE = "pratique.formats.lockfiles.python"

READERS: tuple[Reader, ...] = (
    Reader(
        name="uv.lock",
        title="uv lockfile, version 1",
        kind=Kind.LOCKFILE,
        ecosystem="PyPI",
        files=("uv.lock", "*.py.lock"),
        read=f"{_HERE}.uv_lock:read",
        sniff=f"{_HERE}.sniffing:is_uv_lock",
        supersedes=("pyproject.toml",),
    ),
    Reader(
        name="poetry.lock",
        title="Poetry lockfile, lock-version 0 to 2.1",
        kind=Kind.LOCKFILE,
        ecosystem="PyPI",
        files=("poetry.lock",),
        read=f"{_HERE}.poetry_lock:read",
        sniff=f"{_HERE}.sniffing:is_poetry_lock",
        supersedes=("pyproject.toml",),
    ),
    Reader(
        name="pdm.lock",
        title="PDM lockfile, lock_version 2 to 4",
        kind=Kind.LOCKFILE,
        ecosystem="PyPI",
        files=("pdm.lock",),
        read=f"{_HERE}.pdm_lock:read",
        sniff=f"{_HERE}.sniffing:is_pdm_lock",
        supersedes=("pyproject.toml",),
    ),
    Reader(
        name="pylock.toml",
        title="Python lock file of PEP 751, lock-version 1",
        kind=Kind.LOCKFILE,
        ecosystem="PyPI",
        files=("pylock.toml", "pylock.*.toml"),
        read=f"{_HERE}.pylock:read",
        sniff=f"{_HERE}.sniffing:is_pylock",
        supersedes=("pyproject.toml",),
    ),
    Reader(
        name="Pipfile.lock",
        title="Pipenv lockfile, pipfile-spec 6",
        kind=Kind.LOCKFILE,
        ecosystem="PyPI",
        files=("Pipfile.lock",),
        read=f"{_HERE}.pipfile_lock:read",
        sniff=f"{_HERE}.sniffing:is_pipfile_lock",
        supersedes=("Pipfile",),
    ),
    Reader(
        name="requirements.txt",
        title="pip requirement and constraint files",
        kind=Kind.LOCKFILE,
        ecosystem="PyPI",
        files=(
            "requirements*.txt",
            "*requirements.txt",
            "requirements/*.txt",
            "constraints*.txt",
            "*constraints.txt",
        ),
        read=f"{_HERE}.requirements:read",
    ),
    Reader(
        name="pyproject.toml",
        title="Python project manifest: PEP 621, dependency groups, Poetry, PDM and uv tables",
        kind=Kind.MANIFEST,
        ecosystem="PyPI",
        files=("pyproject.toml",),
        read=f"{_HERE}.pyproject:read",
    ),
    Reader(
        name="Pipfile",
        title="Pipenv manifest",
        kind=Kind.MANIFEST,
        ecosystem="PyPI",
        files=("Pipfile",),
        read=f"{_HERE}.pipfile:read",
    ),
)
