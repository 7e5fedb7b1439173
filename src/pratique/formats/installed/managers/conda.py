"""What conda has installed: ``conda-meta/*.json`` (conda 24, ``PrefixRecord``)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pratique.formats.installed.managers.single import one_package
from pratique.formats.lockfiles.gathering import without_credentials
from pratique.formats.text import decode, parse_json
from pratique.model.errors import InputError
from pratique.model.inventory import Relation
from pratique.model.nouns import Artifact

if TYPE_CHECKING:
    from pratique.formats.base import Tree
    from pratique.model.inventory import Reading


def read(data: bytes, path: str, tree: Tree) -> Reading:
    """Read the record of one package.

    Raises:
        InputError: It is not JSON, not an object, or states no name.
    """
    del tree
    value = parse_json(decode(data))
    if not isinstance(value, dict):
        raise InputError("is not a JSON object")
    name = _text(value, "name")
    if not name:
        raise InputError("states no name")
    channel = without_credentials(_text(value, "channel")).rstrip("/").split("/")
    subdir = _text(value, "subdir")
    if subdir and channel[-1] == subdir:
        channel.pop()
    hashes, wrong = _hashes(value)
    return one_package(
        path,
        "conda-meta",
        type="conda",
        name=name,
        version=_text(value, "version"),
        licenses=(_text(value, "license"),),
        qualifiers={
            "build": _text(value, "build"),
            "channel": channel[-1],
            "subdir": subdir,
        },
        unknown=wrong,
        hashes=hashes,
        registry=without_credentials(_text(value, "url")),
        relation=Relation.DIRECT if _text(value, "requested_spec") else Relation.UNKNOWN,
    )


def _hashes(value: dict[str, Any]) -> tuple[tuple[Artifact, ...], str]:
    found, wrong = [], ""
    for algorithm in ("sha256", "md5"):
        if digest := _text(value, algorithm):
            try:
                found.append(Artifact.of(algorithm, digest))
            except InputError as error:
                wrong = error.message
    return tuple(found), wrong


def _text(value: dict[str, Any], key: str) -> str:
    found = value.get(key)
    return found.strip() if isinstance(found, str) else ""
