"""Statements about one product, from templates about any version of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from pratique.formats.openvex.write import write
from pratique.model.errors import UsageError
from pratique.model.vex import Part, Statement, VexDocument
from pratique.vex.authoring import create
from pratique.vex.merging import merge, speaks_of
from pratique.vex.scene import Target

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from pathlib import Path

TEMPLATES = ".openvex/templates"
"""Folder of templates, as the format's own tools have it."""


def generate(
    templates: Sequence[VexDocument],
    product: str,
    now: datetime,
    *,
    id: str,
    author: str,
    role: str,
) -> VexDocument:
    """A document with everything the templates say of a product, said of that product alone.

    A template that names ``pkg:oci/alpha`` speaks of every version; what is
    generated for ``pkg:oci/alpha@sha256:…`` names that one.

    Args:
        templates: OpenVEX documents with general products.
        product: Package URL or another identifier.
        now: UTC.
        id: Of the new document; made of its content where empty.
        author: Of the new document.
        role: Of the author.
    """
    merged = merge(templates, now, author=author, role=role, products=[product])
    target = Target.parse(product)
    statements = tuple(_about(one, product, target) for one in merged.statements)
    # An id of the content: two products of one set of templates need two.
    return msgspec.structs.replace(merged, id=id, statements=statements)


def _about(one: Statement, product: str, target: Target) -> Statement:
    part = Part.of(product)
    products = tuple(
        msgspec.structs.replace(stated, part=part)
        for stated in one.products
        if speaks_of(stated, [target])
    )
    return msgspec.structs.replace(one, id="", products=products)


def initialise(folder: Path, now: datetime) -> None:
    """Make a folder of templates with an empty document and a note how to fill it.

    Raises:
        UsageError: There is something in it already, or it cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise UsageError(f"{folder} is not empty.", remedy="Choose another with --templates.")
        document = create([], now, author="Unknown Author")
        data, _ = write(document)
        (folder / "main.openvex.json").write_bytes(data)
        (folder / "README.md").write_text(_README, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{folder} cannot be made: {error.strerror}.") from None


_README = """\
# VEX templates

Documents in this folder speak of a product at any version. For a release,
`pratique vex generate` makes of them a document about that version alone.

    pratique vex add -i main.openvex.json pkg:oci/alpha CVE-2024-0001 fixed
    pratique vex generate pkg:oci/alpha@sha256:...
"""
