"""What the file name of a distribution says (PEP 427 wheels, PEP 625 source archives)."""

from __future__ import annotations

import re
from urllib.parse import unquote

_ENDS = re.compile(r"\.(?:tar\.gz|tar\.bz2|tar\.xz|tgz|zip)\Z")
_SOURCE = re.compile(r"(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*?)-(?P<version>v?\d[^-/]*)\Z")


def is_archive(address: str) -> bool:
    """Whether an address or path ends in the name of a wheel or source archive."""
    name = file_name(address)
    return name.endswith(".whl") or bool(_ENDS.search(name))


def file_name(address: str) -> str:
    """Last segment of an address or path, decoded."""
    path = re.split(r"[?#]", address, maxsplit=1)[0]
    return unquote(re.split(r"[/\\]", path)[-1])


def named(address: str) -> tuple[str, str]:
    """Name and version that an archive's file name states; empty where it states none."""
    name = file_name(address)
    if name.endswith(".whl"):
        parts = name.removesuffix(".whl").split("-")
        return (parts[0], parts[1]) if len(parts) >= 5 else ("", "")
    ends = _ENDS.search(name)
    match = _SOURCE.match(name[: ends.start()]) if ends else None
    return (match["name"], match["version"]) if match else ("", "")
