"""Documents that speak of one package."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pratique.formats.lockfiles.gathering import Gathering, named
from pratique.model.inventory import LicenseClaim

if TYPE_CHECKING:
    from pratique.model.inventory import Reading

ORIGIN = "installed metadata"


def one_package(
    path: str,
    format: str,
    *,
    type: str,
    name: str,
    version: str,
    ecosystem: str = "",
    namespace: str = "",
    licenses: tuple[str, ...] = (),
    qualifiers: dict[str, str] | None = None,
    unknown: str = "",
    **fields: Any,
) -> Reading:
    """The reading of a document of one package.

    Args:
        path: Of the document.
        format: Its name.
        type: Package URL type.
        name: Of the package.
        version: Of it; that it has none is said.
        ecosystem: OSV ecosystem, if any.
        namespace: Of the package URL.
        licenses: As stated.
        qualifiers: Of the package URL.
        unknown: What could not be determined besides.
        fields: Further ones of the component.
    """
    gathering = Gathering(path, type=type, ecosystem=ecosystem)
    if not version:
        gathering.notes.unknown(f"{named(name)} has no version")
    if unknown:
        gathering.notes.unknown(unknown)
    package = gathering.package(name, version, line=1, namespace=namespace, qualifiers=qualifiers)
    if package is not None:
        claims = tuple(LicenseClaim(one, ORIGIN) for one in licenses if one)
        gathering.add(package, line=1, licenses=claims, **fields)
    return gathering.reading(format)
