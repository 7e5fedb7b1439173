"""What a registry says of one version of a package, as it says it."""

from __future__ import annotations

import msgspec


class Digest(msgspec.Struct, frozen=True):
    """A digest of a file, in CycloneDX's name of the algorithm and lower-case hexadecimal."""

    algorithm: str
    value: str


class Distribution(msgspec.Struct, frozen=True, kw_only=True):
    """One file of a version."""

    name: str
    url: str = ""
    digests: tuple[Digest, ...] = ()


class Said(msgspec.Struct, frozen=True):
    """A value, and the address of the answer that it is in."""

    value: str
    source: str


class Described(msgspec.Struct, frozen=True, kw_only=True):
    """What a registry says; what it does not say is empty."""

    licenses: tuple[Said, ...] = ()
    """As stated: expressions, names, classifiers."""

    distributions: tuple[Distribution, ...] = ()
    distributions_source: str = ""
    supplier: Said | None = None
    """The organisation or person that supplies it."""

    organization: bool = False
    """Whether the supplier is known to be an organisation."""

    author: Said | None = None
    vcs: Said | None = None
    homepage: Said | None = None
    deprecated: Said | None = None
    """Why it should not be used: deprecated, yanked, retracted or moved."""

    unknown: tuple[tuple[str, str], ...] = ()
    """Field, and why it is not known, where the registry could not be asked for it."""
