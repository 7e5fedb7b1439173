"""A model's file as a component of an inventory."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

import msgspec

from pratique.formats.base import Notes
from pratique.formats.lockfiles.gathering import Gathering, named
from pratique.formats.models import FORMAT, RUNS_CODE, UNKNOWN_CODE
from pratique.formats.models.inspect import inspect, is_path_file
from pratique.model.inventory import Location, Reading, Suspicion
from pratique.model.nouns import Artifact

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pratique.formats.base import Tree
    from pratique.formats.models.inspect import Inspection


def read(data: bytes, path: str, tree: Tree) -> Reading:
    """Read a model's file; what loading it would call is a suspicion.

    Raises:
        InputError: It is an archive or compressed, and damaged.
        LimitError: It exceeds a limit.
    """
    del tree
    if is_path_file(data, path):
        notes = Notes(path)
        notes.notice("adds folders to Python's path, and is no model")
        return Reading(format="Python path file", problems=notes.done())
    found = inspect(data, path)
    gathering = Gathering(path, type="generic")
    digest = sha256(data).hexdigest()
    package = gathering.package(
        path.rpartition("/")[2], "", line=0, qualifiers={"checksum": f"sha256:{digest}"}
    )
    if package is not None:
        gathering.add(package, line=0, hashes=(Artifact("sha256", digest),))
    for problem in found.problems:
        gathering.notes.unknown(problem)
    reading = gathering.reading(f"{FORMAT} ({found.format})")
    subject = str(package) if package else ""
    return msgspec.structs.replace(
        reading,
        suspicions=tuple(
            Suspicion(rule, name, message, subject, Location(path))
            for rule, name, message in suspected(found)
        ),
    )


def suspected(found: Inspection) -> Iterator[tuple[str, str, str]]:
    """Rule, name and text of what loading a model would call."""
    for one in found.runs:
        inside = f" in {named(one.member)}" if one.member else ""
        yield RUNS_CODE, str(one), f"loading it imports {named(str(one))}{inside}, which runs code"
    for layer in found.layers:
        text = f"its layer {named(layer)} is code of its own (Lambda)"
        yield RUNS_CODE, f"Lambda {layer}", text
    for one in found.unknown:
        text = f"loading it imports {named(str(one))}, which is not known to be harmless"
        yield UNKNOWN_CODE, str(one), text
