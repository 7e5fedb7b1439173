"""``Cargo.toml`` as a manifest: what a crate asks for, where no lockfile says more."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING, Any

from pratique.formats.lockfiles.gathering import Gathering, shown, without_credentials
from pratique.formats.lockfiles.origins import source_of
from pratique.formats.lockfiles.rust.manifest import Manifest, Wanted, workspace_of
from pratique.formats.lockfiles.typed import text_of
from pratique.formats.text import decode
from pratique.model.inventory import Relation

if TYPE_CHECKING:
    from pratique.formats.base import Tree
    from pratique.model.inventory import Reading

MAX_NAMED = 20
"""Own packages that a notice names."""

_EXACT = re.compile(r"=\s*(\d+\.\d+\.\d+[0-9A-Za-z.+-]*)\Z")


def read(data: bytes, path: str, tree: Tree) -> Reading:
    """Read a ``Cargo.toml``.

    Raises:
        InputError: It is not text, or not TOML.
    """
    manifest = Manifest(decode(data), path)
    gathering = Gathering(path, type="cargo", ecosystem="crates.io")
    wanted = list(manifest.wanted)
    if manifest.workspace and not manifest.name:
        # A workspace without a crate of its own still says what its members share.
        wanted += manifest.shared().values()
    above: Manifest | None = None
    shared: dict[str, Wanted] = {}
    roots: list[str] = []
    own: list[str] = []
    for one in wanted:
        table, stated_in = one.table, path
        if table.get("workspace") is True:
            if above is None:
                above = workspace_of(tree, path) or manifest
                shared = above.shared()
            inherited = shared.get(one.alias or one.name)
            if inherited is None:
                what = f"{shown(one.name)} is inherited from a workspace that is not here"
                gathering.notes.unknown(what, one.line)
            else:
                table, stated_in = {**inherited.table, **table}, above.path
        if _is_own(table, stated_in, tree):
            own.append(one.name)
            continue
        ref = _take(gathering, one, table)
        if ref:
            roots.append(ref)
    gathering.notes.extend(tuple(manifest.notes))
    if own:
        names = ", ".join(sorted(set(own))[:MAX_NAMED])
        gathering.notes.notice(f"{len(set(own))} packages are in folders of the project: {names}")
    subject = None
    if manifest.name:
        subject = gathering.package(manifest.name, manifest.version, line=0)
    return gathering.reading("Cargo.toml", roots=roots, subject=subject)


def _is_own(table: dict[str, Any], path: str, tree: Tree) -> bool:
    """Whether a dependency is a folder of the project; one with a version is if it is here."""
    place = table.get("path")
    if not isinstance(place, str):
        return False
    if "version" not in table:
        return True
    folder = posixpath.join(posixpath.dirname(path), place)
    return tree.is_file(posixpath.normpath(posixpath.join(folder, "Cargo.toml")))


def _take(gathering: Gathering, wanted: Wanted, table: dict[str, Any]) -> str:
    """Take a dependency; its reference, or nothing where its name is not allowed."""
    notes, line = gathering.notes, wanted.line
    requirement = text_of(table, "version", notes, line)
    name = text_of(table, "package", notes, line) or wanted.name
    exact = _EXACT.match(requirement)
    package = gathering.package(name, exact[1] if exact else "", line=line)
    if package is None:
        return ""
    fields: dict[str, Any] = {}
    address = text_of(table, "git", notes, line)
    if address:
        reference = next(
            (
                text
                for key in ("rev", "tag", "branch")
                if (text := text_of(table, key, notes, line))
            ),
            "",
        )
        fields["source"] = source_of(address, reference=reference)
    else:
        fields["registry"] = without_credentials(
            text_of(table, "registry-index", notes, line) or text_of(table, "registry", notes, line)
        )
    return gathering.add(
        package,
        line=line,
        relation=Relation.DIRECT,
        scope=wanted.need.scope,
        groups=(wanted.need.group,) if wanted.need.group else (),
        requirement=requirement,
        alias=wanted.alias or (wanted.name if name != wanted.name else ""),
        **fields,
    )
