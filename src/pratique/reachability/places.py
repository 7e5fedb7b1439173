"""Where the sources of dependencies are: vendored, or in the tool's own cache."""

from __future__ import annotations

import os
import re
from pathlib import Path


def go_caches(environment: dict[str, str]) -> tuple[Path, ...]:
    """Folders of Go's module cache (Go Modules Reference, "Module cache").

    Args:
        environment: Variables, of which GOMODCACHE, GOPATH and HOME are looked at.
    """
    if cache := environment.get("GOMODCACHE"):
        return (Path(cache),)
    paths = environment.get("GOPATH", "")
    roots = [Path(path) for path in paths.split(os.pathsep) if path]
    if not roots and (home := environment.get("HOME") or environment.get("USERPROFILE")):
        roots = [Path(home) / "go"]
    return tuple(root / "pkg" / "mod" for root in roots)


def go_module(caches: tuple[Path, ...], module: str, version: str) -> Path | None:
    """Folder of a module's sources in the cache, or ``None``.

    Capital letters are written ``!c`` there, so that file systems that do not
    tell case apart keep modules apart.
    """
    if not version or ".." in module.split("/") or "/" in version:
        return None
    name = re.sub("[A-Z]", lambda match: f"!{match[0].lower()}", f"{module}@{version}")
    folders = (cache / name for cache in caches)
    return next((folder for folder in folders if folder.is_dir()), None)


def cargo_caches(environment: dict[str, str]) -> tuple[Path, ...]:
    """Folders of unpacked crates (The Cargo Book, "Cargo Home").

    Args:
        environment: Variables, of which CARGO_HOME and HOME are looked at.
    """
    home = environment.get("HOME") or environment.get("USERPROFILE") or ""
    root = environment.get("CARGO_HOME") or (f"{home}/.cargo" if home else "")
    if not root:
        return ()
    try:
        return tuple(sorted(path for path in Path(root, "registry", "src").iterdir()))
    except OSError:
        return ()


def crate(folders: tuple[Path, ...], name: str, version: str) -> Path | None:
    """Folder of a crate's sources, of ``cargo vendor`` or of the cache, or ``None``."""
    if not re.fullmatch(r"[\w-]+", name) or "/" in version:
        return None
    for folder in folders:
        for title in (f"{name}-{version}", name):
            found = folder / title
            # A vendored folder without its version holds whichever was locked.
            if (found / "Cargo.toml").is_file():
                return found
    return None
