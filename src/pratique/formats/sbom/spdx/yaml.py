"""Reads SPDX 2 documents in YAML, which has the structure of the JSON form.

Source: SPDX 2.3, clause 4.4.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pratique.formats.base import Notes
from pratique.formats.sbom.places import Places
from pratique.formats.sbom.salvage import read_value
from pratique.formats.sbom.spdx import older
from pratique.formats.sbom.spdx.read import reading, recognised
from pratique.formats.sbom.spdx.wire import Document
from pratique.formats.text import decode
from pratique.formats.yaml_text import parse_yaml_texts

if TYPE_CHECKING:
    from pratique.formats.base import Tree
    from pratique.model.inventory import Reading

_ID = re.compile(r"""[ \t-]*["']?SPDXID["']?[ \t]*:[ \t]*["']?([^\s"'#]+)""")


def read_yaml(data: bytes, path: str, tree: Tree) -> Reading:  # noqa: ARG001 - one file says all
    """Read an SPDX 2 YAML document.

    Args:
        data: The document.
        path: Where it is, for the problems and locations.
        tree: Not used: other documents that it refers to are not followed.

    Raises:
        InputError: It is not YAML, uses tags or aliases, or is not SPDX.
        LimitError: It exceeds the limits of size or depth.
    """
    text = decode(data)
    notes = Notes(path)
    value = parse_yaml_texts(text)
    if older.is_older_value(value):
        document = older.current(read_value(value, older.Document, notes))
    else:
        document = read_value(value, Document, notes)
    document, format = recognised(document, notes)
    lines: dict[str, int] = {}
    for number, line in enumerate(text.split("\n"), 1):
        if found := _ID.match(line):
            lines.setdefault(found[1], number)
    return reading(document, format, notes, Places(lines=lines))
