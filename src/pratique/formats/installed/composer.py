"""What Composer has installed: ``vendor/composer/installed.json`` (Composer 1 and 2).

Its packages have the form of those in ``composer.lock``; Composer 1 writes the
bare list of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from pratique.formats.lockfiles.php import composer_lock
from pratique.formats.text import decode, parse_json
from pratique.model.inventory import Relation, Scope

if TYPE_CHECKING:
    from pratique.formats.base import Tree
    from pratique.model.inventory import Reading


def read(data: bytes, path: str, tree: Tree) -> Reading:
    """Read the list of installed packages.

    Raises:
        InputError: It is not JSON, or has no packages.
    """
    text = decode(data)
    value = parse_json(text)
    if isinstance(value, list):
        # On the same lines, so that these stay right.
        data = b'{"packages":' + text.encode() + b"}"
    reading = composer_lock.read(data, path, tree)
    names = value.get("dev-package-names") if isinstance(value, dict) else None
    development = {one.lower() for one in names or () if isinstance(one, str)}
    return msgspec.structs.replace(
        reading,
        format="Composer installed.json",
        subject=None,
        components=tuple(
            msgspec.structs.replace(
                part,
                relation=Relation.UNKNOWN,
                scope=Scope.DEVELOPMENT if part.package.full_name in development else part.scope,
            )
            for part in reading.components
        ),
    )
