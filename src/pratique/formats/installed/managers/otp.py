"""Applications of Erlang/OTP: ``ebin/*.app`` (Erlang/OTP 27, app(4))."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pratique.formats.installed.managers.single import one_package
from pratique.formats.text import decode
from pratique.model.errors import InputError

if TYPE_CHECKING:
    from pratique.formats.base import Tree
    from pratique.model.inventory import Reading

_HEAD = re.compile(r"\{\s*application\s*,\s*'?([a-z][\w@]*)'?\s*,")
_VERSION = re.compile(r'\{\s*vsn\s*,\s*"([^"]{0,200})"')


def read(data: bytes, path: str, tree: Tree) -> Reading:
    """Read the description of one application.

    Raises:
        InputError: It is not text, or no description of one.
    """
    del tree
    text = decode(data)
    head = _HEAD.search(text)
    if head is None:
        raise InputError("is no application resource file")
    version = _VERSION.search(text, head.end())
    return one_package(
        path, "OTP application", type="otp", name=head[1], version=version[1] if version else ""
    )
