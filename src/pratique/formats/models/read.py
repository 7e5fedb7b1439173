"""A model's file as a component of an inventory."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

from pratique.formats.lockfiles.gathering import Gathering, named
from pratique.formats.models.inspect import inspect
from pratique.model.nouns import Artifact

if TYPE_CHECKING:
    from pratique.formats.base import Tree
    from pratique.model.inventory import Reading


def read(data: bytes, path: str, tree: Tree) -> Reading:
    """Read a model's file; what loading it would call is told as what is not determined.

    Raises:
        InputError: It is an archive or compressed, and damaged.
        LimitError: It exceeds a limit.
    """
    del tree
    found = inspect(data, path)
    gathering = Gathering(path, type="generic")
    digest = sha256(data).hexdigest()
    package = gathering.package(
        path.rpartition("/")[2], "", line=0, qualifiers={"checksum": f"sha256:{digest}"}
    )
    if package is not None:
        gathering.add(package, line=0, hashes=(Artifact("sha256", digest),))
    for one in found.runs:
        inside = f" in {one.member}" if one.member else ""
        gathering.notes.unknown(f"loading it imports {named(str(one))}{inside}, which runs code")
    for one in found.unknown:
        gathering.notes.unknown(
            f"loading it imports {named(str(one))}, which is not known to be harmless"
        )
    for layer in found.layers:
        gathering.notes.unknown(f"its layer {named(layer)} is code of its own (Lambda)")
    for problem in found.problems:
        gathering.notes.unknown(problem)
    return gathering.reading(f"model file ({found.format})")
