"""Whether a part that a statement names is what was checked (OpenVEX 0.2.0, "Product")."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pratique.vex.ranges import within

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pratique.model.purl import Package
    from pratique.model.vex import Part
    from pratique.vex.scene import Target

Token = str
"""What a part and its target must share to be compared at all."""


def purl_matches(stated: Package, found: Package) -> bool:
    """Whether the package URL of a statement means the package that was found.

    Type, namespace and name are equal; a statement without a version means any;
    each of its qualifiers is among those found; the subpath does not count.
    """
    if stated.name != found.name or stated.type != found.type:
        return False
    if stated.namespace != found.namespace:
        return False
    if stated.version and not _same_version(stated, found):
        return False
    if stated.qualifiers:
        return set(stated.qualifiers) <= set(found.qualifiers)
    return True


def _same_version(stated: Package, found: Package) -> bool:
    if stated.version == found.version:
        return True
    # Go's tools write v1.2.3, the databases 1.2.3.
    bare = found.version.removeprefix("v")
    return stated.type == "golang" and stated.version.removeprefix("v") == bare


def part_matches(part: Part, target: Target) -> bool:
    """Whether a part of a statement is the target, by any identifier that both have.

    A component of another bill of materials (BOM-Link) is the target only if
    that bill describes it, or nothing is known of the target's bills.
    """
    if part.bom and target.boms and part.bom not in target.boms:
        return False
    if part.ranges:
        return any(_in_range(part, package) for package in target.packages)
    for stated in part.packages:
        if any(purl_matches(stated, found) for found in target.packages):
            return True
        if any(_named(stated, name, version) for name, version in target.names):
            return True
    if part.hashes and not set(part.hashes).isdisjoint(target.hashes):
        return True
    if part.cpes and any(cpe_matches(one, cpe) for one in part.cpes for cpe in target.cpes):
        return True
    if part.packages:
        return False  # its identity is a package URL, and that is another
    return _identified(part, target)


def _identified(part: Part, target: Target) -> bool:
    names = {part.id, part.name, *(value for _, value in part.identifiers)} - {""}
    return not names.isdisjoint(target.ids)


def _in_range(part: Part, found: Package) -> bool:
    if not any(purl_matches(stated, found) for stated in part.packages):
        return False
    return any(within(found.version, text) is True for text in part.ranges)


def _named(stated: Package, name: str, version: str) -> bool:
    if name not in {stated.name, stated.full_name}:
        return False
    return not stated.version or stated.version == version


def cpe_matches(stated: str, found: str) -> bool:
    """Whether a CPE name (2.3 binding, or the URI of 2.2) covers another.

    Each of the statement's attributes is equal, or ``*``; what is written less
    exactly than the statement demands does not match (NIST IR 7696, section 6).
    """
    mine, theirs = _attributes(stated), _attributes(found)
    if not mine or not theirs:
        return False
    return all(
        a in {"*", b}
        for a, b in zip(mine, theirs + ["*"] * (len(mine) - len(theirs)), strict=False)
    )


def _attributes(text: str) -> list[str]:
    if text.startswith("cpe:2.3:"):
        return [one.lower() or "*" for one in text[8:].replace("\\:", "%3a").split(":")]
    if text.startswith("cpe:/"):
        return [one.lower() or "*" for one in text[5:].split(":")]
    return []


def part_tokens(part: Part) -> Iterator[Token]:
    """Everything by which a part may be found; a target that it matches shares one of them."""
    for package in part.packages:
        yield f"name {package.name}"
    for one in part.hashes:
        yield f"hash {one}"
    if part.cpes:
        yield "cpe"
    if not part.packages:
        for text in (part.id, part.name, *(value for _, value in part.identifiers)):
            if text:
                yield f"id {text}"


def target_tokens(target: Target) -> Iterator[Token]:
    """Everything by which the parts that match a target are found."""
    for package in target.packages:
        yield f"name {package.name}"
    for name, _ in target.names:
        yield f"name {name}"
        yield f"name {_LAST.split(name)[-1]}"
    for one in target.hashes:
        yield f"hash {one}"
    if target.cpes:
        yield "cpe"
    for text in target.ids:
        yield f"id {text}"


_LAST = re.compile(r"[:/]")
"""What stands between the parts of a name as the users of an ecosystem write it."""
