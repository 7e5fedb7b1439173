"""R packages in a library: ``DESCRIPTION`` (Writing R Extensions, 1.1.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pratique.formats.installed.managers.single import one_package
from pratique.formats.installed.paragraphs import paragraphs
from pratique.formats.text import decode
from pratique.model.errors import InputError

if TYPE_CHECKING:
    from pratique.formats.base import Tree
    from pratique.model.inventory import Reading

_WANTED = frozenset({"package", "version", "license", "biocviews", "repository", "priority"})


def read(data: bytes, path: str, tree: Tree) -> Reading:
    """Read the description of one package.

    Raises:
        InputError: It is not text, or states no package.
    """
    del tree
    try:
        text = decode(data)
    except InputError:
        text = data.replace(b"\0", b"").decode("latin-1")  # the Encoding field allows it
    fields = next((one.fields for one in paragraphs(text, _WANTED)), {})
    if not fields.get("package"):
        raise InputError("states no Package")
    bioconductor = "biocviews" in fields
    return one_package(
        path,
        "R DESCRIPTION",
        type="bioconductor" if bioconductor else "cran",
        ecosystem="Bioconductor" if bioconductor else "CRAN",
        name=fields["package"],
        version=fields.get("version", ""),
        licenses=(fields.get("license", ""),),
    )
