"""Plugins of WordPress, by the comment at the head of their main file.

Source: WordPress Plugin Handbook, *Header Requirements*.  WordPress itself
looks at the first 8 KiB of each file, and takes the one with the header.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pratique.formats.installed.managers.single import one_package
from pratique.model.inventory import Reading

if TYPE_CHECKING:
    from pratique.formats.base import Tree

HEAD = 8 * 1024
"""Bytes in which the header must be (``get_file_data`` of WordPress)."""

_FIELD = re.compile(
    r"^[ \t/*#@]{0,40}(Plugin Name|Version|License|Text Domain):(.{0,300})$",
    re.MULTILINE,
)


def read(data: bytes, path: str, tree: Tree) -> Reading:
    """Read the header; a file without one is part of a plugin and says nothing itself."""
    del tree
    text = data[:HEAD].decode("utf-8", "replace").replace("\r", "\n")
    found: dict[str, str] = {}
    for match in _FIELD.finditer(text):
        found.setdefault(match[1], match[2].replace("*/", "").strip())
    if not found.get("Plugin Name"):
        return Reading(format="WordPress plugin")
    folder = path.split("/")[-2]
    return one_package(
        path,
        "WordPress plugin",
        type="wordpress-plugin",
        name=folder if folder != "plugins" else found["Plugin Name"],
        version=found.get("Version", ""),
        licenses=(found.get("License", ""),),
        alias=found["Plugin Name"],
    )
